/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl clone: one container more, made of another. */
#include <errno.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzctl/cmd.h"

static const struct cmd_opt clone_opts[] = {
	{ "linked", OPT_LINKED, NULL, NULL,
	  "Share all files with the source: an instant, and no space. The default where the layout can." },
	{ "full", OPT_FULL, NULL, NULL, "Copy all files above the template's; blocks are shared where the file system can." },
	{ "no-shared", OPT_NO_SHARED, NULL, NULL,
	  "Leave out what gives the source a part of the host: devices, bridged interfaces, zone, freedom of addresses." },
};

static int refuse(const char *text, int exit, struct err *e)
{
	err_say(e, EINVAL, "%s", text);
	return err_exit(e, exit);
}

/* The new number is the first word; the rest are options. */
static int clone_parse(struct cmd_call *c, struct err *e)
{
	if (c->argc < 1 || c->argv[0][0] == '-')
		return refuse("Invalid syntax: the number of the new container is missing", VZ_INVALID_PARAMETER_SYNTAX, e);
	c->val[OPT_TARGET] = c->argv[0];
	c->argv++;
	c->argc--;
	if (cmd_options(c, e) < 0)
		return -e->code;
	if (cmd_seen(c, OPT_LINKED) && cmd_seen(c, OPT_FULL))
		return refuse("Invalid syntax: --linked and --full exclude each other", VZ_INVALID_PARAMETER_SYNTAX, e);
	if (c->conf.ostemplate || c->conf.layout)
		return refuse("Invalid syntax: a clone has the template and the layout of its source",
			      VZ_INVALID_PARAMETER_SYNTAX, e);
	return 0;
}

static int clone_to(struct cmd_call *c, struct ct *to, struct err *e)
{
	const struct ct_create create = { .from = c->ct, .linked = !cmd_seen(c, OPT_FULL) && (cmd_seen(c, OPT_LINKED) ||
									      ct_clone_shares(c->ct)),
					  .no_shared = cmd_seen(c, OPT_NO_SHARED) };

	cancel_arm_too(c->host, to);
	if (ct_lock(to, e) < 0)		/* which repairs what an interrupted clone has left */
		return -e->code;
	if (ct_has_conf(to)) {
		err_say(e, EEXIST, "Container %u exists already", ct_id(to));
		return err_exit(e, VZ_FS_PRVT_AREA_EXIST);
	}
	return ct_create(to, &create, &c->conf, e);
}

static int clone_run(struct cmd_call *c, struct err *e)
{
	struct ct *to = NULL;
	unsigned id;
	int rc;

	if (ct_id_parse(c->val[OPT_TARGET], &id, e) < 0)
		return -e->code;
	if (!id || id == c->id)
		return refuse("A clone needs a number of its own", VZ_INVALID_PARAMETER_VALUE, e);
	if (ct_open(c->host, c->val[OPT_TARGET], CT_NO_CONFIG_OK, &to, e) < 0)
		return -e->code;
	rc = clone_to(c, to, e);
	cancel_arm_too(NULL, NULL);
	ct_close(to);
	return rc;
}

const struct cmd cmd_clone = {
	.word = "clone", .flags = CMD_LOCK | CMD_ROWS_CREATE | CMD_BAD_VALUE,
	.args = "<new CTID> [--linked|--full] [--ipadd <addr>] [--hostname <name>] [--name <name>] [parameters]",
	.man = "Makes a container of another one, which may be running: it is frozen for a moment then. The clone has the "
	       "configuration of its source, but none of its addresses; machine id, SSH host keys and hardware addresses are its "
	       "own. A linked clone stands on the files of its source; either may be changed and destroyed without regard to the "
	       "other.",
	.opts = clone_opts, .n_opts = ARRAY_SIZE(clone_opts), .parse = clone_parse, .run = clone_run,
};
