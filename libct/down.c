/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The undo side of start.c's steps, in reverse. Used by stop, by a failed start, by the reaper
 * and by recovery, so each step copes with everything from "never made" to "half gone". A step
 * that fails does not keep the others from running; the state file goes last and only when all
 * the rest is gone, so that the next command tries again.
 */
#include "libct/down.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "libct/announce.h"
#include "libct/ct_priv.h"
#include "libct/netdevs.h"
#include "libct/netlines.h"
#include "libct/shape.h"
#include "libct/traffic.h"
#include "libct/rootmnt.h"
#include "libct/veths.h"
#include "util/sys.h"

#define KILL_MS 10000

static int down_init(struct ct *ct, unsigned flags, struct err *e)
{
	auto_close int pidfd = -1;
	struct err none = { 0 };
	struct ct_state s;
	struct cg_host *h;
	struct cg *cg = NULL;

	(void)flags;
	if (ct_state_load(ct, &s, e) < 0)
		return -e->code;
	if (s.init_pid > 0)
		pidfd = ct_pid_open(s.init_pid, s.init_start, &none);
	if (pidfd >= 0)
		sys_pidfd_send_signal(pidfd, SIGKILL);
	/* a starter that died early wrote no pid: whoever is in the group is the container */
	if (ct_host_cg(ct->host, &h, e) < 0)
		return -e->code;
	if (cg_open(h, ct->ids, &cg, &none) == 0) {
		cg_kill(cg, &none);
		cg_close(cg);
	}
	if (pidfd >= 0 && sys_pidfd_wait(pidfd, KILL_MS) != 1) {
		err_say(e, ETIMEDOUT, "process %d of CT %u does not die", s.init_pid, ct->id);
		return err_exit(e, VZ_STOP_ERROR);
	}
	return 0;
}

static int down_network(struct ct *ct, unsigned flags, struct err *e)
{
	struct str_list ips = { 0 };
	struct err counted = { 0 };
	struct net *n;
	int rc;

	(void)flags;
	if (ct_host_net(ct->host, &n, e) < 0)
		return -e->code;
	/* before the counters go; what is written twice is not counted twice */
	if (ct_traffic_collect(ct, false, NULL, &counted) < 0)
		ct_say(ct, -1, "Warning: %s", counted.text);
	/* the kernel may have taken the link, and with it the routes that tell of addresses nobody saved */
	rc = str_list_copy(&ips, &ct->conf.net.ip, e);
	if (rc == 0)
		rc = ct_announced_ips(ct, &ips, e);
	if (rc == 0)
		rc = ct_net_down(ct, n, &ips, e);
	if (rc == 0)
		rc = ct_shape_down(ct, n, e);
	str_list_clear(&ips);
	return rc;
}

static int down_announced(struct ct *ct, unsigned flags, struct err *e)
{
	(void)flags;
	return ct_announce_down(ct, e);
}

static int down_veths(struct ct *ct, unsigned flags, struct err *e)
{
	(void)flags;
	return ct_veths_down(ct, e);
}

static int down_netdevs(struct ct *ct, unsigned flags, struct err *e)
{
	(void)flags;
	return ct_netdevs_down(ct, e);
}

static int down_root(struct ct *ct, unsigned flags, struct err *e)
{
	bool mounted = ct_is_mounted(ct);
	bool hooks = !(flags & CT_DOWN_NO_HOOKS) && mounted;

	if (flags & CT_DOWN_KEEP_MOUNT)
		return 0;
	if (hooks && ct_hook_run(ct, CT_HOOK_UMOUNT, e) < 0 && !(flags & CT_DOWN_QUIET_HOOKS))
		return -e->code;
	err_clear(e);
	if (ct_root_detach(ct, 1, e) < 0)
		return -e->code;
	if (hooks && ct_hook_run(ct, CT_HOOK_POSTUMOUNT, e) < 0 && !(flags & CT_DOWN_QUIET_HOOKS))
		return -e->code;
	err_clear(e);
	if (mounted)
		ct_event(ct, CT_EVENT_UMOUNT);
	return 0;
}

static int down_cgroup(struct ct *ct, unsigned flags, struct err *e)
{
	struct cg_host *h;

	(void)flags;
	if (ct_host_cg(ct->host, &h, e) < 0)
		return -e->code;
	return cg_remove(h, ct->ids, KILL_MS, e);
}

static int down_record(struct ct *ct, unsigned flags, struct err *e)
{
	struct ct_state s = { .stage = CT_STAGE_MOUNTED };

	if (flags & CT_DOWN_KEEP_MOUNT)
		return ct_state_save(ct, &s, e);
	return ct_state_drop(ct, e);
}

/*
 * The network goes after init is dead: taking it first, so that the kernel's own work on the dying
 * namespace overlaps, changed nothing (stop --fast, medians of 61 in turn: 4.73 ms so, 4.65 ms the
 * other way), and a stop killed in between would leave a container that runs without a network.
 */
static int (*const steps[])(struct ct *ct, unsigned flags, struct err *e) = {
	down_init, down_network, down_announced, down_veths, down_netdevs, down_root, down_cgroup,
};

int ct_down(struct ct *ct, unsigned flags, struct err *e)
{
	struct err first = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct err one = { 0 };

		if (steps[i](ct, flags, &one) < 0 && !first.code)
			first = one;
	}
	if (first.code) {
		*e = first;
		return -e->code;
	}
	return down_record(ct, flags, e);
}
