/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/treecopy.c: everything a file is, copied. */
#include "util/treecopy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"

static struct err e;
static int top, from, to, stash;

static void lab(void)
{
	top = test_tmp_fd();
	CHECK(mkdirat(top, "f", 0750) == 0 && mkdirat(top, "t", 0700) == 0 && mkdirat(top, "s", 0700) == 0);
	from = openat(top, "f", O_RDONLY | O_CLOEXEC);
	to = openat(top, "t", O_RDONLY | O_CLOEXEC);
	stash = openat(top, "s", O_RDONLY | O_CLOEXEC);
	CHECK(from >= 0 && to >= 0 && stash >= 0);
}

static void put(const char *name, const char *text, mode_t mode)
{
	auto_close int fd = openat(from, name, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	CHECK(fd >= 0 && fio_write_all(fd, text, strlen(text)) == 0 && fchmod(fd, mode) == 0);
}

static int copy(struct tree_copy *c)
{
	c->stash = stash;
	return tree_copy(from, to, c, &e);
}

TEST(files_links_times_modes)
{
	const struct timespec t[2] = { { 1111, 123456789 }, { 2222, 987654321 } };
	struct tree_copy c = { 0 };
	struct stat a, b;
	char text[32] = "";

	lab();
	put("plain", "hello", 0640);
	CHECK(mkdirat(from, "d", 01777) == 0 && fchmodat(from, "d", 01777, 0) == 0);
	put("d/in", "", 04711);
	CHECK(symlinkat("/nowhere/at all", from, "d/sym") == 0 && mkfifoat(from, "d/fifo", 0600) == 0);
	CHECK(utimensat(from, "d/sym", t, AT_SYMLINK_NOFOLLOW) == 0 && utimensat(from, "plain", t, 0) == 0);
	CHECK(utimensat(from, "d", t, 0) == 0);
	CHECK_OK(copy(&c), &e);
	CHECK_EQ(c.entries, 5);
	CHECK_EQ(c.bytes_copied + c.bytes_shared > 0, true);
	CHECK(fstatat(to, "plain", &a, 0) == 0 && a.st_size == 5 && (a.st_mode & 07777) == 0640);
	CHECK(a.st_mtim.tv_sec == 2222 && a.st_mtim.tv_nsec == 987654321 && a.st_atim.tv_nsec == 123456789);
	CHECK(fstatat(to, "d", &a, 0) == 0 && (a.st_mode & 07777) == 01777 && a.st_mtim.tv_nsec == 987654321);
	CHECK(fstatat(to, "d/sym", &a, AT_SYMLINK_NOFOLLOW) == 0 && a.st_mtim.tv_sec == 2222);
	CHECK(readlinkat(to, "d/sym", text, sizeof(text) - 1) == 15 && str_eq(text, "/nowhere/at all"));
	CHECK(fstatat(to, "d/fifo", &a, 0) == 0 && S_ISFIFO(a.st_mode));
	CHECK(fstatat(to, "d/in", &a, 0) == 0 && (a.st_mode & 07777) == 04711);
	CHECK(fstat(to, &a) == 0 && fstat(from, &b) == 0 && a.st_mode == b.st_mode && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec);
}

TEST(hard_links_and_holes)
{
	struct tree_copy c = { 0 };
	struct stat a, b, h;
	auto_close int fd = -1;

	lab();
	put("one", "x", 0600);
	CHECK(mkdirat(from, "d", 0700) == 0 && linkat(from, "one", from, "d/two", 0) == 0 && linkat(from, "one", from, "z", 0) == 0);
	fd = openat(from, "hole", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && pwrite(fd, "end", 3, 64 << 20) == 3 && pwrite(fd, "mid", 3, 8 << 20) == 3);
	CHECK(ftruncate(fd, 80 << 20) == 0);
	CHECK_OK(copy(&c), &e);
	CHECK(fstatat(to, "one", &a, 0) == 0 && fstatat(to, "d/two", &b, 0) == 0 && a.st_ino == b.st_ino);
	CHECK(fstatat(to, "z", &b, 0) == 0 && a.st_ino == b.st_ino);
	CHECK(fstatat(to, "hole", &h, 0) == 0 && h.st_size == 80 << 20);
	CHECK(h.st_blocks * 512 < 1 << 20);
	auto_close int out = openat(to, "hole", O_RDONLY | O_CLOEXEC);
	char text[4] = "";
	CHECK(pread(out, text, 3, 64 << 20) == 3 && str_eq(text, "end") && pread(out, text, 3, 8 << 20) == 3 && str_eq(text, "mid"));
	CHECK_OK(path_rmtree(top, "s", &e), &e);
	CHECK(fstatat(to, "one", &a, 0) == 0 && a.st_nlink == 3);
}

TEST_ROOT(owners_attributes_devices)
{
	static const unsigned char cap[20] = { 0x01, 0, 0, 0x02, 0x00, 0x20 };	/* VFS_CAP_REVISION_2, CAP_NET_RAW */
	struct tree_copy c = { 0 };
	struct stat st;
	char v[64] = "";

	lab();
	put("f", "x", 04755);
	CHECK(fchownat(from, "f", 33, 44, 0) == 0 && fchmodat(from, "f", 04755, 0) == 0);
	CHECK(fchdir(from) == 0 && setxattr("f", "security.capability", cap, sizeof(cap), 0) == 0);
	if (setxattr("f", "user.note", "val", 3, 0) < 0)
		test_skip("no user attributes on this file system");
	CHECK(setxattr(".", "trusted.top", "t", 1, 0) == 0);
	CHECK(mknodat(from, "white", S_IFCHR, makedev(0, 0)) == 0 && symlinkat("x", from, "l") == 0);
	CHECK(fchownat(from, "l", 5, 6, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK_OK(copy(&c), &e);
	CHECK(fstatat(to, "f", &st, 0) == 0 && st.st_uid == 33 && st.st_gid == 44 && (st.st_mode & 07777) == 04755);
	CHECK(fchdir(to) == 0 && getxattr("f", "user.note", v, sizeof(v)) == 3 && str_eq(v, "val"));
	CHECK(getxattr("f", "security.capability", v, sizeof(v)) == sizeof(cap) && memcmp(v, cap, sizeof(cap)) == 0);
	CHECK(getxattr(".", "trusted.top", v, sizeof(v)) == 1);
	CHECK(fstatat(to, "white", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0);
	CHECK(fstatat(to, "l", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid == 5 && st.st_gid == 6);
}

static bool never(void *arg, const struct tree_copy *c)
{
	(void)arg, (void)c;
	return false;
}

TEST(cancelled)
{
	struct tree_copy c = { .go_on = never };

	lab();
	put("a", "x", 0600);
	CHECK_ERR(copy(&c), ECANCELED);
}

TEST(what_fails_is_said)
{
	struct tree_copy c = { 0 };

	lab();
	put("a", "x", 0600);
	CHECK(mkdirat(to, "a", 0700) == 0);
	CHECK_ERR(copy(&c), EEXIST);
	CHECK(str_starts(e.text, "a: "));
}
