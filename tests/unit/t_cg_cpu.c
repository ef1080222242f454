/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_cpu.c: quota and weight as numbers, in the files, and felt. */
#include "tests/unit/cg_env.h"

#include "util/str.h"

TEST(quota)
{
	static const struct { int limit, cpus; uint64_t want; } t[] = {
		{ -1, -1, 0 }, { 0, -1, 0 }, { 50, -1, 50 }, { -1, 2, 200 }, { 150, 1, 100 }, { 150, 2, 150 }, { 0, 1, 100 },
		{ 30, 0, 30 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct cg_conf c = { 0 };

		if (t[i].limit >= 0)
			c.cpulimit = env_opt((uint64_t)t[i].limit);
		if (t[i].cpus >= 0)
			c.cpus = env_opt((uint64_t)t[i].cpus);
		CHECK_EQ(cg_conf_quota(&c), t[i].want);
	}
}

TEST(weight)
{
	static const struct { uint64_t units; unsigned want; } t[] = {
		{ 8, 1 }, { 10, 1 }, { 1000, 100 }, { 100000, 10000 }, { 500000, 10000 },
	};
	struct cg_conf c = { 0 };

	CHECK_EQ(cg_conf_weight_v2(&c), 100);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		c.cpuunits = env_opt(t[i].units);
		CHECK_EQ(cg_conf_weight_v2(&c), t[i].want);
	}
}

TEST_ROOT(check)
{
	struct cg_host *h = env_open();
	struct cg_conf c = { .cpuunits = env_opt(7) };
	struct err e = { 0 };

	CHECK_ERR(cg_check(h, &c, &e), ERANGE);
	c = (struct cg_conf){ .cpumask = (char *)"0,4000" };
	if (cg_host_has(h, "cpuset")) {
		CHECK_ERR(cg_check(h, &c, &e), EINVAL);
		CHECK(strstr(e.text, "4000"));
		c.cpumask = (char *)"0";
		CHECK_OK(cg_check(h, &c, &e), &e);
		c.cpumask = (char *)"auto";
		CHECK_ERR(cg_check(h, &c, &e), EINVAL);
		c = (struct cg_conf){ .nodemask = (char *)"63" };
		CHECK(cg_check(h, &c, &e) < 0);
	}
	c = (struct cg_conf){ .cpumask = (char *)"all", .nodemask = (char *)"all" };
	CHECK_OK(cg_check(h, &c, &e), &e);
	env_close(h);
}

TEST_ROOT(files)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_conf c = { .cpuunits = env_opt(2000), .cpulimit = env_opt(250), .cpus = env_opt(2) }, none = { 0 };
	bool v2 = cg_on_v2(h, CG_CTL_CPU);
	struct err e = { 0 };

	for (int live = 0; live < 2; live++) {
		CHECK_OK(live ? cg_apply_cpu(cg, &c, &e) : cg_apply(cg, &c, &e), &e);
		CHECK_STR(env_file(cg, CG_CTL_CPU, v2 ? "cpu.weight" : "cpu.shares"), v2 ? "200" : "2000");
		CHECK_STR(env_file(cg, CG_CTL_CPU, v2 ? "cpu.max" : "cpu.cfs_quota_us"), v2 ? "200000 100000" : "200000");
		CHECK_OK(cg_apply_cpu(cg, &none, &e), &e);
		CHECK_STR(env_file(cg, CG_CTL_CPU, v2 ? "cpu.weight" : "cpu.shares"), v2 ? "100" : "1024");
		CHECK_STR(env_file(cg, CG_CTL_CPU, v2 ? "cpu.max" : "cpu.cfs_quota_us"), v2 ? "max 100000" : "-1");
	}
	cg_close(cg);
	env_close(h);
}

TEST_ROOT(mask)
{
	struct cg_host *h = env_open();
	struct cg_conf c = { .cpumask = (char *)"0" }, none = { 0 };
	struct err e = { 0 };
	struct cg *cg;
	char all[256];

	env_need(h, "cpuset");
	cg = env_group(h, "101");
	str_copy(all, sizeof(all), env_file(cg, CG_CTL_CPUSET, "cpuset.cpus"));
	CHECK_OK(cg_apply(cg, &c, &e), &e);
	CHECK_STR(env_file(cg, CG_CTL_CPUSET, "cpuset.cpus"), "0");
	CHECK_OK(cg_apply_cpu(cg, &none, &e), &e);
	CHECK_STR(env_file(cg, CG_CTL_CPUSET, "cpuset.cpus"), all);
	cg_close(cg);
	env_close(h);
}

static int burn(void *arg)
{
	env_burn(*(unsigned *)arg);
	return 0;
}

TEST_ROOT(throttled)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_conf c = { .cpulimit = env_opt(5) };
	struct cg_stat s;
	struct err e = { 0 };
	unsigned ms = 60;
	int64_t t0 = sys_now_ms();

	CHECK_OK(cg_apply(cg, &c, &e), &e);
	CHECK_EQ(env_run(cg, burn, &ms), 0);
	CHECK(sys_now_ms() - t0 >= 600);			/* 5 ms in each tenth of a second, twelve of them */
	CHECK_OK(cg_stat(cg, &s, &e), &e);
	CHECK(s.throttled_usec > 0);				/* how long: a busy machine leaves less to take away */
	CHECK(s.cpu_usec >= 55000);
	cg_close(cg);
	env_close(h);
}
