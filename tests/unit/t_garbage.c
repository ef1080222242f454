/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/garbage.c: what an area stands on, as it is noted for a record. */
#include "libct/garbage.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/fio.h"
#include "util/path.h"

#define A "aa23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "bb23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void put(int dir, const char *name, const char *text)
{
	struct err e = { 0 };

	CHECK_OK(fio_replace_run(dir, name, text, strlen(text), 0600, &e), &e);
}

static int area(const char *name, bool overlay)
{
	auto_close int top = test_tmp_fd(), dir = -1;
	struct err e = { 0 };
	int fd;

	fd = path_mkdirs(top, name, 0700, &e);
	CHECK_OK(fd, &e);
	if (overlay) {
		dir = path_mkdirs(fd, "upper", 0700, &e);
		CHECK_OK(dir, &e);
	}
	return fd;
}

TEST(noted)
{
	auto_close int plain = area("101", false), a = area("102", true), snap = -1;
	auto_free char *none = ct_garbage_note(-1), *dir = NULL, *one = NULL, *two = NULL;
	struct err e = { 0 };

	CHECK_STR(none, "");
	put(plain, "layers", A "\n");		/* a file of the guest's */
	dir = ct_garbage_note(plain);
	CHECK_STR(dir, "");
	put(a, "layers", A "\n");
	one = ct_garbage_note(a);
	CHECK_STR(one, A);
	snap = path_mkdirs(a, "snap", 0700, &e);
	CHECK_OK(snap, &e);
	put(snap, "aaaaaaaa-0000-4000-8000-000000000001.below", B "\n" A "\n");
	two = ct_garbage_note(a);
	CHECK_STR(two, A " " B);
}
