/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One command at a time on a container, ours or an older program's. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/t_ct_box.h"
#include "util/sys.h"

#define LCK BOX "/lock/101.lck"

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

static void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_ROOT(lockfile_own)
{
	struct box b;
	char want[64];

	box_init(&b, NULL);
	box_conf(101, "");
	struct ct *ct = box_open(&b, "101", 0), *other = box_open(&b, "101", 0);
	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	str_fmt(want, sizeof(want), "%d\nvz\n", (int)getpid());
	CHECK(box_file_is(LCK, want));
	/* the second one at once */
	int64_t t = sys_now_ms();
	box_failed(&b, ct_lock(other, &b.e), VZ_LOCKED, "Container already locked");
	CHECK(sys_now_ms() - t < 20000);
	CHECK(strstr(buf_str(&b.said), "E Locked by: pid "));
	ct_close(ct);
	CHECK(!box_is_there(LCK));
	CHECK_OK(ct_lock(other, &b.e), &b.e);
	ct_close(other);
	CHECK(!box_is_there(LCK));
	box_done(&b);
}

TEST_ROOT(lockfile_foreign)
{
	struct box b;
	char text[64], want[128];
	pid_t pid = sleeper();

	box_init(&b, NULL);
	box_conf(101, "");
	CHECK(mkdir(BOX "/lock", 0755) == 0);
	str_fmt(text, sizeof(text), "%d\nmigrating\n", (int)pid);
	box_put(LCK, text);
	struct ct *ct = box_open(&b, "101", 0);
	box_failed(&b, ct_lock(ct, &b.e), VZ_LOCKED, "Container already locked");
	CHECK(box_file_is(LCK, text));
	str_fmt(want, sizeof(want), "E Locked by: pid %d, cmdline ", (int)pid);
	CHECK(strstr(buf_str(&b.said), want));
	buf_reset(&b.said);
	reap(pid);
	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	box_said(&b, "O Removing stale lock file " LCK "\n");
	ct_close(ct);
	/* noise in it is nobody's lock */
	box_put(LCK, "hello\n");
	ct = box_open(&b, "101", 0);
	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	ct_close(ct);
	CHECK(!box_is_there(LCK));
	box_done(&b);
}

/* A dead command of ours left its file, and its pid is somebody else's by now. */
TEST_ROOT(lockfile_pid_reuse)
{
	struct box b;
	char text[64];
	pid_t pid = sleeper();

	box_init(&b, NULL);
	box_conf(101, "");
	CHECK(mkdir(BOX "/lock", 0755) == 0);
	str_fmt(text, sizeof(text), "%d\nvz\n", (int)pid);
	box_put(LCK, text);
	struct ct *ct = box_open(&b, "101", 0);
	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	ct_close(ct);
	reap(pid);
	box_done(&b);
}

/* The reaper has no file and is gone in a moment: a command waits for it. */
TEST_ROOT(lockfile_reaper)
{
	struct box b;
	int ready[2];
	char c;

	box_init(&b, NULL);
	box_conf(101, "");
	struct ct *ct = box_open(&b, "101", 0);
	CHECK(pipe(ready) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		int fd;

		if (ct_lock_flock(101, 0, &fd, &b.e) < 0)
			_exit(1);
		if (write(ready[1], "x", 1) == 1)
			usleep(200000);
		_exit(0);
	}
	CHECK(read(ready[0], &c, 1) == 1);
	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	waitpid(pid, NULL, 0);
	ct_close(ct);
	box_said(&b, "");
	box_done(&b);
}

TEST_ROOT(lockfile_cannot)
{
	struct box b;

	box_init(&b, "LOCKDIR=\"/proc/none\"\n");
	box_conf(101, "");
	struct ct *ct = box_open(&b, "101", 0);
	box_failed(&b, ct_lock(ct, &b.e), VZ_SYSTEM_ERROR, "Unable to lock container");
	CHECK(strstr(buf_str(&b.said), "E Unable to create lock file /proc/none/101.lck, use --skiplock option"));
	ct_skip_lock(ct);
	CHECK(ct->locked);
	ct_close(ct);
	box_done(&b);
}

/* Where there is no room for the file, the kernel's lock does: a full disk is no reason not to destroy. */
TEST_ROOT(lockfile_full_disk)
{
	struct box b;
	auto_buf struct buf fill = BUF_INIT;
	int fd;

	box_init(&b, NULL);
	box_conf(101, "");
	CHECK(mkdir(BOX "/lock", 0755) == 0 && mount("box", BOX "/lock", "tmpfs", 0, "size=4k") == 0);
	for (int i = 0; i < 256; i++)
		buf_adds(&fill, "0123456789abcdef");
	box_put(BOX "/lock/fill", buf_str(&fill));
	struct ct *ct = box_open(&b, "101", 0), *other = box_open(&b, "101", 0);
	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	CHECK(!box_is_there(LCK) && !box_is_there(BOX "/lock/.101.lck.tmp"));
	CHECK_ERR(ct_lock_flock(101, 0, &fd, &b.e), EBUSY);
	err_clear(&b.e);
	ct_close(ct);
	CHECK_OK(ct_lock(other, &b.e), &b.e);
	ct_close(other);
	box_done(&b);
}
