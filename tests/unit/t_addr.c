/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_net_lab.h"

static int keep(const struct net_ip *ip, void *arg)
{
	struct err e = { 0 };

	if (ip->family == AF_INET ? ip->v4.s_addr == htonl(INADDR_LOOPBACK) : IN6_IS_ADDR_LOOPBACK(&ip->v6))
		return 0;
	return ip_vec_add(arg, ip, &e);
}

TEST_ROOT(addr_add_list_remove)
{
	static const char *const ips[] = { "10.1.2.3", "10.1.2.4/24", "fd00::7", "fd00::8/64" };
	auto_ip_vec struct ip_vec v = { 0 };
	struct nl nl = { 0 };
	struct err e = { 0 };
	struct nl_batch b;
	struct net_ip ip;
	unsigned routes = 0;

	CHECK(unshare(CLONE_NEWNET) == 0);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &e), &e);
	lab_flags(&nl, "lo", IFF_UP, IFF_UP, &e);
	nl_batch_begin(&b, &nl, &e);
	for (size_t i = 0; i < ARRAY_SIZE(ips); i++) {
		CHECK_OK(net_ip_parse(ips[i], &ip, &e), &e);
		addr_put(&b, true, 1, &ip, ips[i]);
	}
	CHECK_OK(nl_batch_end(&b), &e);
	CHECK_OK(addr_each(&nl, 1, keep, &v, &e), &e);
	CHECK_EQ(v.n, 4);
	for (size_t i = 0; i < ARRAY_SIZE(ips); i++) {
		const struct net_ip *have;

		CHECK_OK(net_ip_parse(ips[i], &ip, &e), &e);
		have = ip_vec_find(&v, &ip);
		CHECK(have && have->prefix == ip.prefix);
	}
	CHECK_OK(route_each(&nl, 1, lab_count_route, &routes, &e), &e);
	CHECK_EQ(routes, 0);				/* no address makes a route of its own */
	nl_batch_begin(&b, &nl, &e);
	CHECK_OK(net_ip_parse("10.1.2.4/16", &ip, &e), &e);
	addr_put(&b, false, 1, &ip, "wrong prefix");
	CHECK_EQ(nl_batch_end(&b), -EADDRNOTAVAIL);
	err_clear(&e);
	nl_batch_begin(&b, &nl, &e);
	for (size_t i = 0; i < v.n; i++)
		addr_put(&b, false, 1, &v.ip[i], v.text[i]);
	CHECK_OK(nl_batch_end(&b), &e);
	ip_vec_done(&v);
	CHECK_OK(addr_each(&nl, 1, keep, &v, &e), &e);
	CHECK_EQ(v.n, 0);
	nl_close(&nl);
}
