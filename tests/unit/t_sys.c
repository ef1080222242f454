/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/sys.c: the numbers are the right ones, and time-outs are kept. */
#include "util/sys.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/lib/test.h"

TEST(openat2_resolves)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH };
	auto_close int root = open("/", O_PATH | O_CLOEXEC), fd = sys_openat2(root, "etc", &how);

	CHECK(fd >= 0);
	CHECK_EQ(sys_openat2(root, "/etc", &how), -1);
	CHECK_EQ(errno, EXDEV);
}

TEST(pidfd_waits)
{
	auto_close int fd = -1;
	int64_t t = sys_now_ms();
	pid_t pid = fork();
	siginfo_t si;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	fd = sys_pidfd_open(pid, 0);
	CHECK(fd >= 0);
	CHECK_EQ(sys_pidfd_wait(fd, 50), 0);
	CHECK(sys_now_ms() - t >= 50);
	CHECK_EQ(sys_pidfd_wait(fd, 0), 0);
	CHECK_EQ(sys_pidfd_send_signal(fd, SIGKILL), 0);
	CHECK_EQ(sys_pidfd_wait(fd, -1), 1);
	CHECK_EQ(waitid(P_PIDFD, (id_t)fd, &si, WEXITED), 0);
	CHECK_EQ(si.si_status, SIGKILL);
}

static void nothing(int sig)
{
	(void)sig;
}

TEST(pidfd_wait_survives_signals)
{
	struct sigaction sa = { .sa_handler = nothing };
	auto_close int fd = sys_pidfd_open(getpid(), 0);
	int64_t t = sys_now_ms();

	sigaction(SIGALRM, &sa, NULL);
	ualarm(10000, 10000);
	CHECK_EQ(sys_pidfd_wait(fd, 100), 0);
	CHECK(sys_now_ms() - t >= 99);
	CHECK_EQ(sys_pidfd_wait(-1, 30), 0);		/* poll ignores a negative descriptor */
	CHECK_EQ(sys_pidfd_wait(999, 1000), -1);
	CHECK_EQ(errno, EBADF);
}

TEST(clone3_and_close_range)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);
	int st;

	CHECK(pid >= 0);
	if (pid == 0)
		_exit(sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0);
	CHECK_EQ(waitpid(pid, &st, 0), pid);
	CHECK_EQ(st, 0);
}

TEST_ROOT(mount_calls)
{
	struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };
	auto_close int fs = -1, mnt = -1, file = -1, clone = -1;

	test_own_mounts();
	fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	CHECK(fs >= 0);
	CHECK_EQ(sys_fsconfig(fs, FSCONFIG_SET_STRING, "size", "64k", 0), 0);
	CHECK_EQ(sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), 0);
	mnt = sys_fsmount(fs, FSMOUNT_CLOEXEC, 0);
	CHECK(mnt >= 0);
	CHECK_EQ(sys_move_mount(mnt, "", AT_FDCWD, test_tmp(), MOVE_MOUNT_F_EMPTY_PATH), 0);
	clone = sys_open_tree(mnt, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	CHECK(clone >= 0);
	CHECK_EQ(sys_mount_setattr(mnt, "", AT_EMPTY_PATH, &ro), 0);
	file = openat(mnt, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CHECK(file < 0 && errno == EROFS);
	CHECK_EQ(sys_pivot_root("/nonexistent", "/nonexistent"), -1);
	CHECK_EQ(errno, ENOENT);
}
