/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_v2.c: what a guest may write, and where one enters a group that the guest has divided. */
#include "tests/unit/cg_env.h"

#include <dirent.h>
#include <sys/stat.h>

#include "util/str.h"

static struct cg_host *open_v2(void)
{
	struct cg_host *h = env_open();

	if (h->v2 >= 0)
		return h;
	env_close(h);
	SKIP("no v2 tree");
}

TEST_ROOT(delegate)
{
	static const char *const given[] = { "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" };
	struct cg_host *h = open_v2();
	struct cg *cg = env_group(h, "101");
	unsigned n = 0, all = 0;
	struct err e = { 0 };
	struct dirent *de;
	struct stat st;
	DIR *d;

	CHECK_OK(cg_delegate(cg, 123456, 123457, &e), &e);
	CHECK(fstat(cg_fd(cg), &st) == 0 && st.st_uid == 123456 && st.st_gid == 123457);
	d = fdopendir(openat(cg_fd(cg), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	CHECK(d);
	while ((de = readdir(d))) {
		if (de->d_type != DT_REG)
			continue;
		all++;
		CHECK_EQ(fstatat(cg_fd(cg), de->d_name, &st, 0), 0);
		if (st.st_uid == 0)
			continue;
		n++;
		CHECK(str_eq(de->d_name, given[0]) || str_eq(de->d_name, given[1]) || str_eq(de->d_name, given[2]));
	}
	closedir(d);
	CHECK_EQ(n, 3);
	CHECK(all > 8);
	cg_close(cg);
	env_close(h);
}

/* The guest's share of groups is bounded, by a file that is not the guest's. */
TEST_ROOT(bounded)
{
	struct cg_host *h = open_v2();
	struct cg *cg = env_group(h, "101");
	struct err e = { 0 };
	int dir, k;

	CHECK_OK(cg_delegate(cg, 123456, 123456, &e), &e);
	dir = dup(cg_fd(cg));
	for (k = 0; k < 60; k++) {
		int sub;

		if (mkdirat(dir, "x", 0755) < 0)
			break;
		sub = openat(dir, "x", O_PATH | O_CLOEXEC);
		close(dir);
		dir = sub;
	}
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(k, 32);
	close(dir);
	cg_close(cg);
	CHECK_OK(cg_remove(h, "101", 20000, &e), &e);
	env_close(h);
}

TEST_ROOT(enter)
{
	struct cg_host *h = open_v2();
	struct cg *cg = env_group(h, "101");
	struct stat a, b;
	struct err e = { 0 };
	int fd;

	fd = cg_enter_fd(cg, false, &e);
	CHECK_OK(fd, &e);
	CHECK(fstat(fd, &a) == 0 && fstat(cg_fd(cg), &b) == 0 && a.st_ino == b.st_ino);
	close(fd);
	CHECK(faccessat(cg_fd(cg), CG_LEAF, F_OK, 0) < 0);
	for (int i = 0; i < 2; i++) {
		struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
		pid_t pid;

		fd = cg_enter_fd(cg, true, &e);
		CHECK_OK(fd, &e);
		args.cgroup = (uint64_t)fd;
		pid = sys_clone3(&args);
		if (pid == 0)
			_exit(7);
		CHECK_EQ(env_status(pid), 7);
		close(fd);
	}
	cg_close(cg);
	CHECK_OK(cg_remove(h, "101", 20000, &e), &e);
	env_close(h);
}

/* Once the guest hands controllers down, the group takes nobody: the leaf is chosen without being asked for. */
TEST_ROOT(enter_divided)
{
	struct cg_host *h = open_v2();
	struct cg *cg = env_group(h, "101");
	char list[256], one[64] = "+";
	struct stat a, b;
	struct err e = { 0 };
	int fd;

	CHECK(cg_get_at(cg, h->v2, "cgroup.controllers", list, sizeof(list)) >= 0);
	list[strcspn(list, " \n")] = '\0';
	if (!*list) {
		cg_close(cg);
		env_close(h);
		SKIP("no controller in the v2 tree");
	}
	str_copy(one + 1, sizeof(one) - 1, list);
	CHECK_EQ(cg_put_at(cg, h->v2, "cgroup.subtree_control", one), 0);
	fd = cg_enter_fd(cg, false, &e);
	CHECK_OK(fd, &e);
	CHECK(fstat(fd, &a) == 0 && fstatat(cg_fd(cg), CG_LEAF, &b, 0) == 0 && a.st_ino == b.st_ino);
	close(fd);
	cg_close(cg);
	env_close(h);
}

TEST_ROOT(wait_times_out)
{
	struct cg_host *h = open_v2();
	struct cg *cg = env_group(h, "101");
	int64_t t0 = sys_now_ms();

	CHECK_EQ(cg_v2_wait(cg, "populated", 0, 60000), 0);
	CHECK(sys_now_ms() - t0 < 30000);
	CHECK_ERR(cg_v2_wait(cg, "populated", 1, 30), ETIMEDOUT);
	cg_close(cg);
	env_close(h);
}

/* What a guest's root (host user 123456 here) can do in its own directory: groups and moves, no limit, no kill. */
static int as_guest(void *arg)
{
	static const char *const no[] = { "memory.max", "memory.swap.max", "pids.max", "cpu.max", "cpu.weight", "io.max",
		"cpuset.cpus", "cgroup.freeze", "cgroup.kill", "cgroup.max.depth", "cgroup.max.descendants", "cgroup.type",
		"../cgroup.procs", "../monitor/cgroup.procs", "../cgroup.subtree_control" };
	int dir = *(int *)arg;

	if (setgid(123456) < 0 || setuid(123456) < 0)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		auto_close int fd = openat(dir, no[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0 || (errno != EACCES && errno != ENOENT))
			return 10 + (int)i;
	}
	if (mkdirat(dir, "sub", 0755) < 0)
		return 2;

	auto_close int procs = openat(dir, "sub/cgroup.procs", O_WRONLY | O_CLOEXEC);

	if (procs < 0 || write(procs, "0", 1) < 0)
		return 3;
	if (mkdirat(dir, "../sibling", 0755) == 0)
		return 4;
	return 0;
}

TEST_ROOT(guest_cannot)
{
	struct cg_host *h = open_v2();
	struct cg *cg = env_group(h, "101");
	struct err e = { 0 };
	int dir = cg_fd(cg);

	CHECK_OK(cg_delegate(cg, 123456, 123456, &e), &e);
	CHECK_EQ(env_run(cg, as_guest, &dir), 0);
	cg_close(cg);
	CHECK_OK(cg_remove(h, "101", 20000, &e), &e);
	env_close(h);
}
