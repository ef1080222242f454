/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/ether.c: packets byte by byte. */
#include <net/if_arp.h>
#include <string.h>

#include "net/ether.h"
#include "tests/lib/test.h"

TEST(net_arp_bytes)
{
	static const uint8_t want[NET_ARP_LEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1,
		2, 0, 0, 0, 0, 1, 10, 0, 0, 5, 0, 0, 0, 0, 0, 0, 10, 0, 0, 9,
	};
	struct net_arp a = { .dst = { 255, 255, 255, 255, 255, 255 }, .smac = { 2, 0, 0, 0, 0, 1 }, .sip = { 10, 0, 0, 5 },
			      .tip = { 10, 0, 0, 9 }, .op = ARPOP_REQUEST };
	uint8_t got[64] = { 0 };
	struct net_arp b;

	net_arp_build(&a, got);
	CHECK_EQ(memcmp(got, want, sizeof(want)), 0);
	CHECK_EQ(net_arp_parse(got, sizeof(got), &b), 0);
	CHECK_EQ(memcmp(&a, &b, sizeof(a)), 0);
	CHECK_ERR(net_arp_parse(got, NET_ARP_LEN - 1, &b), EINVAL);
	got[12] = 0x86;
	CHECK_ERR(net_arp_parse(got, sizeof(got), &b), EINVAL);
}

/* The checksum was worked out apart from this code. */
TEST(net_na_bytes)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 }, addr[16] = { 0xfd, 0, [15] = 5 };
	static const uint8_t want[NET_NA_LEN] = {
		0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x86, 0xdd,
		0x60, 0, 0, 0, 0, 32, 58, 255, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5,
		0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		136, 0, 0x5a, 0x93, 0x20, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 2, 1, 2, 0, 0, 0, 0, 1,
	};
	uint8_t got[NET_NA_LEN];

	net_na_build(mac, addr, got);
	CHECK_EQ(got[56], want[56]);
	CHECK_EQ(got[57], want[57]);
	CHECK_EQ(memcmp(got, want, sizeof(want)), 0);
}

/* The checksum was worked out apart from this code. */
TEST(net_ns_bytes)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 }, addr[16] = { 0xfd, 0, [13] = 0xaa, 0xbb, 0xcc };
	uint8_t got[NET_NS_LEN], whose[16], who[6];
	uint32_t sum = 24 + 58;

	net_ns_build(mac, addr, got);
	CHECK_EQ(memcmp(got, "\x33\x33\xff\xaa\xbb\xcc\2\0\0\0\0\1\x86\xdd", 14), 0);
	CHECK_EQ(memcmp(got + 38, "\xff\2\0\0\0\0\0\0\0\0\0\1\xff\xaa\xbb\xcc", 16), 0);
	CHECK_EQ(got[54], 135);
	CHECK_EQ(memcmp(got + 62, addr, 16), 0);
	for (size_t i = 22; i < sizeof(got); i += 2)	/* addresses and message */
		sum += (uint32_t)(got[i] << 8 | got[i + 1]);
	CHECK_EQ((sum & 0xffff) + (sum >> 16), 0xffff);
	CHECK_ERR(net_na_parse(got, sizeof(got), whose, who), EINVAL);
}

TEST(net_na_is_read)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 }, addr[16] = { 0xfd, 0, [15] = 5 };
	uint8_t frame[NET_NA_LEN], whose[16], who[6];

	net_na_build(mac, addr, frame);
	CHECK_EQ(net_na_parse(frame, sizeof(frame), whose, who), 0);
	CHECK_EQ(memcmp(whose, addr, 16) | memcmp(who, mac, 6), 0);
	CHECK_ERR(net_na_parse(frame, 77, whose, who), EINVAL);
	frame[21] = 64;		/* came from behind a router */
	CHECK_ERR(net_na_parse(frame, sizeof(frame), whose, who), EINVAL);
}
