/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/fio.c: what was there is whole, or what is new is whole, and no temporary file stays. */
#include "util/fio.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/lib/test.h"
#include "util/buf.h"

static struct err e;

static void check_content(int dir, const char *name, const char *want)
{
	auto_buf struct buf b = BUF_INIT;

	CHECK_OK(fio_read_at(dir, name, &b, &e), &e);
	CHECK_STR(buf_str(&b), want);
}

static int entries(int dir)
{
	auto_closedir DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int n = 0;

	CHECK(d);
	while (readdir(d))
		n++;
	return n - 2;
}

TEST(replace)
{
	auto_close int dir = test_tmp_fd();
	struct stat st;

	umask(077);
	CHECK_OK(fio_replace(dir, "f", "one", 3, 0644, &e), &e);
	check_content(dir, "f", "one");
	CHECK(fstatat(dir, "f", &st, 0) == 0);
	CHECK_EQ(st.st_mode & 07777, 0644);
	CHECK_OK(fio_replace(dir, "f", "", 0, 0600, &e), &e);
	check_content(dir, "f", "");
	CHECK_OK(fio_replace_run(dir, "g", "x", 1, 0600, &e), &e);
	check_content(dir, "g", "x");
	CHECK_EQ(entries(dir), 2);
}

TEST(replace_removes_a_stale_temp)
{
	auto_close int dir = test_tmp_fd(), target = -1;

	target = openat(dir, "victim", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(symlinkat("victim", dir, ".f.tmp") == 0);
	CHECK_OK(fio_replace(dir, "f", "new", 3, 0644, &e), &e);
	check_content(dir, "f", "new");
	check_content(dir, "victim", "");
	CHECK_EQ(entries(dir), 2);
}

TEST(replace_a_symlink_not_its_target)
{
	auto_close int dir = test_tmp_fd();

	CHECK_OK(fio_replace(dir, "target", "old", 3, 0644, &e), &e);
	CHECK(symlinkat("target", dir, "f") == 0);
	CHECK_OK(fio_replace(dir, "f", "new", 3, 0644, &e), &e);
	check_content(dir, "target", "old");
	check_content(dir, "f", "new");
}

TEST(replace_failure_keeps_the_old)
{
	auto_close int dir = test_tmp_fd();
	struct rlimit rl = { .rlim_cur = 1000, .rlim_max = 1000 };
	static char big[5000];

	signal(SIGXFSZ, SIG_IGN);
	CHECK_OK(fio_replace(dir, "f", "old", 3, 0644, &e), &e);
	CHECK(setrlimit(RLIMIT_FSIZE, &rl) == 0);
	CHECK_ERR(fio_replace(dir, "f", big, sizeof(big), 0644, &e), EFBIG);
	check_content(dir, "f", "old");
	CHECK_EQ(entries(dir), 1);
	CHECK(mkdirat(dir, "d", 0700) == 0);
	CHECK_ERR(fio_replace(dir, "d", "x", 1, 0644, &e), EISDIR);
	CHECK_EQ(entries(dir), 2);
}

TEST_ROOT(replace_on_a_full_disk)
{
	auto_close int dir = -1;
	static char big[200000];

	test_own_mounts();
	CHECK(mount("t", test_tmp(), "tmpfs", 0, "size=64k") == 0);
	dir = test_tmp_fd();
	CHECK_OK(fio_replace(dir, "f", "old", 3, 0644, &e), &e);
	CHECK_ERR(fio_replace(dir, "f", big, sizeof(big), 0644, &e), ENOSPC);
	check_content(dir, "f", "old");
	CHECK_EQ(entries(dir), 1);
}

TEST(replace_wants_a_name)
{
	auto_close int dir = test_tmp_fd();
	char name[256];

	CHECK_ERR(fio_replace(dir, "a/b", "x", 1, 0644, &e), EINVAL);
	CHECK_ERR(fio_replace(dir, "..", "x", 1, 0644, &e), EINVAL);
	memset(name, 'n', 255);
	name[255] = '\0';
	CHECK_ERR(fio_replace(dir, name, "x", 1, 0644, &e), ENAMETOOLONG);
}

TEST(read)
{
	auto_close int dir = test_tmp_fd(), root = open("/", O_PATH | O_CLOEXEC);
	auto_buf struct buf small, b = BUF_INIT;

	buf_init(&small, 3);
	CHECK_OK(fio_replace(dir, "f", "abc", 3, 0644, &e), &e);
	CHECK_OK(fio_read_at(dir, "f", &small, &e), &e);
	CHECK_ERR(fio_read_at(dir, "f", &small, &e), EFBIG);
	CHECK_STR(e.text, "read f: larger than 3 bytes");
	CHECK(mkfifoat(dir, "fifo", 0600) == 0);
	CHECK_ERR(fio_read_at(dir, "fifo", &b, &e), EINVAL);
	CHECK_ERR(fio_read_at(dir, ".", &b, &e), EISDIR);
	CHECK_ERR(fio_read_at(root, "dev/zero", &b, &e), EINVAL);
	CHECK_ERR(fio_read_at(dir, "none", &b, &e), ENOENT);
	CHECK_OK(fio_read_at(root, "proc/self/status", &b, &e), &e);
	CHECK(strstr(buf_str(&b), "Name:"));
}

TEST(control)
{
	auto_close int dir = test_tmp_fd();
	int p[2];

	CHECK_ERR(fio_control(dir, "f", "x", &e), ENOENT);
	CHECK_EQ(entries(dir), 0);
	CHECK_OK(fio_replace(dir, "f", "", 0, 0644, &e), &e);
	CHECK_OK(fio_control(dir, "f", "max", &e), &e);
	check_content(dir, "f", "max");
	CHECK_ERR(fio_control(AT_FDCWD, "/proc/self/oom_score_adj", "abc", &e), EINVAL);
	CHECK(strstr(e.text, "write 'abc' to /proc/self/oom_score_adj"));
	signal(SIGPIPE, SIG_IGN);
	CHECK(pipe2(p, O_CLOEXEC) == 0);
	close(p[0]);
	CHECK_EQ(fio_write_all(p[1], "x", 1), -EPIPE);
	close(p[1]);
}

TEST(fsync_dir)
{
	auto_close int dir = open(test_tmp(), O_PATH | O_CLOEXEC);

	CHECK_OK(fio_fsync_dir(dir, &e), &e);
	CHECK_ERR(fio_fsync_dir(-1, &e), EBADF);
}

/* Whichever call fails, the file is the old one or the new one, whole, and only a failed unlink leaves the temporary. */
TEST(replace_survives_every_failing_call)
{
	auto_close int dir = test_tmp_fd();
	unsigned passes = 0;

	EACH_FAULT(FAULT_IO) {
		auto_buf struct buf b = BUF_INIT;
		int r;

		test_fault_off();
		CHECK_OK(fio_replace(dir, "f", "old", 3, 0644, &e), &e);
		test_fault_on();
		r = fio_replace(dir, "f", "new", 3, 0644, &e);
		test_fault_off();
		CHECK_EQ(r < 0, test_fault_hit());
		CHECK_EQ(entries(dir), 1);
		CHECK_OK(fio_read_at(dir, "f", &b, &e), &e);
		CHECK(!strcmp(b.s, "new") || (r < 0 && !strcmp(b.s, "old")));
		passes++;
	}
	CHECK_EQ(passes, 9);		/* unlink, open, write, chmod, fsync, rename, open, fsync; none */
}

TEST(read_survives_every_failing_call)
{
	auto_close int dir = test_tmp_fd();

	CHECK_OK(fio_replace(dir, "f", "text", 4, 0644, &e), &e);
	EACH_FAULT(FAULT_IO | FAULT_ALLOC) {
		auto_buf struct buf b = BUF_INIT;
		int r = fio_read_at(dir, "f", &b, &e);

		test_fault_off();
		CHECK_EQ(r < 0, test_fault_hit());
		if (r == 0)
			CHECK_STR(buf_str(&b), "text");
	}
}
