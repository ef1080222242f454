/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_mem.c: what a configuration means, and limits that bite. */
#include "tests/unit/cg_env.h"

#define MIB (1ull << 20)

TEST(meaning)
{
	struct cg_conf c = { 0 };

	CHECK(!cg_conf_is_vswap(&c));
	CHECK_EQ(cg_conf_memory(&c), NUM_UNLIMITED);
	CHECK_EQ(cg_conf_swap(&c), NUM_UNLIMITED);
	c.ubc[CG_SWAPPAGES] = env_pair(0, 100);		/* only what is shown */
	CHECK_EQ(cg_conf_swap(&c), NUM_UNLIMITED);
	c.ubc[CG_PRIVVMPAGES] = env_pair(1000, 2000);
	CHECK_EQ(cg_conf_memory(&c), 2000 * 4096);
	CHECK_EQ(cg_conf_swap(&c), 100 * 4096);
	c.ubc[CG_SWAPPAGES].set = false;
	CHECK_EQ(cg_conf_swap(&c), 0);
	c.ubc[CG_PHYSPAGES] = env_pair(0, INT_MAX);
	CHECK(!cg_conf_is_vswap(&c));
	c.ubc[CG_PHYSPAGES] = env_pair(0, 512);
	CHECK(cg_conf_is_vswap(&c));
	CHECK_EQ(cg_conf_memory(&c), 2 * MIB);
	CHECK_EQ(cg_conf_swap(&c), NUM_UNLIMITED);
	c.ubc[CG_PHYSPAGES].lim = NUM_UNLIMITED / 2;	/* bytes do not fit */
	CHECK_EQ(cg_conf_memory(&c), NUM_UNLIMITED);
}

TEST_ROOT(check)
{
	struct cg_host *h = env_open();
	struct cg_conf c = env_mem(3, 0);
	struct err e = { 0 };

	CHECK_ERR(cg_check(h, &c, &e), EINVAL);
	c.ubc[CG_PHYSPAGES] = env_pair(0, 900ull << 28);	/* 900 TiB */
	CHECK_ERR(cg_check(h, &c, &e), ERANGE);
	CHECK(strstr(e.text, "is above what this host has") != NULL);
	c.ubc[CG_PHYSPAGES] = env_pair(0, NUM_UNLIMITED);
	err_clear(&e);
	CHECK_OK(cg_check(h, &c, &e), &e);
	env_close(h);
}

static uint64_t file_u64(struct cg *cg, const char *v2, const char *v1)
{
	uint64_t n = 0;

	CHECK_EQ(cg_get_u64(cg, CG_CTL_MEMORY, cg_on_v2(cg->h, CG_CTL_MEMORY) ? v2 : v1, &n), 0);
	return n;
}

static uint64_t limit(struct cg *cg)
{
	return file_u64(cg, "memory.max", "memory.limit_in_bytes");
}

/* Up, down, other swap, none, off: whatever was there before, the files hold what was asked for. */
TEST_ROOT(any_order)
{
	static const struct { uint64_t ram, swap; } t[] = {
		{ 64, 0 }, { 512, 512 }, { 32, 0 }, { 1024, 0 }, { 16, 2048 }, { 16, 0 }, { 2048, 1 }, { 64, 64 },
	};
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_conf none = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct cg_conf c = env_mem(t[i].ram, t[i].swap);

		CHECK_OK(cg_apply(cg, &c, &e), &e);
		CHECK_EQ(limit(cg), t[i].ram * MIB);
		if (cg_host_has_swap_limit(h))
			CHECK_EQ(file_u64(cg, "memory.swap.max", "memory.memsw.limit_in_bytes"),
				 (t[i].swap + (cg_on_v2(h, CG_CTL_MEMORY) ? 0 : t[i].ram)) * MIB);
	}
	CHECK_OK(cg_apply_memory(cg, &none, &e), &e);
	CHECK(limit(cg) > 1ull << 50);
	cg_close(cg);
	env_close(h);
}

/* A process that exceeds the limit is killed and counted; its neighbour lives. */
TEST_ROOT(oom_inside)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_conf c = env_mem(32, 0);
	size_t much = 96 << 20, little = 1 << 20;
	struct cg_stat s;
	struct err e = { 0 };
	pid_t other;

	CHECK_OK(cg_apply(cg, &c, &e), &e);
	other = env_spawn(cg, env_sleep, NULL);
	CHECK_EQ(env_run(cg, env_eat, &little), 0);
	CHECK_EQ(env_run(cg, env_eat, &much), 128 + SIGKILL);
	CHECK_OK(cg_stat(cg, &s, &e), &e);
	CHECK_EQ(s.oom_kills, 1);
	CHECK(s.mem_fail > 0);
	CHECK(s.mem_peak_bytes > 24 * MIB && s.mem_peak_bytes <= 32 * MIB);
	CHECK_EQ(kill(other, 0), 0);
	CHECK_EQ(s.pids, 1);
	c = env_mem(256, 0);				/* live: now it fits */
	CHECK_OK(cg_apply_memory(cg, &c, &e), &e);
	CHECK_EQ(env_run(cg, env_eat, &much), 0);
	CHECK_OK(cg_kill(cg, &e), &e);
	CHECK_EQ(env_status(other), 128 + SIGKILL);
	cg_close(cg);
	env_close(h);
}

struct hold { size_t n; int *ready; };

static int eat_and_hold(void *arg)
{
	struct hold *hold = arg;

	if (env_eat(&hold->n) != 0)
		return 97;
	*hold->ready = 1;
	return env_sleep(NULL);
}

/* Below what cannot be taken back: refused in bounded time, nobody is killed, the old limit stands. */
TEST_ROOT(lower_than_used)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_conf c = env_mem(128, 0), small = env_mem(16, 0), mid = env_mem(64, 0);
	int *ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct hold hold = { 40 << 20, ready };
	struct err e = { 0 };
	int64_t t0;
	pid_t pid;

	CHECK_OK(cg_apply(cg, &c, &e), &e);
	pid = env_spawn(cg, eat_and_hold, &hold);
	SOON(*(volatile int *)ready);
	CHECK_OK(cg_apply_memory(cg, &mid, &e), &e);
	t0 = sys_now_ms();
	CHECK_ERR(cg_apply_memory(cg, &small, &e), EBUSY);
	CHECK(sys_now_ms() - t0 < 40000);
	CHECK(strstr(e.text, "101"));
	CHECK_EQ(limit(cg), 64 * MIB);
	CHECK_EQ(kill(pid, 0), 0);
	CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
	CHECK_OK(cg_kill(cg, &e), &e);
	CHECK_EQ(env_status(pid), 128 + SIGKILL);
	cg_close(cg);
	env_close(h);
}

static int fill_file(void *arg)
{
	static char block[1 << 20];
	auto_close int fd = openat(*(int *)arg, "cache", O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	for (int i = 0; i < 48; i++)
		if (fd < 0 || write(fd, block, sizeof(block)) != sizeof(block))
			return 1;
	return fsync(fd) == 0 ? 0 : 2;
}

/* Cache is no reason to refuse: it is taken back, quickly. */
TEST_ROOT(lower_takes_cache)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_conf c = env_mem(256, 0), small = env_mem(16, 0);
	auto_close int dir = test_tmp_fd();
	struct cg_stat s;
	struct err e = { 0 };
	int64_t t0;

	CHECK_OK(cg_apply(cg, &c, &e), &e);
	CHECK_EQ(env_run(cg, fill_file, &dir), 0);
	CHECK_OK(cg_stat(cg, &s, &e), &e);
	t0 = sys_now_ms();
	if (s.mem_bytes > 24 * MIB && s.shmem_bytes < MIB) {	/* else /tmp is not on a disk */
		CHECK_OK(cg_apply_memory(cg, &small, &e), &e);
		CHECK(sys_now_ms() - t0 < 40000);
		CHECK_OK(cg_stat(cg, &s, &e), &e);
		CHECK(s.mem_bytes <= 16 * MIB);
		CHECK_EQ(s.oom_kills, 0);
	}
	cg_close(cg);
	env_close(h);
}

static bool host_swaps(void)
{
	char buf[512];
	auto_close int fd = open("/proc/swaps", O_RDONLY | O_CLOEXEC);
	ssize_t n = cg_read_fd(fd, buf, sizeof(buf));

	return n > 0 && strchr(buf, '\n')[1];
}

/* Where the host swaps: swap on top lets a process go on, swap 0 does not. */
TEST_ROOT(swap_on_top)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_conf with = env_mem(32, 256), without = env_mem(32, 0);
	size_t much = 96 << 20;
	struct err e = { 0 };

	if (!host_swaps() || !cg_host_has_swap_limit(h)) {
		cg_close(cg);
		env_close(h);
		SKIP("no swap on this host, or it is not counted");
	}
	CHECK_OK(cg_apply(cg, &with, &e), &e);
	CHECK_EQ(env_run(cg, env_eat, &much), 0);
	CHECK_OK(cg_apply_memory(cg, &without, &e), &e);
	CHECK_EQ(env_run(cg, env_eat, &much), 128 + SIGKILL);
	cg_close(cg);
	env_close(h);
}

/* A kernel that does not count swap: a plain directory without the file stands for its hierarchy. */
TEST(swap_not_counted)
{
	struct cg_host h = { .n = 1, .v2 = -1, .monitor = -1 };
	struct cg_conf c = env_mem(32, 0), any = env_mem(32, 0);
	auto_close int dir = test_tmp_fd();
	struct err e = { 0 };

	h.hier[0].parent = dir;
	any.ubc[CG_SWAPPAGES] = env_pair(0, NUM_UNLIMITED);
	CHECK(!cg_host_has_swap_limit(&h));
	CHECK_EQ(cg_check_memory(&h, &any, &e), 0);
	if (host_swaps()) {
		CHECK_ERR(cg_check_memory(&h, &c, &e), ENOTSUP);
		CHECK(strstr(e.text, "swapaccount=1"));
	} else {
		CHECK_EQ(cg_check_memory(&h, &c, &e), 0);
	}
}

TEST(guarantee)
{
	struct cg_conf c = env_mem(64, 0);

	CHECK_EQ(cg_conf_guarantee(&c), 0);
	c.ubc[CG_VMGUARPAGES] = env_pair(4096, NUM_UNLIMITED);
	CHECK_EQ(cg_conf_guarantee(&c), 16 * MIB);
	c.ubc[CG_VMGUARPAGES] = env_pair(1 << 20, NUM_UNLIMITED);	/* more than it may use */
	CHECK_EQ(cg_conf_guarantee(&c), 64 * MIB);
	c.ubc[CG_VMGUARPAGES] = env_pair(NUM_UNLIMITED, NUM_UNLIMITED);
	CHECK_EQ(cg_conf_guarantee(&c), 0);
	c.ubc[CG_VMGUARPAGES] = env_pair(INT_MAX, INT_MAX);
	CHECK_EQ(cg_conf_guarantee(&c), 0);
}

static uint64_t low_of(struct cg *cg)
{
	return file_u64(cg, "memory.low", "memory.soft_limit_in_bytes");
}

TEST_ROOT(guarantee_live)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101"), *two = env_group(h, "102");
	bool v2 = cg_on_v2(h, CG_CTL_MEMORY);
	struct cg_conf c = env_mem(64, 0);
	struct err e = { 0 };

	c.ubc[CG_VMGUARPAGES] = env_pair(4096, NUM_UNLIMITED);
	CHECK_OK(cg_apply(cg, &c, &e), &e);
	CHECK_OK(cg_apply(two, &c, &e), &e);
	CHECK_EQ(low_of(cg), 16 * MIB);
	if (v2) {
		auto_close int fd = openat(h->hier[h->v2].parent, "memory.low", O_RDONLY | O_CLOEXEC);
		char buf[64];

		CHECK(cg_read_fd(fd, buf, sizeof(buf)) > 0);
		CHECK_STR(buf, "33554432\n");
	}
	c.ubc[CG_VMGUARPAGES].set = false;
	CHECK_OK(cg_apply_memory(cg, &c, &e), &e);
	CHECK(v2 ? low_of(cg) == 0 : low_of(cg) > 1ull << 50);
	CHECK_EQ(low_of(two), 16 * MIB);
	cg_close(cg);
	cg_close(two);
	env_close(h);
}

/* Cache of a group is taken back at a word, where the kernel has one. */
TEST_ROOT(reclaim)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_conf c = env_mem(256, 0);
	auto_close int dir = test_tmp_fd();
	struct cg_stat before, after;
	struct err e = { 0 };
	int rc;

	CHECK_OK(cg_apply(cg, &c, &e), &e);
	CHECK_EQ(env_run(cg, fill_file, &dir), 0);
	CHECK_OK(cg_stat(cg, &before, &e), &e);
	rc = cg_reclaim(cg, 16 << 20, &e);
	CHECK_OK(cg_stat(cg, &after, &e), &e);
	if (!cg_host_can_reclaim(h)) {
		CHECK_EQ(rc, -ENOTSUP);
		CHECK_OK(cg_reclaim_all(cg, &e), &e);
		CHECK_OK(cg_stat(cg, &after, &e), &e);
		CHECK(after.cache_bytes <= before.cache_bytes / 2 || before.shmem_bytes >= MIB);
	}
	if (cg_host_can_reclaim(h) && before.cache_bytes > 32 * MIB && before.shmem_bytes < MIB)	/* else /tmp is not on a disk */
		CHECK(rc == 0 && after.mem_bytes <= before.mem_bytes - 12 * MIB);
	cg_close(cg);
	env_close(h);
}
