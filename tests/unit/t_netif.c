/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/netif.h"

#include <errno.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/str.h"

static const char *print(const struct net_if *f)
{
	static char out[600];
	struct buf b = BUF_INIT;

	net_if_print(f, &b);
	str_copy(out, sizeof(out), buf_str(&b));
	buf_done(&b);
	return out;
}

TEST(netif_parse)
{
	static const struct { const char *in, *out; } t[] = {
		{ "ifname=eth0", "ifname=eth0" },
		{ "mac=00:18:51:a:0B:c,ifname=eth0", "ifname=eth0,mac=00:18:51:0A:0B:0C" },
		{ "mac_filter=off, host_mac=00:18:51:00:00:02 ,host_ifname=veth101.0,mac=00:18:51:00:00:01,bridge=vmbr0,ifname=eth0",
		  "ifname=eth0,bridge=vmbr0,mac=00:18:51:00:00:01,host_ifname=veth101.0,host_mac=00:18:51:00:00:02,mac_filter=off" },
		{ "ifname=eth0,bridge=vmbr0v12f", "ifname=eth0,bridge=vmbr0v12f" },
		{ "gw=10.0.0.1,ifname=eth0,dhcp=yes,configure", "ifname=eth0,gw=10.0.0.1,dhcp=yes,configure" },
		{ "ifname=eth0,,bridge=", "ifname=eth0" },
		{ "ifname=eth0,mac_filter=on", "ifname=eth0,mac_filter=on" },
	};
	struct net_if f, again;
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CHECK_OK(net_if_parse(t[i].in, &f, &e), &e);
		CHECK_STR(print(&f), t[i].out);
		CHECK_OK(net_if_parse(t[i].out, &again, &e), &e);
		CHECK_STR(print(&again), t[i].out);
	}
}

TEST(netif_parse_bad)
{
	static const char *const bad[] = {
		"", "eth0", "bridge=br0", "ifname=", "ifname=lo", "ifname=venet0", "ifname=a/b", "ifname=..", "ifname=a b",
		"ifname=0123456789abcdef", "ifname=eth0;ifname=eth1", "ifname=eth0,mac=", "ifname=eth0,mac=00:18:51:00:00",
		"ifname=eth0,mac=00:18:51:00:00:01:02", "ifname=eth0,mac=01:18:51:00:00:01", "ifname=eth0,mac=00:00:00:00:00:00",
		"ifname=eth0,mac=00:18:51:00:00:0g", "ifname=eth0,mac=0018:51:00:00:00", "ifname=eth0,mac=00-18-51-00-00-01",
		"ifname=eth0,mac=00:18:51:00:00:\x11", "ifname=eth0,mac_filter=yes", "ifname=eth0,host_ifname=vz101",
		"ifname=eth0,host_ifname=vz-101", "ifname=eth0,host_ifname=lo", "ifname=eth0,bridge=a:b", "ifname=eth0,x=a\tb",
	};
	char longer[700];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct net_if f = { .ifname = "same" };
		struct err e = { 0 };

		if (net_if_parse(bad[i], &f, &e) != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
		CHECK(e.text[0]);
		CHECK_STR(f.ifname, "same");
	}
	for (size_t size = 300; size < sizeof(longer); size += 300) {	/* too much of other keys; too long an entry */
		struct net_if f;
		struct err e = { 0 };

		memset(longer, 'x', size);
		memcpy(longer, "ifname=e,", 9);
		longer[size] = '\0';
		CHECK_EQ(net_if_parse(longer, &f, &e), -EINVAL);
	}
}

TEST(netif_fill)
{
	static const struct { const char *ifname; unsigned id; const char *host; } t[] = {
		{ "eth0", 101, "veth101.0" }, { "eth12", 101, "veth101.12" }, { "eth1.20", 7, "veth7.20" }, { "lan", 7, "veth7.0" },
		{ "eth0", 999999999, "veth999999999.0" },
	};
	struct net_if f, g, h;
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		f = (struct net_if){ 0 };
		str_copy(f.ifname, sizeof(f.ifname), t[i].ifname);
		CHECK_OK(net_if_fill(&f, t[i].id, true, &e), &e);
		CHECK_STR(f.host_ifname, t[i].host);
		CHECK(f.has_mac && f.has_host_mac);
		CHECK(memcmp(f.mac, "\x00\x18\x51", 3) == 0 && memcmp(f.host_mac, "\x00\x18\x51", 3) == 0);
		CHECK(memcmp(f.mac, f.host_mac, 6) != 0);
	}
	f = (struct net_if){ .ifname = "eth0" };
	CHECK_EQ(net_if_fill(&f, 2147483644u, true, &e), -ENAMETOOLONG);
	CHECK_STR(f.host_ifname, "");
	err_clear(&e);

	/* what is given stays; without chance it is always the same, and another's differs */
	CHECK_OK(net_if_parse("ifname=eth0,host_ifname=x,mac=00:18:51:00:00:01", &f, &e), &e);
	g = f;
	h = f;
	CHECK_OK(net_if_fill(&f, 101, false, &e), &e);
	CHECK_OK(net_if_fill(&g, 101, false, &e), &e);
	CHECK_OK(net_if_fill(&h, 102, false, &e), &e);
	CHECK_STR(f.host_ifname, "x");
	CHECK_EQ(f.mac[5], 1);
	CHECK(memcmp(&f, &g, sizeof(f)) == 0);
	CHECK(memcmp(f.host_mac, h.host_mac, 6) != 0);
}

TEST(netif_list)
{
	struct str_list l = { 0 };
	struct net_if f;
	struct err e = { 0 };

	CHECK_EQ(net_if_find(&l, "eth0", &f), -ENOENT);
	net_if_del(&l, "eth0");
	for (int i = 0; i < 3; i++) {
		f = (struct net_if){ 0 };
		str_fmt(f.ifname, sizeof(f.ifname), "eth%d", i);
		CHECK_OK(net_if_put(&l, &f, &e), &e);
	}
	CHECK_EQ(net_if_find(&l, "eth1", &f), 1);
	str_copy(f.bridge, sizeof(f.bridge), "br0");
	CHECK_OK(net_if_put(&l, &f, &e), &e);
	CHECK_EQ(l.n, 3);
	CHECK_STR(l.v[1], "ifname=eth1,bridge=br0");
	net_if_del(&l, "eth0");
	CHECK_EQ(l.n, 2);
	CHECK_STR(l.v[0], "ifname=eth1,bridge=br0");
	CHECK(!l.v[2]);
	str_list_clear(&l);
}

TEST(netif_new_keys)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "ifname=eth0,vlan=4095", "VLAN" }, { "ifname=eth0,vlan=ten", "VLAN" }, { "ifname=eth0,trunk=20-10", "VLANs" },
		{ "ifname=eth0,trunk=10+", NULL }, { "ifname=eth0,trunk=0", "VLANs" }, { "ifname=eth0,mtu=67", "MTU" },
		{ "ifname=eth0,guard=maybe", "guard" }, { "ifname=eth0,ip_filter=10.0.0.0/8", "no single address" },
		{ "ifname=eth0,macvlan=a/b", "interface" },
	};
	static const struct { const char *text; bool ok; } fits[] = {
		{ "ifname=eth0,bridge=br0,vlan=10", true }, { "ifname=eth0,vlan=10", false }, { "ifname=eth0,trunk=10", false },
		{ "ifname=eth0,macvlan=eth1,mac_filter=off", true }, { "ifname=eth0,macvlan=eth1", false },
		{ "ifname=eth0,macvlan=eth1,bridge=br0,mac_filter=off", false },
		{ "ifname=eth0,bridge=br0,ip_filter=10.0.0.5,guard=off", false },
	};
	const char *at = NULL;
	unsigned first, last;
	struct net_if f;
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err_clear(&e);
		CHECK_EQ(net_if_parse(bad[i].text, &f, &e) < 0, bad[i].why != NULL);
		if (bad[i].why)
			CHECK(strstr(e.text, bad[i].why));
	}
	for (size_t i = 0; i < ARRAY_SIZE(fits); i++) {
		err_clear(&e);
		CHECK_OK(net_if_parse(fits[i].text, &f, &e), &e);
		CHECK_EQ(net_if_check(&f, &e) == 0, fits[i].ok);
	}
	err_clear(&e);
	CHECK_OK(net_if_parse("ifname=eth0,bridge=br0,trunk=10+20-29+4094", &f, &e), &e);
	CHECK(net_if_trunk(&f, &at, &first, &last) && first == 10 && last == 10);
	CHECK(net_if_trunk(&f, &at, &first, &last) && first == 20 && last == 29);
	CHECK(net_if_trunk(&f, &at, &first, &last) && first == 4094 && last == 4094);
	CHECK(!net_if_trunk(&f, &at, &first, &last));
}
