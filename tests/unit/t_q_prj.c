/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/fs.h>
#include <linux/quota.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "tests/unit/t_q_fs.h"

static uint32_t project_of(int dir, const char *name)
{
	struct fsxattr x;
	auto_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQ(ioctl(fd, FS_IOC_FSGETXATTR, &x), 0);
	return x.fsx_projid;
}

static void ids(int root)
{
	static const uint32_t id[] = { 0, 1, 101, 2147483644u, 0x7ffffffe };
	struct err e = { 0 };
	char name[16];

	for (size_t i = 0; i < ARRAY_SIZE(id); i++) {
		CHECK_EQ(str_fmt(name, sizeof(name), "id%zu", i), 0);
		CHECK_OK(quota_area_create(root, name, id[i], &e), &e);
		CHECK_EQ(project_of(root, name), 0x80000000u + id[i]);
		CHECK_OK(quota_area_remove(root, name, &e), &e);
	}
}

static void inode_limit(int root)
{
	const struct quota_limit l = { .soft_inodes = 15, .hard_inodes = 20, .soft_kib = 1000, .hard_kib = 2000 };
	struct quota_usage u;
	struct err e = { 0 };
	char name[16];
	int n = 0;

	CHECK_OK(quota_area_create(root, "i", 200, &e), &e);
	auto_close int a = q_open_dir(root, "i");
	CHECK_OK(quota_set(a, 200, &l, &e), &e);
	for (; n < 50; n++) {
		CHECK_EQ(str_fmt(name, sizeof(name), "f%d", n), 0);
		if (mknodat(a, name, S_IFREG | 0600, 0) < 0)
			break;
	}
	CHECK(q_is_full(errno));
	CHECK_EQ(n, 19);		/* and the directory itself */
	CHECK_OK(quota_get(a, 200, &u, &e), &e);
	CHECK_EQ(u.used_inodes, 20);
	CHECK_EQ(u.limit.hard_inodes, 20);
	CHECK_EQ(u.limit.soft_inodes, 15);
	CHECK_EQ(u.limit.soft_kib, 1000);
	CHECK_EQ(u.limit.hard_kib, 2000);
	CHECK_OK(quota_area_remove(root, "i", &e), &e);
}

/* An area of the same id that is on its way out is not counted against its successor, and takes its limits along. */
static void successor(int root)
{
	const struct quota_limit l = { .hard_kib = 5120 };
	struct quota_usage u;
	struct err e = { 0 };
	uint32_t old;
	int why;

	CHECK_OK(quota_area_create(root, "s", 300, &e), &e);
	auto_close int s = q_open_dir(root, "s");
	CHECK_OK(quota_set(s, 300, &l, &e), &e);
	q_fill(s, "f", 10, &why);
	CHECK(q_is_full(why));
	close(take_fd(&s));
	old = project_of(root, "s");
	CHECK_EQ(mkdirat(root, "trash", 0700), 0);
	CHECK_EQ(renameat(root, "s", root, "trash/s"), 0);
	CHECK_OK(quota_area_create(root, "s", 300, &e), &e);
	CHECK(project_of(root, "s") != old);
	auto_close int next = q_open_dir(root, "s");
	CHECK_OK(quota_get(next, 300, &u, &e), &e);
	CHECK_EQ(u.limit.hard_kib, 0);
	CHECK_EQ(u.used_inodes, 1);
	CHECK_OK(quota_set(next, 300, &l, &e), &e);
	CHECK(q_fill(next, "f", 4, &why) == 4096 && why == 0);
	auto_close int trash = q_open_dir(root, "trash");
	CHECK_OK(quota_area_remove(trash, "s", &e), &e);
	CHECK_OK(quota_get(next, 300, &u, &e), &e);
	CHECK_EQ(u.limit.hard_kib, 5120);
	CHECK_OK(quota_area_create(root, "s2", 300, &e), &e);
	CHECK_EQ(project_of(root, "s2"), old);		/* free again */
	CHECK_OK(quota_area_remove(root, "s", &e), &e);
	CHECK_OK(quota_area_remove(root, "s2", &e), &e);
}

/* Limits that a killed removal left behind do not meet the next owner of the id. */
static void leftover(int root)
{
	struct if_dqblk d = { .dqb_bhardlimit = 8, .dqb_valid = QIF_LIMITS };
	struct quota_usage u;
	struct err e = { 0 };

	CHECK_EQ(syscall(SYS_quotactl_fd, root, (unsigned)Q_SETQUOTA << SUBCMDSHIFT | PRJQUOTA, 0x80000000u + 400, &d), 0);
	CHECK_OK(quota_area_create(root, "l", 400, &e), &e);
	auto_close int a = q_open_dir(root, "l");
	CHECK_OK(quota_get(a, 400, &u, &e), &e);
	CHECK_EQ(u.limit.hard_kib, 0);
	CHECK_EQ(u.used_inodes, 1);
	CHECK_OK(quota_area_remove(root, "l", &e), &e);
}

static void borders(int root)
{
	const struct quota_limit l = { .hard_kib = 1024 };
	struct err e = { 0 };
	struct quota_usage u;
	int why;

	CHECK_OK(quota_area_create(root, "b1", 501, &e), &e);
	CHECK_OK(quota_area_create(root, "b2", 502, &e), &e);
	auto_close int b1 = q_open_dir(root, "b1");
	auto_close int b2 = q_open_dir(root, "b2");
	CHECK_EQ(mkdirat(b1, "upper", 0755), 0);
	CHECK_EQ(mkdirat(b1, "work", 0755), 0);
	q_fill(b1, "work/f", 1, &why);
	CHECK_EQ(linkat(b1, "work/f", b1, "upper/g", 0), 0);
	CHECK_EQ(renameat(b1, "work/f", b1, "upper/f"), 0);
	CHECK(linkat(b1, "upper/f", b2, "f", 0) < 0 && errno == EXDEV);
	CHECK(renameat(b1, "upper/f", b2, "f") < 0 && errno == EXDEV);
	CHECK_EQ(mkdirat(root, "plain", 0755), 0);
	auto_close int plain = q_open_dir(root, "plain");
	CHECK_ERR(quota_set(plain, 503, &l, &e), ENOTSUP);
	CHECK(strstr(e.text, "not made under project quota"));
	CHECK_ERR(quota_get(plain, 503, &u, &e), ENOTSUP);
	CHECK_OK(quota_set(plain, 503, &(struct quota_limit){ 0 }, &e), &e);
	CHECK_OK(quota_area_remove(root, "b1", &e), &e);
	CHECK_OK(quota_area_remove(root, "b2", &e), &e);
}

/* Areas of one id that are made at the same time end with a project each. */
static void at_once(int root)
{
	struct err e = { 0 };
	char name[16];
	pid_t pid[8];
	int status;

	for (int p = 0; p < 8; p++) {
		pid[p] = fork();
		CHECK(pid[p] >= 0);
		if (pid[p] == 0)
			_exit(str_fmt(name, sizeof(name), "p%d", p) < 0 || quota_area_create(root, name, 600, &e) < 0);
	}
	for (int p = 0; p < 8; p++) {
		CHECK_EQ(waitpid(pid[p], &status, 0), pid[p]);
		CHECK_EQ(status, 0);
	}
	for (int p = 0; p < 8; p++) {
		struct quota_usage u;

		CHECK_EQ(str_fmt(name, sizeof(name), "p%d", p), 0);
		auto_close int a = q_open_dir(root, name);
		CHECK_OK(quota_get(a, 600, &u, &e), &e);
		CHECK_EQ(u.used_inodes, 1);
		CHECK_OK(quota_area_remove(root, name, &e), &e);
	}
}

static void all(int root)
{
	struct quota_caps caps;
	struct err e = { 0 };

	CHECK_OK(quota_probe(root, &caps, &e), &e);
	CHECK_STR(caps.backend, "project");
	CHECK(caps.blocks && caps.inodes && caps.soft);
	q_area_life(root);
	ids(root);
	inode_limit(root);
	successor(root);
	leftover(root);
	borders(root);
	at_once(root);
}

TEST_ROOT(q_prj_ext4)
{
	auto_close int root = q_fs_up(Q_EXT4);

	all(root);
}

TEST_ROOT(q_prj_xfs)
{
	auto_close int root = q_fs_up(Q_XFS);

	all(root);
}

TEST_ROOT(q_prj_not_enforced)
{
	auto_close int root = q_fs_up(Q_EXT4_PLAIN);

	CHECK(!q_prj_enforced(root));
	CHECK(!q_prj_enforced(-1));
}
