/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool_raw.c: packets byte by byte, MAC addresses, bridges of NETIF, loopback. */
#include <net/if_arp.h>
#include <string.h>

#include "tests/lib/test.h"
#include "vzctl/tool.h"

TEST(tool_arp_bytes)
{
	static const uint8_t want[TOOL_ARP_LEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1,
		2, 0, 0, 0, 0, 1, 10, 0, 0, 5, 0, 0, 0, 0, 0, 0, 10, 0, 0, 9,
	};
	struct tool_arp a = { .dst = { 255, 255, 255, 255, 255, 255 }, .smac = { 2, 0, 0, 0, 0, 1 }, .sip = { 10, 0, 0, 5 },
			      .tip = { 10, 0, 0, 9 }, .op = ARPOP_REQUEST };
	uint8_t got[64] = { 0 };
	struct tool_arp b;

	tool_arp_build(&a, got);
	CHECK_EQ(memcmp(got, want, sizeof(want)), 0);
	CHECK_EQ(tool_arp_parse(got, sizeof(got), &b), 0);
	CHECK_EQ(memcmp(&a, &b, sizeof(a)), 0);
	CHECK_ERR(tool_arp_parse(got, TOOL_ARP_LEN - 1, &b), EINVAL);
	got[12] = 0x86;
	CHECK_ERR(tool_arp_parse(got, sizeof(got), &b), EINVAL);
}

/* The checksum was worked out apart from this code. */
TEST(tool_na_bytes)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 }, addr[16] = { 0xfd, 0, [15] = 5 };
	static const uint8_t want[TOOL_NA_LEN] = {
		0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x86, 0xdd,
		0x60, 0, 0, 0, 0, 32, 58, 255, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5,
		0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		136, 0, 0x5a, 0x93, 0x20, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 2, 1, 2, 0, 0, 0, 0, 1,
	};
	uint8_t got[TOOL_NA_LEN];

	tool_na_build(mac, addr, got);
	CHECK_EQ(got[56], want[56]);
	CHECK_EQ(got[57], want[57]);
	CHECK_EQ(memcmp(got, want, sizeof(want)), 0);
}

TEST(tool_mac_forms)
{
	static const uint8_t want[6] = { 0x00, 0x1a, 0x2B, 0xff, 0x09, 0xa0 };
	static const char *const bad[] = { "", "00:1a:2b:ff:09", "00:1a:2b:ff:09:a0:", "0:1a:2b:ff:09:a0", "00-1a-2b-ff-09-a0",
					   "g0:1a:2b:ff:09:a0", "00:1a:2b:ff:09:a" };
	uint8_t got[6];

	CHECK_EQ(tool_mac_parse("00:1a:2B:Ff:09:a0", got), 0);
	CHECK_EQ(memcmp(got, want, 6), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_ERR(tool_mac_parse(bad[i], got), EINVAL);
}

TEST(tool_netif_bridges)
{
	static const char netif[] = "ifname=eth0,mac=00:11:22:33:44:55,host_ifname=veth7.0,host_mac=00:11:22:33:44:56,bridge=br1;"
				    "ifname=eth1,host_ifname=veth7.1;ifname=eth2,host_ifname=veth7.2,bridge=";
	char b[16];

	CHECK_EQ(tool_netif_bridge(netif, "veth7.0", b, sizeof(b)), 0);
	CHECK_STR(b, "br1");
	CHECK_EQ(tool_netif_bridge(netif, "veth7.1", b, sizeof(b)), 0);
	CHECK_STR(b, "vmbr0");
	CHECK_EQ(tool_netif_bridge(netif, "veth7.2", b, sizeof(b)), 0);
	CHECK_STR(b, "vmbr0");
	CHECK_ERR(tool_netif_bridge(netif, "eth0", b, sizeof(b)), ENOENT);
	CHECK_ERR(tool_netif_bridge("", "veth7.0", b, sizeof(b)), ENOENT);
	CHECK_ERR(tool_netif_bridge(",,=;;host_ifname", "", b, sizeof(b)), ENOENT);
}

TEST(tool_dev_loopback)
{
	struct tool_dev d;
	struct err e = { 0 };

	CHECK_OK(tool_dev("lo", &d, &e), &e);
	CHECK(d.index > 0 && !d.arp);
	CHECK_ERR(tool_dev("no-such-dev", &d, &e), ENODEV);
	CHECK_ERR(tool_dev("a-name-that-is-much-too-long", &d, &e), ENODEV);
	CHECK_ERR(tool_dev_up("no-such-dev", &e), ENODEV);
}
