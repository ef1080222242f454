/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_T_GC_LAB_H
#define TESTS_UNIT_T_GC_LAB_H
/* A store in the test's directory with unpacked trees that a collector may take. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "templates/gc.h"
#include "templates/tmpl_priv.h"
#include "tests/lib/test.h"
#include "util/path.h"
#include "util/str.h"

#define A "aa23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "bb23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static inline void make(const char *digest)
{
	auto_close int top = test_tmp_fd(), fd = -1;
	struct err e = { 0 };
	char path[128];

	store_path(path, digest, "/tree");
	fd = path_mkdirs(top, path, 0755, &e);
	CHECK_OK(fd, &e);
}

#endif
