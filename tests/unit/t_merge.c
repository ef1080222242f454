/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/merge.c: two layers into one, as overlayfs would show them, whole or again after a kill. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "libct/overlay.h"
#include "tests/lib/test.h"
#include "util/fio.h"

static struct err e;
static int low, up;

static void lab(void)
{
	static int n;
	auto_close int tmp = test_tmp_fd(), top = -1;
	char name[16];

	str_fmt(name, sizeof(name), "lab%d", n++);
	CHECK(mkdirat(tmp, name, 0755) == 0);
	top = openat(tmp, name, O_RDONLY | O_CLOEXEC);
	CHECK(mkdirat(top, "low", 0755) == 0 && mkdirat(top, "up", 0755) == 0 && fchdir(top) == 0);
	low = openat(top, "low", O_RDONLY | O_CLOEXEC);
	up = openat(top, "up", O_RDONLY | O_CLOEXEC);
}

static void put(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && fio_write_all(fd, text, strlen(text)) == 0);
}

static void dir(const char *path)
{
	CHECK(mkdir(path, 0755) == 0);
}

static void white(const char *path)
{
	CHECK(mknod(path, S_IFCHR, makedev(0, 0)) == 0);
}

static bool opaque(const char *path)
{
	char v[4];

	return lgetxattr(path, "user.overlay.opaque", v, sizeof(v)) == 1 && v[0] == 'y';
}

static void set_opaque(const char *path)
{
	if (lsetxattr(path, "user.overlay.opaque", "y", 1, 0) < 0)
		test_skip("no user attributes on this file system");
}

static bool is(const char *path, const char *text)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char b[16] = "";

	return fd >= 0 && read(fd, b, sizeof(b) - 1) >= 0 && str_eq(b, text);
}

static bool is_white(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0;
}

static void layers(void)
{
	lab();
	put("low/only", "low"), put("low/both", "low"), put("low/gone", "low");
	put("up/both", "up"), white("up/gone");
	white("low/white"), put("low/was", "file");
	dir("low/d"), put("low/d/a", "low"), put("low/d/b", "low");
	dir("up/d"), put("up/d/b", "up");
	dir("low/hidden"), put("low/hidden/x", "low");
	dir("up/hidden"), set_opaque("up/hidden"), put("up/hidden/y", "up");
	dir("up/was"), put("up/was/in", "up");			/* a directory where a file was */
	dir("up/white");					/* ... and where nothing was */
	dir("low/op"), set_opaque("low/op"), put("low/op/x", "low"), dir("up/op"), put("up/op/y", "up");
	dir("low/moved"), put("low/moved/x", "low"), set_opaque("low/moved");
	dir("low/file"), put("low/file/x", "low"), put("up/file", "up");
}

static void check(void)
{
	CHECK(is("up/only", "low") && is("up/both", "up") && is_white("up/gone"));
	CHECK(is("up/d/a", "low") && is("up/d/b", "up") && !opaque("up/d"));
	CHECK(is("up/hidden/y", "up") && access("up/hidden/x", F_OK) < 0 && opaque("up/hidden"));
	CHECK(is("up/was/in", "up") && opaque("up/was") && opaque("up/white"));
	CHECK(is("up/op/x", "low") && is("up/op/y", "up") && opaque("up/op"));
	CHECK(is("up/moved/x", "low") && opaque("up/moved"));
	CHECK(is("up/file", "up"));
}

TEST_ROOT(all_kinds)
{
	const struct timespec t[2] = { { 1, 2 }, { 3, 4 } };
	struct stat st;

	layers();
	CHECK(utimensat(AT_FDCWD, "up/d", t, 0) == 0);
	CHECK_OK(ct_layer_merge(low, up, &e), &e);
	check();
	CHECK(stat("up/d", &st) == 0 && st.st_mtim.tv_sec == 3 && st.st_mtim.tv_nsec == 4);
	CHECK_OK(ct_layer_merge(low, up, &e), &e);
	check();
}

/* Each call that fails is one that a kill might have come before. */
TEST_ROOT(again_after_any_failure)
{
	EACH_FAULT(FAULT_IO) {
		test_fault_off();
		layers();
		test_fault_on();
		ct_layer_merge(low, up, &e);
		test_fault_off();
		err_clear(&e);
		CHECK_OK(ct_layer_merge(low, up, &e), &e);
		check();
		close(low);
		close(up);
	}
}
