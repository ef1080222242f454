/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Superblocks as the tools write them, and damaged ones; sizes that are refused. */
#include "quota/q_disk.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "util/auto.h"

static int image_of(uint64_t kib)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	CHECK(fd >= 0 && ftruncate(fd, (off_t)(kib << 10)) == 0);
	return fd;
}

TEST(disk_ext4)
{
	const struct quota_disk d = { .fs = QUOTA_DISK_EXT4, .kib = 65536, .inodes = 2000 };
	auto_close int fd = image_of(d.kib);
	struct disk_super s;
	struct err e = { 0 };

	CHECK_OK(disk_mkfs(fd, &d, &e), &e);
	CHECK_OK(disk_super_read(fd, &s, &e), &e);
	CHECK_EQ(s.fs, QUOTA_DISK_EXT4);
	CHECK_EQ(s.block, 4096);
	CHECK_EQ(s.blocks, 16384);
	CHECK(s.inodes >= 2000 && s.inodes < 2600 && s.free_inodes < s.inodes);
	CHECK(s.free < s.usable && s.usable <= s.blocks && !s.ugid);
	CHECK_OK(disk_resize_copy(fd, 40 << 20, &e), &e);
	CHECK_OK(disk_super_read(fd, &s, &e), &e);
	CHECK_EQ(s.blocks, 10240);
	CHECK_EQ(lseek(fd, 0, SEEK_END), 40 << 20);
}

TEST(disk_xfs)
{
	const struct quota_disk d = { .fs = QUOTA_DISK_XFS, .kib = 320 << 10 };
	auto_close int fd = image_of(d.kib);
	struct disk_super s;
	struct err e = { 0 };

	CHECK_OK(disk_mkfs(fd, &d, &e), &e);
	CHECK_OK(disk_super_read(fd, &s, &e), &e);
	CHECK_EQ(s.fs, QUOTA_DISK_XFS);
	CHECK_EQ(s.blocks * s.block, 320ull << 20);
	CHECK(s.imaxpct > 0 && s.imaxpct <= 100);
}

/* 4 groups of 64 MiB, as 256 MiB are made with: a typing error in a size is not tried out. */
TEST(disk_may_grow_so_far)
{
	struct disk_super s = { .fs = QUOTA_DISK_XFS, .block = 4096, .blocks = 65536, .group = 16384 };
	auto_close int image = test_tmp_fd();
	struct err e = { 0 };

	CHECK_OK(disk_may_grow(image, &s, 512ull << 20, &e), &e);
	CHECK_ERR(disk_may_grow(image, &s, 100ull << 40, &e), ENOTSUP);
	CHECK(strstr(e.text, "grows to 268435456 KiB at most: 'vzctl convert CTID"));
	s.group = 0;
	CHECK_OK(disk_may_grow(image, &s, 100ull << 40, &e), &e);
	s.group = UINT32_MAX / 2;			/* so few groups are no matter */
	CHECK_OK(disk_may_grow(image, &s, 100ull << 40, &e), &e);
	s.fs = QUOTA_DISK_EXT4;
	CHECK_OK(disk_may_grow(image, &s, 100ull << 40, &e), &e);
}

TEST(disk_refused)
{
	static char first[4096];
	struct disk_super s;
	struct err e = { 0 };
	auto_close int fd = image_of(8192);

	CHECK_ERR(disk_super_parse(first, sizeof(first), &s, &e), EBADMSG);
	CHECK_ERR(disk_super_parse(first, 100, &s, &e), EBADMSG);
	memcpy(first, "XFSB", 4);
	CHECK_ERR(disk_super_parse(first, sizeof(first), &s, &e), EBADMSG);	/* blocks of no size */
	CHECK_ERR(disk_mkfs(fd, &(struct quota_disk){ .fs = QUOTA_DISK_EXT4, .kib = 8192 }, &e), EINVAL);
	CHECK_ERR(disk_mkfs(fd, &(struct quota_disk){ .fs = QUOTA_DISK_XFS, .kib = 102400 }, &e), EINVAL);
}
