/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `start`, the parent's side: a table of steps, each with its undo, run up; a failed start and a
 * stop run the undos in reverse (down.c). The child's side is init.c, the processes are made by
 * launch.c; whether it may start and what is said of it is start_tell.c's. ARCHITECTURE.md tells
 * the whole life.
 * /run/vz/CTID/state with stage "starting" is the record of intent: whoever takes the lock next
 * and finds it with no starter alive takes everything down (recover.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "libct/announce.h"
#include "libct/caps.h"
#include "libct/dev.h"
#include "libct/devnode.h"
#include "libct/down.h"
#include "libct/guest.h"
#include "libct/hook.h"
#include "libct/ips.h"
#include "libct/ksm.h"
#include "libct/launch.h"
#include "libct/mon_client.h"
#include "libct/postcreate.h"
#include "libct/shape.h"
#include "libct/start_tell.h"
#include "libct/netdevs.h"
#include "libct/netlines.h"
#include "libct/relay.h"
#include "libct/rootmnt.h"
#include "libct/sync.h"
#include "libct/traffic.h"
#include "libct/veths.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/sys.h"

struct start {
	struct ct *ct;
	unsigned flags;
	struct ct_state state;
	struct ct_rootfs rootfs;
	struct cg *cg;
	struct cg_join join;
	struct ct_init plan;
	struct ct_launch l;
	struct ct_guest guest;
	struct ct_devnodes nodes;
	int script, script_out[2];	/* CTID.start and the pipe for what it prints */
	int console[CT_SYNC_FDS - 1];	/* console master, notify socket, readiness fifo: for the monitor */
};
struct start_step {
	const char *name;
	int (*up)(struct start *s, struct err *e);
};

static uint64_t boottime_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t new_gen(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* --- steps --- */

static int up_record(struct start *s, struct err *e)
{
	s->state = (struct ct_state){ .stage = CT_STAGE_STARTING, .gen = new_gen() };
	if (ct_idmap_get(s->ct, &s->state.uid_base, e) < 0)
		return -e->code;
	if (!(s->flags & CT_START_SKIP_SETUP) &&
	    ct_ips_probe(s->ct, &s->ct->conf.net.ip, s->flags & CT_START_SKIP_ARPDETECT, e) < 0)
		return err_exit(e, VZ_CANT_ADDIP);
	return ct_state_save(s->ct, &s->state, e);
}

static int up_rootfs(struct start *s, struct err *e)
{
	if (ct_hook_run(s->ct, CT_HOOK_PREMOUNT, e) < 0)
		return -e->code;
	if (ct_rootfs_open(s->ct, &s->rootfs, e) < 0)
		return -e->code;
	return ct_quota_start(s->ct, s->rootfs.area, e);
}

static int up_cgroup(struct start *s, struct err *e)
{
	struct cg_dev dev[64];
	struct cg_host *h;
	size_t n = 0;

	if (ct_host_cg(s->ct->host, &h, e) < 0 || cg_create(h, s->ct->ids, &s->cg, e) < 0)
		return -e->code;
	if (ct_devnode_make(&s->ct->conf, s->state.uid_base, &s->nodes, e) < 0 ||
	    ct_devices(&s->ct->conf, dev, ARRAY_SIZE(dev), &n, e) < 0 ||
	    cg_apply_devices(s->cg, dev, n, e) < 0)
		return err_exit(e, VZ_SET_DEVICES);
	if (!(s->flags & CT_START_SKIP_SETUP) && cg_apply(s->cg, &s->ct->conf.cg, e) < 0)
		return err_exit(e, VZ_SETUBC_ERROR);
	if (cg_delegate(s->cg, s->state.uid_base, s->state.uid_base, e) < 0)
		return -e->code;
	return cg_join_open(s->cg, &s->join, e);
}

static bool has_scripts(const struct start *s)
{
	return s->script >= 0 || s->guest.jobs.n;
}

static int up_init(struct start *s, struct err *e)
{
	struct ct *ct = s->ct;
	int cg_dir = cg_fd(s->cg);

	if (has_scripts(s) && (pipe2(s->script_out, O_CLOEXEC) < 0 ||
			       fchown(s->script_out[1], s->state.uid_base, s->state.uid_base) < 0))
		return err_set(e, errno, "make a pipe for the scripts inside");

	s->plan = (struct ct_init){
		.ct = ct,
		.rootfs = &s->rootfs,
		.join = &s->join,
		.cgroup2 = cg_dir >= 0,
		.script = s->script,
		.script_out = s->script_out[1],
		.nesting = str_list_has(&ct->conf.features, "nesting:on"),
		.guest = &s->guest,
		.nodes = &s->nodes,
		.setup = !(s->flags & CT_START_SKIP_SETUP),
		.postcreate = ct_postcreate_is_due(s->rootfs.area),
		.hold = (s->flags & CT_START_HOLD) != 0,
	};
	if (ct_caps_mask(&ct->conf.capability, &s->plan.caps, e) < 0)
		return err_exit(e, VZ_SET_CAP);
	s->plan.caps = ct_caps_netfilter(s->plan.caps, ct->conf.netfilter);
	if (ct->conf.ksm.v == 1 && !ct_ksm_possible())
		ct_say(ct, -1, "Warning: KSM=\"yes\", but this kernel cannot merge equal pages of a process: started without");
	if (ct_launch(ct, &s->plan, s->state.uid_base, s->state.gen, cg_dir, &s->l, e) < 0)
		return err_exit(e, VZ_ENVCREATE_ERROR);
	s->state.init_pid = s->l.init;
	s->state.monitor_pid = s->l.monitor;
	if (ct_pid_start(s->l.init, &s->state.init_start, e) < 0 ||
	    ct_rootfs_shift(&s->rootfs, s->l.userns, e) < 0)
		return -e->code;
	return ct_sync_send(s->l.sync, CT_SYNC_MAPPED, 0, NULL, 0, e);
}

/* While the child builds its mounts. */
static int up_network(struct start *s, struct err *e)
{
	static const struct str_list none;
	struct ct_net_up up;
	struct net *n;

	if (s->flags & CT_START_SKIP_SETUP) {
		ct_announce_up(s->ct, s->l.init, &none);
		return 0;
	}
	if (ct_host_net(s->ct->host, &n, e) < 0)
		return -e->code;
	if (ct_ips_probed(s->ct, e) < 0)
		return -e->code;
	if (ct_net_up_begin(s->ct, n, &up, e) < 0)
		return err_exit(e, VZ_CANT_ADDIP);
	net_up(n, s->ct->id, &s->ct->conf.net.ip, s->l.netns, e);
	if (ct_net_up_end(s->ct, &up, e) < 0)
		return err_exit(e, e->code == EADDRINUSE ? VZ_IP_INUSE : VZ_CANT_ADDIP);
	ct_announce_up(s->ct, s->l.init, &s->ct->conf.net.ip);
	if (ct_veths_up(s->ct, s->l.netns, e) < 0)
		return -e->code;
	if (ct_shape_ways(s->ct, &s->ct->conf, e) < 0)
		return err_exit(e, VZ_SET_RATE);
	return ct_netdevs_up(s->ct, s->l.netns, e);
}

static int up_root(struct start *s, struct err *e)
{
	struct ct_sync_msg m;
	auto_close int tree = -1, back = -1;
	bool beside;

	if (ct_sync_wait(s->l.sync, CT_SYNC_ROOT, &m, e) < 0)
		return err_exit(e, VZ_FS_CANTMOUNT);
	tree = m.fd[0];
	if (s->plan.postcreate)
		ct_postcreate_done(s->rootfs.area);
	beside = s->rootfs.ops->host_beside;
	if (s->rootfs.host >= 0 ? ct_root_attach(s->ct, s->rootfs.host, e) < 0
	    : beside ? ct_root_mount_host(s->ct, s->rootfs.ops, e) < 0 : ct_root_attach(s->ct, tree, e) < 0)
		return -e->code;
	if (ct_hook_run(s->ct, CT_HOOK_MOUNT, e) < 0)
		return -e->code;
	ct_event(s->ct, CT_EVENT_MOUNT);
	ct_say(s->ct, 0, "Container is mounted");
	back = ct_root_slave(s->ct, beside ? s->l.userns : -1, e);
	if (back < 0)
		return back;
	if (ct_sync_send(s->l.sync, CT_SYNC_ROOT_BACK, 0, &back, 1, e) < 0)
		return -e->code;
	return 0;
}

/* Scripts run in the guest's hands, so they get a pipe; this copies from it until the
 * child reports. */
static void show_script(struct start *s)
{
	struct flow f = { .from = s->script_out[0], .to = 1 };
	bool reported = false;

	if (!has_scripts(s))
		return;
	auto_close_(&s->script_out[1]);
	fcntl(f.from, F_SETFL, O_RDONLY | O_NONBLOCK);
	while (!reported) {
		struct pollfd p[] = { { f.eof ? -1 : f.from, POLLIN, 0 }, { s->l.sync, POLLIN, 0 } };

		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return;
		reported = p[1].revents != 0;
		for (int turn = 0; turn < (reported ? 16 : 1) && flow_read(&f) && f.len; turn++)
			while (f.len && flow_write(&f))
				;
		f.len = 0;
	}
}

static int up_exec(struct start *s, struct err *e)
{
	struct ct_sync_msg m;
	struct net *n;

	if (ct_sync_wait(s->l.sync, CT_SYNC_CONSOLE, &m, e) < 0)
		return -e->code;
	memcpy(s->console, m.fd, sizeof(s->console));
	if (!(s->flags & CT_START_SKIP_SETUP)) {
		ct_start_tell(s->ct);
		if (ct_veths_announce(s->ct, e) < 0)
			return -e->code;
	}
	if (ct_sync_send(s->l.sync, CT_SYNC_NET, 0, NULL, 0, e) < 0)
		return -e->code;
	show_script(s);
	if (ct_sync_wait(s->l.sync, CT_SYNC_READY, NULL, e) < 0)
		return -e->code;
	if (!(s->flags & CT_START_SKIP_SETUP) &&
	    (ct_host_net(s->ct->host, &n, e) < 0 || net_ready(n, s->ct->id, e) < 0 || ct_ips_probed(s->ct, e) < 0 ||
	     ct_ips_announce(s->ct, e) < 0))
		return err_exit(e, VZ_CANT_ADDIP);
	if (ct_sync_send(s->l.sync, CT_SYNC_GO, 0, NULL, 0, e) < 0)
		return -e->code;
	if (ct_sync_wait(s->l.sync, CT_SYNC_N, NULL, e) < 0)
		return -e->code;
	/* the end of file says exec or death: only the process itself tells which */
	return sys_pidfd_wait(s->l.pidfd, 0) == 0
		       ? 0
		       : err_say(e, ECHILD, "init of CT %u died at once", s->ct->id);
}

/* The commit point: after this message the monitor keeps the container whatever happens to us,
 * and says "running" in our place if we cannot. Before it nobody ever reads that word. */
static int up_commit(struct start *s, struct err *e)
{
	s->state.stage = CT_STAGE_RUNNING;
	s->state.started_ms = boottime_ms();
	if (ct_state_prepare(s->ct, &s->state, e) < 0 ||
	    ct_sync_send(s->l.ctl, CT_SYNC_COMMIT, 0,
			 (int[]){ s->l.netns, s->console[0], s->console[1], s->console[2] }, CT_SYNC_FDS, e) < 0)
		return -e->code;
	return ct_state_switch(s->ct, e);
}

static const struct start_step steps[] = {
	{ "record", up_record }, { "rootfs", up_rootfs },   { "cgroup", up_cgroup },
	{ "init", up_init },	 { "network", up_network }, { "root", up_root },
	{ "exec", up_exec },	 { "commit", up_commit },
};

/* --- before and after --- */

/* A start makes its own mount, with its own namespaces: --skip-remount has no word of it. */
static int remount(struct start *s, struct err *e)
{
	struct ct_ui ui = s->ct->host->ui;
	int rc;

	if (s->flags & CT_START_SKIP_REMOUNT)
		ct_ui_mute(s->ct);
	rc = ct_umount(s->ct, e);
	s->ct->host->ui = ui;
	return rc;
}

/* What is written inside, and what scripts of the administrator do instead. */
static int guest(struct start *s, struct err *e)
{
	auto_call(ct_actions_done) struct ct_actions actions = { 0 };
	const struct ct_conf *c = &s->ct->conf;
	unsigned what = CT_GUEST_HOSTNAME | CT_GUEST_DNS | CT_GUEST_IP | CT_GUEST_CONSOLE;

	if (ct_actions_of(s->ct, c, &actions, e) < 0 || ct_guest_prepare(c, what, &s->guest, e) < 0)
		return -e->code;
	return ct_guest_scripts(&s->guest, &actions, c, what, NULL, e);
}

static int prepare(struct start *s, struct err *e)
{
	if (ct_start_check(s->ct, s->flags, e) < 0)
		return -e->code;
	if (!(s->flags & CT_START_SKIP_SETUP) &&
	    (guest(s, e) < 0 || ct_hook_script_fd(s->ct, CT_HOOK_START, &s->script, e) < 0))
		return -e->code;
	ct_say(s->ct, 0, "Starting container...");
	return ct_is_mounted(s->ct) ? remount(s, e) : 0;
}

static int run_steps(struct start *s, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		log_debug("CT %u: start: %s", s->ct->id, steps[i].name);
		if (steps[i].up(s, e) == 0)
			continue;
		/* the child's own words are better than "died before stage": it may have sent
		 * them meanwhile */
		if (s->l.sync >= 0 && e->code == EPIPE) {
			struct err why = { 0 };

			if (ct_sync_wait(s->l.sync, CT_SYNC_N, NULL, &why) < 0 && why.code)
				*e = why;
		}
		err_add(e, "step %s", steps[i].name);
		return -e->code;
	}
	return 0;
}

static void release(struct start *s)
{
	ct_launch_close(&s->l);
	ct_rootfs_close(&s->rootfs);
	cg_join_close(&s->join);
	cg_close(s->cg);
	ct_guest_done(&s->guest);
	ct_devnode_release(&s->nodes);
	auto_close_(&s->script);
	auto_close_(&s->script_out[0]);
	auto_close_(&s->script_out[1]);
	for (size_t i = 0; i < ARRAY_SIZE(s->console); i++)
		auto_close_(&s->console[i]);
}

static int fail(struct start *s, struct err *e)
{
	struct err down = { 0 };
	bool mounted = ct_is_mounted(s->ct);

	ct_launch_abort(&s->l);
	cg_join_close(&s->join);
	if (e->code == EDQUOT || e->code == ENOSPC)
		ct_start_full(s->ct);
	if (ct_down(s->ct, CT_DOWN_QUIET_HOOKS, &down) < 0)
		ct_say(s->ct, -1, "%s", down.text);
	err_exit(e, VZ_ENVCREATE_ERROR);
	if (e->exit == VZ_FS_BAD_TMPL) {
		ct_say(s->ct, -1, "Unable to start init, probably incorrect template");
		ct_say(s->ct, 1, "%s", e->text);
		err_say(e, e->code, "Container start failed");
		e->exit = VZ_FS_BAD_TMPL;
	} else {
		ct_say(s->ct, -1, "%s", e->text);
		err_say(e, e->code,
			"Container start failed (try to check kernel messages, e.g. \"dmesg | "
			"tail\")");
	}
	if (mounted)
		ct_say(s->ct, 0, "Container is unmounted");
	return -e->code;
}

static int wait_ready(struct ct *ct, struct err *e)
{
	int rc;

	ct_say(ct, 0, "Container start in progress, waiting ...");
	rc = ct_mon_wait(ct, 3600 * 1000, e);
	if (rc == 0) {
		ct_say(ct, 0, "Container started successfully");
		return 0;
	}
	ct_say(ct, 0,
	       rc == -ETIMEDOUT ? "Container wait failed - timeout expired"
				: "Container wait failed");
	return err_exit(e, VZ_WAIT_FAILED);
}

/* The container runs: what fails here is worth a word, not more. */
static void tidy_files(struct ct *ct)
{
	struct err e = { 0 };

	if (ct_dump_remove(ct, &e) < 0 || ct_store_layout(ct, &e) < 0)
		ct_say(ct, -1, "Warning: %s", e.text);
}

static int start(struct ct *ct, unsigned flags, struct err *e)
{
	auto_call(release) struct start s = {
		.ct = ct,
		.flags = flags,
		.rootfs = CT_ROOTFS_INIT,
		.script = -1,
		.script_out = { -1, -1 },
		.console = { -1, -1, -1 },
		.l = { .ctl = -1, .sync = -1, .pidfd = -1, .userns = -1, .netns = -1 },
	};

	if (prepare(&s, e) < 0)
		return -e->code;
	if (run_steps(&s, e) < 0)
		return fail(&s, e);
	tidy_files(ct);
	ct_event(ct, CT_EVENT_START);
	if (flags & CT_START_WAIT)
		return wait_ready(ct, e);
	ct_say(ct, 0, "Container start in progress...");
	return 0;
}

int ct_start(struct ct *ct, unsigned flags, struct err *e)
{
	struct ct_ui ui = ct->host->ui;
	int rc;

	if (ct->resumed && ct_is_running(ct, NULL))
		return 0;		/* what was wanted is done */
	if (flags & CT_START_REBOOT)
		ct_ui_mute(ct);
	rc = start(ct, flags, e);
	ct->host->ui = ui;
	return rc;
}
