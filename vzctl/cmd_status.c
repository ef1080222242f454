/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl status: one line that scripts split into words. vzctl repair: nothing but what every command does first. */
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"
#include "vzctl/cmd.h"

static int status_run(struct cmd_call *c, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;
	struct ct_info info;

	if (ct_info(c->ct, 0, &info, e) < 0)
		return -e->code;
	buf_addf(&b, "CTID %u %s %s %s%s\n", c->id, info.exists ? "exist" : "deleted",
		 info.run == CT_STOPPED ? "unmounted" : "mounted", info.run == CT_RUNNING ? "running" : "down",
		 info.exists && info.suspended && info.run != CT_RUNNING ? " suspended" : "");
	ui_write(STDOUT_FILENO, buf_str(&b));
	return 0;
}

const struct cmd cmd_status = {
	.word = "status", .flags = CMD_NO_CONF | CMD_SILENT,
	.man = "Prints 'CTID N exist|deleted mounted|unmounted running|down'; the status is always 0.",
	.run = status_run,
};

/* The word "cancelled" is what the handler of a cancelled action adds: its caller must not take the work for done. After it
 * comes the other container that a clone works on. */
static int repair_parse(struct cmd_call *c, struct err *e)
{
	if (c->argc && c->argc < 3 && str_eq(c->argv[0], "cancelled"))
		c->exit = VZ_SYSTEM_ERROR;
	else if (c->argc) {
		err_say(e, EINVAL, "Invalid options: %s", c->argv[0]);
		return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
	}
	return 0;
}

static int repair_run(struct cmd_call *c, struct err *e)
{
	struct ct *other = NULL;
	int rc;

	if (c->argc < 2)
		return 0;
	if (ct_open(c->host, c->argv[1], CT_NO_CONFIG_OK, &other, e) < 0)
		return -e->code;
	rc = ct_lock(other, e);
	ct_close(other);
	return rc;
}

const struct cmd cmd_repair = {
	.word = "repair", .flags = CMD_LOCK | CMD_NO_CONF,
	.man = "Finishes or undoes what an interrupted command left, as every command that takes the lock does first.",
	.parse = repair_parse, .run = repair_run,
};
