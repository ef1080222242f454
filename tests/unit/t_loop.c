/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/loop.h>
#include <sys/ioctl.h>

#include "tests/unit/t_q_fs.h"

static int image(const char *name)
{
	char path[300];

	q_path(path, sizeof(path), name);
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, 1 << 20), 0);
	return fd;
}

TEST_ROOT(loop_attach_find_release)
{
	char name[32], again[32];
	struct loop_info64 info;
	struct err e = { 0 };
	auto_close int a = image("a");
	auto_close int b = image("b");
	auto_close int loop = -1;
	auto_close int found = -1;

	CHECK_EQ(loop_find(a, &found, again, &e), 0);
	CHECK_OK(loop_attach(a, &loop, name, &e), &e);
	CHECK_EQ(ioctl(loop, LOOP_GET_STATUS64, &info), 0);
	CHECK(info.lo_flags & LO_FLAGS_AUTOCLEAR);
	CHECK(loop_is_backed_by(name, a));
	CHECK(!loop_is_backed_by(name, b));
	CHECK(!loop_is_backed_by("/dev/null", a));
	CHECK(!loop_is_backed_by("/dev/absent", a));
	CHECK_EQ(loop_find(a, &found, again, &e), 1);
	CHECK_STR(again, name);
	CHECK_EQ(loop_find(b, &found, again, &e), 0);
	close(take_fd(&found));
	close(take_fd(&loop));
	for (int i = 0; i < 2000 && loop_find(a, &found, again, &e) == 1; i++) {
		close(take_fd(&found));
		usleep(20000);
	}
	CHECK_EQ(loop_find(a, &found, again, &e), 0);
}

TEST_ROOT(loop_bad_image)
{
	char name[32];
	struct err e = { 0 };
	auto_close int dir = test_tmp_fd();
	auto_close int loop = -1;

	CHECK(loop_attach(dir, &loop, name, &e) < 0);
	CHECK(loop_attach(-1, &loop, name, &e) < 0);
	CHECK_EQ(loop, -1);
}

TEST_ROOT(loop_of_what_is_read_only)
{
	char name[LOOP_NAME], path[300];
	struct loop_info64 info;
	struct err e = { 0 };
	auto_close int made = image("ro");
	auto_close int loop = -1, again = -1;

	q_path(path, sizeof(path), "ro");
	auto_close int ro = open(path, O_RDONLY | O_CLOEXEC);
	CHECK_OK(loop_attach(ro, &loop, name, &e), &e);
	CHECK_EQ(ioctl(loop, LOOP_GET_STATUS64, &info), 0);
	CHECK(info.lo_flags & LO_FLAGS_READ_ONLY);
	CHECK(!loop_open_backed("/dev/null", ro, &again));
	CHECK(loop_open_backed(name, ro, &again));
}
