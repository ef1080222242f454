/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the next command does about one that died, under the lock, so no other verb is at work on
 * this container: a state that says "starting" has no starter any more, one that says "running"
 * may have no init, an init may have no monitor.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "libct/ct_priv.h"
#include "libct/down.h"
#include "libct/exitrec.h"
#include "libct/launch.h"
#include "libct/mon_client.h"
#include "util/log.h"

/* A damaged state file is worth nothing: the kernel's own objects are found by the container's
 * id. */
static int load(struct ct *ct, struct ct_state *s, struct err *e)
{
	if (ct_state_load(ct, s, e) == 0)
		return 0;
	if (e->code != EBADMSG && e->code != EINVAL)
		return -e->code;
	err_clear(e);
	*s = (struct ct_state){ .stage = CT_STAGE_STARTING };
	return ct_state_save(ct, s, e);
}

/* Init is dead: its monitor, if it lives, is about to write why and to become the reaper.
 * Bounded: it never waits. */
static void await_monitor(const struct ct *ct)
{
	for (int i = 0; i < 2000 && ct_mon_alive(ct); i++)
		usleep(1000);
}

/* Did the guest of generation @gen ask for a reboot that the reaper has not answered yet? */
static void reason_of(const struct ct *ct, uint64_t gen, char *ret, size_t size)
{
	auto_kv struct kv kv = { 0 };
	struct err e = { 0 };
	auto_close int dir = ct_state_rundir(ct, false, &e);
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)gen);
	str_copy(ret, size, "unknown");
	if (dir >= 0 && kv_load(&kv, dir, "exit", &e) == 0 && str_eq(kv_get(&kv, "GEN"), text) && kv_get(&kv, "REASON"))
		str_copy(ret, size, kv_get(&kv, "REASON"));
}

/* Who has lost its monitor too has nobody who ends its network namespace: the host's links at least do not wait for it. */
static int sweep_links(struct ct *ct, struct err *e)
{
	struct net *n;

	return ct_mon_alive(ct) ? 0 : ct_host_net(ct->host, &n, e) < 0 ? -e->code : net_sweep(n, e);
}

static int dead_init(struct ct *ct, const struct ct_state *s, struct err *e)
{
	char reason[16];
	bool reboot;

	await_monitor(ct);
	reason_of(ct, s->gen, reason, sizeof(reason));
	reboot = s->stage == CT_STAGE_RUNNING && str_eq(reason, "reboot");
	ct_exit_record(ct, s->gen, s->stage == CT_STAGE_RUNNING ? reason : "stop");
	if (ct_down(ct, CT_DOWN_QUIET_HOOKS, e) < 0 || sweep_links(ct, e) < 0)
		return -e->code;
	ct_event(ct, reboot ? CT_EVENT_REBOOT : CT_EVENT_STOP);
	return reboot ? ct_start(ct, CT_START_REBOOT | CT_START_FORCE, e) : 0;
}

int ct_recover_run(struct ct *ct, struct err *e)
{
	struct ct_state s;

	if (load(ct, &s, e) < 0)
		return -e->code;
	switch (s.stage) {
	case CT_STAGE_NONE:	/* nothing, or killed before the first state was whole */
		return ct_is_mounted(ct) ? ct_down(ct, CT_DOWN_NO_HOOKS, e) : ct_state_drop(ct, e);
	case CT_STAGE_MOUNTED:
		return ct_is_mounted(ct) ? 0 : ct_state_drop(ct, e);
	case CT_STAGE_RUNNING:
	case CT_STAGE_STOPPING:
		if (ct_is_running(ct, &s))
			return ct_mon_alive(ct) ? 0 : ct_adopt(ct, &s, e);
		return dead_init(ct, &s, e);
	case CT_STAGE_STARTING:
		break;
	case CT_STAGE_N:
		return err_say(e, EINVAL, "state of CT %u", ct->id);
	}
	log_debug("CT %u: recover from stage %d", ct->id, (int)s.stage);
	return ct_down(ct, CT_DOWN_QUIET_HOOKS, e);
}

int ct_adopt(struct ct *ct, const struct ct_state *s, struct err *e)
{
	auto_close int pidfd = ct_pid_open(s->init_pid, s->init_start, e), netns = -1;
	struct err none = { 0 };

	if (pidfd < 0)
		return pidfd;
	netns = ct_netns_open(s, &none);
	return ct_launch_adopt(ct, pidfd, netns, s->gen, e);
}
