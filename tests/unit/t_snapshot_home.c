/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/snapshot_home.c: which files in an area's directory of snapshots are taken for those of one. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/snap.h"
#include "tests/lib/test.h"
#include "util/fio.h"

#define A "aaaaaaaa-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"

static void put(int area, const char *name)
{
	auto_close int fd = openat(area, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
}

TEST(files_of_snapshots)
{
	auto_close int area = test_tmp_fd();
	struct str_list l = { 0 };
	struct err e = { 0 };

	CHECK_OK(ct_snap_files(area, ".conf", &l, &e), &e);
	CHECK_EQ(l.n, 0);
	CHECK(mkdirat(area, "snap", 0700) == 0);
	put(area, "snap/" A);
	put(area, "snap/" A ".conf");
	put(area, "snap/" B ".img");
	put(area, "snap/snapshots");
	put(area, "snap/{" B "}.conf");
	put(area, "snap/gggggggg-0000-4000-8000-000000000003.conf");
	CHECK_OK(ct_snap_files(area, ".conf", &l, &e), &e);
	CHECK_EQ(l.n, 1);
	CHECK_STR(l.v[0], A);
	str_list_clear(&l);
	CHECK_OK(ct_snap_files(area, "", &l, &e), &e);
	CHECK_EQ(l.n, 1);
	CHECK_STR(l.v[0], A);
	str_list_clear(&l);
}

/* What stands in its place is not followed. */
TEST(a_link_is_no_directory)
{
	auto_close int area = test_tmp_fd();
	struct str_list l = { 0 };
	struct err e = { 0 };

	CHECK(symlinkat(".", area, "snap") == 0);
	CHECK(ct_snap_files(area, "", &l, &e) < 0);
	CHECK(e.code == ELOOP || e.code == ENOTDIR);
	CHECK_EQ(l.n, 0);
}
