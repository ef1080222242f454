/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/net.h"

#include <string.h>
#include <sys/socket.h>

#include "tests/lib/test.h"

TEST(ip_parse)
{
	static const struct { const char *in, *with, *without; } t[] = {
		{ "10.0.0.1", "10.0.0.1", "10.0.0.1" },
		{ "10.0.0.1/32", "10.0.0.1", "10.0.0.1" },
		{ "10.0.0.1/24", "10.0.0.1/24", "10.0.0.1" },
		{ "10.0.0.1/255.255.255.0", "10.0.0.1/24", "10.0.0.1" },
		{ "10.0.0.1/255.255.255.255", "10.0.0.1", "10.0.0.1" },
		{ "10.0.0.1/128.0.0.0", "10.0.0.1/1", "10.0.0.1" },
		{ "2001:DB8:0:0::1", "2001:db8::1", "2001:db8::1" },
		{ "fd00::1/64", "fd00::1/64", "fd00::1" },
		{ "fd00::1/128", "fd00::1", "fd00::1" },
		{ "0.0.0.0", "0.0.0.0", "0.0.0.0" },
		{ "::0", "::", "::" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127", NULL, NULL },
		{ "2001:ffff:ffff:ffff:ffff:ffff:255.255.255.254/127", "2001:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127",
		  "2001:ffff:ffff:ffff:ffff:ffff:ffff:fffe" },
	};
	char out[64];

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };
		struct net_ip ip;

		if (!t[i].with) {
			CHECK_ERR(net_ip_parse(t[i].in, &ip, &e), EINVAL);
			continue;
		}
		CHECK_OK(net_ip_parse(t[i].in, &ip, &e), &e);
		CHECK_EQ(net_ip_print(&ip, true, out, sizeof(out)), 0);
		CHECK_STR(out, t[i].with);
		CHECK_EQ(net_ip_print(&ip, false, out, sizeof(out)), 0);
		CHECK_STR(out, t[i].without);
		CHECK_EQ(net_ip_print(&ip, true, out, 2), -ENAMETOOLONG);
	}
}

TEST(ip_refused)
{
	static const struct { const char *in, *text; } t[] = {
		{ "", "'' is not an IPv4 or IPv6 address" },
		{ "10.0.0", "'10.0.0' is not an IPv4 or IPv6 address" },
		{ "10.0.0.256", "'10.0.0.256' is not an IPv4 or IPv6 address" },
		{ "010.0.0.1", "'010.0.0.1' is not an IPv4 or IPv6 address" },
		{ "10.0.0.1 ", "'10.0.0.1 ' is not an IPv4 or IPv6 address" },
		{ "fe80::1%eth0", "'fe80::1%eth0' is not an IPv4 or IPv6 address" },
		{ "10.0.0.1/", "'10.0.0.1/': '' is neither a prefix length nor a network mask" },
		{ "10.0.0.1/33", "'10.0.0.1/33': the prefix length must be 1 to 32" },
		{ "10.0.0.1/0", "'10.0.0.1/0': the prefix length must be 1 to 32" },
		{ "10.0.0.1/-1", "'10.0.0.1/-1': '-1' is neither a prefix length nor a network mask" },
		{ "10.0.0.1/255.0.255.0", "'10.0.0.1/255.0.255.0': '255.0.255.0' is neither a prefix length nor a network mask" },
		{ "10.0.0.1/24/3", "'10.0.0.1/24/3': '24/3' is neither a prefix length nor a network mask" },
		{ "fd00::1/129", "'fd00::1/129': the prefix length must be 1 to 128" },
		{ "fd00::1/255.255.255.0",
		  "'fd00::1/255.255.255.0': '255.255.255.0' is neither a prefix length nor a network mask" },
		{ "127.0.0.1", "'127.0.0.1' cannot be given to a container: it is a loopback address" },
		{ "224.0.0.1", "'224.0.0.1' cannot be given to a container: it is a multicast address" },
		{ "255.255.255.255", "'255.255.255.255' cannot be given to a container: it is the broadcast address" },
		{ "0.0.0.1", "'0.0.0.1' cannot be given to a container: 0.0.0.0/8 is no address of a host" },
		{ "::/1", "'::/1' is more than any network is given: /8 at the widest" },
		{ "8000::/1", "'8000::/1' is more than any network is given: /8 at the widest" },
		{ "0.0.0.0/1", "'0.0.0.0/1' is more than any network is given: /8 at the widest" },
		{ "241.0.0.1", "'241.0.0.1' cannot be given to a container: 240.0.0.0/4 is reserved" },
		{ "::1", "'::1' cannot be given to a container: it is the loopback address" },
		{ "ff02::1", "'ff02::1' cannot be given to a container: it is a multicast address" },
		{ "fe80::1/64", "'fe80::1/64' cannot be given to a container: a link-local address cannot be routed" },
		{ "::ffff:1.2.3.4", "'::ffff:1.2.3.4' cannot be given to a container: write an IPv4 address as a.b.c.d" },
		{ "10.0.0.1/18446744073709551640", "'10.0.0.1/18446744073709551640': '18446744073709551640' is neither a "
		  "prefix length nor a network mask" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };
		struct net_ip ip;

		CHECK_ERR(net_ip_parse(t[i].in, &ip, &e), EINVAL);
		CHECK_STR(e.text, t[i].text);
	}
}

TEST(ip_long)
{
	struct err e = { 0 };
	struct net_ip ip;
	char s[4096];

	memset(s, '1', sizeof(s) - 1);
	s[sizeof(s) - 1] = '\0';
	CHECK_ERR(net_ip_parse(s, &ip, &e), EINVAL);
	CHECK(strstr(e.text, "too long for an address"));
}

TEST(ip_compare)
{
	struct err e = { 0 };
	struct net_ip a, b, c, any;

	CHECK_OK(net_ip_parse("10.0.0.1/24", &a, &e), &e);
	CHECK_OK(net_ip_parse("10.0.0.1", &b, &e), &e);
	CHECK_OK(net_ip_parse("a00:1::", &c, &e), &e);	/* the same first four bytes */
	CHECK(net_ip_equal(&a, &b) && !net_ip_equal(&a, &c));
	CHECK(!net_ip_is_any(&a));
	CHECK_OK(net_ip_parse("0.0.0.0/0", &any, &e), &e);
	CHECK(net_ip_is_any(&any));
	CHECK_OK(net_ip_parse("::", &any, &e), &e);
	CHECK(net_ip_is_any(&any));
}

TEST(ip_prefixes)
{
	static const struct { const char *in; bool net; const char *inside; } t[] = {
		{ "2001:db8:1:2::/64", true, "2001:db8:1:2::1/64" }, { "2001:db8:1:2::1/64", false, "2001:db8:1:2::1/64" },
		{ "2001:db8::/127", false, "2001:db8::/127" }, { "2001:db8::", false, "2001:db8::" },
		{ "10.9.1.0/28", true, "10.9.1.1/28" }, { "10.9.1.8/28", false, "10.9.1.8/28" }, { "10.9.1.8/29", true, "10.9.1.9/29" },
		{ "10.9.1.0/31", false, "10.9.1.0/31" }, { "10.0.0.0/8", true, "10.0.0.1/8" },
	};
	struct net_ip ip, net, in;
	struct err e = { 0 };
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CHECK_OK(net_ip_parse(t[i].in, &ip, &e), &e);
		CHECK_EQ(net_ip_is_net(&ip), t[i].net);
		in = net_ip_inside(&ip);
		CHECK_EQ(net_ip_print(&in, true, text, sizeof(text)), 0);
		CHECK_STR(text, t[i].inside);
	}
	CHECK_OK(net_ip_parse("10.9.1.8/29", &net, &e), &e);
	CHECK_OK(net_ip_parse("10.9.1.15", &ip, &e), &e);
	CHECK(net_ip_within(&ip, &net));
	CHECK_OK(net_ip_parse("10.9.1.16", &ip, &e), &e);
	CHECK(!net_ip_within(&ip, &net));
}
