/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/copy_meta.c: what a copy keeps of a file beside its contents, and what it leaves out and counts. */
#include "templates/copy_proto.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/str.h"

static struct err e;
static int from = -1, to = -1;
static const struct copy_at *f;

static void touch(int dir)
{
	auto_close int fd = openat(dir, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
}

static void lab(void)
{
	static struct copy_at at = { .name = "f", .path = "dir/f" };
	auto_close int tmp = test_tmp_fd();

	CHECK(mkdirat(tmp, "from", 0700) == 0 && mkdirat(tmp, "to", 0700) == 0);
	at.from = from = openat(tmp, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	at.to = to = openat(tmp, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f = &at;
	touch(from);
	touch(to);
}

static void attr(int dir, const char *name, const char *val)
{
	CHECK(fchdir(dir) == 0);
	if (lsetxattr("f", name, val, strlen(val), 0) < 0)
		SKIP("no attributes %s here", name);
}

TEST(copy_meta_mode_and_times)
{
	const struct timespec t[2] = { { 1234567890, 123456789 }, { 987654321, 1 } };
	struct stat st, now;
	uint64_t dropped = 0;

	lab();
	CHECK(fchmodat(from, "f", 06711, 0) == 0 && utimensat(from, "f", t, 0) == 0 && fstatat(from, "f", &st, 0) == 0);
	CHECK_OK(copy_meta(f, &st, &dropped, &e), &e);
	CHECK(fstatat(to, "f", &now, 0) == 0);
	CHECK_EQ(now.st_mode & 07777, 06711);
	CHECK(now.st_mtim.tv_sec == 987654321 && now.st_mtim.tv_nsec == 1);
	CHECK(now.st_atim.tv_sec == 1234567890 && now.st_atim.tv_nsec == 123456789);
	CHECK_EQ(dropped, 0);
}

TEST(copy_meta_of_a_link_is_its_own)
{
	const struct timespec t[2] = { { 10, 1 }, { 20, 2 } };
	struct stat st, now;
	uint64_t dropped = 0;

	lab();
	CHECK(unlinkat(from, "f", 0) == 0 && unlinkat(to, "f", 0) == 0);
	CHECK(symlinkat("nowhere", from, "f") == 0 && symlinkat("nowhere", to, "f") == 0);
	CHECK(utimensat(from, "f", t, AT_SYMLINK_NOFOLLOW) == 0 && fstatat(from, "f", &st, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK_OK(copy_meta(f, &st, &dropped, &e), &e);
	CHECK(fstatat(to, "f", &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_mtim.tv_sec == 20 && now.st_mtim.tv_nsec == 2);
}

TEST(copy_xattrs_there_and_compared)
{
	uint64_t dropped = 0;
	char val[8];

	lab();
	attr(from, "user.b", "two");
	attr(from, "user.a", "");
	attr(from, "user.overlay.opaque", "y");		/* steers this host's kernel */
	CHECK_OK(copy_xattrs_put(f, &dropped, &e), &e);
	CHECK_EQ(dropped, 1);
	CHECK(fchdir(to) == 0 && lgetxattr("f", "user.b", val, sizeof(val)) == 3 && memcmp(val, "two", 3) == 0);
	CHECK(lgetxattr("f", "user.a", val, sizeof(val)) == 0);
	CHECK(lgetxattr("f", "user.overlay.opaque", val, sizeof(val)) < 0);
	CHECK_OK(copy_xattrs_same(f, &e), &e);
	attr(to, "user.b", "too");
	CHECK_ERR(copy_xattrs_same(f, &e), EIO);
	CHECK_STR(e.text, "/dir/f differs from what it was copied from: user.b");
	attr(to, "user.b", "two!");
	CHECK_ERR(copy_xattrs_same(f, &e), EIO);
	attr(to, "user.b", "two");
	attr(to, "user.more", "x");
	CHECK_ERR(copy_xattrs_same(f, &e), EIO);
	CHECK_STR(e.text, "/dir/f differs from what it was copied from: its attributes");
	CHECK(lremovexattr("f", "user.more") == 0 && lremovexattr("f", "user.a") == 0);
	CHECK_ERR(copy_xattrs_same(f, &e), EIO);
}

TEST(copy_xattrs_fail_whole)
{
	lab();
	attr(from, "user.a", "x");
	EACH_FAULT(FAULT_ALLOC) {
		uint64_t dropped = 0;
		int rc = copy_xattrs_put(f, &dropped, &e), same = rc < 0 ? 0 : copy_xattrs_same(f, &e);

		test_fault_off();
		CHECK_EQ(rc < 0 ? rc : same, test_fault_hit() ? -ENOMEM : 0);
	}
}
