/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quota/quota.h"

#include <signal.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "tests/unit/t_q_fs.h"

static struct quota_pool pool(void)
{
	static char image[300], target[300];

	q_path(image, sizeof(image), "deep/er/pool.img");
	q_path(target, sizeof(target), "vz");
	return (struct quota_pool){ .image = image, .target = target, .size_bytes = 600 << 20 };
}

static bool loop_left(const char *image)
{
	char name[32];
	struct err e = { 0 };
	auto_close int fd = open(image, O_RDONLY | O_CLOEXEC);

	for (int i = 0; i < 2000; i++) {
		auto_close int loop = -1;

		if (loop_find(fd, &loop, name, &e) == 0)
			return false;
		close(take_fd(&loop));
		usleep(20000);
	}
	return true;
}

TEST_ROOT(q_pool_up_down)
{
	const struct quota_pool p = pool();
	struct quota_caps caps;
	struct statvfs vfs;
	struct stat st;
	struct err e = { 0 };

	q_private();
	CHECK_OK(quota_pool_up(&p, &e), &e);
	CHECK_OK(quota_pool_up(&p, &e), &e);
	CHECK_EQ(statvfs(p.target, &vfs), 0);
	CHECK_EQ(vfs.f_flag & (ST_NODEV | ST_NOSUID | ST_NOATIME | ST_RDONLY), ST_NODEV | ST_NOSUID | ST_NOATIME);
	CHECK_EQ(stat(p.target, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0711);
	int root = open(p.target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(quota_probe(root, &caps, &e), &e);
	CHECK(caps.blocks);
	q_area_life(root);
	CHECK_EQ(mkdirat(root, "stays", 0755), 0);
	CHECK_ERR(quota_pool_down(&p, &e), EBUSY);		/* @root is open */
	CHECK(strstr(e.text, "in use"));
	close(root);
	CHECK_OK(quota_pool_down(&p, &e), &e);
	CHECK_OK(quota_pool_down(&p, &e), &e);
	CHECK(!loop_left(p.image));
	CHECK_OK(quota_pool_up(&p, &e), &e);
	root = open(p.target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_EQ(faccessat(root, "stays", F_OK, 0), 0);
	CHECK_OK(quota_probe(root, &caps, &e), &e);
	CHECK(caps.blocks);
	close(root);
	CHECK_OK(quota_pool_down(&p, &e), &e);
	CHECK(!loop_left(p.image));
}

TEST_ROOT(q_pool_refusals)
{
	struct quota_pool p = pool(), bad = p;
	char file[400], lock[380];
	struct err e = { 0 };

	q_private();
	bad.image = "relative";
	CHECK_ERR(quota_pool_up(&bad, &e), EINVAL);
	bad = p;
	bad.target = "relative";
	CHECK_ERR(quota_pool_up(&bad, &e), EINVAL);
	bad = p;
	bad.size_bytes = 1ull << 60;
	CHECK_ERR(quota_pool_up(&bad, &e), ENOSPC);
	CHECK_EQ(access(p.target, F_OK), -1);			/* nothing has changed */
	CHECK_EQ(access(p.image, F_OK), -1);

	CHECK_EQ(mkdir(p.target, 0755), 0);
	CHECK_EQ(str_fmt(file, sizeof(file), "%s/x", p.target), 0);
	CHECK_EQ(mkdir(file, 0755), 0);
	CHECK_ERR(quota_pool_up(&p, &e), EBUSY);
	CHECK(strstr(e.text, "not empty"));
	CHECK_EQ(access(p.image, F_OK), -1);
	CHECK_EQ(rmdir(file), 0);
	CHECK_EQ(str_fmt(lock, sizeof(lock), "%s/lock", p.target), 0);
	CHECK_EQ(str_fmt(file, sizeof(file), "%s/101.lck", lock), 0);
	CHECK(mkdir(lock, 0755) == 0 && mkdir(file, 0755) == 0);
	CHECK_ERR(quota_pool_up(&p, &e), EBUSY);
	CHECK(rmdir(file) == 0 && rmdir(lock) == 0);
	CHECK_EQ(mount("none", p.target, "tmpfs", 0, NULL), 0);
	CHECK_ERR(quota_pool_up(&p, &e), EBUSY);
	CHECK(strstr(e.text, "something else"));
	CHECK_ERR(quota_pool_down(&p, &e), EINVAL);
	CHECK_EQ(umount2(p.target, 0), 0);
	CHECK_OK(quota_pool_down(&p, &e), &e);
}

/* A pool that another mount namespace has up is not attached a second time. */
TEST_ROOT(q_pool_two_mounts)
{
	const struct quota_pool p = pool();
	char other[300];
	struct quota_pool p2 = p;
	struct stat a, b;
	struct err e = { 0 };

	q_private();
	q_path(other, sizeof(other), "elsewhere");
	p2.target = other;
	CHECK_OK(quota_pool_up(&p, &e), &e);
	CHECK_OK(quota_pool_up(&p2, &e), &e);
	CHECK_EQ(stat(p.target, &a), 0);
	CHECK_EQ(stat(p2.target, &b), 0);
	CHECK_EQ(a.st_dev, b.st_dev);
	CHECK_OK(quota_pool_down(&p, &e), &e);
	CHECK_OK(quota_pool_down(&p2, &e), &e);
	CHECK(!loop_left(p.image));
}

/* The lock of a command that came while the pool was away had its directory there. */
TEST_ROOT(q_pool_after_a_lock)
{
	const struct quota_pool p = pool();
	struct err e = { 0 };
	char lock[380];

	q_private();
	CHECK_EQ(str_fmt(lock, sizeof(lock), "%s/lock", p.target), 0);
	CHECK(mkdir(p.target, 0755) == 0 && mkdir(lock, 0755) == 0);
	CHECK_OK(quota_pool_up(&p, &e), &e);
	CHECK_OK(quota_pool_down(&p, &e), &e);
}

static pid_t up_in_child(const struct quota_pool *p)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		struct err e = { 0 };

		_exit(quota_pool_up(p, &e) < 0);
	}
	return pid;
}

TEST_ROOT(q_pool_at_once)
{
	const struct quota_pool p = pool();
	struct err e = { 0 };
	pid_t pid[4];
	int status;

	q_private();
	for (int i = 0; i < 4; i++)
		pid[i] = up_in_child(&p);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(waitpid(pid[i], &status, 0), pid[i]);
		CHECK_EQ(status, 0);
	}
	CHECK_OK(quota_pool_down(&p, &e), &e);			/* there is one mount only */
	CHECK_OK(quota_pool_down(&p, &e), &e);
	CHECK_EQ(access(p.target, F_OK), 0);
	CHECK(!loop_left(p.image));
}

/* Killed after ever longer times, from the first call to beyond the last: the next call ends with a working pool. */
TEST_ROOT(q_pool_killed)
{
	const struct quota_pool p = pool();
	struct quota_caps caps;
	struct err e = { 0 };
	int status;

	q_private();
	for (useconds_t us = 0; us < 60000; us = us < 2000 ? us + 400 : us * 5 / 4) {
		pid_t pid = up_in_child(&p);

		usleep(us);
		CHECK_EQ(kill(pid, SIGKILL), 0);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_OK(quota_pool_up(&p, &e), &e);
		auto_close int root = open(p.target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK_OK(quota_probe(root, &caps, &e), &e);
		CHECK(caps.blocks);
		close(take_fd(&root));
		CHECK_OK(quota_pool_down(&p, &e), &e);
		CHECK(!loop_left(p.image));
		CHECK_EQ(unlink(p.image), 0);
	}
}
