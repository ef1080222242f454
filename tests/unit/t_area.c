/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/xattr.h>
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

static const char *layout(const char *path)
{
	auto_close int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return ct_area_layout(fd);
}

/* A guest of layout dir writes what it likes into its root: its names make nothing else of it. */
TEST_ROOT(area_root_that_poses)
{
	auto_close int fd = -1;
	struct box b;

	box_init(&b, NULL);
	CHECK(mkdir(BOX "/dir", 0700) == 0 && mkdir(BOX "/dir/upper", 0700) == 0);
	box_put(BOX "/dir/layers", "x\n");
	CHECK_STR(layout(BOX "/dir"), "overlay");
	CHECK(mkfifo(BOX "/dir/etc", 0600) == 0);		/* only a directory makes it a system */
	CHECK_STR(layout(BOX "/dir"), "overlay");
	CHECK(unlink(BOX "/dir/etc") == 0 && symlink(".", BOX "/dir/etc") == 0);
	CHECK_STR(layout(BOX "/dir"), "overlay");
	CHECK(unlink(BOX "/dir/etc") == 0 && mkdir(BOX "/dir/etc", 0755) == 0);
	CHECK_STR(layout(BOX "/dir"), "simfs");
	fd = open(BOX "/dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(ct_area_mark_root(fd, &b.e), &b.e);
	CHECK_OK(ct_area_mark_root(fd, &b.e), &b.e);
	CHECK(rmdir(BOX "/dir/etc") == 0 && mkdir(BOX "/dir/root.hdd", 0700) == 0);
	box_put(BOX "/dir/root.hdd/DiskDescriptor.xml", "<a/>");
	box_put(BOX "/dir/root.img", "");
	CHECK_STR(layout(BOX "/dir"), "simfs");
	box_done(&b);
}

/* The kernel would mount it: only an image that was made here is one. */
TEST_ROOT(area_image_that_poses)
{
	struct box b;

	box_init(&b, NULL);
	CHECK(mkdir(BOX "/dir", 0700) == 0);
	box_put(BOX "/dir/root.img", "");
	CHECK(layout(BOX "/dir") == NULL);
	CHECK(setxattr(BOX "/dir", QUOTA_DISK_MARK, "1", 1, 0) == 0);
	CHECK_STR(layout(BOX "/dir"), "image");
	box_done(&b);
}
