/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzctl chkpnt (suspend), restore (resume), pause: freezing and thawing in memory. Writing a container to disk and back
 * is refused with the status that clients know for a failed checkpoint.
 */
#include "util/auto.h"
#include "util/err.h"
#include "vzctl/cmd.h"

static const struct cmd_opt chkpnt_opts[] = {
	{ "suspend", OPT_SUSPEND, NULL, NULL, "Freeze all processes; they stay in memory." },
	{ "resume", OPT_RESUME, NULL, NULL, "Let a frozen container go on." },
	{ "dump", OPT_DUMP, NULL, NULL, "Refused: this version does not write containers to disk." },
	{ "kill", OPT_KILL, NULL, NULL, "Kill the container, frozen or not." },
	{ "dumpfile", OPT_DUMPFILE, "file", NULL, "Accepted for compatibility." },
	{ "flags", OPT_FLAGS, "num", NULL, "Accepted for compatibility; ignored." },
	{ "context", OPT_CONTEXT, "hex", NULL, "Accepted for compatibility; ignored." },
	{ "skip_arpdetect", OPT_ARPDETECT, NULL, NULL, "Accepted for compatibility; ignored." },
};
static const struct cmd_opt restore_opts[] = {
	{ "resume", OPT_RESUME, NULL, NULL, "Let a frozen container go on." },
	{ "undump", OPT_UNDUMP, NULL, NULL, "Refused: this version does not read containers from disk." },
	{ "kill", OPT_KILL, NULL, NULL, "Kill the container, frozen or not." },
	{ "dumpfile", OPT_DUMPFILE, "file", NULL, "Accepted for compatibility." },
	{ "flags", OPT_FLAGS, "num", NULL, "Accepted for compatibility; ignored." },
	{ "context", OPT_CONTEXT, "hex", NULL, "Accepted for compatibility; ignored." },
	{ "skip_arpdetect", OPT_ARPDETECT, NULL, NULL, "Accepted for compatibility; ignored." },
	{ "skip-remount", OPT_SKIP_REMOUNT, NULL, NULL, "Accepted for compatibility; ignored." },
	{ "skip-fsck", OPT_SKIP_FSCK, NULL, NULL, "Accepted for compatibility; ignored." },
};

static int freeze_parse(struct cmd_call *c, struct err *e)
{
	static const enum cmd_optid sub[] = { OPT_SUSPEND, OPT_DUMP, OPT_KILL, OPT_RESUME, OPT_UNDUMP };
	int n = 0;

	if (cmd_options(c, e) < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(sub); i++)
		n += cmd_seen(c, sub[i]);
	if (n < 2)
		return 0;
	err_say(e, EINVAL, "Invalid syntax: only one sub command may be used");
	return err_exit(e, VZ_INVALID_PARAMETER_SYNTAX);
}

static int freeze_running(struct cmd_call *c, bool *ret, struct err *e)
{
	struct ct_info info;

	if (ct_info(c->ct, 0, &info, e) < 0)
		return -e->code;
	*ret = info.run == CT_RUNNING;
	return 0;
}

static int freeze_do(struct cmd_call *c, bool frozen, struct err *e)
{
	if (frozen) {
		ui_say(&c->ui, 0, c->id, "Setting up checkpoint...");
		ui_say(&c->ui, 0, c->id, "\tsuspend...");
	} else {
		ui_say(&c->ui, 0, c->id, "Resuming...");
	}
	if (ct_freeze(c->ct, frozen, e) < 0)
		return err_exit(e, frozen ? VZ_CHKPNT_ERROR : VZ_RESTORE_ERROR);
	if (frozen)
		ui_say(&c->ui, 0, c->id, "\tget context...");
	return 0;
}

static int kill_do(struct cmd_call *c, struct err *e)
{
	ui_say(&c->ui, 0, c->id, "Killing...");
	return ct_kill(c->ct, e);
}

static int chkpnt_run(struct cmd_call *c, struct err *e)
{
	bool running = false;

	if (freeze_running(c, &running, e) < 0)
		return -e->code;
	if (!running) {
		err_say(e, ESRCH, "Unable to setup checkpointing: container is not running");
		return err_exit(e, VZ_VE_NOT_RUNNING);
	}
	if (cmd_seen(c, OPT_KILL))
		return kill_do(c, e);
	if (cmd_seen(c, OPT_SUSPEND) || cmd_seen(c, OPT_RESUME))
		return freeze_do(c, cmd_seen(c, OPT_SUSPEND), e);
	err_say(e, ENOTSUP, "Checkpointing failed: this version cannot write a container to disk; "
		"use 'vzctl chkpnt %u --suspend' to freeze it, or 'vzctl stop %u'", c->id, c->id);
	return err_exit(e, VZ_CHKPNT_ERROR);
}

static int restore_run(struct cmd_call *c, struct err *e)
{
	bool running = false;

	if (freeze_running(c, &running, e) < 0)
		return -e->code;
	if (running && cmd_seen(c, OPT_RESUME))
		return freeze_do(c, false, e);
	if (running && cmd_seen(c, OPT_KILL))
		return kill_do(c, e);
	if (running) {
		err_say(e, EBUSY, "Unable to perform restore: container already running");
		return err_exit(e, VZ_VE_RUNNING);
	}
	err_say(e, ENOTSUP, "Error: this version cannot restore a container from disk; use 'vzctl start %u'", c->id);
	return err_exit(e, VZ_RESTORE_ERROR);
}

static int pause_run(struct cmd_call *c, struct err *e)
{
	c->seen |= UINT64_C(1) << OPT_SUSPEND;
	return chkpnt_run(c, e);
}

const struct cmd cmd_chkpnt = {
	.word = "chkpnt", .alias = "suspend", .flags = CMD_LOCK, .args = "--suspend|--resume|--kill",
	.man = "Freezes a running container in memory, or lets it go on. Writing it to disk is refused (status 16).",
	.opts = chkpnt_opts, .n_opts = ARRAY_SIZE(chkpnt_opts), .parse = freeze_parse, .run = chkpnt_run,
};

const struct cmd cmd_restore = {
	.word = "restore", .alias = "resume", .flags = CMD_LOCK, .args = "--resume|--kill",
	.man = "Lets a frozen container go on. Restoring from disk is refused (status 17).",
	.opts = restore_opts, .n_opts = ARRAY_SIZE(restore_opts), .parse = freeze_parse, .run = restore_run,
};

const struct cmd cmd_pause = {
	.word = "pause", .flags = CMD_LOCK, .man = "The same as chkpnt --suspend.", .run = pause_run,
};
