/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_net_lab.h"

TEST(net_open_names)
{
	static const char *const bad[] = { "", "a b", "vz;flush", "x/y", "0123456789012345678901234567890123456789" };
	struct net *n = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = { 0 };

		CHECK_ERR(net_open(bad[i], &n, &e), EINVAL);
		CHECK(!n && e.text[0]);
	}
	net_close(NULL);
}

TEST(net_vectors)
{
	auto_ip_vec struct ip_vec v = { 0 };
	struct str_list l = { 0 };
	struct err e = { 0 };

	CHECK_OK(ip_vec_parse(&v, NULL, &e), &e);
	CHECK_EQ(v.n, 0);
	lab_ips(&l, "10.0.0.1/24 0.0.0.0 10.0.0.2 10.0.0.1 :: 10.0.0.3");
	CHECK_OK(ip_vec_parse(&v, &l, &e), &e);
	CHECK_EQ(v.n, 4);
	CHECK_STR(v.text[0], "10.0.0.1");
	CHECK(ip_vec_first(&v, 0) && ip_vec_first(&v, 1) && !ip_vec_first(&v, 2));
	CHECK(ip_vec_has_family(&v, AF_INET) && !ip_vec_has_family(&v, AF_INET6));
	str_list_clear(&l);
}

TEST_ROOT(net_conflict)
{
	static const struct { const char *ip; int rc; const char *owner; } t[] = {
		{ "10.9.0.1", 1, "vz1" }, { "10.9.0.2", 0, "" }, { "10.9.0.3", 0, "" }, { LAB_HOST4, 2, "" },
		{ "fd09::1", 1, "vz1" }, { "fd09::3", 0, "" }, { LAB_HOST6, 2, "" }, { "192.0.2.1", 2, "" },
		{ "192.0.2.200", NET_IP_FREE, "" }, { "2001:db8::1", 2, "" }, { "192.0.2.255", NET_IP_BROADCAST, "" },
	};
	struct lab l;
	struct net_ip ip;
	char owner[16];

	lab_init(&l, NULL, NULL);
	lab_outside(&l, false);
	lab_up(&l, 1, "10.9.0.1 fd09::1");
	lab_up(&l, 2, "10.9.0.2");
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CHECK_OK(net_ip_parse(t[i].ip, &ip, &l.e), &l.e);
		CHECK_EQ(net_ip_conflict(l.net, 2, &ip, owner, &l.e), t[i].rc);
		CHECK_STR(owner, t[i].owner);
	}
	lab_done(&l);
}
