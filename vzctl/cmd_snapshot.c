/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzctl snapshot, snapshot-switch, -delete, -mount, -umount, -list and convert: their grammar; but for convert, the answer that
 * clients know from containers whose layout has no snapshots.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzctl/cmd.h"

#define ID { "id", OPT_ID, "uuid", NULL, "The snapshot." }, { "uuid", OPT_ID, "uuid", NULL, "The same as --id." }

static const struct cmd_opt create_opts[] = {
	ID,
	{ "name", OPT_NAME, "name", NULL, "Name of the snapshot." },
	{ "description", OPT_DESC, "text", NULL, "Description of the snapshot." },
	{ "skip-suspend", OPT_IGNORED, NULL, NULL, "Do not save the state of processes." },
	{ "skip-config", OPT_IGNORED, NULL, NULL, "Do not save the configuration." },
};
static const struct cmd_opt switch_opts[] = {
	ID,
	{ "skip-resume", OPT_IGNORED, NULL, NULL, "Do not resume processes." },
	{ "must-resume", OPT_IGNORED, NULL, NULL, "Fail if processes cannot be resumed." },
	{ "skip-config", OPT_IGNORED, NULL, NULL, "Do not restore the configuration." },
};
static const struct cmd_opt delete_opts[] = { ID };
static const struct cmd_opt mount_opts[] = {
	ID,
	{ "target", OPT_TARGET, "dir", NULL, "Where to mount it." },
};
static const struct cmd_opt list_opts[] = {
	ID,
	{ "no-header", OPT_IGNORED, NULL, NULL, "Print no header." },
	{ "output", OPT_OUTPUT, "fields", NULL, "Fields: parent_uuid,current,uuid,date,name,desc,device,target." },
	{ "list", OPT_IGNORED, NULL, NULL, "Print the names of the fields." },
};
static const struct cmd_opt convert_opts[] = {
	{ "layout", OPT_LAYOUT, "layout", NULL, "The layout wanted." },
	{ "velayout", OPT_LAYOUT, "layout", NULL, "The same as --layout." },
	{ "force", OPT_FORCE, NULL, NULL, "Read the image of a crashed host, which is marked as in use." },
};

/* 8-4-4-4-12 hexadecimal digits, in braces or not. */
static bool is_uuid(const char *s)
{
	size_t n = strlen(s), k = 0;

	if (n == 38 && s[0] == '{' && s[37] == '}')
		s++;
	else if (n != 36)
		return false;
	for (; k < 36; k++) {
		bool dash = k == 8 || k == 13 || k == 18 || k == 23;

		if (dash ? s[k] != '-' : !isxdigit((unsigned char)s[k]))
			return false;
	}
	return true;
}

static int check_id(struct cmd_call *c, bool needed, struct err *e)
{
	const char *id = c->val[OPT_ID];

	if (!id && needed) {
		err_say(e, EINVAL, "Invalid syntax: snapshot id is missing");
		return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
	}
	if (!id || is_uuid(id))
		return 0;
	err_say(e, EINVAL, "Bad parameter for --id: %s", id);
	return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
}

static int opt_id_parse(struct cmd_call *c, struct err *e)
{
	return cmd_options(c, e) < 0 ? -e->code : check_id(c, false, e);
}

static int id_parse(struct cmd_call *c, struct err *e)
{
	return cmd_options(c, e) < 0 ? -e->code : check_id(c, true, e);
}

/* -H -o -L are the only one-letter options of these commands. */
static int list_parse(struct cmd_call *c, struct err *e)
{
	for (int i = 0; i < c->argc; i++) {
		if (str_eq(c->argv[i], "-H"))
			c->argv[i] = (char *)"--no-header";
		else if (str_eq(c->argv[i], "-o"))
			c->argv[i] = (char *)"--output";
		else if (str_eq(c->argv[i], "-L"))
			c->argv[i] = (char *)"--list";
	}
	return opt_id_parse(c, e);
}

static int refuse(int exit, struct err *e)
{
	err_say(e, ENOTSUP, "Snapshot feature is only available for ploop-based CTs");
	return err_exit(e, exit);
}

static int create_run(struct cmd_call *c, struct err *e)
{
	(void)c;
	return refuse(VZ_CREATE_SNAPSHOT, e);
}

static int switch_run(struct cmd_call *c, struct err *e)
{
	(void)c;
	return refuse(VZ_SWITCH_SNAPSHOT, e);
}

static int delete_run(struct cmd_call *c, struct err *e)
{
	(void)c;
	return refuse(VZ_DELETE_SNAPSHOT, e);
}

static int mount_run(struct cmd_call *c, struct err *e)
{
	(void)c;
	return refuse(VZ_MOUNT_SNAPSHOT, e);
}

static int umount_run(struct cmd_call *c, struct err *e)
{
	(void)c;
	return refuse(VZ_UMOUNT_SNAPSHOT, e);
}

static int list_run(struct cmd_call *c, struct err *e)
{
	(void)c;
	return refuse(VZ_LIST_SNAPSHOT, e);
}

static int convert_parse(struct cmd_call *c, struct err *e)
{
	static const char *const known[] = { "ploop", "ploop:expanded", "ploop:plain", "ploop:raw", "simfs", "dir", "overlay" };
	const char *l;

	if (cmd_options(c, e) < 0)
		return -e->code;
	l = c->val[OPT_LAYOUT];
	for (size_t i = 0; l && i < ARRAY_SIZE(known); i++)
		if (str_eq(known[i], l))
			return 0;
	if (!l)
		return 0;
	err_say(e, EINVAL, "Bad parameter for --layout: %s", l);
	return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
}

static int convert_run(struct cmd_call *c, struct err *e)
{
	const char *l = c->val[OPT_LAYOUT];

	if (!l || str_starts(l, "ploop")) {
		err_say(e, ENOTSUP, "ploop is not supported");
		return err_exit(e, VZ_PLOOP_UNSUP);
	}
	return ct_convert(c->ct, l, cmd_seen(c, OPT_FORCE), e);
}

#define NO_SNAPSHOTS " The layouts of this version have no snapshots: refused, with the status clients know."
#define SNAPSHOT(var, word_, args_, man_, opts_, parse_, run_) \
	const struct cmd var = { \
		.word = word_, .flags = CMD_LOCK | CMD_BAD_VALUE, .args = args_, .man = man_ NO_SNAPSHOTS, \
		.opts = opts_, .n_opts = ARRAY_SIZE(opts_), .parse = parse_, .run = run_, \
	}
SNAPSHOT(cmd_snapshot, "snapshot", "[--id <uuid>] [--name <name>] [--description <text>]", "Makes a snapshot.",
	 create_opts, opt_id_parse, create_run);
SNAPSHOT(cmd_snapshot_switch, "snapshot-switch", "--id <uuid>", "Goes back to a snapshot.", switch_opts, id_parse, switch_run);
SNAPSHOT(cmd_snapshot_delete, "snapshot-delete", "--id <uuid>", "Removes a snapshot.", delete_opts, id_parse, delete_run);
SNAPSHOT(cmd_snapshot_mount, "snapshot-mount", "--id <uuid> --target <dir>", "Mounts a snapshot.", mount_opts, id_parse,
	 mount_run);
SNAPSHOT(cmd_snapshot_umount, "snapshot-umount", "--id <uuid>", "Unmounts a snapshot.", delete_opts, id_parse, umount_run);

const struct cmd cmd_snapshot_list = {
	.word = "snapshot-list", .flags = CMD_SILENT | CMD_BAD_VALUE, .args = "[-H] [-o <fields>] [-L] [--id <uuid>]",
	.man = "Lists snapshots." NO_SNAPSHOTS, .opts = list_opts, .n_opts = ARRAY_SIZE(list_opts), .parse = list_parse,
	.run = list_run,
};

const struct cmd cmd_convert = {
	.word = "convert", .flags = CMD_LOCK | CMD_BAD_VALUE, .args = "--layout overlay|dir|simfs [--force]",
	.man = "Reads the ploop image of a stopped container into files: OpenVZ containers move in with it. The image is kept. "
	       "To ploop nothing is converted: refused, as without --layout, which means ploop.",
	.opts = convert_opts, .n_opts = ARRAY_SIZE(convert_opts), .parse = convert_parse, .run = convert_run,
};
