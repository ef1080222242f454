/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/bridge_conf.c: what a bridge's file may say. */
#include "net/bridge.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/err.h"
#include "util/kv.h"

TEST(bridge_conf_values)
{
	static const struct { enum net_bridge_key key; const char *val; bool ok; } t[] = {
		{ NET_BR_VLAN_AWARE, "on", true }, { NET_BR_VLAN_AWARE, "maybe", false }, { NET_BR_MTU, "9000", true },
		{ NET_BR_MTU, "67", false }, { NET_BR_MTU, "1e3", false }, { NET_BR_PORTS, "eth1 eth2", true },
		{ NET_BR_PORTS, "eth1 a/b", false }, { NET_BR_ADDRESS, "192.0.2.1/24 2001:db8::1/64", true },
		{ NET_BR_ADDRESS, "192.0.2.1", false }, { NET_BR_VXLAN_ID, "16777215", true }, { NET_BR_VXLAN_ID, "16777216", false },
		{ NET_BR_VXLAN_ID, "0", false }, { NET_BR_VXLAN_REMOTE, "192.0.2.2 192.0.2.3", true },
		{ NET_BR_VXLAN_REMOTE, "host2", false }, { NET_BR_VXLAN_LOCAL, "192.0.2.1/24", false },
		{ NET_BR_VXLAN_PORT, "65535", true }, { NET_BR_VXLAN_PORT, "65536", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_bridge struct net_bridge b = { .name = "br0" };
		struct err e = { 0 };

		CHECK_EQ(net_bridge_set(&b, t[i].key, t[i].val, &e) == 0, t[i].ok);
		CHECK_EQ(b.val[t[i].key] != NULL, t[i].ok);
		if (!t[i].ok)
			CHECK(strstr(e.text, net_bridge_rows[t[i].key].key));
		CHECK_EQ(net_bridge_set(&b, t[i].key, "", &e), 0);
		CHECK(!b.val[t[i].key]);
	}
}

TEST(bridge_conf_names)
{
	CHECK(net_bridge_name_ok("vmbr0") && net_bridge_name_ok("vzbr0") && net_bridge_name_ok("br-lan.5"));
	CHECK(!net_bridge_name_ok("vz101") && !net_bridge_name_ok("vz-1") && !net_bridge_name_ok("") && !net_bridge_name_ok("a/b") &&
	      !net_bridge_name_ok("..") && !net_bridge_name_ok("sixteen-letters-"));
}

static int read_text(const char *text, struct net_bridge *b, struct err *e)
{
	auto_kv struct kv kv = { 0 };

	CHECK_EQ(kv_parse(&kv, text, strlen(text), e), 0);
	return net_bridge_read(b, "br0", &kv, e);
}

TEST(bridge_conf_fits_together)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "VXLAN_REMOTE=\"192.0.2.2\"\n", "give its number" }, { "VXLAN_ID=7\n", "--remote, --local" },
		{ "VXLAN_ID=7\nVXLAN_LOCAL=192.0.2.1\n", "--remote, --local" },
		{ "VXLAN_ID=7\nVXLAN_LOCAL=192.0.2.1\nVXLAN_REMOTE=\"192.0.2.2 2001:db8::2\"\n", "different families" },
	};
	auto_bridge struct net_bridge good = { 0 };
	struct err e = { 0 };

	CHECK_OK(read_text("# ours\nVXLAN_ID=7\nVXLAN_LOCAL=192.0.2.1\nVXLAN_REMOTE=192.0.2.2\nELSE=1\nVLAN_AWARE=\"yes\"\n", &good, &e),
		 &e);
	CHECK_STR(good.name, "br0");
	CHECK_STR(good.val[NET_BR_VLAN_AWARE], "yes");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_bridge struct net_bridge b = { 0 };

		err_clear(&e);
		CHECK_ERR(read_text(bad[i].text, &b, &e), EINVAL);
		CHECK(strstr(e.text, bad[i].why));
	}
}
