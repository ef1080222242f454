/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `stop` and `restart`: the stop script, a bounded graceful halt (halt.c), then the kill that cannot be refused, then
 * everything down (down.c). Nothing waits without a deadline, and nothing waits for the monitor.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libct/ct_priv.h"
#include "libct/down.h"
#include "libct/exitrec.h"
#include "libct/halt.h"
#include "libct/hook.h"
#include "libct/inside.h"
#include "libct/pause.h"
#include "util/sys.h"

#define STOP_TIMEOUT_S 120
#define SCRIPT_MS (15 * 60 * 1000)
#define FAST_SCRIPT_MS 10000

static int timeout_ms(const struct ct *ct)
{
	const struct num_opt *t = &ct->conf.stop_timeout;

	return (int)(t->set && t->v > 0 && t->v < 86400 ? t->v : STOP_TIMEOUT_S) * 1000;
}

/* A guest that is frozen or stopped by a signal cannot halt; thaw it first so that the timeout
 * is for real work. */
static void thaw(struct ct *ct)
{
	struct err e = { 0 };

	ct_freeze(ct, false, &e);
}

static int halt(struct ct *ct, struct ct_state *s, int pidfd, unsigned flags, struct err *e)
{
	if (!(flags & CT_STOP_FAST)) {
		ct_say(ct, 0, "Stopping container ...");
		if (ct_halt(ct, s->init_pid, pidfd, sys_now_ms() + timeout_ms(ct)))
			return 0;
	}
	ct_say(ct, 0, "Killing container ...");
	if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno != ESRCH)
		return err_set(e, errno, "kill init of CT %u", ct->id);
	if (sys_pidfd_wait(pidfd, 30000) != 1) {
		err_say(e, ETIMEDOUT, "Unable to stop container: operation timed out");
		return err_exit(e, VZ_STOP_ERROR);
	}
	return 0;
}

int ct_stop(struct ct *ct, unsigned flags, struct err *e)
{
	unsigned down = flags & CT_STOP_SKIP_UMOUNT ? CT_DOWN_KEEP_MOUNT : 0;
	auto_close int pidfd = -1;
	struct err none = { 0 };
	struct ct_state s;
	bool mounted;

	pidfd = ct_init_pidfd(ct, &s, &none);
	if (pidfd < 0) {
		ct_pause_forget(ct->id);
		ct_say(ct, -1, "Unable to stop: container is not running");
		return 0;
	}
	thaw(ct);
	/* the guest's shell runs the script: it can keep a stop from happening, but not a fast one */
	if (ct_hook_inside(ct, CT_HOOK_STOP, (flags & CT_STOP_FAST) ? FAST_SCRIPT_MS : SCRIPT_MS, e) < 0) {
		if (!(flags & CT_STOP_FAST))
			return -e->code;
		ct_say(ct, -1, "%s", e->text);
		err_clear(e);
	}
	s.stage = CT_STAGE_STOPPING;
	if (ct_state_save(ct, &s, e) < 0 || halt(ct, &s, pidfd, flags, e) < 0)
		return -e->code;
	ct_say(ct, 0, "Container was stopped");
	mounted = ct_is_mounted(ct);
	ct_exit_record(ct, s.gen, "stop");
	if (ct_down(ct, down, e) < 0)
		return -e->code;
	ct_event(ct, CT_EVENT_STOP);
	if (mounted && !(flags & CT_STOP_SKIP_UMOUNT))
		ct_say(ct, 0, "Container is unmounted");
	return 0;
}

int ct_restart(struct ct *ct, unsigned start_flags, unsigned stop_flags, struct err *e)
{
	ct_say(ct, 0, "Restarting container");
	if (ct_is_running(ct, NULL) && ct_stop(ct, stop_flags, e) < 0)
		return -e->code;
	return ct_start(ct, start_flags, e);
}

/* The kernel keeps the truth; the file is there for those who watch the directory. */
static void mark_frozen(const struct ct *ct, bool frozen)
{
	struct err none = { 0 };
	auto_close int dir = ct_state_rundir(ct, false, &none);
	auto_close int fd = -1;

	if (dir >= 0 && frozen)
		fd = openat(dir, "frozen", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	else if (dir >= 0)
		unlinkat(dir, "frozen", 0);
}

int ct_freeze(struct ct *ct, bool frozen, struct err *e)
{
	struct cg_host *h;
	struct cg *cg;
	int rc;

	if (!ct_is_running(ct, NULL)) {
		err_say(e, ESRCH, "Container is not running");
		return err_exit(e, VZ_VE_NOT_RUNNING);
	}
	if (ct_host_cg(ct->host, &h, e) < 0 || cg_open(h, ct->ids, &cg, e) < 0)
		return -e->code;
	rc = cg_freeze(cg, frozen, 10000, e);
	cg_close(cg);
	if (rc == 0)
		mark_frozen(ct, frozen);
	return rc;
}
