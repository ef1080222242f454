/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "tests/unit/t_q_fs.h"

static void commit(int fd)
{
	CHECK_EQ(ioctl(fd, BTRFS_IOC_SYNC), 0);	/* wakes the cleaner as well */
}

static uint64_t subvol(int fd)
{
	struct btrfs_ioctl_ino_lookup_args a = { .objectid = BTRFS_FIRST_FREE_OBJECTID };
	auto_close int real = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_EQ(ioctl(real, BTRFS_IOC_INO_LOOKUP, &a), 0);
	return a.treeid;
}

/* Asks by setting no limit on it. */
static bool has_qgroup(int root, uint64_t id)
{
	struct btrfs_ioctl_qgroup_limit_args a = { .qgroupid = id };

	if (ioctl(root, BTRFS_IOC_QGROUP_LIMIT, &a) == 0)
		return true;
	CHECK_EQ(errno, ENOENT);
	return false;
}

static void make_subvol(int dir, const char *name)
{
	struct btrfs_ioctl_vol_args a = { 0 };
	auto_close int real = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_EQ(str_copy(a.name, sizeof(a.name), name), 0);
	CHECK_EQ(ioctl(real, BTRFS_IOC_SUBVOL_CREATE, &a), 0);
}

TEST_ROOT(q_btrfs_life)
{
	struct quota_caps caps;
	struct err e = { 0 };
	auto_close int root = q_fs_up(Q_BTRFS);

	CHECK_OK(quota_probe(root, &caps, &e), &e);
	CHECK_STR(caps.backend, "btrfs");
	CHECK(caps.blocks && !caps.inodes && !caps.soft);
	q_area_life(root);
}

/* Full qgroups: what a file system has whose owner switched quotas on the usual way, and every one before 6.7. */
TEST_ROOT(q_btrfs_life_full_qgroups)
{
	struct btrfs_ioctl_quota_ctl_args on = { .cmd = BTRFS_QUOTA_CTL_ENABLE };
	auto_close int root = q_fs_up(Q_BTRFS_OFF);

	CHECK_EQ(ioctl(root, BTRFS_IOC_QUOTA_CTL, &on), 0);
	CHECK_EQ(ioctl(root, BTRFS_IOC_QUOTA_RESCAN_WAIT), 0);
	q_area_life(root);
}

TEST_ROOT(q_btrfs_quotas_off_then_on)
{
	const struct quota_limit l = { .hard_kib = 10240 };
	struct quota_caps caps;
	struct quota_usage u;
	struct err e = { 0 };
	int why;
	auto_close int root = q_fs_up(Q_BTRFS_OFF);

	CHECK_OK(quota_probe(root, &caps, &e), &e);
	CHECK_STR(caps.backend, "none");
	CHECK_OK(quota_area_create(root, "a", 101, &e), &e);
	auto_close int a = q_open_dir(root, "a");
	CHECK_ERR(quota_set(a, 101, &l, &e), ENOTSUP);
	CHECK(strstr(e.text, "btrfs quota enable") && strstr(e.text, "vzhost pool"));
	CHECK_OK(quota_set(a, 101, &(struct quota_limit){ 0 }, &e), &e);
	CHECK_ERR(quota_get(a, 101, &u, &e), ENOTSUP);
	CHECK_OK(q_btrfs_enable(root, &e), &e);
	CHECK_OK(q_btrfs_enable(root, &e), &e);
	CHECK_OK(quota_set(a, 101, &l, &e), &e);
	CHECK(q_fill(a, "f", 20, &why) <= 10240);
	CHECK_EQ(why, EDQUOT);
	CHECK_OK(quota_area_remove(root, "a", &e), &e);
}

TEST_ROOT(q_btrfs_refusals)
{
	const struct quota_limit blocks = { .hard_kib = 1024 }, inodes = { .hard_inodes = 10 },
		soft = { .soft_kib = 1024, .hard_kib = 2048 };
	struct quota_usage u;
	struct err e = { 0 };
	auto_close int root = q_fs_up(Q_BTRFS);

	CHECK_EQ(mkdirat(root, "plain", 0700), 0);
	auto_close int plain = q_open_dir(root, "plain");
	CHECK_ERR(quota_set(plain, 101, &blocks, &e), ENOTSUP);
	CHECK(strstr(e.text, "not a btrfs subvolume"));
	CHECK_OK(quota_set(plain, 101, &(struct quota_limit){ 0 }, &e), &e);
	CHECK_ERR(quota_get(plain, 101, &u, &e), ENOTSUP);
	CHECK_OK(quota_area_create(root, "a", 101, &e), &e);
	auto_close int a = q_open_dir(root, "a");
	CHECK_ERR(quota_set(a, 101, &inodes, &e), ENOTSUP);
	CHECK(strstr(e.text, "inodes cannot be limited on btrfs ("));
	CHECK_OK(quota_set(a, 101, &soft, &e), &e);
	CHECK_OK(quota_get(a, 101, &u, &e), &e);
	CHECK_EQ(u.limit.soft_kib, 0);
	CHECK_EQ(u.limit.hard_kib, 2048);
}

/* Subvolumes that the owner of an area made in it do not hold its removal up, not even when it is full. */
TEST_ROOT(q_btrfs_nested)
{
	const struct quota_limit l = { .hard_kib = 5120 };
	struct err e = { 0 };
	struct stat st;
	int why;
	auto_close int root = q_fs_up(Q_BTRFS);

	CHECK_OK(quota_area_create(root, "a", 101, &e), &e);
	auto_close int a = q_open_dir(root, "a");
	make_subvol(a, "s1");
	make_subvol(a, "s2");
	auto_close int s1 = q_open_dir(a, "s1");
	CHECK_EQ(mkdirat(s1, "d", 0755), 0);
	auto_close int d = q_open_dir(s1, "d");
	make_subvol(d, "deep");
	make_subvol(d, "deep2");
	q_fill(d, "f", 1, &why);
	CHECK_OK(quota_set(a, 101, &l, &e), &e);
	q_fill(a, "f", 20, &why);
	CHECK_EQ(why, EDQUOT);
	CHECK_OK(quota_area_remove(root, "a", &e), &e);
	CHECK_EQ(fstatat(root, "a", &st, 0), -1);
}

/* A limit can be changed on a full area even when the area above it is full as well. */
TEST_ROOT(q_btrfs_full_in_full)
{
	const struct quota_limit l = { .hard_kib = 5120 }, more = { .hard_kib = 10240 };
	struct err e = { 0 };
	int why;
	auto_close int root = q_fs_up(Q_BTRFS);

	CHECK_OK(quota_area_create(root, "outer", 101, &e), &e);
	auto_close int outer = q_open_dir(root, "outer");
	CHECK_OK(quota_area_create(outer, "inner", 102, &e), &e);
	auto_close int inner = q_open_dir(outer, "inner");
	CHECK_OK(quota_set(outer, 101, &l, &e), &e);
	CHECK_OK(quota_set(inner, 102, &l, &e), &e);
	q_fill(outer, "f", 20, &why);
	CHECK_EQ(why, EDQUOT);
	q_fill(inner, "f", 20, &why);
	CHECK_EQ(why, EDQUOT);
	CHECK_OK(quota_set(inner, 102, &more, &e), &e);
	CHECK(q_fill(inner, "g", 2, &why) == 2048 && why == 0);
}

/* Removed areas leave no qgroup behind once the kernel has cleaned up and another area came or went. */
TEST_ROOT(q_btrfs_no_stale_qgroups)
{
	struct err e = { 0 };
	uint64_t id[8];
	char name[16];
	int left = 8, why;
	auto_close int root = q_fs_up(Q_BTRFS);

	for (int i = 0; i < 8; i++) {
		CHECK_EQ(str_fmt(name, sizeof(name), "a%d", i), 0);
		CHECK_OK(quota_area_create(root, name, 101 + (uint32_t)i, &e), &e);
		auto_close int a = q_open_dir(root, name);
		id[i] = subvol(a);
		CHECK(has_qgroup(root, id[i]));
		q_fill(a, "f", 1, &why);
	}
	for (int i = 0; i < 8; i++) {
		CHECK_EQ(str_fmt(name, sizeof(name), "a%d", i), 0);
		CHECK_OK(quota_area_remove(root, name, &e), &e);
	}
	for (int try = 0; try < 100 && left > 0; try++) {
		commit(root);
		usleep(100000);
		commit(root);
		CHECK_OK(quota_area_remove(root, "nothing", &e), &e);
		left = 0;
		for (int i = 0; i < 8; i++)
			left += has_qgroup(root, id[i]);
	}
	CHECK_EQ(left, 0);
}

/* The sweep looks at what is empty, and takes neither an area without data nor a group that somebody made by hand. */
TEST_ROOT(q_btrfs_sweep_spares)
{
	struct btrfs_ioctl_qgroup_create_args level1 = { .create = 1, .qgroupid = 1ull << 48 | 300 };
	struct err e = { 0 };
	auto_close int root = q_fs_up(Q_BTRFS);

	CHECK_EQ(ioctl(root, BTRFS_IOC_QGROUP_CREATE, &level1), 0);
	CHECK_OK(quota_area_create(root, "a", 101, &e), &e);
	auto_close int a = q_open_dir(root, "a");
	for (int i = 0; i < 5; i++) {
		CHECK_OK(quota_area_create(root, "b", 102, &e), &e);
		CHECK_OK(quota_area_remove(root, "b", &e), &e);
		commit(root);
	}
	CHECK(has_qgroup(root, subvol(a)));
	CHECK(has_qgroup(root, level1.qgroupid));
}

/* Areas made and removed by several processes at once do not take each other's qgroups away. */
TEST_ROOT(q_btrfs_race)
{
	const struct quota_limit l = { .hard_kib = 10240 };
	pid_t pid[4];
	int status;
	auto_close int root = q_fs_up(Q_BTRFS);

	for (int p = 0; p < 4; p++) {
		pid[p] = fork();
		CHECK(pid[p] >= 0);
		if (pid[p])
			continue;
		for (int i = 0; i < 100; i++) {
			struct err e = { 0 };
			char name[32];

			if (str_fmt(name, sizeof(name), "r%d-%d", p, i) < 0 || quota_area_create(root, name, 1, &e) < 0)
				_exit(1);
			int a = openat(root, name, O_PATH | O_CLOEXEC);
			if (i % 10 == p)
				syncfs(root);
			if (quota_set(a, 1, &l, &e) < 0)
				_exit(2);
			close(a);
			if (quota_area_remove(root, name, &e) < 0)
				_exit(3);
		}
		_exit(0);
	}
	for (int p = 0; p < 4; p++) {
		CHECK_EQ(waitpid(pid[p], &status, 0), pid[p]);
		CHECK_EQ(status, 0);
	}
}
