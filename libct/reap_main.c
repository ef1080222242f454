/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vz-reap CTID GEN REASON: what a monitor becomes when its container's init is gone. Takes the
 * lock (a `vzctl stop` that waits for this very death does its work first), takes the container
 * down if it is still that start, and starts it again if the guest asked for a reboot. Whoever took it down, what
 * is left of its network namespace ends here, by the monitor's descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "libct/down.h"
#include "libct/exitrec.h"
#include "libct/files.h"
#include "libct/netdevs.h"
#include "util/log.h"
#include "util/num.h"
#include "util/sys.h"

#define LOCK_WAIT_MS (15 * 60 * 1000)
#define LOOK_MS 50		/* at who holds the namespace, while somebody else has the lock */
#define END_MS 20000		/* for its end; more than one round takes a guest that has filled its memory with links */
#define REBOOT_MIN_UP_MS                                                                           \
	2000 /* a guest that reboots at once is started again a second later, not in a busy loop */

static void say(void *arg, int level, unsigned ctid, const char *text)
{
	(void)arg;
	log_line(level, ctid, text);
}

static uint64_t boottime_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Held by nothing it goes at once, as ever, and not when somebody with the lock has done. */
static void let_go_of_empty(int *netns)
{
	struct err none = { 0 };
	unsigned left;

	if (*netns >= 0 && (net_held(*netns, &left, &none) < 0 || left == 0))
		auto_close_(netns);
}

/* The kernel lock alone: ct_lock() would first repair the very death that is our business. */
static int take_lock(struct ct *ct, int *netns, struct err *e)
{
	int64_t end = sys_now_ms() + LOCK_WAIT_MS, left;

	do {
		err_clear(e);
		let_go_of_empty(netns);
		left = end - sys_now_ms();
		if (ct_lock_flock(ct->id, (int)(*netns < 0 ? MAX(left, 0) : LOOK_MS), &ct->lock_fd, e) == 0) {
			ct->locked = true;
			return 0;
		}
	} while (e->code == EBUSY && sys_now_ms() < end);
	return -e->code;
}

static void end_netns(struct ct *ct, int *netns)
{
	struct err e = { 0 };

	if (*netns >= 0 && !ct_netdevs_in(ct, *netns) && net_end(*netns, END_MS, &e) < 0)
		log_line(-1, ct->id, e.text);
	auto_close_(netns);
}

static int reap(struct ct *ct, uint64_t gen, const char *reason, int *netns, struct err *e)
{
	bool reboot = str_eq(reason, "reboot");
	struct ct_state s;

	if (take_lock(ct, netns, e) < 0)
		return -e->code;
	if (ct_state_load(ct, &s, e) < 0)
		return -e->code;
	if (s.gen != gen || s.stage != CT_STAGE_RUNNING || ct_is_running(ct, NULL))
		return 0;
	ct_exit_record(ct, gen, reason);
	if (ct_down(ct, CT_DOWN_QUIET_HOOKS, e) < 0)
		return -e->code;
	end_netns(ct, netns);
	log_line(0, ct->id, reboot ? "container rebooted" : "container went down by itself");
	ct_event(ct, reboot ? CT_EVENT_REBOOT : CT_EVENT_STOP);
	if (!reboot)
		return 0;
	if (boottime_ms() - s.started_ms < REBOOT_MIN_UP_MS)
		nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
	return ct_start(ct, CT_START_REBOOT | CT_START_FORCE, e);
}

int main(int argc, char **argv)
{
	struct ct_ui ui = { .say = say };
	struct ct_host *h = NULL;
	struct ct *ct = NULL;
	int netns = fcntl(MON_FD_NETNS, F_SETFD, FD_CLOEXEC) < 0 ? -1 : MON_FD_NETNS;
	struct err e = { 0 };
	uint64_t gen;

	if (argc != 4 || num_u64(argv[2], &gen) < 0) {
		fprintf(stderr, "usage: vz-reap CTID GEN REASON (started by vz-monitor)\n");
		return VZ_INVALID_PARAMETER_SYNTAX;
	}
	if (ct_host_open(&ui, &h, &e) == 0) {
		const struct ct_host_conf *c = ct_host_conf(h);

		if (!c->logging.set || c->logging.v)
			log_open(c->logfile, "vz-reap", c->log_level.set ? (int)c->log_level.v : 0);
		if (ct_open(h, argv[1], 0, &ct, &e) == 0)
			reap(ct, gen, argv[3], &netns, &e);
	}
	if (e.code)
		log_line(-1, ct ? ct_id(ct) : 0, e.text);
	if (ct) {
		ct_unlock(ct);
		end_netns(ct, &netns);
	}
	ct_close(ct);
	ct_host_close(h);
	return e.code ? (e.exit ? e.exit : VZ_SYSTEM_ERROR) : 0;
}
