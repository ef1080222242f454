/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/image_box.c: what a tool in the box still may, and what not. The whole box is tried in integration/template_box.sh. */
#include <fcntl.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "templates/image_proto.h"
#include "templates/unpack_proto.h"
#include "tests/lib/test.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/sys.h"

#define REFUSED(call) CHECK((call) < 0 && errno == ENOSYS)

static void no_new_privs(void)
{
	CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
}

TEST(image_box_filter)
{
	auto_close int dir = test_tmp_fd(), fd = -1;
	struct err e = { 0 };
	int status;
	pid_t pid;

	no_new_privs();
	CHECK_OK(image_box_seal(&e), &e);
	REFUSED(socket(AF_UNIX, SOCK_STREAM, 0));
	REFUSED(socket(AF_INET, SOCK_DGRAM, 0));
	REFUSED(syscall(SYS_ptrace, 0, 0, 0, 0));
	REFUSED(syscall(SYS_bpf, 0, 0, 0));
	REFUSED(syscall(SYS_io_uring_setup, 1, NULL));
	REFUSED(syscall(SYS_clone3, NULL, 0));
	REFUSED(unshare(CLONE_NEWUSER));
	REFUSED(mount("tmpfs", "/", "tmpfs", 0, NULL));
	REFUSED(fchmodat(dir, ".", 04755, 0));
	REFUSED(mkdirat(dir, "d", 0755));
	REFUSED(symlinkat("a", dir, "b"));
	CHECK(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL) < 0 && errno == EPERM);
	fd = openat(dir, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);		/* what the tools do */
	CHECK(fd >= 0 && write(fd, "x", 1) == 1 && ftruncate(fd, 0) == 0 && fsync(fd) == 0);
	pid = fork();
	if (pid == 0)
		_exit(7);
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
	_exit(0);	/* no leak check: it would trace */
}

#ifdef __x86_64__
TEST(image_box_other_numbers)		/* x32 and i386 have no way round the filter */
{
	struct err e = { 0 };

	no_new_privs();
	CHECK_OK(image_box_seal(&e), &e);
	REFUSED(syscall(0x40000000 | SYS_socket, AF_UNIX, SOCK_STREAM, 0));
	REFUSED(syscall(0x40000000 | SYS_getpid));
	_exit(0);
}
#endif

TEST(image_box_limits)
{
	struct err e = { 0 };
	struct rlimit r;

#ifdef __SANITIZE_ADDRESS__
	SKIP("a sanitizer maps terabytes");
#endif
	CHECK_OK(image_box_limit(1 << 20, &e), &e);
	CHECK(getrlimit(RLIMIT_FSIZE, &r) == 0 && r.rlim_max == 1 << 20);
	CHECK(getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_max == 0);
	CHECK(getrlimit(RLIMIT_NPROC, &r) == 0 && r.rlim_max <= 2048);
	CHECK(getrlimit(RLIMIT_AS, &r) == 0 && r.rlim_max <= 16ull << 30);
}

/* A clone of @name in the test's directory, as the privileged side makes them. */
static int mount_of(int dir, const char *name, int flags)
{
	auto_close int fd = openat(dir, name, flags | O_CLOEXEC);
	int mnt = sys_open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	CHECK(mnt >= 0);
	return mnt;
}

TEST_ROOT(image_box_shows_nothing_else)
{
	auto_close int dir = test_tmp_fd(), here = -1;
	struct err e = { 0 };
	struct stat st;
	int out, tree, fd = path_mkdirs(dir, "t", 0755, &e);

	CHECK_OK(fio_replace(fd, "file", "x", 1, 0600, &e), &e);
	close(fd);
	CHECK_OK(fio_replace(dir, "data", "", 0, 0600, &e), &e);
	CHECK_EQ(unshare(CLONE_NEWNS), 0);
	CHECK_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	here = test_tmp_fd();	/* @dir is in the mount namespace from before */
	out = mount_of(here, "data", O_RDWR);
	tree = mount_of(here, "t", O_RDONLY | O_DIRECTORY);
	CHECK_OK(image_box_enter(out, tree, &e), &e);
	CHECK(stat("/etc", &st) < 0 && stat("/proc", &st) < 0 && stat("/root", &st) < 0 && stat("/tmp", &st) < 0);
	CHECK(stat("/usr/bin", &st) == 0 && stat("/lib/.", &st) == 0 && stat("/tree/file", &st) == 0);
	CHECK(open("/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 && errno == EROFS);
	CHECK(open("/usr/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 && errno == EROFS);
	fd = open("/out", O_RDWR | O_TRUNC | O_CLOEXEC);
	CHECK(fd >= 0 && write(fd, "image", 5) == 5);
	CHECK_EQ(prctl(PR_CAPBSET_READ, CAP_DAC_READ_SEARCH, 0, 0, 0), 1);
	CHECK_EQ(prctl(PR_CAPBSET_READ, CAP_DAC_OVERRIDE, 0, 0, 0), 0);
	CHECK_EQ(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0), 0);
	CHECK(chroot("/") < 0 && errno == EPERM);
	CHECK(umount2("/usr", MNT_DETACH) < 0 && errno == EPERM);
	_exit(0);	/* no leak check: it would want /proc */
}
