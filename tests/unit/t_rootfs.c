/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/rootfs.c: layouts and the names they go by. */
#include <string.h>

#include "libct/ct_priv.h"
#include "tests/lib/test.h"
#include "util/str.h"

TEST(rootfs_names_of_layouts)
{
	static const struct { const char *name, *is; } t[] = {
		{ "overlay", "overlay" }, { "dir", "dir" }, { "simfs", "dir" }, { "btrfs", "btrfs" }, { "image", "image" },
		{ "ploop", "image" }, { "image:xfs", "image" }, { "ploop:plain", "image" },
	};
	static const char *const none[] = { "", "Overlay", "over", "overlay ", "ext4", "imagex", "zfs" };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct ct_rootfs_ops *ops = ct_rootfs_by_name(t[i].name);

		if (!ops || !str_eq(ops->name, t[i].is))
			test_fail(__FILE__, __LINE__, "%s is %s, not %s", t[i].name, ops ? ops->name : "none", t[i].is);
	}
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		if (ct_rootfs_by_name(none[i]))
			test_fail(__FILE__, __LINE__, "'%s' is a layout", none[i]);
	CHECK(!ct_rootfs_by_name(NULL));
}

/* Every layout can do what a start, a stop, create and destroy call without asking. */
TEST(rootfs_layouts_are_whole)
{
	static const char *const names[] = { "overlay", "dir", "btrfs", "image" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct ct_rootfs_ops *ops = ct_rootfs_by_name(names[i]);

		CHECK(ops && ops->open);
		CHECK(!ops->snap_take == !ops->snap_switch && !ops->snap_take == !ops->snap_drop &&
		      !ops->snap_take == !ops->snap_mount);
	}
}
