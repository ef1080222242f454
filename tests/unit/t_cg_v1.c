/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_v1.c: a child moves itself into every hierarchy before it does anything else. */
#include "tests/unit/cg_env.h"

/* 0: every line of /proc/self/cgroup that is of interest ends in our group. */
static int where_am_i(void *arg)
{
	const struct cg_host *h = arg;
	char buf[4096], *p = buf, *line;
	auto_close int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	unsigned in = 0;
	char here[64];

	str_fmt(here, sizeof(here), ":/%s/101", h->parent);
	if (fd < 0 || cg_read_fd(fd, buf, sizeof(buf)) < 0)
		return 90;
	while ((line = strsep(&p, "\n")))
		if (strstr(line, here))
			in++;
	return in == h->n ? 0 : 91;
}

TEST_ROOT(joins_all)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_join j;
	struct err e = { 0 };

	CHECK_OK(cg_join_open(cg, &j, &e), &e);
	CHECK_EQ(j.n, h->n - (h->v2 >= 0));
	for (unsigned i = 0; i < j.n; i++)
		CHECK(fcntl(j.fd[i], F_GETFD) & FD_CLOEXEC);
	cg_join_close(&j);
	CHECK_EQ(j.n, 0);
	CHECK_EQ(cg_join_self(&j), 0);
	CHECK_EQ(env_run(cg, where_am_i, h), 0);
	cg_close(cg);
	env_close(h);
}

TEST_ROOT(gone)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_join j;
	struct err e = { 0 };

	CHECK_OK(cg_remove(h, "101", 20000, &e), &e);
	if (h->n > (h->v2 >= 0 ? 1u : 0u))
		CHECK_ERR(cg_join_open(cg, &j, &e), ENOENT);
	cg_close(cg);
	env_close(h);
}

TEST_ROOT(cpuset_is_usable)
{
	struct cg_host *h = env_open();
	struct cg *cg;

	env_need(h, "cpuset");
	cg = env_group(h, "101");
	if (!cg_on_v2(h, CG_CTL_CPUSET)) {
		CHECK(*env_file(cg, CG_CTL_CPUSET, "cpuset.cpus"));
		CHECK(*env_file(cg, CG_CTL_CPUSET, "cpuset.mems"));
	}
	cg_close(cg);
	env_close(h);
}
