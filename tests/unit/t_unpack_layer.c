/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/unpack_layer.c: whiteouts take away what they name in their directory, and nothing else. */
#include "templates/unpack_proto.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/path.h"

static struct err e;

static int lab(void)
{
	auto_close int top = test_tmp_fd();
	int dir;

	CHECK(mkdirat(top, "beside", 0755) == 0 && mkdirat(top, "dir", 0755) == 0);
	dir = openat(top, "dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(mkdirat(dir, "sub", 0755) == 0 && mkdirat(dir, "sub/deep", 0755) == 0 && symlinkat("../beside", dir, "link") == 0);
	CHECK(mknodat(dir, "file", S_IFREG | 0600, 0) == 0);
	return dir;
}

static bool there(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

TEST(layer_knows_a_whiteout)
{
	CHECK(layer_is_whiteout(".wh.x") && layer_is_whiteout("a/b/.wh.x") && layer_is_whiteout("a/.wh..wh..opq"));
	CHECK(!layer_is_whiteout("a/.wh") && !layer_is_whiteout(".wh.dir/x") && !layer_is_whiteout("x.wh.y"));
}

TEST(layer_whiteout_of_one)
{
	auto_close int dir = lab();

	CHECK_OK(layer_whiteout(dir, "a/.wh.sub", &e), &e);
	CHECK(!there(dir, "sub") && there(dir, "file"));
	CHECK_OK(layer_whiteout(dir, ".wh.file", &e), &e);
	CHECK(!there(dir, "file"));
	CHECK_OK(layer_whiteout(dir, ".wh.link", &e), &e);
	CHECK(!there(dir, "link") && there(dir, "../beside"));	/* the link, not what it leads to */
	CHECK_OK(layer_whiteout(dir, ".wh.never", &e), &e);
	CHECK_OK(layer_whiteout(-1, "gone/.wh.x", &e), &e);
}

TEST(layer_whiteout_of_all)
{
	auto_close int dir = lab();

	CHECK_OK(layer_whiteout(dir, "a/.wh..wh..opq", &e), &e);
	CHECK(!there(dir, "sub") && !there(dir, "file") && !there(dir, "link") && there(dir, "../beside"));
	CHECK_OK(layer_whiteout(-1, "a/.wh..wh..opq", &e), &e);
}

TEST(layer_whiteout_of_nothing_else)
{
	static const char *const bad[] = { ".wh.", "a/.wh.", ".wh..", ".wh...", "a/.wh...", ".wh..wh.x", ".wh..wh..plnk" };
	auto_close int dir = lab();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (layer_whiteout(dir, bad[i], &e) != -EBADMSG)
			test_fail(__FILE__, __LINE__, "%s was taken", bad[i]);
		CHECK(there(dir, "sub/deep") && there(dir, "../beside"));
	}
}

TEST(layer_makes_room)
{
	auto_close int dir = lab();

	CHECK_OK(layer_make_room(dir, "a/sub", S_IFDIR, S_IFDIR, &e), &e);
	CHECK(there(dir, "sub/deep"));				/* both directories: they become one */
	CHECK_OK(layer_make_room(dir, "a/sub", S_IFREG, 0, &e), &e);
	CHECK(there(dir, "sub"));				/* nothing was seen there */
	CHECK_OK(layer_make_room(dir, "a/sub", S_IFREG, S_IFDIR, &e), &e);
	CHECK(!there(dir, "sub"));
	CHECK_OK(layer_make_room(dir, "link", S_IFDIR, S_IFLNK, &e), &e);
	CHECK(!there(dir, "link") && there(dir, "../beside"));
	CHECK_OK(layer_make_room(-1, "x", S_IFREG, S_IFREG, &e), &e);
}
