/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the families share: sections, strange files, hostile trees. */
#include <string.h>

#include "tests/unit/t_dist_tree.h"

static int section(const char *text)
{
	auto_close int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct dist d = { .root = root };
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };

	buf_adds(&b, text);
	return dist_section(&d, "etc", "file", &b, &e);
}

TEST(dist_sections)
{
	struct stat st;

	dist_tree(NULL, DIRS("etc"));
	CHECK_EQ(section(""), 0);
	CHECK(!box_is_there("etc/file"));
	CHECK_EQ(section("a\n"), 0);
	CHECK(box_file_is("etc/file", BEGIN "a\n" END));
	box_put("etc/file", "one\n" BEGIN "x\ny\n" END "two");
	CHECK(chmod("etc/file", 0600) == 0);
	CHECK_EQ(section("b\n"), 0);
	CHECK(box_file_is("etc/file", "one\ntwo\n" BEGIN "b\n" END));
	CHECK(stat("etc/file", &st) == 0 && (st.st_mode & 07777) == 0600);
	box_put("etc/file", "one\n" BEGIN "cut off");		/* by a full disk, say */
	CHECK_EQ(section("c\n"), 0);
	CHECK(box_file_is("etc/file", "one\n" BEGIN "c\n" END));
	CHECK_EQ(section(""), 0);
	CHECK(box_file_is("etc/file", "one\n"));
}

TEST(dist_hostile)
{
	dist_tree("ID=debian\n", DIRS("in/etc"));
	box_put("canary", "stays\n");
	CHECK(chdir("in") == 0 && symlink("../../canary", "etc/file") == 0);
	CHECK(section("a\n") < 0);				/* neither followed nor replaced */
	CHECK(unlink("etc/file") == 0 && mkfifo("etc/file", 0600) == 0 && section("a\n") < 0);
	CHECK(unlink("etc/file") == 0 && mkdir("etc/file", 0700) == 0 && section("a\n") < 0);
	CHECK(rmdir("etc/file") == 0 && rmdir("etc") == 0 && symlink("..", "etc") == 0);
	CHECK_EQ(section("a\n"), 0);				/* a link at the place of the directory: none */
	CHECK(box_file_is("../canary", "stays\n") && !box_is_there("../file"));
	CHECK(mkfifo("os-release", 0600) == 0);
	CHECK_EQ(dist_run("10.0.0.1", "h"), 0);
}

/* One family's failure does not keep the others from their part. */
TEST(dist_first_error)
{
	dist_tree("ID=debian\n", DIRS("etc/network/interfaces", "etc/systemd/network"));
	CHECK(dist_run("10.0.0.1", NULL) < 0);
	CHECK(box_is_there("etc/systemd/network/05-venet0.network"));
}
