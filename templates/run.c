/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs what a template contains, its package manager above all, while the template is made. The programs are the
 * template's, so they get a user namespace of ids that are nobody's, the tree as an idmapped root, and no more.
 */
#include "templates/run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/spawn.h"
#include "util/str.h"
#include "util/sys.h"

static const char *const default_env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C", "TERM=dumb",
	"DEBIAN_FRONTEND=noninteractive", "container=vz", NULL,
};
static const char *const nodes[] = { "null", "zero", "full", "random", "urandom", "tty" };

struct answer { int code; char what[64]; };

/* --- the child --- */

static void __attribute__((noreturn)) give_up(int sk, const char *what)
{
	struct answer a = { .code = errno ? errno : EIO };

	str_copy(a.what, sizeof(a.what), what);
	while (write(sk, &a, sizeof(a)) < 0 && errno == EINTR)
		;
	_exit(127);
}

static int put_at(int tree, const char *to)
{
	return sys_move_mount(tree, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH);
}

/* A small /dev: the tree's own stays as it is below. The nodes are taken from the host before its root is left. */
static const char *make_dev(const int dev[ARRAY_SIZE(nodes)])
{
	char path[32];

	if (mount("dev", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k") < 0)
		return "mount /dev";
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		str_fmt(path, sizeof(path), "/dev/%s", nodes[i]);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

		if (fd < 0 || close(fd) < 0 || (dev[i] >= 0 && put_at(dev[i], path) < 0))
			return path[5] ? "make device nodes" : "";
	}
	if (symlink("/proc/self/fd", "/dev/fd") < 0 || symlink("fd/0", "/dev/stdin") < 0 || symlink("fd/1", "/dev/stdout") < 0 ||
	    symlink("fd/2", "/dev/stderr") < 0 || mkdir("/dev/shm", 01777) < 0 || mkdir("/dev/pts", 0755) < 0 ||
	    symlink("pts/ptmx", "/dev/ptmx") < 0)
		return "make links in /dev";
	if (mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620") < 0)
		return "mount /dev/pts";
	return NULL;
}

/* The tree's own resolv.conf may be missing, or a link into /run, which is empty: then a package manager could do nothing. */
static const char *make_resolv(int resolv)
{
	struct stat st;
	int fd;

	if (resolv < 0)
		return NULL;
	if (lstat("/etc/resolv.conf", &st) == 0 && S_ISREG(st.st_mode))
		return put_at(resolv, "/etc/resolv.conf") < 0 ? "mount resolv.conf" : NULL;
	if (readlink("/etc/resolv.conf", (char[1]){ 0 }, 1) < 0 && errno != ENOENT)
		return "look at /etc/resolv.conf";
	/* where a link leads to, in /run: made there; a tree without one is left without */
	mkdir("/run/systemd", 0755);
	mkdir("/run/systemd/resolve", 0755);
	mkdir("/run/resolvconf", 0755);
	fd = open("/etc/resolv.conf", O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0644);	/* a FIFO would hold us up */
	if (fd < 0)
		return NULL;
	close(fd);
	return put_at(resolv, "/etc/resolv.conf") < 0 ? "mount resolv.conf" : NULL;
}

static const char *enter(int tree, const int dev[ARRAY_SIZE(nodes)], int resolv)
{
	const char *bad;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || put_at(tree, "/") < 0 || fchdir(tree) < 0)
		return "mount the tree";
	/* before the host's /proc is out of sight, which the kernel wants to have seen */
	if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return "mount /proc";
	if (sys_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return "make the tree the root";
	if (mount("run", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") < 0 ||
	    mount("tmp", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") < 0)
		return "mount /run and /tmp";
	bad = make_dev(dev);
	return bad ? bad : make_resolv(resolv);
}

static void take_host(int dev[ARRAY_SIZE(nodes)], int *resolv, bool net)
{
	char path[32];

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		str_fmt(path, sizeof(path), "/dev/%s", nodes[i]);
		dev[i] = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	}
	*resolv = net ? sys_open_tree(AT_FDCWD, "/etc/resolv.conf", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC) : -1;
}

static void __attribute__((noreturn)) child(const struct tree_run *r, int sk)
{
	int dev[ARRAY_SIZE(nodes)], resolv, tree = -1;
	const char *bad;
	sigset_t none;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unpack_recv_tree(sk, &tree) < 0 || setresgid(0, 0, 0) < 0 || syscall(SYS_setgroups, 0, NULL) < 0 ||
	    setresuid(0, 0, 0) < 0)
		give_up(sk, "become root of its own namespace");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	take_host(dev, &resolv, r->netns > 0);
	bad = enter(tree, dev, resolv);
	if (bad)
		give_up(sk, bad);
	if (sethostname("localhost", 9) < 0)
		give_up(sk, "name itself");
	umask(022);
	sk = fcntl(sk, F_DUPFD_CLOEXEC, 10);
	if (dup2(r->in > 0 ? r->in : open("/dev/null", O_RDONLY | O_CLOEXEC), 0) < 0 || (!r->own_out && dup2(2, 1) < 0))
		give_up(sk, "standard input");
	sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	pid = fork();
	if (pid < 0)
		give_up(sk, "fork");
	if (pid > 0)
		spawn_first(pid);
	execve(r->argv[0], (char *const *)r->argv, (char *const *)(r->env ? r->env : default_env));
	give_up(sk, r->argv[0]);
}

/* --- the parent --- */

static int attend(pid_t pid, int pidfd, int timeout_ms, int *status, struct err *e)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n, st = 0;

	do
		n = poll(&p, 1, timeout_ms > 0 ? timeout_ms : -1);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &st, 0) < 0 && errno == EINTR)
		;
	*status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return n <= 0 ? err_say(e, ETIMEDOUT, "it took longer than %d seconds and was killed", timeout_ms / 1000) : 0;
}

static int begin(const struct tree_run *r, pid_t pid, int sk, struct err *e)
{
	auto_close int userns = -1, tree = -1;

	if (unpack_maps(pid, 0, &userns, e) < 0)
		return -e->code;
	tree = unpack_idmapped(r->tree, userns, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID, e);
	return tree < 0 ? tree : unpack_send_tree(sk, tree, e);
}

/* A child in that network: it could not go there by itself, since its user namespace has no right to. */
static pid_t born_in(int netns, struct clone_args *args)
{
	auto_close int host = -1;
	pid_t pid;

	if (netns <= 0)
		return sys_clone3(args);
	host = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (host < 0 || setns(netns, CLONE_NEWNET) < 0)
		return -1;
	pid = sys_clone3(args);
	if (pid != 0 && setns(host, CLONE_NEWNET) < 0)
		abort();		/* nothing of ours may go on in a stranger's network */
	return pid;
}

int tree_run(const struct tree_run *r, int *status, struct err *e)
{
	auto_close int pidfd = -1, ours = -1;
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_PIDFD |
			 (r->netns > 0 ? 0 : CLONE_NEWNET),
		.exit_signal = SIGCHLD, .pidfd = (uint64_t)(uintptr_t)&pidfd,
	};
	struct answer a = { .code = 0 };
	struct err second = { 0 };	/* of a failure after the first */
	int sk[2], rc;
	pid_t pid;

	*status = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sk) < 0)
		return err_set(e, errno, "socketpair");
	ours = sk[0];
	pid = born_in(r->netns, &args);
	if (pid == 0) {
		close(sk[0]);
		child(r, sk[1]);
	}
	close(sk[1]);
	if (pid < 0)
		return err_set(e, errno, "namespaces for %s", r->argv[0]);
	rc = begin(r, pid, ours, e);
	if (rc < 0)
		kill(pid, SIGKILL);
	else if (recv(ours, &a, sizeof(a), 0) == (ssize_t)sizeof(a) && a.code > 0)	/* else: exec has closed it */
		rc = err_set(e, a.code, "run %s: %.63s", r->argv[0], a.what);
	if (attend(pid, pidfd, r->timeout_ms, status, rc < 0 ? &second : e) < 0 && rc == 0)
		return err_add(e, "%s", r->argv[0]);
	if (rc == 0 && *status)
		return err_say(e, ECHILD, "%s ended with status %d", r->argv[0], *status);
	return rc;
}
