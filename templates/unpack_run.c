/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting a helper that takes foreign data apart (vz-unpack, vz-unploop) in namespaces of its own, and hearing its
 * one answer. What it may do there is unpack_box.c; what is asked of it, unpack.c and ploop.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "templates/pull.h"
#include "util/auto.h"
#include "util/fdmsg.h"
#include "util/fio.h"
#include "util/str.h"
#include "util/sys.h"

/* A helper lies beside the program that runs (a build tree), or where it was installed. */
int unpack_helper_path(const char *prog, char out[4096], struct err *e)
{
	const char *env = secure_getenv("VZ_LIBEXEC");
	ssize_t n = readlink("/proc/self/exe", out, 4000);
	char *slash;

	if (env)
		return str_fmt(out, 4096, "%s/%s", env, prog) < 0 ? err_set(e, ENAMETOOLONG, "%s", prog) : 0;
	out[n > 0 ? n : 0] = '\0';
	slash = strrchr(out, '/');
	if (slash && str_copy(slash + 1, 4096 - (size_t)(slash + 1 - out), prog) == 0 && access(out, X_OK) == 0)
		return 0;
	str_fmt(out, 4096, "%s/%s", VZ_LIBEXEC, prog);
	return access(out, X_OK) < 0 ? err_set(e, errno, "%s", out) : 0;
}

static int open_helper(const char *prog, struct err *e)
{
	char path[4096];
	int fd;

	if (unpack_helper_path(prog, path, e) < 0)
		return -e->code;
	fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "%s", path) : fd;
}

/* In the child: async-signal-safe calls only. @fd: control, in, out; each may have any number. */
static void __attribute__((noreturn)) child(int helper, const char *prog, const char *mode, const int fd[3])
{
	char *const argv[] = { (char *)prog, (char *)mode, NULL };
	char *const env[] = { (char *)"PATH=/usr/bin:/bin", NULL };
	int copy[3] = { -1, -1, -1 }, h;
	sigset_t none;
	char go;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < 3; i++)
		if (fd[i] >= 0)
			copy[i] = fcntl(fd[i], F_DUPFD_CLOEXEC, 10);
	h = fcntl(helper, F_DUPFD_CLOEXEC, 10);
	for (int i = 0; i < 3; i++)
		if (fd[i] >= 0 && dup2(copy[i], UNPACK_CTL + i) < 0)
			_exit(3);
	if (recv(UNPACK_CTL, &go, 1, 0) != 1)
		_exit(3);
	if (setresgid(0, 0, 0) < 0 || syscall(SYS_setgroups, 0, NULL) < 0 || setresuid(0, 0, 0) < 0)
		_exit(4);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sys_close_range(fd[2] >= 0 ? UNPACK_OUT + 1 : UNPACK_OUT, ~0u, CLOSE_RANGE_CLOEXEC);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	syscall(SYS_execveat, h, "", argv, env, AT_EMPTY_PATH);
	_exit(5);
}

#define NO_EXEC (MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

int unpack_maps(pid_t pid, uint32_t base, int *ret_userns, struct err *e)
{
	static const char *const file[] = { "uid_map", "gid_map" };
	auto_close int dir = -1;
	char path[64], map[40];

	str_fmt(map, sizeof(map), "0 %u 65536\n", base ? base : UNPACK_ID_BASE);	/* inside, outside, count */
	str_fmt(path, sizeof(path), "/proc/%d", (int)pid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "%s", path);
	for (size_t i = 0; i < ARRAY_SIZE(file); i++)
		if (fio_control(dir, file[i], map, e) < 0)
			return err_add(e, "user namespace of the unpacker");
	*ret_userns = openat(dir, "ns/user", O_RDONLY | O_CLOEXEC);
	return *ret_userns < 0 ? err_set(e, errno, "%s/ns/user", path) : 0;
}

/* The target as the helper shall see it: ids 0 to 65535 on disk are its own. */
int unpack_idmapped(int dir, int userns, unsigned attrs, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP | attrs,
				   .propagation = MS_PRIVATE, .userns_fd = (uint64_t)userns };
	auto_close int fd = sys_open_tree(dir, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (fd < 0 && errno == EINVAL)		/* a mount that is nowhere yet, which kernels before 6.15 do not clone: itself */
		fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, errno, "open the target as a mount");
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr) < 0)
		return errno == EINVAL || errno == EOPNOTSUPP
		       ? err_say(e, EOPNOTSUPP, "the file system of the target has no idmapped mounts with this kernel; "
				 "use ext4, xfs or btrfs (tmpfs since Linux 6.3)")
		       : err_set(e, errno, "idmap the target");
	return take_fd(&fd);
}

static int send_go(const struct unpack *u, const struct unpack_msg *go, int tree, struct err *e)
{
	int fds[UNPACK_FDS_MAX + 1];
	size_t n = go->n_fds;

	if (n > UNPACK_FDS_MAX)
		return err_set(e, E2BIG, "start %s", u->prog);
	for (size_t i = 0; i < n; i++)
		fds[i] = go->fds[i];
	if (tree >= 0)
		fds[n++] = tree;
	return fdmsg_send(u->ctl, go->data, go->size, fds, n, 0) < 0 ? err_set(e, errno, "start %s", u->prog) : 0;
}

void unpack_kill(struct unpack *u)
{
	if (u->ctl >= 0)
		close(u->ctl);
	if (u->in >= 0)
		close(u->in);
	u->ctl = u->in = -1;
	if (u->pid > 0) {
		kill(u->pid, SIGKILL);
		while (waitpid(u->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	u->pid = 0;
}

int unpack_fork(struct unpack *u, const char *prog, const char *mode, const int io[2], struct err *e)
{
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
			 CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD,
	};
	auto_close int helper = open_helper(prog, e);
	int sk[2];

	*u = (struct unpack){ .prog = prog, .ctl = -1, .in = u->in, .reader = u->reader,
			      .read_only = u->read_only, .id_base = u->id_base };
	if (u->reader)
		args.flags &= ~(uint64_t)CLONE_NEWUSER;
	if (helper < 0)
		return -e->code;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sk) < 0)
		return err_set(e, errno, "socketpair");
	u->ctl = sk[0];
	u->pid = sys_clone3(&args);
	if (u->pid == 0) {
		close(sk[0]);
		child(helper, prog, mode, (const int[3]){ sk[1], io[0], io[1] });
	}
	close(sk[1]);
	return u->pid < 0 ? err_set(e, errno, "start %s in namespaces of its own", prog) : 0;
}

int unpack_send_tree(int sk, int tree, struct err *e)
{
	const struct unpack u = { .prog = "a program of the template", .ctl = sk };

	return send_go(&u, &(struct unpack_msg){ .data = "", .size = 1 }, tree, e);
}

int unpack_recv_tree(int sk, int *ret_tree)
{
	size_t n = 1;
	char go;

	return fdmsg_recv(sk, &go, 1, ret_tree, &n, 0) == 1 && n == 1 ? 0 : -1;
}

int unpack_begin(struct unpack *u, int dir, const struct unpack_msg *go, struct err *e)
{
	const unsigned attrs = NO_EXEC | (u->read_only ? MOUNT_ATTR_RDONLY : 0);
	auto_close int userns = -1, tree = -1;

	if (!u->reader && unpack_maps(u->pid, u->id_base, &userns, e) < 0)
		return -e->code;
	if (dir >= 0 && (tree = u->reader ? fcntl(dir, F_DUPFD_CLOEXEC, 0) : unpack_idmapped(dir, userns, attrs, e)) < 0)
		return e->code ? -e->code : err_set(e, errno, "start %s", u->prog);
	if (send(u->ctl, "", 1, MSG_NOSIGNAL) != 1)
		return err_set(e, errno, "start %s", u->prog);
	return send_go(u, go, tree, e);
}

int unpack_take_text(struct err *e, const struct err *from)
{
	e->code = from->code > 0 && from->code < 4096 ? from->code : EBADMSG;
	memcpy(e->text, from->text, sizeof(e->text));
	e->text[sizeof(e->text) - 1] = '\0';
	for (char *p = e->text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return -e->code;
}

int unpack_answer(struct unpack *u, void *done, size_t size, struct err *e)
{
	ssize_t n;
	int status;

	do
		n = recv(u->ctl, done, size, 0);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)size) {
		unpack_kill(u);
		return 0;
	}
	while (waitpid(u->pid, &status, 0) < 0 && errno == EINTR)
		;
	u->pid = 0;
	unpack_kill(u);
	if (WIFSIGNALED(status))
		return err_say(e, EBADMSG, "%s was killed by signal %d (%s); what it read is not trusted", u->prog,
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	return err_say(e, EPROTO, "%s ended without an answer (status %d)", u->prog, WEXITSTATUS(status));
}
