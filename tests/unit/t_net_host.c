/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_net_lab.h"

static void sysctl_eq(const char *path, const char *want)
{
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };

	CHECK_OK(fio_read_at(AT_FDCWD, path, &b, &e), &e);
	CHECK_STR(buf_str(&b), want);
}

TEST_ROOT(net_host_forwarding_keeps_router_advertisements)
{
	struct net_host_conf c = { .table = "vz" };
	struct lab l;

	memset(&l, 0, sizeof(l));
	CHECK(unshare(CLONE_NEWNET) == 0);
	l.host = lab_self();
	CHECK_OK(net_open("vz", &l.net, &l.e), &l.e);
	CHECK_OK(net_rt(l.net, &l.e), &l.e);
	lab_outside(&l, false);
	CHECK_OK(fio_control(AT_FDCWD, "/proc/sys/net/ipv6/conf/up0/accept_ra", "1", &l.e), &l.e);
	CHECK_OK(fio_control(AT_FDCWD, "/proc/sys/net/ipv6/conf/all/forwarding", "0", &l.e), &l.e);
	CHECK_OK(fio_control(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", "0", &l.e), &l.e);
	CHECK_OK(net_host_setup(l.net, &c, &l.e), &l.e);	/* not asked for */
	sysctl_eq("/proc/sys/net/ipv4/ip_forward", "0\n");
	c.forward = true;
	CHECK_OK(net_host_setup(l.net, &c, &l.e), &l.e);
	sysctl_eq("/proc/sys/net/ipv4/ip_forward", "1\n");
	sysctl_eq("/proc/sys/net/ipv6/conf/all/forwarding", "1\n");
	sysctl_eq("/proc/sys/net/ipv6/conf/up0/accept_ra", "2\n");
	CHECK_OK(fio_control(AT_FDCWD, "/proc/sys/net/ipv6/conf/up0/accept_ra", "1", &l.e), &l.e);
	CHECK_OK(net_host_setup(l.net, &c, &l.e), &l.e);	/* the admin's word stands */
	sysctl_eq("/proc/sys/net/ipv6/conf/up0/accept_ra", "1\n");
	lab_done(&l);
}

static int count_masquerade(void)
{
	auto_buf struct buf b = BUF_INIT;
	int n = 0;

	lab_nft(&b, "list", "ruleset", NULL, NULL);
	for (const char *p = buf_str(&b); (p = strstr(p, "masquerade")); p++)
		n++;
	return n;
}

TEST_ROOT(net_host_setup_keeps_what_runs)
{
	struct net_host_conf c = { .table = "vz", .pool4 = "10.9.0.0/16" };
	struct lab l;
	int a, rules = 0;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 1, "10.9.0.1 fd09::1");
	for (int i = 0; i < 3; i++) {
		CHECK_OK(net_host_setup(l.net, &c, &l.e), &l.e);
		if (i == 0)
			rules = count_masquerade();
	}
	CHECK_EQ(lab_elements(&l), 2);
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.1", NULL), 2);
	CHECK(rules > 0);
	CHECK_EQ(count_masquerade(), rules);
	lab_done(&l);
}

TEST_ROOT(net_host_bad_pools)
{
	static const struct { const char *p4, *p6, *text; } t[] = {
		{ "10.9.0.0/40", "", "IPv4 pool: '10.9.0.0/40': the prefix length must be 1 to 32" },
		{ "fd00::/64", NULL, "IPv4 pool: 'fd00::/64' is of the other family" },
		{ NULL, "10.0.0.0/8", "IPv6 pool: '10.0.0.0/8' is of the other family" },
		{ "nonsense", NULL, "IPv4 pool: 'nonsense' is not an IPv4 or IPv6 address" },
	};
	struct lab l;

	lab_init(&l, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct net_host_conf c = { .table = "vz", .pool4 = t[i].p4, .pool6 = t[i].p6 };

		err_clear(&l.e);
		CHECK_EQ(net_host_setup(l.net, &c, &l.e), -EINVAL);
		CHECK_STR(l.e.text, t[i].text);
	}
	lab_done(&l);
}
