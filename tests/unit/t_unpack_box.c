/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/unpack_box.c: inside the box there is no host, no capability beyond writing files, and no other system call. */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "templates/unpack_proto.h"
#include "tests/lib/test.h"
#include "util/fio.h"

static void enter(void)
{
	struct err e = { 0 };

	CHECK(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
	CHECK_OK(fio_control(AT_FDCWD, "/proc/self/setgroups", "deny", &e), &e);
	CHECK_OK(fio_control(AT_FDCWD, "/proc/self/uid_map", "0 0 1\n", &e), &e);
	CHECK_OK(fio_control(AT_FDCWD, "/proc/self/gid_map", "0 0 1\n", &e), &e);
	CHECK_OK(box_enter(-1, 1 << 20, &e), &e);
}

TEST_ROOT(box_root_is_empty)
{
	struct stat st;

	enter();
	CHECK(stat("/etc", &st) < 0 && stat("/proc", &st) < 0 && stat("/..", &st) == 0);
	CHECK(mkdir("/new", 0755) == 0 && stat("/../new", &st) == 0);
	CHECK(access("/", W_OK) == 0);
	CHECK(rmdir("/new") == 0);
	_exit(0);	/* no leak check: it would want /proc */
}

TEST_ROOT(box_drops_powers)
{
	struct rlimit r;

	enter();
	CHECK_EQ(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0), 0);
	CHECK_EQ(prctl(PR_CAPBSET_READ, CAP_MKNOD, 0, 0, 0), 0);
	CHECK_EQ(prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0), 1);
	CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	CHECK(mount("tmpfs", "/", "tmpfs", 0, NULL) < 0 && errno == EPERM);
	CHECK(unshare(CLONE_NEWNS) < 0 && errno == EPERM);
	CHECK(chroot("/") < 0 && errno == EPERM);
	CHECK(getrlimit(RLIMIT_FSIZE, &r) == 0 && r.rlim_max == 1 << 20);
	_exit(0);
}

TEST_ROOT(box_seal_filters)
{
	struct err e = { 0 };
	int fd;

#ifdef __SANITIZE_ADDRESS__
	SKIP("the filter is not set under a sanitizer");
#endif
	enter();
	CHECK_OK(box_seal(&e), &e);
	CHECK(socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == ENOSYS);
	CHECK(syscall(SYS_execve, "/x", NULL, NULL) < 0 && errno == ENOSYS);
	CHECK(fork() < 0 && errno == ENOSYS);
	CHECK(syscall(SYS_ptrace, 0, 0, 0, 0) < 0 && errno == ENOSYS);
	fd = open("/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0);
}
