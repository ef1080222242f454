/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/classes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"

static const char *ranges(const struct net_classes *c, int family)
{
	static char out[1024];
	struct buf b = BUF_INIT;
	size_t n = family == AF_INET ? c->n4 : c->n6;

	for (size_t i = 0; i < n; i++) {
		const struct net_range *r = family == AF_INET ? &c->v4[i] : &c->v6[i];
		char from[64], to[64];

		inet_ntop(family, r->from, from, sizeof(from));
		inet_ntop(family, r->to, to, sizeof(to));
		buf_addf(&b, "%s%u:%s-%s", i ? " " : "", r->cls, from, to);
	}
	str_copy(out, sizeof(out), buf_str(&b));
	buf_done(&b);
	return out;
}

TEST(classes_cut)
{
	static const struct { const char *in, *v4, *v6; } t[] = {
		{ "1 0.0.0.0/0\n1 ::/0\n", "1:0.0.0.0-255.255.255.255", "1:::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "# nothing\n\n  # here", "", "" },
		{ "1 0/0\n2 10.0.0.0/8 # inside\n",
		  "1:0.0.0.0-9.255.255.255 2:10.0.0.0-10.255.255.255 1:11.0.0.0-255.255.255.255", "" },
		{ "2 10.0.0.0/8\n3 10.0.0.0/16\n0 10.0.0.5\n1 0/0",
		  "1:0.0.0.0-9.255.255.255 3:10.0.0.0-10.0.0.4 0:10.0.0.5-10.0.0.5 3:10.0.0.6-10.0.255.255 "
		  "2:10.1.0.0-10.255.255.255 1:11.0.0.0-255.255.255.255", "" },
		{ "4 255.255.255.255\n4 0.0.0.0", "4:0.0.0.0-0.0.0.0 4:255.255.255.255-255.255.255.255", "" },
		{ "5 10.0.0.0/9\n5 10.128.0.0/255.128.0.0", "5:10.0.0.0-10.255.255.255", "" },
		{ "6 2001:db8::/32\n7 2001:db8:ffff:ffff::/64", "",
		  "6:2001:db8::-2001:db8:ffff:fffe:ffff:ffff:ffff:ffff "
		  "7:2001:db8:ffff:ffff::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "1 0/0\n15 128.0.0.0/1\r\n", "1:0.0.0.0-127.255.255.255 15:128.0.0.0-255.255.255.255", "" },
	};
	struct net_classes c;
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CHECK_OK(net_classes_parse(t[i].in, &c, &e), &e);
		CHECK_STR(ranges(&c, AF_INET), t[i].v4);
		CHECK_STR(ranges(&c, AF_INET6), t[i].v6);
		net_classes_done(&c);
	}
}

TEST(classes_refused)
{
	static const struct { const char *in, *why; } t[] = {
		{ "16 10.0.0.0/8", "line 1 is not \"CLASS NETWORK\" with a class from 0 to 15" },
		{ "1 0/0\n1", "line 2 is not \"CLASS NETWORK\" with a class from 0 to 15" },
		{ "1 10.0.0.0/8 x", "line 1 is not \"CLASS NETWORK\" with a class from 0 to 15" },
		{ "1 10.0.0.0/33", "line 1: '10.0.0.0/33' is not a network like 10.0.0.0/8 or 2001:db8::/32" },
		{ "1 10.0.0.0/255.0.255.0", "line 1: '10.0.0.0/255.0.255.0' is not a network like 10.0.0.0/8 or 2001:db8::/32" },
		{ "1 10.0.0.0/8\n2 10.9.9.9/8", "the network that begins at 10.0.0.0 is given twice" },
	};
	struct net_classes c;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };

		CHECK_EQ(net_classes_parse(t[i].in, &c, &e), -EINVAL);
		CHECK_STR(e.text, t[i].why);
	}
}

TEST(classes_find)
{
	struct net_classes c, d;
	struct in_addr a;
	struct err e = { 0 };

	CHECK_OK(net_classes_parse("2 10.0.0.0/8\n3 10.1.0.0/16\n", &c, &e), &e);
	inet_pton(AF_INET, "10.1.2.3", &a);
	CHECK_EQ(net_classes_find(&c, AF_INET, &a), 3);
	inet_pton(AF_INET, "10.2.2.3", &a);
	CHECK_EQ(net_classes_find(&c, AF_INET, &a), 2);
	inet_pton(AF_INET, "11.2.2.3", &a);
	CHECK_EQ(net_classes_find(&c, AF_INET, &a), -1);
	CHECK_EQ(c.used, 1u << 2 | 1u << 3);
	CHECK_OK(net_classes_load("/nonexistent/networks_classes", &d, &e), &e);
	CHECK_EQ(net_classes_find(&d, AF_INET, &a), 1);
	CHECK(c.hash != d.hash);
	net_classes_done(&c);
	net_classes_done(&d);
}
