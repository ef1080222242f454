/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/proc.c */
#include "vzd/proc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/str.h"

static struct err e;

static int wait_status(pid_t pid)
{
	int st = -1;

	CHECK(waitpid(pid, &st, 0) == pid);
	return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

static long oom_adj(void)
{
	struct buf auto_buf b = BUF_INIT;

	CHECK_OK(fio_read_at(AT_FDCWD, "/proc/self/oom_score_adj", &b, &e), &e);
	return strtol(buf_str(&b), NULL, 10);
}

TEST(limits_are_the_daemons_own)
{
	struct rlimit before, now;
	long oom = oom_adj();
	pid_t pid;

	CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
	before.rlim_cur = MIN(before.rlim_cur, (rlim_t)256);
	CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
	umask(0);
	proc_setup();
	CHECK(getrlimit(RLIMIT_NOFILE, &now) == 0);
	CHECK_EQ(now.rlim_cur, MIN(now.rlim_max, (rlim_t)65536));
	CHECK_EQ(now.rlim_max, before.rlim_max);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
	CHECK_EQ(umask(022), 022);
	pid = fork();
	if (pid == 0) {
		if (getrlimit(RLIMIT_NOFILE, &now) < 0 || now.rlim_cur != 256)
			_exit(1);
		_exit(oom_adj() == oom ? 0 : 2);
	}
	CHECK_EQ(wait_status(pid), 0);
}

TEST_ROOT(there_is_one)
{
	int fd = -1, other = -1;
	char want[64];
	pid_t pid;

	test_own_mounts();
	CHECK(mount("run", "/run", "tmpfs", 0, "mode=755") == 0);
	CHECK_OK(proc_lock(&fd, &e), &e);
	CHECK(str_fmt(want, sizeof(want), "vzd runs already, as process %d", (int)getpid()) == 0);
	pid = fork();
	if (pid == 0)
		_exit(proc_lock(&other, &e) == -EBUSY && !strcmp(e.text, want) ? 0 : 1);
	CHECK_EQ(wait_status(pid), 0);
	close(fd);
	CHECK_OK(proc_lock(&other, &e), &e);
	close(other);
	CHECK(umount2("/run", MNT_DETACH) == 0);
}

/* The process that called comes back when the one in the background is ready, with how that went. */
TEST(background)
{
	int p[2];
	char c = 0;
	pid_t pid;

	CHECK(pipe2(p, O_CLOEXEC) == 0);
	for (int ready = 1; ready >= 0; ready--) {
		pid = fork();
		if (pid == 0) {
			if (proc_background(&e) < 0)
				_exit(9);
			if (getsid(0) != getpid())
				_exit(8);
			if (ready && write(p[1], "r", 1) == 1)
				proc_ready();
			usleep(50000);
			_exit(7);
		}
		CHECK_EQ(wait_status(pid), ready ? 0 : 1);
		if (ready)
			CHECK(read(p[0], &c, 1) == 1 && c == 'r');
	}
	proc_ready();			/* in the foreground nobody waits */
}
