/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entering a running container. exec.c, enter.c, guest.c and the in-container scripts stand on
 * this. */
#include "libct/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "libct/caps.h"
#include "libct/ct_priv.h"
#include "libct/seccomp.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/sys.h"

#define ENTER_NS                                                                                   \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP)

const char *const ct_inside_env[] = { "HOME=/", "TERM=linux",
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL };

int ct_inside_open(struct ct *ct, struct ct_inside *in, struct err *e)
{
	struct cg_host *h;

	*in = (struct ct_inside){ .ct = ct, .pidfd = -1, .cgroup = -1 };
	in->pidfd = ct_init_pidfd(ct, NULL, e);
	if (in->pidfd < 0)
		return in->pidfd;
	if (ct_host_cg(ct->host, &h, e) < 0 || cg_open(h, ct->ids, &in->cg, e) < 0 ||
	    cg_join_open(in->cg, &in->join, e) < 0 ||
	    ct_caps_mask(&ct->conf.capability, &in->caps, e) < 0) {
		ct_inside_close(in);
		return -e->code;
	}
	in->nesting = str_list_has(&ct->conf.features, "nesting:on");
	in->cgroup = cg_enter_fd(in->cg, false, e);
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

static int enter(struct ct_inside *in, const int *keep, size_t n_keep, struct err *e)
{
	int rc = cg_join_self(&in->join), kept[8];

	if (rc < 0)
		return err_set(e, -rc, "join the control groups of CT %u", in->ct->id);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
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
	if (pid < 0)
		return err_set(e, saved, "fork into CT %u", in->ct->id);
	if (ret_pidfd)
		*ret_pidfd = pidfd;
	else
		close(pidfd);
	return pid;
}

static void reset_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int ct_inside_exec(const struct ct_inside *in, const char *path, const char *const *argv,
		   const char *const *env, struct err *e)
{
	sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	reset_signals();
	if (ct_caps_apply(in->caps, e) < 0 || ct_seccomp_load(in->nesting != 0, e) < 0)
		return -e->code;
	if (strchr(path, '/'))
		execve(path, (char *const *)argv, (char *const *)env);
	else
		execvpe(path, (char *const *)argv, (char *const *)env);
	return err_set(e, errno, "exec %s", path);
}

static int wait_status(pid_t pid, int *status)
{
	int st;

	while (waitpid(pid, &st, 0) < 0)
		if (errno != EINTR)
			return -errno;
	*status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return 0;
}

static int report(int fd, pid_t pid, struct err *e)
{
	struct err got;
	ssize_t n = read(fd, &got, sizeof(got));
	int status = 0;

	wait_status(pid, &status);
	if (n == (ssize_t)sizeof(got)) {
		got.text[ERR_TEXT_MAX - 1] = '\0';
		*e = got;
		return e->code > 0 ? -e->code : 0;
	}
	return err_say(e, ECHILD, "the helper in the container died with status %d", status);
}

int ct_inside_call(struct ct *ct, int (*fn)(void *arg, struct err *e), void *arg, struct err *e)
{
	auto_call(ct_inside_close) struct ct_inside in;
	auto_close int rd = -1, wr = -1;
	int p[2];
	pid_t pid;

	if (ct_inside_open(ct, &in, e) < 0)
		return -e->code;
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	rd = p[0];
	wr = p[1];
	pid = ct_inside_fork(&in, &wr, 1, wr, NULL, e);
	if (pid < 0)
		return -e->code;
	if (pid == 0) {
		struct err got = { 0 };

		fn(arg, &got);
		fio_write_all(p[1], &got, sizeof(got));
		_exit(0);
	}
	auto_close_(&wr);
	return report(rd, pid, e);
}

static int memory_file(const struct buf *in, struct err *e)
{
	auto_close int fd = memfd_create("vz-stdin", MFD_CLOEXEC);

	if (fd < 0 || fio_write_all(fd, buf_str(in), in->len) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, errno, "memory file");
	return take_fd(&fd);
}

int ct_inside_run(struct ct *ct, const char *path, const char *const *argv,
		  const struct buf *in_text, int *status, struct err *e)
{
	auto_call(ct_inside_close) struct ct_inside in;
	auto_close int stdin_fd =
		in_text ? memory_file(in_text, e) : open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid;
	int rc;

	if (stdin_fd < 0)
		return e->code ? -e->code : err_set(e, errno, "open /dev/null");
	if (ct_inside_open(ct, &in, e) < 0)
		return -e->code;
	pid = ct_inside_fork(&in, &stdin_fd, 1, -1, NULL, e);
	if (pid < 0)
		return -e->code;
	if (pid == 0) {
		struct err why = { 0 };

		dup2(stdin_fd, 0);
		ct_inside_exec(&in, path, argv, ct_inside_env, &why);
		_exit(127);
	}
	rc = wait_status(pid, status);
	return rc < 0 ? err_set(e, -rc, "wait for %s", path) : 0;
}
