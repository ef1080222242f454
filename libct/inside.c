/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entering a running container. exec.c, enter.c, guest.c and the in-container scripts stand on
 * this. */
#include "libct/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "libct/caps.h"
#include "libct/ct_priv.h"
#include "libct/relay.h"
#include "libct/seccomp.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/sys.h"

#define ENTER_NS                                                                                   \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP)
#define DYING_MS 1000	/* from the end of a pid namespace to that of its init */
#define REAP_MS 1000	/* from a process that is dead to its exit status */
#define CALL_MS 10000	/* a few files inside; longer only where the guest serves its own file system */

const char *const ct_inside_env[] = { "HOME=/", "TERM=linux",
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL };

int ct_inside_open(struct ct *ct, struct ct_inside *in, struct err *e)
{
	struct ct_state state;
	struct cg_host *h;

	*in = (struct ct_inside){ .ct = ct, .pidfd = -1, .cgroup = -1 };
	in->pidfd = ct_init_pidfd(ct, &state, e);
	if (in->pidfd < 0)
		return in->pidfd;
	in->uid_base = state.uid_base;
	if (ct_host_cg(ct->host, &h, e) < 0 || cg_open(h, ct->ids, &in->cg, e) < 0 ||
	    cg_join_open(in->cg, &in->join, e) < 0 ||
	    ct_caps_mask(&ct->conf.capability, &in->caps, e) < 0) {
		ct_inside_close(in);
		return -e->code;
	}
	if (cg_is_frozen(in->cg)) {	/* who enters would be frozen too, with our lock in its hands */
		ct_inside_close(in);
		err_say(e, EBUSY, "Container is frozen: thaw it with 'vzctl chkpnt %u --resume'", ct->id);
		return err_exit(e, VZ_VE_NOT_RUNNING);
	}
	in->caps = ct_caps_netfilter(in->caps, ct->conf.netfilter);
	in->nesting = str_list_has(&ct->conf.features, "nesting:on");
	/* No v2 tree is fine, the v1 groups hold. Any other failure is not: on v2 alone who entered would
	 * run outside all limits, and a guest can bring it about (its groups all used up). */
	in->cgroup = cg_enter_fd(in->cg, false, e);
	if (in->cgroup < 0 && in->cgroup != -ENOENT) {
		ct_inside_close(in);
		return err_add(e, "enter the control group of CT %u", ct->id);
	}
	err_clear(e);
	return 0;
}

void ct_inside_close(struct ct_inside *in)
{
	auto_close_(&in->pidfd);
	auto_close_(&in->cgroup);
	cg_join_close(&in->join);
	cg_close(in->cg);
	in->cg = NULL;
}

static int close_others(const int *keep, size_t n_keep)
{
	unsigned from = 3;

	/* ascending; n_keep is at most a handful */
	for (;;) {
		int next = -1;

		for (size_t i = 0; i < n_keep; i++)
			if (keep[i] >= (int)from && (next < 0 || keep[i] < next))
				next = keep[i];
		if (next < 0)
			return sys_close_range(from, ~0u, 0);
		if ((unsigned)next > from && sys_close_range(from, (unsigned)next - 1, 0) < 0)
			return -1;
		from = (unsigned)next + 1;
	}
}

/* Pipes become the guest's own, so that /dev/stdout and /dev/stderr can be opened there. */
static void give_pipes(const struct ct_inside *in, const int *keep, size_t n_keep)
{
	struct stat st;

	for (size_t i = 0; i < n_keep; i++)
		if (fstat(keep[i], &st) == 0 && S_ISFIFO(st.st_mode) &&
		    fchown(keep[i], in->uid_base, in->uid_base) < 0)
			return;		/* only the convenience is lost */
}

static int enter(struct ct_inside *in, const int *keep, size_t n_keep, struct err *e)
{
	int rc = cg_join_self(&in->join), kept[CT_INSIDE_KEEP_MAX + 1];
	struct err ignored = { 0 };

	if (rc < 0)
		return err_set(e, -rc, "join the control groups of CT %u", in->ct->id);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	give_pipes(in, keep, n_keep);
	/* the caller may be one whom the kernel's memory killer spares */
	fio_control(AT_FDCWD, "/proc/self/oom_score_adj", "0", &ignored);
	for (size_t i = 0; i < n_keep; i++)
		kept[i] = keep[i];
	kept[n_keep] = in->pidfd;
	if (close_others(kept, n_keep + 1) < 0)
		return err_set(e, errno, "close descriptors");
	if (setns(in->pidfd, ENTER_NS) < 0)
		return err_set(e, errno, "enter the namespaces of CT %u", in->ct->id);
	close(in->pidfd);
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_set(e, errno, "become root of CT %u", in->ct->id);
	umask(022);
	setsid();
	return chdir("/") < 0 ? err_set(e, errno, "change to / of CT %u", in->ct->id) : 0;
}

/* One clone; when the guest has made the group an inner node, again into a leaf below it. */
static pid_t clone_into(struct ct_inside *in, int *pidfd, struct err *e)
{
	struct clone_args a = { .flags = CLONE_PIDFD,
				.pidfd = (uint64_t)(uintptr_t)pidfd,
				.exit_signal = SIGCHLD };
	pid_t pid;

	if (in->cgroup >= 0) {
		a.flags |= CLONE_INTO_CGROUP;
		a.cgroup = (uint64_t)in->cgroup;
	}
	pid = sys_clone3(&a);
	if (pid >= 0 || errno != EBUSY || in->cgroup < 0)
		return pid;
	auto_close_(&in->cgroup);
	in->cgroup = cg_enter_fd(in->cg, true, e);
	if (in->cgroup < 0)
		return -1;
	a.cgroup = (uint64_t)in->cgroup;
	return sys_clone3(&a);
}

pid_t ct_inside_fork(struct ct_inside *in, const int *keep, size_t n_keep, int err_fd,
		     int *ret_pidfd, struct err *e)
{
	auto_close int self = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	int pidfd = -1, saved;
	pid_t pid;

	if (self < 0 || setns(in->pidfd, CLONE_NEWPID) < 0)
		return err_set(e, errno, "enter the pid namespace of CT %u", in->ct->id);
	pid = clone_into(in, &pidfd, e);
	if (pid == 0) {
		struct err why = { 0 };

		if (enter(in, keep, n_keep, &why) == 0)
			return 0;
		if (err_fd >= 0)
			fio_write_all(err_fd, &why, sizeof(why));
		_exit(125);
	}
	saved = errno;
	if (setns(self, CLONE_NEWPID) < 0 && pid > 0)
		saved = errno;
	/* A pid namespace whose init is about to be gone takes nobody, a moment before one can see that it is. */
	if (pid < 0 && saved == ENOMEM && sys_pidfd_wait(in->pidfd, DYING_MS) == 1) {
		err_say(e, ESRCH, "Container is not running");
		return err_exit(e, VZ_VE_NOT_RUNNING);
	}
	if (pid < 0)
		return err_set(e, saved, "fork into CT %u", in->ct->id);
	if (ret_pidfd)
		*ret_pidfd = pidfd;
	else
		close(pidfd);
	return pid;
}

int ct_inside_exec(const struct ct_inside *in, const char *path, const char *const *argv,
		   const char *const *env, struct err *e)
{
	sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	sys_reset_signals();
	syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL);		/* never the caller's */
	if (ct_caps_apply(in->caps, e) < 0 || ct_seccomp_load(in->nesting != 0, e) < 0)
		return -e->code;
	if (strchr(path, '/'))
		execve(path, (char *const *)argv, (char *const *)env);
	else
		execvpe(path, (char *const *)argv, (char *const *)env);
	return err_set(e, errno, "exec %s", path);
}

int ct_inside_reap(pid_t pid, int pidfd, int *st, struct err *e)
{
	int64_t end;
	pid_t got;

	if (sys_pidfd_wait(pidfd, -1) < 0)
		return err_set(e, errno, "wait for process %d", pid);
	end = sys_now_ms() + REAP_MS;
	while ((got = waitpid(pid, st, WNOHANG)) == 0 && sys_now_ms() < end)
		poll(NULL, 0, 1);
	if (got < 0)
		return err_set(e, errno, "wait for process %d", pid);
	return got ? 0 : err_say(e, ECHILD, "its exit status is held back by a tracer in the container");
}

/* The guest decides how long its program takes; we decide how long we wait. A helper that is stuck
 * in the kernel (a file system served by the guest) may not even die: it is left behind, inside. */
static int wait_status(pid_t pid, int pidfd, int64_t deadline, int *status, struct err *e)
{
	int64_t left = deadline - sys_now_ms();
	bool late = sys_pidfd_wait(pidfd, left > 0 ? (int)left : 0) == 0;
	int st = 0;

	if (late) {
		sys_pidfd_send_signal(pidfd, SIGKILL);
		if (sys_pidfd_wait(pidfd, 1000) == 1)
			waitpid(pid, &st, WNOHANG);
		return err_say(e, ETIMEDOUT, "took too long in the container and was killed");
	}
	if (ct_inside_reap(pid, pidfd, &st, e) < 0)
		return -e->code;
	*status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return 0;
}

static int report(int fd, pid_t pid, int pidfd, struct err *e)
{
	struct err got;
	int status = 0;

	if (wait_status(pid, pidfd, sys_now_ms() + CALL_MS, &status, e) < 0)
		return -e->code;
	if (read(fd, &got, sizeof(got)) == (ssize_t)sizeof(got)) {
		got.text[ERR_TEXT_MAX - 1] = '\0';
		*e = got;
		return e->code > 0 ? -e->code : 0;
	}
	return err_say(e, ECHILD, "the helper in the container died with status %d", status);
}

int ct_inside_call(struct ct *ct, int (*fn)(void *arg, struct err *e), void *arg, struct err *e)
{
	return ct_inside_call_keep(ct, NULL, 0, fn, arg, e);
}

int ct_inside_call_keep(struct ct *ct, const int *fds, size_t n, int (*fn)(void *arg, struct err *e),
			void *arg, struct err *e)
{
	int keep[CT_INSIDE_KEEP_MAX];
	auto_call(ct_inside_close) struct ct_inside in;
	auto_close int rd = -1, wr = -1, pidfd = -1;
	int p[2];
	pid_t pid;

	if (ct_inside_open(ct, &in, e) < 0)
		return -e->code;
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	rd = p[0];
	wr = p[1];
	keep[0] = wr;
	for (size_t i = 0; i < n && i + 1 < ARRAY_SIZE(keep); i++)
		keep[i + 1] = fds[i];
	pid = ct_inside_fork(&in, keep, n + 1, wr, &pidfd, e);
	if (pid < 0)
		return -e->code;
	if (pid == 0) {
		struct err got = { 0 };

		fn(arg, &got);
		fio_write_all(p[1], &got, sizeof(got));
		_exit(0);
	}
	auto_close_(&wr);
	return report(rd, pid, pidfd, e);
}

static int memory_file(const struct buf *in, struct err *e)
{
	auto_close int fd = memfd_create("vz-stdin", MFD_CLOEXEC);

	if (fd < 0 || fio_write_all(fd, buf_str(in), in->len) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, errno, "memory file");
	return take_fd(&fd);
}

/* Until the program ends or time is up; what is in the pipe at its end is shown, what comes later
 * is not waited for. */
static void show_output(int from, int pidfd, int64_t deadline)
{
	struct flow f = { .from = from, .to = 1 };
	bool ended = false;

	fcntl(from, F_SETFL, O_RDONLY | O_NONBLOCK);
	while (!ended && sys_now_ms() < deadline) {
		struct pollfd p[] = { { f.eof ? -1 : from, POLLIN, 0 }, { pidfd, POLLIN, 0 } };

		if (poll(p, ARRAY_SIZE(p), (int)(deadline - sys_now_ms())) < 0 && errno != EINTR)
			return;
		ended = p[1].revents != 0;
		for (int turn = 0; turn < (ended ? 16 : 1) && flow_read(&f) && f.len; turn++)
			while (f.len && flow_write(&f))
				;
		f.len = 0;
	}
}

int ct_inside_run(struct ct *ct, const char *path, const char *const *argv,
		  const struct buf *in_text, int limit_ms, int *status, struct err *e)
{
	int64_t deadline = sys_now_ms() + limit_ms;
	auto_call(ct_inside_close) struct ct_inside in;
	auto_close int stdin_fd =
		in_text ? memory_file(in_text, e) : open("/dev/null", O_RDONLY | O_CLOEXEC);
	auto_close int rd = -1, wr = -1, pidfd = -1;
	int p[2];
	pid_t pid;

	if (stdin_fd < 0)
		return e->code ? -e->code : err_set(e, errno, "open /dev/null");
	if (ct_inside_open(ct, &in, e) < 0)
		return -e->code;
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	rd = p[0];
	wr = p[1];
	pid = ct_inside_fork(&in, (int[]){ stdin_fd, wr }, 2, -1, &pidfd, e);
	if (pid < 0)
		return -e->code;
	if (pid == 0) {
		struct err why = { 0 };

		/* never the caller's own: that is a terminal which a guest could keep */
		if (dup2(stdin_fd, 0) == 0 && dup2(wr, 1) == 1 && dup2(wr, 2) == 2)
			ct_inside_exec(&in, path, argv, ct_inside_env, &why);
		_exit(127);
	}
	auto_close_(&wr);
	show_output(rd, pidfd, deadline);
	if (wait_status(pid, pidfd, deadline, status, e) < 0)
		return err_add(e, "%s", path);
	return 0;
}
