/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds on every backend, and a file system without any. */
#include "quota/quota.h"

#include "tests/unit/t_q_fs.h"

TEST(quota_names_and_ids)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "/", "a\nb" };
	char longest[256];
	struct err e = { 0 };
	struct quota_usage u;
	const struct quota_limit huge = { .hard_kib = UINT64_MAX / 4 };
	auto_close int dir = test_tmp_fd();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_ERR(quota_area_create(dir, bad[i], 1, &e), EINVAL);
		CHECK_ERR(quota_area_remove(dir, bad[i], &e), EINVAL);
	}
	memset(longest, 'a', 255);
	longest[255] = '\0';
	CHECK_ERR(quota_area_create(dir, longest, 1, &e), EINVAL);
	CHECK_OK(quota_area_remove(dir, longest, &e), &e);
	CHECK_ERR(quota_area_create(dir, "a", 0x7fffffff, &e), EINVAL);
	CHECK_ERR(quota_get(dir, UINT32_MAX, &u, &e), EINVAL);
	CHECK_ERR(quota_set(dir, 1, &huge, &e), ERANGE);
	CHECK_ERR(quota_set(-1, 1, &(struct quota_limit){ 0 }, &e), EBADF);
}

TEST(quota_fd_has_a_name)
{
	char b[QUOTA_FD_PATH];
	auto_close int dir = test_tmp_fd();

	CHECK_STR(quota_fd_path(dir, b), test_tmp());
	CHECK_STR(quota_fd_path(-1, b), "this directory");
}

TEST_ROOT(quota_none)
{
	const struct quota_limit none = { 0 };
	struct quota_caps caps;
	struct quota_usage u;
	struct err e = { 0 };
	struct stat st;
	auto_close int root = q_fs_up(Q_EXT4_PLAIN);

	CHECK_OK(quota_probe(root, &caps, &e), &e);
	CHECK_STR(caps.backend, "none");
	CHECK(!caps.blocks && !caps.inodes && !caps.soft);
	CHECK_OK(quota_area_create(root, "a", 101, &e), &e);
	CHECK_EQ(fstatat(root, "a", &st, 0), 0);
	CHECK_EQ(st.st_mode, S_IFDIR | 0700);
	CHECK_ERR(quota_area_create(root, "a", 101, &e), EEXIST);
	auto_close int a = q_open_dir(root, "a");
	CHECK_OK(quota_set(a, 101, &none, &e), &e);
	CHECK_ERR(quota_set(a, 101, &(struct quota_limit){ .hard_kib = 1 }, &e), ENOTSUP);
	CHECK(strstr(e.text, "vzhost pool") && strstr(e.text, "/mnt/a"));
	CHECK_ERR(quota_set(a, 101, &(struct quota_limit){ .hard_inodes = 1 }, &e), ENOTSUP);
	CHECK_ERR(quota_get(a, 101, &u, &e), ENOTSUP);
	CHECK_EQ(mkdirat(a, "d", 0755), 0);
	CHECK_OK(quota_area_remove(root, "a", &e), &e);
	CHECK_OK(quota_area_remove(root, "a", &e), &e);
	CHECK_EQ(fstatat(root, "a", &st, 0), -1);
}

/* What is left of a creation that was killed goes away with the next create or remove of that name. */
TEST_ROOT(quota_half_made)
{
	struct err e = { 0 };
	struct stat st;
	auto_close int root = q_fs_up(Q_BTRFS);

	CHECK_OK(quota_area_create(root, ".a.area-new", 101, &e), &e);
	auto_close int tmp = q_open_dir(root, ".a.area-new");
	CHECK_EQ(mkdirat(tmp, "x", 0755), 0);
	CHECK_OK(quota_area_create(root, "a", 101, &e), &e);
	CHECK_EQ(fstatat(root, ".a.area-new", &st, 0), -1);
	CHECK_EQ(fstatat(root, "a/x", &st, 0), -1);
	CHECK_EQ(mkdirat(root, ".a.area-new", 0700), 0);
	CHECK_OK(quota_area_remove(root, "a", &e), &e);
	CHECK_EQ(fstatat(root, ".a.area-new", &st, 0), -1);
}

/* An area's name may be taken by something that is none: it goes, and what a link points to stays. */
TEST_ROOT(quota_remove_other_things)
{
	struct err e = { 0 };
	struct stat st;
	auto_close int root = q_fs_up(Q_BTRFS);

	CHECK_EQ(mkdirat(root, "keep", 0755), 0);
	CHECK_EQ(symlinkat("keep", root, "a"), 0);
	CHECK_OK(quota_area_remove(root, "a", &e), &e);
	CHECK_EQ(fstatat(root, "keep", &st, 0), 0);
	CHECK_EQ(mknodat(root, "a", S_IFIFO | 0600, 0), 0);
	CHECK_OK(quota_area_remove(root, "a", &e), &e);
	CHECK_EQ(fstatat(root, "a", &st, AT_SYMLINK_NOFOLLOW), -1);
}
