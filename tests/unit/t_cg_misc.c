/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_misc.c: the number of processes. */
#include "tests/unit/cg_env.h"

TEST(meaning)
{
	struct cg_conf c = { 0 };

	CHECK_EQ(cg_conf_pids(&c), NUM_UNLIMITED);
	c.ubc[CG_NUMPROC] = env_pair(10, 20);
	CHECK_EQ(cg_conf_pids(&c), 10);
	c.ubc[CG_NUMPROC] = env_pair(0, 20);
	CHECK_EQ(cg_conf_pids(&c), 20);
	c.ubc[CG_NUMPROC] = env_pair(INT_MAX, INT_MAX);
	CHECK_EQ(cg_conf_pids(&c), NUM_UNLIMITED);
}

TEST_ROOT(check)
{
	struct cg_host *h = env_open();
	struct cg_conf c = { 0 };
	struct err e = { 0 };

	c.ubc[CG_NUMPROC] = env_pair(1 << 23, 1 << 23);
	CHECK_ERR(cg_check(h, &c, &e), ERANGE);
	c.ubc[CG_NUMPROC] = env_pair(0, 0);
	CHECK_ERR(cg_check(h, &c, &e), EINVAL);
	c.ubc[CG_NUMPROC] = env_pair(100, 100);
	CHECK_OK(cg_check(h, &c, &e), &e);
	env_close(h);
}

/* How many children can be had at once. */
static int forks(void *arg)
{
	int n = 0;

	(void)arg;
	for (; n < 50; n++) {
		pid_t pid = fork();

		if (pid < 0)
			return errno == EAGAIN ? n : 96;
		if (pid == 0)
			_exit(env_sleep(NULL));
	}
	return n;
}

TEST_ROOT(bites)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_conf c = { 0 };
	struct cg_stat s;
	struct err e = { 0 };

	c.ubc[CG_NUMPROC] = env_pair(6, 8);
	CHECK_OK(cg_apply(cg, &c, &e), &e);
	CHECK_EQ(env_run(cg, forks, NULL), 5);
	CHECK_OK(cg_stat(cg, &s, &e), &e);
	CHECK_EQ(s.pids, 5);
	CHECK_EQ(s.pids_fail, 1);
	CHECK_OK(cg_kill(cg, &e), &e);
	CHECK_OK(cg_remove(h, "101", 20000, &e), &e);
	cg_close(cg);
	env_close(h);
}
