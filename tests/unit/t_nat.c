/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/nat.h"

#include <errno.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"

TEST(nat_forward_reads)
{
	static const struct { const char *in, *out; } t[] = {
		{ "tcp 8080 to 80", "tcp 8080 to 80" },
		{ "udp 53", "udp 53" },
		{ "tcp 80 to 80", "tcp 80" },
		{ "tcp 8000-8010 to 9000-9010", "tcp 8000-8010 to 9000" },
		{ "tcp 192.0.2.1:80 to 10.0.0.5:8080", "tcp 192.0.2.1:80 to 10.0.0.5:8080" },
		{ "tcp [2001:DB8::1]:80 to [fd00::1]:80", "tcp [2001:db8::1]:80 to [fd00::1]:80" },
		{ "", NULL }, { "tcp", NULL }, { "icmp 8", NULL }, { "tcp 0", NULL }, { "tcp 65536", NULL }, { "tcp 9-1", NULL },
		{ "tcp 1-2000", NULL }, { "tcp 80 8080", NULL }, { "tcp 80 to", NULL }, { "tcp 1-3 to 10-11", NULL },
		{ "tcp 60000-60010 to 65530", NULL }, { "tcp 192.0.2.1:80 to [fd00::1]:80", NULL }, { "tcp 0.0.0.0:80", NULL },
		{ "tcp 80; udp 80", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct buf b = BUF_INIT;
		struct err e = { 0 };
		struct nat_fwd f;
		int rc = nat_fwd_parse(t[i].in, &f, &e);

		CHECK_EQ(rc < 0, !t[i].out);
		if (rc == 0 && t[i].out) {
			nat_fwd_print(&f, &b);
			CHECK_STR(buf_str(&b), t[i].out);
		}
		buf_done(&b);
	}
}

TEST(nat_lines_of_a_container)
{
	struct net_conf c = { 0 };
	struct str_list l = { 0 };
	struct err e = { 0 };

	CHECK_EQ(str_list_add(&c.forward, "tcp 8080 to 80", &e), 0);
	CHECK_EQ(nat_lines(101, &c, &l, &e), -EINVAL);
	CHECK(strstr(e.text, "nowhere to go"));
	err_clear(&e);
	CHECK_EQ(str_list_add(&c.ip, "10.0.0.5/24", &e), 0);
	CHECK_EQ(str_list_add(&c.ip, "10.0.0.6", &e), 0);
	CHECK_EQ(str_list_add(&c.ip, "fd00::5", &e), 0);
	CHECK_EQ(str_list_add(&c.netif, "ifname=eth0,bridge=br0", &e), 0);
	CHECK_EQ(nat_lines(101, &c, &l, &e), 0);
	CHECK_EQ(l.n, 4u);
	CHECK_STR(l.v[0], "nat fwd tcp 8080 to 10.0.0.5:80");
	CHECK_STR(l.v[1], "nat fwd tcp 8080 to [fd00::5]:80");
	CHECK_STR(l.v[2], "nat hairpin vz101");
	CHECK_STR(l.v[3], "nat hairpin br0");
	str_list_clear(&c.forward);
	str_list_clear(&c.ip);
	str_list_clear(&c.netif);
	str_list_clear(&l);
}

TEST(nat_one_port_leads_to_one_place)
{
	static const struct { const char *a, *b; int rc; } t[] = {
		{ "tcp 8080 to 80", "tcp 8080 to 81", -EINVAL },
		{ "tcp 8080 to 80", "udp 8080 to 81", 0 },
		{ "tcp 8080 to 80", "tcp 8081 to 81", 0 },
		{ "tcp 8000-8010", "tcp 8010 to 80", -EINVAL },
		{ "tcp 8010 to 80", "tcp 8000-8010", -EINVAL },
		{ "tcp 8000-8010", "tcp 8011 to 80", 0 },
		{ "tcp 8000-8010", "tcp 8005", 0 },			/* the same place, said twice */
		{ "tcp 8080 to 80", "tcp 8080 to 10.0.0.6:80", -EINVAL },
		{ "tcp 192.0.2.1:80", "tcp 192.0.2.2:80 to 81", 0 },	/* two addresses of the host */
		{ "tcp 192.0.2.1:80", "tcp 192.0.2.1:80 to 81", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct net_conf c = { 0 };
		struct str_list l = { 0 };
		struct err e = { 0 };
		int rc;

		CHECK_EQ(str_list_add(&c.ip, "10.0.0.5", &e), 0);
		CHECK_EQ(str_list_add(&c.forward, t[i].a, &e), 0);
		CHECK_EQ(str_list_add(&c.forward, t[i].b, &e), 0);
		rc = nat_lines(101, &c, &l, &e);
		if (rc != t[i].rc)
			test_fail(__FILE__, __LINE__, "'%s' and '%s': %d %s", t[i].a, t[i].b, rc, e.text);
		str_list_clear(&c.forward);
		str_list_clear(&c.ip);
		str_list_clear(&l);
	}
}
