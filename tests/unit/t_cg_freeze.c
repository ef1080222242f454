/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_freeze.c, and the v1 ways of it in cg_v1.c on hosts that have them. */
#include "tests/unit/cg_env.h"

static int count_up(void *arg)
{
	volatile unsigned *n = arg;

	while (++*n)
		;
	return 0;
}

static unsigned *shared(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static bool moves(volatile unsigned *n)
{
	unsigned a = *n;

	env_nap(50);
	return *n != a;
}

static void round_trip(struct cg_host *h, struct cg *cg)
{
	unsigned *n = shared();
	struct err e = { 0 };
	pid_t pid;

	CHECK_EQ(cg_populated(cg, &e), 0);
	pid = env_spawn(cg, count_up, n);
	CHECK_EQ(cg_populated(cg, &e), 1);
	env_nap(20);
	CHECK(moves(n));
	CHECK_OK(cg_freeze(cg, true, 2000, &e), &e);
	CHECK(!moves(n));
	CHECK_OK(cg_freeze(cg, false, 2000, &e), &e);
	CHECK(moves(n));
	CHECK_OK(cg_freeze(cg, true, 2000, &e), &e);
	CHECK_OK(cg_kill(cg, &e), &e);			/* frozen ones die too */
	CHECK_EQ(env_status(pid), 128 + SIGKILL);
	CHECK_EQ(cg_populated(cg, &e), 0);
	CHECK_OK(cg_remove(h, cg->id, 20000, &e), &e);
	CHECK_EQ(cg_populated(cg, &e), 0);
}

TEST_ROOT(here)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");

	round_trip(h, cg);
	cg_close(cg);
	env_close(h);
}

TEST_ROOT(without_v2)
{
	struct cg_host *h = env_open();
	struct cg *cg;
	int v2;

	if (h->where[CG_CTL_FREEZER] < 0) {
		env_close(h);
		SKIP("no v1 freezer");
	}
	cg = env_group(h, "101");
	if (cg->v2 >= 0)
		close(cg->v2);
	cg->v2 = -1;
	v2 = h->v2;
	h->v2 = -1;
	round_trip(h, cg);
	h->v2 = v2;
	cg_close(cg);
	env_close(h);
}

static int forker(void *arg)
{
	(void)arg;
	while (fork() <= 0)
		;
	return 0;
}

/* A chain of processes that each fork and exit cannot outrun the kill. */
TEST_ROOT(kill_against_fork)
{
	struct cg_host *h = env_open();
	struct cg_conf c = { 0 };
	struct err e = { 0 };

	c.ubc[CG_NUMPROC] = env_pair(20, 20);
	for (int i = 0; i < 10; i++) {
		struct cg *cg = env_group(h, "101");
		pid_t pid;

		CHECK_OK(cg_apply(cg, &c, &e), &e);
		pid = env_spawn(cg, forker, NULL);
		env_nap(5);
		CHECK_OK(cg_kill(cg, &e), &e);
		env_status(pid);
		CHECK_OK(cg_remove(h, "101", 20000, &e), &e);
		cg_close(cg);
	}
	env_close(h);
}
