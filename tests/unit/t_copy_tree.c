/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/copy_*.c: a copy is the same in all that counts, and each way in which it is not is found and named. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "templates/copy_proto.h"
#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/fio.h"
#include "util/str.h"

#define BIG (4 << 20)
static const struct timespec when[2] = { { 1000000000, 7 }, { 1000000000, 123456789 } };

static void put(int dir, const char *name, const char *text, mode_t mode)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && fio_write_all(fd, text, strlen(text)) == 0);
	CHECK(fchmod(fd, mode) == 0);
	CHECK(utimensat(dir, name, when, AT_SYMLINK_NOFOLLOW) == 0);
}

static int sub(int dir, const char *name)
{
	int fd;

	CHECK(mkdirat(dir, name, 0755) == 0 || errno == EEXIST);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

static bool has_xattrs(int dir)
{
	auto_close int fd = openat(dir, "a", O_RDONLY | O_CLOEXEC);

	return fsetxattr(fd, "user.k", "v", 1, 0) == 0;
}

/* /a with an attribute, /d/b and its further name /c, /hole, links, a FIFO. */
static void make(int top)
{
	auto_close int d = sub(top, "d"), hole = openat(top, "hole", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	put(top, "a", "hello", 0640);
	has_xattrs(top);
	put(d, "b", "world", 0644);
	put(d, "e", "", 0600);
	CHECK(linkat(d, "b", top, "c", 0) == 0);
	CHECK(symlinkat("d/b", top, "l") == 0);
	CHECK(mkfifoat(top, "p", 0600) == 0);
	CHECK(ftruncate(hole, BIG) == 0 && pwrite(hole, "x", 1, BIG / 2) == 1);
	CHECK(utimensat(top, "a", when, 0) == 0 && utimensat(top, "d", when, 0) == 0 && utimensat(top, "hole", when, 0) == 0);
	CHECK(utimensat(top, "l", when, AT_SYMLINK_NOFOLLOW) == 0 && fchmod(d, 0711) == 0);
}

/* --- ways to spoil a copy --- */

static void spoil_mode(int to) { CHECK(fchmodat(to, "a", 0600, 0) == 0); }
static void spoil_dir_mode(int to) { CHECK(fchmodat(to, "d", 0755, 0) == 0); }
static void spoil_contents(int to) { put(to, "a", "jello", 0640); }
static void spoil_size(int to) { put(to, "a", "hello!", 0640); }
static void spoil_time(int to) { CHECK(utimensat(to, "a", (struct timespec[2]){ when[0], { 1000000000, 123456788 } }, 0) == 0); }
static void spoil_gone(int to) { CHECK(unlinkat(to, "p", 0) == 0); }

static void spoil_names(int to)		/* a file of its own, alike */
{
	CHECK(unlinkat(to, "c", 0) == 0);
	put(to, "c", "world", 0644);
}

static void spoil_link(int to)
{
	CHECK(unlinkat(to, "l", 0) == 0 && symlinkat("d/e", to, "l") == 0);
	CHECK(utimensat(to, "l", when, AT_SYMLINK_NOFOLLOW) == 0);
}

static void spoil_more(int to)
{
	put(to, "d/more", "", 0600);
	CHECK(utimensat(to, "d", when, 0) == 0);
}

static void spoil_hole(int to)
{
	auto_close int fd = openat(to, "hole", O_RDWR | O_CLOEXEC);
	static char zeros[1 << 16];

	CHECK(fd >= 0);
	for (off_t at = 0; at < BIG / 2; at += (off_t)sizeof(zeros))
		CHECK(pwrite(fd, zeros, sizeof(zeros), at) == (ssize_t)sizeof(zeros));
	for (off_t at = BIG / 2 + (1 << 16); at < BIG; at += (off_t)sizeof(zeros))
		CHECK(pwrite(fd, zeros, sizeof(zeros), at) == (ssize_t)sizeof(zeros));
	CHECK(fsync(fd) == 0 && utimensat(to, "hole", when, 0) == 0);
}

static void spoil_kind(int to)
{
	CHECK(unlinkat(to, "p", 0) == 0);
	put(to, "p", "", 0600);
}

static void spoil_xattr(int to)
{
	auto_close int fd = openat(to, "a", O_RDONLY | O_CLOEXEC);

	CHECK(fsetxattr(fd, "user.k", "w", 1, 0) == 0 && utimensat(to, "a", when, 0) == 0);
}

static void spoil_xattr_gone(int to)
{
	auto_close int fd = openat(to, "a", O_RDONLY | O_CLOEXEC);

	CHECK(fremovexattr(fd, "user.k") == 0 && utimensat(to, "a", when, 0) == 0);
}

#define DIFFERS " differs from what it was copied from: "
static const struct spoil { void (*fn)(int to); bool xattr; const char *error; } spoils[] = {
	{ NULL, false, NULL },
	{ spoil_mode, false, "/a" DIFFERS "its kind or mode" },
	{ spoil_dir_mode, false, "/d" DIFFERS "its kind or mode" },
	{ spoil_contents, false, "/a" DIFFERS "its contents" },
	{ spoil_size, false, "/a" DIFFERS "its contents" },
	{ spoil_time, false, "/a" DIFFERS "its time" },
	{ spoil_gone, false, "/p" DIFFERS "it is not there" },
	{ spoil_names, false, "/d/b" DIFFERS "its other names" },	/* what is at the top is met first */
	{ spoil_link, false, "/l" DIFFERS "where it points" },
	{ spoil_more, false, "9 files are in the copy, 8 were copied" },
	{ spoil_hole, false, "/hole" DIFFERS "it lost its holes" },
	{ spoil_kind, false, "/p" DIFFERS "its kind or mode" },
	{ spoil_xattr, true, "/a" DIFFERS "user.k" },
	{ spoil_xattr_gone, true, "/a" DIFFERS "its attributes" },
};

TEST(copy_tree_is_checked)
{
	auto_close int top = test_tmp_fd(), from = sub(top, "from");
	bool xattrs, holes;
	struct stat st;

	make(from);
	xattrs = has_xattrs(from);
	CHECK(utimensat(from, "a", when, 0) == 0);
	CHECK(fstatat(from, "hole", &st, 0) == 0);
	holes = st.st_blocks < BIG / 512 / 2;
	for (size_t i = 0; i < ARRAY_SIZE(spoils); i++) {
		char name[16];
		struct tmpl_count c = { 0 };
		struct err e = { 0 };

		if ((spoils[i].xattr && !xattrs) || (spoils[i].fn == spoil_hole && !holes))
			continue;
		str_fmt(name, sizeof(name), "to%zu", i);
		auto_close int to = sub(top, name);

		CHECK_OK(copy_tree(from, to, &c, &e), &e);
		CHECK_EQ(c.entries, 8);
		CHECK_EQ(c.bytes, 5 + 5 + BIG);
		if (spoils[i].fn) {
			spoils[i].fn(to);
			/* of the top itself, which some of these change, the time is put back */
			CHECK(fstat(from, &st) == 0 && futimens(to, (struct timespec[2]){ st.st_atim, st.st_mtim }) == 0);
		}
		CHECK_EQ(copy_check(from, to, &e), spoils[i].fn ? -EIO : 0);
		CHECK_STR(e.text, spoils[i].error ? spoils[i].error : "");
	}
}

/* Nodes are left out and counted, and so are attributes that would steer the host. */
TEST_ROOT(copy_tree_leaves_out)
{
	auto_close int top = test_tmp_fd(), from = sub(top, "from"), to = sub(top, "to");
	struct tmpl_count c = { 0 };
	struct err e = { 0 };

	put(from, "a", "hello", 0640);
	if (mknodat(from, "wh", S_IFCHR | 0600, 0) < 0)
		SKIP("no nodes here");
	auto_close int a = openat(from, "a", O_RDONLY | O_CLOEXEC);
	bool trusted = fsetxattr(a, "trusted.overlay.opaque", "y", 1, 0) == 0;

	CHECK_OK(copy_tree(from, to, &c, &e), &e);
	CHECK_EQ(c.nodes_skipped, 1);
	CHECK_EQ(c.xattrs_dropped, trusted);
	CHECK(faccessat(to, "wh", F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT);
	CHECK_OK(copy_check(from, to, &e), &e);
}

/* A program inside makes such a path step by step; a copy says where it begins and what to do. */
TEST(copy_tree_of_a_path_too_long)
{
	auto_close int top = test_tmp_fd(), from = sub(top, "from"), to = sub(top, "to");
	struct tmpl_count c = { 0 };
	struct err e = { 0 };
	char name[251];
	int at = dup(from);

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 16; i++) {		/* 16 names with their slashes: 4015 bytes */
		int next = sub(at, name);

		close(at);
		at = next;
	}
	CHECK_OK(copy_tree(from, to, &c, &e), &e);
	put(at, name, "x", 0600);
	close(at);
	auto_close int again = sub(top, "again");
	CHECK_ERR(copy_tree(from, again, &c, &e), ENAMETOOLONG);
	err_add(&e, "copy the files");
	CHECK(strstr(e.text, "a path is longer than 4095 bytes") && strstr(e.text, "shorten or remove what is below /nnn"));
}
