/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/log.c: the record's form, which panels parse. */
#include "util/log.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/str.h"

#define STAMP "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9][+-][0-9][0-9][0-9][0-9] "

TEST(lines)
{
	auto_close int dir = test_tmp_fd();
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };
	char path[128];

	str_fmt(path, sizeof(path), "%s/log", test_tmp());
	log_line(0, 1, "before it is open");
	log_open(path, "vzctl", 1);
	log_line(0, 101, "start\nforged : line");
	log_line(1, 0, "no ct");
	log_line(2, 0, "too detailed");
	CHECK_OK(fio_read_at(dir, "log", &b, &e), &e);
	CHECK_EQ(fnmatch(STAMP "vzctl : CT 101 : start forged : line\n" STAMP "vzctl : no ct\n", buf_str(&b), 0), 0);
}

TEST(long_line_is_cut_and_ends)
{
	auto_close int dir = test_tmp_fd();
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };
	char path[128], big[4000];

	str_fmt(path, sizeof(path), "%s/log", test_tmp());
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_open(path, "vzctl", 0);
	log_line(0, 1, big);
	log_line(0, 1, "next");
	CHECK_OK(fio_read_at(dir, "log", &b, &e), &e);
	CHECK_EQ(strcspn(buf_str(&b), "\n"), 1022);
	CHECK(str_ends(buf_str(&b), " : CT 1 : next\n"));
}

TEST(unwritable_file_is_silent)
{
	log_open("/nonexistent/dir/log", "vzctl", 9);
	log_line(0, 1, "x");
}

TEST(debug_is_off_by_default)
{
	auto_close int dir = test_tmp_fd();
	auto_close int fd = openat(dir, "err", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	CHECK(fd >= 0 && dup2(fd, 2) == 2);
	unsetenv("VZ_DEBUG");
	log_debug("x");
	CHECK(fstat(fd, &st) == 0);
	CHECK_EQ(st.st_size, 0);
}

TEST(debug_on)
{
	auto_close int dir = test_tmp_fd();
	auto_close int fd = openat(dir, "err", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };

	CHECK(fd >= 0 && dup2(fd, 2) == 2);
	setenv("VZ_DEBUG", "1", 1);
	errno = 77;
	log_debug("a %d", 5);
	CHECK_EQ(errno, 77);
	CHECK_OK(fio_read_at(dir, "err", &b, &e), &e);
	CHECK_STR(buf_str(&b), "a 5\n");
}
