/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/subvol.c: made, frozen, deleted; what is no subvolume stays. */
#include "util/subvol.h"

#include "tests/unit/t_btrfs_lab.h"

static int open_in(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

TEST_ROOT(subvol_life)
{
	char at[300];
	auto_close int root = btrfs_lab(at), one = -1, cold = -1;
	struct err e = { 0 };

	CHECK_OK(subvol_make(root, "one", &e), &e);
	CHECK_ERR(subvol_make(root, "one", &e), EEXIST);
	CHECK_ERR(subvol_make(root, "a/b", &e), EINVAL);
	one = open_in(root, "one");
	CHECK(one >= 0 && mkdirat(one, "sub", 0755) == 0);
	CHECK_OK(subvol_freeze(root, "cold", one, &e), &e);
	CHECK_ERR(subvol_freeze(root, "cold", one, &e), EEXIST);
	CHECK_ERR(subvol_freeze(root, "..", one, &e), EINVAL);
	cold = open_in(root, "cold");
	CHECK(cold >= 0 && faccessat(cold, "sub", F_OK, 0) == 0);
	CHECK(mkdirat(cold, "more", 0755) < 0 && errno == EROFS);
	CHECK(subvol_same_fs(one, cold) && subvol_possible(cold));
	auto_close_(&cold);
	CHECK_OK(subvol_delete(root, "cold", &e), &e);
	CHECK(faccessat(root, "cold", F_OK, 0) < 0 && faccessat(one, "sub", F_OK, 0) == 0);
	CHECK_OK(subvol_delete(root, "cold", &e), &e);		/* again: nothing to do */
	CHECK(mkdirat(root, "plain", 0755) == 0);
	CHECK(subvol_delete(root, "plain", &e) < 0 && faccessat(root, "plain", F_OK, 0) == 0);
	CHECK_ERR(subvol_delete(root, "../x", &e), EINVAL);
}

TEST_ROOT(subvol_elsewhere)
{
	char at[300];
	auto_close int root = btrfs_lab(at), other = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e = { 0 };

	CHECK(!subvol_possible(other) && !subvol_same_fs(root, other) && !subvol_same_fs(other, root));
	CHECK(subvol_make(other, "x", &e) < 0);
	CHECK(subvol_freeze(root, "x", other, &e) < 0 && faccessat(root, "x", F_OK, 0) < 0);
}
