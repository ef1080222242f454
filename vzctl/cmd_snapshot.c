/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl snapshot, snapshot-switch, -delete, -mount and -umount: their grammar. snapshot-list is a file of its own. */
#include <errno.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzctl/cmd.h"

#define ID { "id", OPT_ID, "uuid", NULL, "The snapshot." }, { "uuid", OPT_ID, "uuid", NULL, "The same as --id." }

static const struct cmd_opt create_opts[] = {
	ID,
	{ "name", OPT_NAME, "name", NULL, "Name of the snapshot." },
	{ "description", OPT_DESC, "text", NULL, "Description of the snapshot." },
	{ "skip-suspend", OPT_IGNORED, NULL, NULL, "Accepted: the state of processes is never kept." },
	{ "skip-config", OPT_SKIP_CONFIG, NULL, NULL, "Keep no configuration with it." },
};
static const struct cmd_opt switch_opts[] = {
	ID,
	{ "skip-resume", OPT_IGNORED, NULL, NULL, "Accepted: there are no processes to resume." },
	{ "must-resume", OPT_MUST_RESUME, NULL, NULL, "Fail, since processes cannot be resumed." },
	{ "skip-config", OPT_SKIP_CONFIG, NULL, NULL, "Leave the configuration as it is." },
};
static const struct cmd_opt delete_opts[] = { ID };
static const struct cmd_opt mount_opts[] = {
	ID,
	{ "target", OPT_TARGET, "dir", NULL, "Where to mount it." },
};

static int check_id(struct cmd_call *c, bool needed, struct err *e)
{
	const char *id = c->val[OPT_ID];
	char guid[CT_GUID_SIZE];

	if (!id && needed) {
		err_say(e, EINVAL, "Invalid syntax: snapshot id is missing");
		return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
	}
	if (!id || ct_guid_parse(id, guid) == 0)
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

static int mount_parse(struct cmd_call *c, struct err *e)
{
	if (id_parse(c, e) < 0 || c->val[OPT_TARGET])
		return -e->code;
	err_say(e, EINVAL, "Invalid syntax: mount target is missing");
	return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
}

/* The value of --id in the form that libct takes; id_parse() has looked at it. */
static const char *guid_of(const struct cmd_call *c, char room[CT_GUID_SIZE])
{
	return c->val[OPT_ID] && ct_guid_parse(c->val[OPT_ID], room) == 0 ? room : NULL;
}

static int create_run(struct cmd_call *c, struct err *e)
{
	char room[CT_GUID_SIZE], made[CT_GUID_SIZE];
	const struct ct_snap_new n = { .guid = guid_of(c, room), .name = c->val[OPT_NAME], .desc = c->val[OPT_DESC],
				       .skip_config = cmd_seen(c, OPT_SKIP_CONFIG) };

	return ct_snapshot(c->ct, &n, made, e);
}

static int switch_run(struct cmd_call *c, struct err *e)
{
	unsigned flags = (cmd_seen(c, OPT_SKIP_CONFIG) ? CT_SNAP_SKIP_CONFIG : 0) |
			 (cmd_seen(c, OPT_MUST_RESUME) ? CT_SNAP_MUST_RESUME : 0);
	char room[CT_GUID_SIZE];

	return ct_snapshot_switch(c->ct, guid_of(c, room), flags, e);
}

static int delete_run(struct cmd_call *c, struct err *e)
{
	char room[CT_GUID_SIZE];

	return ct_snapshot_delete(c->ct, guid_of(c, room), e);
}

static int mount_run(struct cmd_call *c, struct err *e)
{
	char room[CT_GUID_SIZE];

	return ct_snapshot_mount(c->ct, guid_of(c, room), c->val[OPT_TARGET], e);
}

static int umount_run(struct cmd_call *c, struct err *e)
{
	char room[CT_GUID_SIZE];

	return ct_snapshot_umount(c->ct, guid_of(c, room), e);
}

#define SNAPSHOT(var, word_, args_, man_, opts_, parse_, run_) \
	const struct cmd var = { \
		.word = word_, .flags = CMD_LOCK | CMD_BAD_VALUE, .args = args_, .man = man_, \
		.opts = opts_, .n_opts = ARRAY_SIZE(opts_), .parse = parse_, .run = run_, \
	}
SNAPSHOT(cmd_snapshot, "snapshot", "[--id <uuid>] [--name <name>] [--description <text>] [--skip-config]",
	 "Keeps the files and the configuration as they are now. A stopped container's are kept in an instant, whatever their "
	 "size; a running one is frozen for it, and what it has written is copied where its file system cannot share blocks "
	 "(btrfs and xfs can). Processes are not kept. A snapshot counts in the container's disk space.",
	 create_opts, opt_id_parse, create_run);
SNAPSHOT(cmd_snapshot_switch, "snapshot-switch", "--id <uuid> [--skip-config]",
	 "Goes back to a snapshot, which stays. What was changed since the last one is lost: take another before, to keep it. A "
	 "running container is killed, and stopped afterwards. The configuration of that time comes back, but for names, paths, "
	 "ids and owner.", switch_opts, id_parse, switch_run);
SNAPSHOT(cmd_snapshot_delete, "snapshot-delete", "--id <uuid>",
	 "Removes a snapshot. Others and the container stay as they are; what they share with it is merged into them.", delete_opts,
	 id_parse, delete_run);
SNAPSHOT(cmd_snapshot_mount, "snapshot-mount", "--id <uuid> --target <dir>", "Mounts a snapshot on a directory of the host, "
	 "read-only.", mount_opts, mount_parse, mount_run);
SNAPSHOT(cmd_snapshot_umount, "snapshot-umount", "--id <uuid>", "Unmounts a snapshot.", delete_opts, id_parse, umount_run);
