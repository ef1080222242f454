/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trying what containers need, on the real kernel: each probe runs in a child that has left the host's namespaces, so
 * nothing stays and nothing of the host is changed. What a failure means to the user is said in host_check.c.
 */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/net.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/sys.h"
#include "vzctl/host.h"

int probe_run(probe_fn *fn, void *arg, struct err *e)
{
	int p[2], status;
	pid_t pid;
	ssize_t n;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	pid = fork();
	if (pid == 0) {
		struct err mine = { 0 };

		fn(arg, &mine);
		_exit(write(p[1], &mine, sizeof(mine)) != sizeof(mine));
	}
	close(p[1]);
	n = pid < 0 ? -1 : read(p[0], e, sizeof(*e));
	close(p[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (n != sizeof(*e))
		return err_say(e, ECHILD, "the probe died");
	return -e->code;
}

static int in_userns(struct err *e)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return err_set(e, errno, "user namespace");
	if (fio_control(AT_FDCWD, "/proc/self/uid_map", "0 0 1", e) < 0 ||
	    fio_control(AT_FDCWD, "/proc/self/setgroups", "deny", e) < 0 ||
	    fio_control(AT_FDCWD, "/proc/self/gid_map", "0 0 1", e) < 0)
		return -e->code;
	return 0;
}

static int try_userns(void *arg, struct err *e)
{
	(void)arg;
	return in_userns(e);
}

int probe_userns(struct err *e)
{
	return probe_run(try_userns, NULL, e);
}

static int try_overlay(void *arg, struct err *e)
{
	static const char *const dirs[] = { "/tmp/l", "/tmp/u", "/tmp/w", "/tmp/m" };

	(void)arg;
	if (in_userns(e) < 0)
		return -e->code;
	if (mount("vz-probe", "/tmp", "tmpfs", 0, "mode=755") < 0)
		return err_set(e, errno, "tmpfs");
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdir(dirs[i], 0755) < 0)
			return err_set(e, errno, "%s", dirs[i]);
	if (mount("vz-probe", "/tmp/m", "overlay", 0, "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w,userxattr") < 0)
		return err_set(e, errno, "overlay");
	return 0;
}

int probe_overlay(struct err *e)
{
	return probe_run(try_overlay, NULL, e);
}

/* A user namespace whose id 0 is the host's 65536, as a container's is; the child that owns it waits to be killed. */
static int idmap_userns(struct err *e)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	char path[64];
	pid_t pid = sys_clone3(&args);
	int fd;

	if (pid < 0)
		return err_set(e, errno, "user namespace");
	if (pid == 0)
		for (;;)
			pause();
	str_fmt(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	fd = fio_control(AT_FDCWD, path, "0 65536 65536", e);
	str_fmt(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
	if (fd == 0)
		fd = fio_control(AT_FDCWD, path, "0 65536 65536", e);
	str_fmt(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	if (fd == 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			err_set(e, errno, "%s", path);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

static int try_idmap(void *arg, struct err *e)
{
	auto_close int userns = idmap_userns(e);
	auto_close int tree = -1;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };

	if (userns < 0)
		return -e->code;
	tree = sys_open_tree(AT_FDCWD, arg, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return err_set(e, errno, "%s", (const char *)arg);
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) < 0)
		return err_set(e, errno, "idmapped mount of %s", (const char *)arg);
	return 0;
}

int probe_idmap(const char *dir, struct err *e)
{
	return probe_run(try_idmap, (void *)dir, e);
}

static int try_nft(void *arg, struct err *e)
{
	const struct net_host_conf conf = { .table = "vz-probe", .pool4 = "10.77.0.0/16" };
	struct net *n = NULL;

	(void)arg;
	if (unshare(CLONE_NEWNET) < 0)
		return err_set(e, errno, "network namespace");
	if (net_open(conf.table, &n, e) == 0)
		net_host_setup(n, &conf, e);
	net_close(n);
	return -e->code;
}

int probe_nft(struct err *e)
{
	return probe_run(try_nft, NULL, e);
}

int probe_seccomp(struct err *e)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0)
		return err_set(e, errno, "seccomp filters");
	return 0;
}

static int try_mounts(void *arg, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	auto_close int tree = -1;

	(void)arg;
	if (unshare(CLONE_NEWNS) < 0)
		return err_set(e, errno, "mount namespace");
	tree = sys_open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return err_set(e, errno, "open_tree");
	return sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) < 0 ? err_set(e, errno, "mount_setattr") : 0;
}

int probe_mounts(struct err *e)
{
	return probe_run(try_mounts, NULL, e);
}

/* clone3() knows every flag that a start uses; a descriptor that is no group makes it stop before there is a child. */
int probe_processes(struct err *e)
{
	auto_close int pidfd = sys_pidfd_open(getpid(), 0), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)null };
	pid_t pid;

	if (pidfd < 0)
		return err_set(e, errno, "pidfd_open");
	pid = sys_clone3(&args);
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid > 0 || (errno != EBADF) ? err_set(e, pid > 0 ? ENOSYS : errno, "clone3 into a control group") : 0;
}
