/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/lock.c */
#include "util/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/lib/test.h"
#include "util/sys.h"

static struct err e;

TEST(excludes_and_releases)
{
	auto_close int dir = test_tmp_fd(), a = -1, b = -1;
	int64_t t;

	CHECK_OK(lock_take(dir, "l", 0, &a, &e), &e);
	CHECK(fcntl(a, F_GETFD) & FD_CLOEXEC);
	CHECK_ERR(lock_take(dir, "l", 0, &b, &e), EBUSY);
	CHECK(strstr(e.text, "l is locked"));
	t = sys_now_ms();
	CHECK_ERR(lock_take(dir, "l", 100, &b, &e), EBUSY);
	t = sys_now_ms() - t;
	CHECK(t >= 100 && t < 20000);
	CHECK_EQ(b, -1);
	close(take_fd(&a));
	CHECK_OK(lock_take(dir, "l", 0, &b, &e), &e);
	CHECK(faccessat(dir, "l", F_OK, 0) == 0);
}

TEST(death_of_the_holder_releases)
{
	auto_close int dir = test_tmp_fd(), got = -1;
	int p[2], st;
	char c;
	pid_t pid;

	CHECK(pipe2(p, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		int fd;

		if (lock_take(dir, "l", 0, &fd, &e) < 0 || write(p[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	CHECK(read(p[0], &c, 1) == 1);
	CHECK_ERR(lock_take(dir, "l", 0, &got, &e), EBUSY);
	kill(pid, SIGKILL);
	CHECK_OK(lock_take(dir, "l", -1, &got, &e), &e);
	CHECK(waitpid(pid, &st, 0) == pid);
	close(p[0]);
	close(p[1]);
}

TEST(not_through_a_symlink)
{
	auto_close int dir = test_tmp_fd(), fd = -1;

	CHECK(symlinkat("elsewhere", dir, "l") == 0);
	CHECK_ERR(lock_take(dir, "l", 0, &fd, &e), ELOOP);
	CHECK(faccessat(dir, "elsewhere", F_OK, 0) < 0);
	CHECK_ERR(lock_take(dir, "none/l", 0, &fd, &e), ENOENT);
}
