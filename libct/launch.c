/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The launcher is a fork of the caller in the monitors' own control group and session; it clones
 * init, reports, and execs vz-monitor at once: exec keeps parenthood, so the monitor is init's
 * parent without a fork on the hot path.
 */
#include "libct/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "libct/mon_proto.h"
#include "libct/stagens.h"
#include "libct/sync.h"
#include "util/fio.h"
#include "util/sys.h"

#define INIT_NS                                                                                    \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)
#define MONITOR_PATH VZ_LIBEXEC "/vz-monitor"

/*
 * Effective capabilities go when euid leaves 0 and are wanted for the clone (a group that is
 * root's, a kernel that keeps user namespaces from plain users): put them back from the
 * permitted set.
 */
static int raise_caps(void)
{
	cap_t c = cap_get_proc();
	int rc = -1;

	if (!c)
		return -1;
	for (cap_value_t v = 0; v < cap_max_bits(); v++) {
		cap_flag_value_t on = CAP_CLEAR;

		if (cap_get_flag(c, v, CAP_PERMITTED, &on) == 0 && on == CAP_SET)
			cap_set_flag(c, CAP_EFFECTIVE, 1, &v, CAP_SET);
	}
	rc = cap_set_proc(c);
	cap_free(c);
	return rc;
}

static int lock_monitor(int rundir)
{
	struct flock l = { .l_type = F_WRLCK };
	auto_close int fd = openat(rundir, MON_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || fcntl(fd, F_OFD_SETLK, &l) < 0)
		return -errno;
	return take_fd(&fd);
}

/* Bound before anybody can want it, so a client never finds the name missing. */
static int listen_monitor(int rundir)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	auto_close int sk = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/" MON_SOCKET, rundir);
	unlinkat(rundir, MON_SOCKET, 0);
	umask(077);
	if (sk < 0 || bind(sk, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(sk, 16) < 0)
		return -errno;
	return take_fd(&sk);
}

/* What the launcher needs of the host's mounts, opened before it leaves them. */
struct host_fds { int program, mounts, null; };

static void close_host(struct host_fds *h)
{
	auto_close_(&h->program);
	auto_close_(&h->mounts);
	auto_close_(&h->null);
}

static int open_host(struct host_fds *h, struct err *e)
{
	*h = (struct host_fds){ -1, -1, -1 };
	h->program = open(MONITOR_PATH, O_PATH | O_CLOEXEC);
	if (h->program < 0)
		return err_set(e, errno, "%s (installed by make install)", MONITOR_PATH);
	h->mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	h->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	return h->mounts < 0 || h->null < 0 ? err_set(e, errno, "open the host's mount namespace")
					    : 0;
}

/* @fds in the order of enum mon_fd; -1 leaves a number closed. Never returns. */
static void exec_monitor(const struct ct *ct, const struct host_fds *h, uint64_t gen,
			 const char *mode, const int fds[MON_FD_N])
{
	char gen_text[24];
	char *argv[] = { "vz-monitor", (char *)ct->ids, gen_text, (char *)mode, NULL };
	char *env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", NULL };
	int high[MON_FD_N], program = fcntl(h->program, F_DUPFD_CLOEXEC, 32);

	snprintf(gen_text, sizeof(gen_text), "%" PRIu64, gen);
	for (int i = 0; i < 3; i++)
		dup2(h->null, i);
	for (int i = 0; i < MON_FD_N; i++)
		high[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, 16);
	for (int i = 0; i < MON_FD_N; i++)
		if (high[i] >= 0)
			dup2(high[i], MON_FD_CTL + i);
		else
			close(MON_FD_CTL + i);
	sys_close_range(MON_FD_CTL + MON_FD_N, ~0u, CLOSE_RANGE_CLOEXEC);
	if (chdir("/") == 0)
		execveat(program, "", argv, env, AT_EMPTY_PATH);
	_exit(127);
}

struct launcher {
	struct ct *ct;
	struct ct_init *plan;
	uint32_t base;
	uint64_t gen;
	int cg_fd, stage_ns, ctl, sync_child;
	struct host_fds host;
};

static pid_t clone_init(const struct launcher *l, int *pidfd)
{
	struct clone_args a = { .flags = INIT_NS | CLONE_PIDFD,
				.pidfd = (uint64_t)(uintptr_t)pidfd,
				.exit_signal = SIGCHLD };
	pid_t pid;

	if (l->cg_fd >= 0) {
		a.flags |= CLONE_INTO_CGROUP;
		a.cgroup = (uint64_t)l->cg_fd;
	}
	if (setresuid((uid_t)-1, l->base, (uid_t)-1) < 0 || raise_caps() < 0)
		return -1;
	pid = sys_clone3(&a);
	if (pid != 0 && setresuid((uid_t)-1, 0, (uid_t)-1) < 0)
		return -1;
	return pid;
}

static void launcher_main(const struct launcher *l)
{
	auto_close int rundir = -1, lock = -1, listen_fd = -1, pidfd = -1;
	struct err e = { 0 }, ignored = { 0 };
	pid_t pid;

	setsid();
	/* a caller whom the kernel's memory killer spares must not have containers that it spares */
	fio_control(AT_FDCWD, "/proc/self/oom_score_adj", "0", &ignored);
	rundir = ct_state_rundir(l->ct, true, &e);
	if (rundir < 0) {
		ct_sync_fail(l->ctl, &e);
		_exit(1);
	}
	lock = lock_monitor(rundir);
	if (lock < 0) {
		err_say(&e, EBUSY, "a monitor of CT %u is still alive", l->ct->id);
		ct_sync_fail(l->ctl, &e);
		_exit(1);
	}
	listen_fd = listen_monitor(rundir);
	if (listen_fd < 0) {
		err_set(&e, -listen_fd, "make the monitor's socket of CT %u", l->ct->id);
		ct_sync_fail(l->ctl, &e);
		_exit(1);
	}
	if (setns(l->stage_ns, CLONE_NEWNS) < 0) {
		err_set(&e, errno, "enter the staging namespace");
		ct_sync_fail(l->ctl, &e);
		_exit(1);
	}
	pid = clone_init(l, &pidfd);
	if (pid == 0) {
		close(l->ctl);
		ct_init_main(l->plan);
	}
	if (pid < 0) {
		err_set(&e, errno, "clone the container's init");
		ct_sync_fail(l->ctl, &e);
		_exit(1);
	}
	close(l->sync_child);
	if (ct_sync_send(l->ctl, CT_SYNC_BORN, (uint64_t)pid, &pidfd, 1, &e) < 0) {
		sys_pidfd_send_signal(pidfd, SIGKILL);
		_exit(1);
	}
	exec_monitor(l->ct, &l->host, l->gen, "start",
		     (int[]){ l->ctl, pidfd, rundir, lock, listen_fd, l->host.mounts, -1 });
}

static int write_maps(pid_t pid, uint32_t base, struct err *e)
{
	static const char *const files[] = { "uid_map", "gid_map" };
	char path[40], text[48];

	snprintf(text, sizeof(text), "0 %u %u", base, CT_UID_COUNT);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		if (fio_control(AT_FDCWD, path, text, e) < 0)
			return err_add(e, "map the ids of the container");
	}
	return 0;
}

static int open_ns(pid_t pid, const char *name, struct err *e)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open %s", path) : fd;
}

static pid_t fork_launcher(struct ct *ct, struct err *e)
{
	struct clone_args a = { .exit_signal = SIGCHLD };
	struct cg_host *h;
	pid_t pid;

	if (ct_host_cg(ct->host, &h, e) < 0)
		return -1;
	if (cg_host_monitor_fd(h) >= 0) {
		a.flags |= CLONE_INTO_CGROUP;
		a.cgroup = (uint64_t)cg_host_monitor_fd(h);
	}
	pid = sys_clone3(&a);
	if (pid < 0)
		err_set(e, errno, "fork the monitor of CT %u", ct->id);
	return pid;
}

int ct_launch(struct ct *ct, struct ct_init *plan, uint32_t base, uint64_t gen, int cg_fd,
	      struct ct_launch *ret, struct err *e)
{
	struct launcher l = { .ct = ct, .plan = plan, .base = base, .gen = gen, .cg_fd = cg_fd };
	auto_call(close_host) struct host_fds host = { -1, -1, -1 };
	auto_close int stage_ns = -1;
	struct ct_sync_msg m;
	int sync[2], ctl[2];

	*ret = (struct ct_launch){ .ctl = -1, .sync = -1, .pidfd = -1, .userns = -1, .netns = -1 };
	stage_ns = ct_stage_ns_open(e);
	if (stage_ns < 0 || open_host(&host, e) < 0 || ct_sync_pair(sync, e) < 0)
		return -e->code;
	l.stage_ns = stage_ns;
	l.host = host;
	if (ct_sync_pair(ctl, e) < 0) {
		close(sync[0]);
		close(sync[1]);
		return -e->code;
	}
	plan->sync = l.sync_child = sync[1];
	l.ctl = ctl[1];
	ret->monitor = fork_launcher(ct, e);
	if (ret->monitor == 0) {
		close(sync[0]);
		close(ctl[0]);
		launcher_main(&l);
		_exit(1);
	}
	close(sync[1]);
	close(ctl[1]);
	ret->sync = sync[0];
	ret->ctl = ctl[0];
	if (ret->monitor < 0 || ct_sync_wait(ret->ctl, CT_SYNC_BORN, &m, e) < 0) {
		ct_launch_abort(ret);
		return -e->code;
	}
	ret->init = (pid_t)m.num;
	ret->pidfd = m.fd[0];
	ret->userns = open_ns(ret->init, "user", e);
	ret->netns = ret->userns < 0 ? -1 : open_ns(ret->init, "net", e);
	if (ret->netns < 0 || write_maps(ret->init, base, e) < 0) {
		ct_launch_abort(ret);
		return -e->code;
	}
	return 0;
}

void ct_launch_close(struct ct_launch *l)
{
	auto_close_(&l->ctl);
	auto_close_(&l->sync);
	auto_close_(&l->pidfd);
	auto_close_(&l->userns);
	auto_close_(&l->netns);
}

void ct_launch_abort(struct ct_launch *l)
{
	if (l->pidfd >= 0)
		sys_pidfd_send_signal(l->pidfd, SIGKILL);
	if (l->pidfd >= 0)
		sys_pidfd_wait(l->pidfd, 10000);
	ct_launch_close(l);		/* the monitor sees its control socket end */
	if (l->monitor > 0)
		waitpid(l->monitor, NULL, 0);
	l->monitor = 0;
}

int ct_launch_adopt(struct ct *ct, int pidfd, int netns, uint64_t gen, struct err *e)
{
	auto_close int rundir = ct_state_rundir(ct, true, e);
	auto_call(close_host) struct host_fds host = { -1, -1, -1 };
	pid_t pid, again;
	int lock, sk;

	if (rundir < 0 || open_host(&host, e) < 0)
		return -e->code;
	pid = fork_launcher(ct, e);
	if (pid < 0)
		return -e->code;
	if (pid > 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return 0;
	}
	setsid();
	lock = lock_monitor(rundir);	/* held: somebody else was faster */
	sk = lock < 0 ? -1 : listen_monitor(rundir);
	again = sk < 0 ? -1 : fork();
	if (again != 0)
		_exit(again < 0);	/* the next command tries again */
	exec_monitor(ct, &host, gen, "adopt",
		     (int[]){ -1, pidfd, rundir, lock, sk, host.mounts, netns });
	_exit(1);
}
