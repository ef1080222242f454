/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl start, stop, restart: one table of options; an option that belongs to the other verb is refused by name. */
#include "util/auto.h"
#include "util/err.h"
#include "vzctl/cmd.h"

static const struct cmd_opt life_opts[] = {
	{ "force", OPT_FORCE, NULL, "start", "Start even if DISABLED is yes." },
	{ "wait", OPT_WAIT, NULL, "start", "Return when the container's init has reached its default target." },
	{ "skip-fsck", OPT_SKIP_FSCK, NULL, "start", "Accepted for compatibility; there is no file system to check." },
	{ "skip-remount", OPT_SKIP_REMOUNT, NULL, "start", "Keep a root file system that is mounted already." },
	{ "skip_ve_setup", OPT_SKIP_SETUP, NULL, "start", "Run no scripts and set up no network." },
	{ "skip_arpdetect", OPT_ARPDETECT, NULL, "start", "Do not ask the neighbours whether an address is in use." },
	{ "fast", OPT_FAST, NULL, "stop", "Kill all processes at once instead of asking init to shut down." },
	{ "skip-umount", OPT_SKIP_UMOUNT, NULL, "stop", "Leave the root file system mounted." },
};

static unsigned life_start_flags(const struct cmd_call *c)
{
	return (cmd_seen(c, OPT_FORCE) ? CT_START_FORCE : 0) | (cmd_seen(c, OPT_WAIT) ? CT_START_WAIT : 0) |
	       (cmd_seen(c, OPT_SKIP_SETUP) ? CT_START_SKIP_SETUP : 0) |
	       (cmd_seen(c, OPT_ARPDETECT) ? CT_START_SKIP_ARPDETECT : 0) |
	       (cmd_seen(c, OPT_SKIP_REMOUNT) ? CT_START_SKIP_REMOUNT : 0);
}

static unsigned life_stop_flags(const struct cmd_call *c)
{
	return (cmd_seen(c, OPT_FAST) ? CT_STOP_FAST : 0) | (cmd_seen(c, OPT_SKIP_UMOUNT) ? CT_STOP_SKIP_UMOUNT : 0);
}

static int start_run(struct cmd_call *c, struct err *e)
{
	return ct_start(c->ct, life_start_flags(c), e);
}

static int stop_run(struct cmd_call *c, struct err *e)
{
	return ct_stop(c->ct, life_stop_flags(c), e);
}

static int restart_run(struct cmd_call *c, struct err *e)
{
	return ct_restart(c->ct, life_start_flags(c), life_stop_flags(c), e);
}

const struct cmd cmd_start = {
	.word = "start", .flags = CMD_LOCK, .args = "[--wait] [--force] [--skip-remount] [--skip_ve_setup] [--skip_arpdetect]",
	.man = "Starts a container; returns when its init runs.",
	.opts = life_opts, .n_opts = ARRAY_SIZE(life_opts), .run = start_run,
};

const struct cmd cmd_stop = {
	.word = "stop", .flags = CMD_LOCK, .args = "[--fast] [--skip-umount]",
	.man = "Shuts a container down, within STOP_TIMEOUT seconds, and unmounts it.",
	.opts = life_opts, .n_opts = ARRAY_SIZE(life_opts), .run = stop_run,
};

const struct cmd cmd_restart = {
	.word = "restart", .flags = CMD_LOCK, .args = "[--wait] [--force] [--fast] [--skip_arpdetect]",
	.man = "Stops a container if it runs, then starts it.",
	.opts = life_opts, .n_opts = ARRAY_SIZE(life_opts), .run = restart_run,
};
