/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/spawn.c: what the child gets, what comes back. */
#include "util/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/str.h"
#include "util/sys.h"

static struct err e;

/* Runs @script with output into a file, which is then in @out. */
static int sh(const char *script, struct spawn s, int *status, struct buf *out)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	auto_close int dir = test_tmp_fd(), fd = -1;
	int r;

	fd = openat(dir, "out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	s.argv = argv;
	s.out = fd;
	r = spawn_wait(&s, status, &e);
	buf_reset(out);
	CHECK(fio_read_at(dir, "out", out, &(struct err){ 0 }) == 0);
	return r;
}

TEST(statuses)
{
	auto_buf struct buf out = BUF_INIT;
	int st = 5;

	CHECK_OK(sh("echo hi", (struct spawn){ 0 }, &st, &out), &e);
	CHECK_EQ(st, 0);
	CHECK_STR(buf_str(&out), "hi\n");
	CHECK_ERR(sh("exit 7", (struct spawn){ 0 }, &st, &out), ECHILD);
	CHECK_EQ(st, 7);
	CHECK_STR(e.text, "/bin/sh exited with status 7");
	CHECK_ERR(sh("kill -TERM $$", (struct spawn){ 0 }, &st, &out), ECHILD);
	CHECK_EQ(st, 128 + SIGTERM);
	CHECK_ERR(sh("exit 1", (struct spawn){ 0 }, NULL, &out), ECHILD);
}

TEST(exec_failure_has_its_errno)
{
	const char *argv[] = { "/nonexistent/tool", NULL };
	struct spawn s = { .argv = argv };
	int st = 0;

	CHECK_ERR(spawn_wait(&s, &st, &e), ENOENT);
	CHECK_EQ(st, 127);
	CHECK_STR(e.text, "run /nonexistent/tool: No such file or directory");
	argv[0] = "/";
	CHECK_ERR(spawn_wait(&s, &st, &e), EACCES);
}

TEST(stderr_tail)
{
	auto_buf struct buf out = BUF_INIT;

	CHECK_ERR(sh("echo one >&2; echo two >&2; exit 3", (struct spawn){ .err = -1 }, NULL, &out), ECHILD);
	CHECK_STR(e.text, "/bin/sh exited with status 3: one two");
	CHECK_ERR(sh("i=0; while [ $i -lt 20000 ]; do echo line$i >&2; i=$((i+1)); done; exit 1",
		     (struct spawn){ .err = -1 }, NULL, &out), ECHILD);
	CHECK(str_ends(e.text, "line19999"));
	CHECK(strlen(e.text) < 400);
	CHECK_OK(sh("echo noise >&2", (struct spawn){ .err = -1 }, NULL, &out), &e);
}

TEST(a_daemon_holding_stderr_does_not_hold_us)
{
	auto_buf struct buf out = BUF_INIT;
	int64_t t = sys_now_ms();

	CHECK_ERR(sh("sleep 100 & echo gone >&2; exit 1", (struct spawn){ .err = -1 }, NULL, &out), ECHILD);
	CHECK(sys_now_ms() - t < 90000);
	CHECK_STR(e.text, "/bin/sh exited with status 1: gone");
	CHECK_OK(sh("pid=$(cat /dev/null); exit 0", (struct spawn){ 0 }, NULL, &out), &e);
}

/* @pid: the decimal number and a newline. A zombie that init has yet to reap is dead. */
static bool is_dead(const char *pid)
{
	auto_buf struct buf b = BUF_INIT;
	char path[64];

	CHECK(strtol(pid, NULL, 10) > 1);
	str_fmt(path, sizeof(path), "/proc/%ld/stat", strtol(pid, NULL, 10));
	return fio_read_at(AT_FDCWD, path, &b, &e) < 0 || strstr(buf_str(&b), ") Z ");
}

TEST(timeout_kills_the_group)
{
	auto_buf struct buf out = BUF_INIT;
	int64_t t;
	int st;

	for (int ms = 200; !out.len && ms < 20000; ms *= 3) {		/* until it has come as far as that */
		t = sys_now_ms();
		CHECK_ERR(sh("sleep 100 & echo $!; wait", (struct spawn){ .timeout_ms = ms }, &st, &out), ETIMEDOUT);
		t = sys_now_ms() - t;
		CHECK(t >= ms && t < 90000);
		CHECK_EQ(st, 128 + SIGKILL);
	}
	SOON(is_dead(buf_str(&out)));
}

TEST(descriptors)
{
	auto_close int leak = open("/", O_RDONLY), keep = -1;		/* not close-on-exec */
	auto_buf struct buf out = BUF_INIT;
	int pass[1];
	char want[64];

	keep = fcntl(leak, F_DUPFD_CLOEXEC, 7);
	CHECK(keep > 6 && keep < 10);
	pass[0] = keep;
	snprintf(want, sizeof(want), "0\n1\n2\n3\n%d\n", keep);	/* 3 is ls reading the directory */
	CHECK_OK(sh("exec ls /proc/self/fd", (struct spawn){ .pass = pass, .n_pass = 1 }, NULL, &out), &e);
	CHECK_STR(buf_str(&out), want);
	CHECK_OK(sh("readlink /proc/$$/fd/0", (struct spawn){ 0 }, NULL, &out), &e);
	CHECK_STR(buf_str(&out), "/dev/null\n");
}

TEST(input_and_swapped_stdio)
{
	auto_close int dir = test_tmp_fd(), in = -1;
	auto_buf struct buf out = BUF_INIT;

	CHECK_OK(fio_replace(dir, "in", "text", 4, 0600, &e), &e);
	in = openat(dir, "in", O_RDONLY | O_CLOEXEC);
	CHECK_OK(sh("cat", (struct spawn){ .in = in, .err = 1 }, NULL, &out), &e);
	CHECK_STR(buf_str(&out), "text");
}

/* Runs grep itself: a shell would tidy its signals up first. */
static void check_status(const char *line, struct buf *out)
{
	const char *argv[] = { "/bin/grep", line, "/proc/self/status", NULL };
	auto_close int dir = test_tmp_fd(), fd = openat(dir, "status", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct spawn s = { .argv = argv, .out = fd };

	CHECK_OK(spawn_wait(&s, NULL, &e), &e);
	buf_reset(out);
	CHECK_OK(fio_read_at(dir, "status", out, &e), &e);
}

TEST(environment_and_signals)
{
	auto_buf struct buf out = BUF_INIT;
	const char *env[] = { "A=b", NULL };
	sigset_t all;

	setenv("LD_PRELOAD", "", 1);
	CHECK_OK(sh("/usr/bin/env | grep -v -e ^PWD -e ^_ -e ^SHLVL -e ^OLDPWD | sort", (struct spawn){ 0 }, NULL, &out), &e);
	CHECK_STR(buf_str(&out),
		  "HOME=/\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nTERM=linux\n");
	CHECK_OK(sh("echo $A$HOME", (struct spawn){ .env = env }, NULL, &out), &e);
	CHECK_STR(buf_str(&out), "b\n");
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
	check_status("SigBlk:\t0000000000000000", &out);
	check_status("SigIgn:", &out);
	CHECK_EQ(strtoul(buf_str(&out) + 8, NULL, 16) & 0x7fffffff, 0);	/* 32 and 33 are the C library's */
}

/* Nobody outlives it, whatever he does to hide; a directory lies over another for it alone. */
TEST_ROOT(own_pids)
{
	static const char *const argv[] = { "/bin/sh", "-c", "setsid sleep 600 & setsid sh -c 'sleep 600 & echo $PPID' & "
					    "[ -e /var/tmp/mark ] && [ $$ -lt 10 ] && [ -e /proc/$$/comm ] && mount -t tmpfs t /var/tmp && kill -9 $$", NULL };
	auto_close int over = open(test_tmp(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int mark = openat(over, "mark", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct spawn s = { .argv = argv, .own_mounts = true, .own_pids = true, .over = over, .over_path = "/var/tmp" };
	auto_close int out = -1;
	int p[2], status;
	char buf[64];

	CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	close(over);
	over = open(test_tmp(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);	/* one of this namespace */
	s.over = over;
	CHECK(over >= 0 && mark >= 0 && pipe2(p, O_CLOEXEC) == 0);
	out = p[0];
	s.out = p[1];
	CHECK_ERR(spawn_wait(&s, &status, &e), ECHILD);
	CHECK_EQ(status, 137);
	CHECK(access("/var/tmp/mark", F_OK) < 0);
	CHECK(umount2(test_tmp(), 0) < 0);		/* nothing was mounted for us */
	close(p[1]);
	while (read(out, buf, sizeof(buf)) > 0)		/* comes to its end when the last of them is gone */
		;
}
