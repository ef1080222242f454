/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl register, unregister, reinstall. */
#include <errno.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzctl/cmd.h"

static int register_parse(struct cmd_call *c, struct err *e)
{
	if (c->argc == 1)
		return 0;
	err_say(e, EINVAL, "Invalid extra arguments: %s", c->argv[1]);
	return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
}

static int register_run(struct cmd_call *c, struct err *e)
{
	return ct_register(c->ct, c->argv[0], e);
}

static int unregister_run(struct cmd_call *c, struct err *e)
{
	return ct_unregister(c->ct, e);
}

static const struct cmd_opt reinstall_opts[] = {
	{ "skipbackup", OPT_SKIP_BACKUP, NULL, NULL, "Remove the old files. Without it reinstall refuses." },
	{ "ostemplate", OPT_OSTEMPLATE, "name", NULL, "Another OS template than the one the container has." },
	{ "resetpwdb", OPT_IGNORED, NULL, NULL, "Accepted for compatibility: users and passwords are the template's." },
	{ "desc", OPT_IGNORED, "text", NULL, "Accepted for compatibility; ignored." },
};

static int reinstall_run(struct cmd_call *c, struct err *e)
{
	if (cmd_seen(c, OPT_SKIP_BACKUP))
		return ct_reinstall(c->ct, c->val[OPT_OSTEMPLATE], e);
	err_say(e, EINVAL, "Error: the old files cannot be kept in the new ones: copy what is needed and give --skipbackup "
		"to have them removed");
	return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
}

const struct cmd cmd_register = {
	.word = "register", .flags = CMD_LOCK | CMD_NO_CONF | CMD_PATH_FIRST, .args = "<private area>",
	.man = "Makes a private area that lies on this host a container, with the configuration that was kept in it.",
	.parse = register_parse, .run = register_run,
};

const struct cmd cmd_unregister = {
	.word = "unregister", .flags = CMD_LOCK,
	.man = "Forgets a stopped container; its private area stays, with its configuration in it.",
	.run = unregister_run,
};

const struct cmd cmd_reinstall = {
	.word = "reinstall", .flags = CMD_LOCK, .args = "--skipbackup [--ostemplate <name>]",
	.man = "Gives a stopped container new files from its template; its configuration stays.",
	.opts = reinstall_opts, .n_opts = ARRAY_SIZE(reinstall_opts), .run = reinstall_run,
};
