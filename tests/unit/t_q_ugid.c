/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quotas of users and groups in an image, on a kernel that has them; on others an image is as it was after the attempt. */
#include "quota/q_disk.h"
#include "tests/unit/t_q_fs.h"

static int new_area(const struct quota_disk *d)
{
	char path[300];
	struct err e = { 0 };

	q_private();
	q_path(path, sizeof(path), "area");
	CHECK_EQ(mkdir(path, 0700), 0);
	int area = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(area >= 0);
	CHECK_OK(quota_disk_make(area, d, &e), &e);
	return area;
}

static int count(void *arg, const struct quota_ugid *u, struct err *e)
{
	struct quota_ugid *found = arg;

	(void)e;
	if (u->id == found->id)
		*found = *u;
	return 0;
}

TEST_ROOT(quota_ugid_life)
{
	struct quota_ugid want = { .kind = QUOTA_GROUP, .id = 77, .now.limit = { 10, 20, 3, 4 } }, got = { .id = 77 };
	const struct quota_grace g = { 100, 200 };
	auto_close int area = new_area(&(struct quota_disk){ .kib = 65536, .ugid = true }), mnt = -1;
	struct quota_grace now;
	struct err e = { 0 };

	if (quota_disk_mount(area, true, &mnt, 1, &e) < 0)
		SKIP("this kernel cannot do it: %s", e.text);
	CHECK(quota_ugid_active(mnt));
	CHECK_OK(quota_ugid_set(mnt, &want, QUOTA_UGID_LIMITS, &e), &e);
	CHECK_OK(quota_ugid_each(mnt, QUOTA_GROUP, count, &got, &e), &e);
	CHECK(got.now.limit.soft_kib == 10 && got.now.limit.hard_kib == 20 && got.now.limit.soft_inodes == 3 &&
	      got.now.limit.hard_inodes == 4);
	CHECK_OK(quota_grace_set(mnt, QUOTA_USER, &g, &e), &e);
	CHECK_OK(quota_grace_get(mnt, QUOTA_USER, &now, &e), &e);
	CHECK(now.blocks == 100 && now.inodes == 200);
	CHECK_OK(quota_grace_get(mnt, QUOTA_GROUP, &now, &e), &e);
	CHECK(now.blocks != 100);
}

TEST_ROOT(quota_ugid_attempt)
{
	auto_close int area = new_area(&(struct quota_disk){ .kib = 65536 }), mnt = -1;
	struct err e = { 0 };

	if (quota_disk_mount(area, true, &mnt, 1, &e) == 0)
		CHECK(quota_ugid_active(mnt));
	else
		CHECK(strstr(e.text, "QUOTAUGIDLIMIT") != NULL);
	auto_close_(&mnt);
	err_clear(&e);
	CHECK_OK(quota_disk_mount(area, false, &mnt, 1, &e), &e);
	CHECK(!quota_ugid_active(mnt));
}
