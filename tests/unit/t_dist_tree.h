/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_T_DIST_TREE_H
#define TESTS_UNIT_T_DIST_TREE_H
/* A guest's root for one test: directories and files as a distribution has them, and one run of ct_dist_apply(). */
#include <stdlib.h>
#include <unistd.h>

#include "libct/dist.h"
#include "tests/unit/t_ct_box.h"

#define BEGIN "# vz: begin (this part is written again at every start)\n"
#define END "# vz: end\n"
#define OURS "# Written by vz at every start. Without this line it is left alone.\n"

/* Working directory: an empty tree with /etc and the directories in @dirs. */
static inline void dist_tree(const char *release, const char *const *dirs)
{
	struct err e = { 0 };

	CHECK(chdir(test_tmp()) == 0);
	auto_close int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int etc = path_mkdirs(root, "etc", 0755, &e);
	CHECK(etc >= 0);
	for (; *dirs; dirs++) {
		auto_close int fd = path_mkdirs(root, *dirs, 0755, &e);

		CHECK(fd >= 0);
	}
	if (release)
		box_put("etc/os-release", release);
}

static inline int dist_run(const char *ips, const char *hostname)
{
	auto_close int root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct str_list l = { 0 };
	struct err e = { 0 };
	int r;

	CHECK_OK(str_list_split(&l, ips, " ", &e), &e);
	r = ct_dist_apply(root, &l, hostname, &e);
	str_list_clear(&l);
	return r;
}

#define DIRS(...) ((const char *[]){ __VA_ARGS__, NULL })
#endif
