/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_T_UNPACK_LAB_H
#define TESTS_UNIT_T_UNPACK_LAB_H
/* What the tests of templates/ share: where vz-unpack is, and an emptied target. */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/path.h"
#include "util/str.h"

/* tmpfs has idmapped mounts since Linux 6.3; on a machine whose /tmp is one, an older kernel cannot unpack there. */
static inline bool can_idmap(void)
{
	unsigned major = 0, minor = 0;
	struct utsname u;
	struct statfs fs;

	CHECK(statfs(test_tmp(), &fs) == 0 && uname(&u) == 0 && sscanf(u.release, "%u.%u", &major, &minor) == 2);
	return fs.f_type != TMPFS_MAGIC || major > 6 || (major == 6 && minor >= 3);
}

/* Beside the test program (a sanitizer build), or one level up, in the build tree. */
static inline void need_helper(void)
{
	char exe[3000], path[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (!can_idmap())
		SKIP("no idmapped mounts on %s", test_tmp());
	CHECK(n > 0);
	exe[n] = '\0';
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(exe, '/');

		CHECK(slash);
		*slash = '\0';
		str_fmt(path, sizeof(path), "%s/vz-unpack", exe);
		if (access(path, X_OK) == 0) {
			CHECK(setenv("VZ_LIBEXEC", exe, 1) == 0);
			return;
		}
	}
	SKIP("vz-unpack is not built");
}

static inline void empty_target(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fdopendir(fd);
	struct dirent *de;
	struct err e = { 0 };

	CHECK(d);
	while ((de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			CHECK_OK(path_rmtree(dir, de->d_name, &e), &e);
}

#endif
