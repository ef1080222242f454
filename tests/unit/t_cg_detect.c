/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_detect.c: mount tables of different hosts, and this one. */
#include "tests/unit/cg_env.h"

#include "util/str.h"

static void lines(struct cg_host *h, const char *const *v, size_t n)
{
	memset(h, 0, sizeof(*h));
	str_copy(h->parent, sizeof(h->parent), "vz");
	h->v2 = h->monitor = -1;
	for (int i = 0; i < CG_CTL_N; i++)
		h->where[i] = -1;
	for (size_t i = 0; i < n; i++) {
		char line[512];

		str_copy(line, sizeof(line), v[i]);
		cg_detect_line(h, line);
	}
}

TEST(hybrid)
{
	static const char *const t[] = {
		"23 1 0:21 / /sys rw - sysfs sysfs rw",
		"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct",
		"33 31 0:30 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio",
		"34 31 0:31 / /sys/fs/cgroup/net_cls rw - cgroup cgroup rw,net_cls",
		"35 31 0:32 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd",
		"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
		"42 31 0:38 / /mnt/again rw,relatime - cgroup2 cgroup2 rw",
		"43 31 0:29 /vz/101 /ct/cpu rw - cgroup cgroup rw,cpu,cpuacct",
		"44 31 0:50 / /sys/fs/cgroup/named rw - cgroup cgroup rw,name=other",
	};
	struct cg_host h;

	lines(&h, t, ARRAY_SIZE(t));
	CHECK_EQ(h.n, 4);
	CHECK_EQ(h.where[CG_CTL_CPU], 0);
	CHECK_EQ(h.where[CG_CTL_CPUACCT], 0);
	CHECK_EQ(h.where[CG_CTL_IO], 1);
	CHECK_EQ(h.where[CG_CTL_MEMORY], -1);
	CHECK_EQ(h.v2, 3);
	CHECK_STR(h.hier[0].path, "/sys/fs/cgroup/cpu,cpuacct/vz");
	CHECK_STR(h.hier[3].path, "/sys/fs/cgroup/unified/vz");
	CHECK(cg_host_has(&h, "io") && cg_host_has(&h, "blkio") && !cg_host_has(&h, "memory"));
	CHECK(cg_host_has(&h, "devices") && cg_host_has(&h, "freezer"));	/* of the v2 tree */
	CHECK(!cg_host_is_v2(&h, "cpu") && cg_host_is_v2(&h, "devices"));
	CHECK(!cg_host_has(&h, "nonsense"));
	CHECK(!cg_host_has_swap_limit(&h));
}

TEST(broken_lines)
{
	static const char *const t[] = {
		"", " - ", "1 2 3", "1 2 3:4 / - cgroup", " - cgroup2 ", "1 2 0:3 / /x rw - cgroup cgroup",
		"1 2 0:3 / /a\\040b rw - cgroup2 cgroup2 rw", "1 2 0:3 /sub /x rw - cgroup2 cgroup2 rw",
		"1 2 0:3 / /x rw - cgroup cgroup rw,cpufoo,name=systemdx",
	};
	struct cg_host h;

	lines(&h, t, ARRAY_SIZE(t));
	CHECK_EQ(h.n, 0);
}

TEST(too_many)
{
	struct cg_host h;

	lines(&h, NULL, 0);
	for (int i = 0; i < 40; i++) {
		char line[128];

		/* each a different set, as no kernel has them */
		str_fmt(line, sizeof(line), "1 2 0:%d / /h%d rw - cgroup cgroup rw%s%s%s%s%s%s", i, i, i & 1 ? ",cpu" : "",
			i & 2 ? ",memory" : "", i & 4 ? ",pids" : "", i & 8 ? ",blkio" : "", i & 16 ? ",cpuset" : "",
			i & 32 ? ",devices" : "");
		cg_detect_line(&h, line);
	}
	CHECK_EQ(h.n, CG_HIER_MAX);
}

TEST(count)
{
	char hybrid[] = "9:name=systemd:/\n8:pids:/\n3:net_cls,net_prio:/\n2:cpu,cpuacct:/user\n0::/\n";
	char pure[] = "0::/user.slice\n", junk[] = "\n:::\nabc\n12\n";

	CHECK_EQ(cg_detect_count(hybrid), 4);
	CHECK_EQ(cg_detect_count(pure), 1);
	CHECK_EQ(cg_detect_count(junk), 0);
}

TEST(v2_controllers)
{
	struct cg_host h;

	lines(&h, (const char *const[]){ "1 2 0:3 / /sys/fs/cgroup rw - cgroup2 none rw" }, 1);
	cg_detect_v2_controllers(&h, "cpuset io memory hugetlb pids rdma misc\n");
	CHECK_EQ(h.where[CG_CTL_CPU], -1);
	CHECK_EQ(h.where[CG_CTL_CPUSET], 0);
	CHECK_EQ(h.where[CG_CTL_PIDS], 0);
	CHECK(cg_host_is_v2(&h, "memory") && cg_host_is_v2(&h, "io") && !cg_host_is_v2(&h, "cpu"));
	cg_detect_v2_controllers(&h, "");
	cg_detect_v2_controllers(&h, "cpu");
	CHECK_EQ(h.where[CG_CTL_CPU], 0);
}

TEST(bad_parent)
{
	static const char *const t[] = { "", ".", "..", "a/b", "a\nb" };
	struct cg_host *h;
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		CHECK_ERR(cg_host_open(t[i], &h, &e), EINVAL);
}

TEST_ROOT(this_host)
{
	struct cg_host *h = env_open();

	CHECK(h->n > 0);
	CHECK(cg_host_has(h, "memory") && cg_host_has(h, "pids") && cg_host_has(h, "cpu"));
	if (h->v2 >= 0)
		CHECK(cg_host_monitor_fd(h) >= 0);
	env_close(h);
}
