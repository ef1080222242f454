/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

TEST_ROOT(area_states)
{
	struct box b;
	auto_area struct ct_area a = { 0 };
	struct stat st;

	box_init(&b, NULL);
	box_failed(&b, ct_area_of(&a, NULL, 7, &b.e), VZ_VE_PRIVATE_NOTSET, "VE_PRIVATE is not set");
	CHECK(ct_area_of(&a, "relative", 7, &b.e) < 0);
	ct_area_done(&a);
	CHECK_OK(ct_area_of(&a, BOX "/deep/er/$VEID", 7, &b.e), &b.e);
	CHECK_STR(a.path, BOX "/deep/er/7");
	CHECK_EQ(ct_area_exists(&a), 0);
	CHECK_ERR(ct_area_parent(&a, false, &b.e), ENOENT);
	int fd = ct_area_parent(&a, true, &b.e);
	CHECK(fd >= 0);
	close(fd);
	/* root's alone, unlike what is above it */
	CHECK(stat(BOX "/deep/er", &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK(stat(BOX "/deep", &st) == 0 && (st.st_mode & 07777) == 0755);
	CHECK(mkdir(a.path, 0700) == 0);
	CHECK_EQ(ct_area_exists(&a), 2);
	box_put(BOX "/deep/er/7/x", "");
	CHECK_EQ(ct_area_exists(&a), 1);
	CHECK(!ct_area_is_mountpoint(&a));
	CHECK(mount("box", a.path, "tmpfs", 0, NULL) == 0);
	CHECK(ct_area_is_mountpoint(&a));
	CHECK_EQ(ct_area_exists(&a), 2);
	box_done(&b);
}
