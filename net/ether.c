/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/ether.h"

#include <errno.h>
#include <string.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/in.h>

static uint8_t *put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *put(uint8_t *p, const void *data, size_t n)
{
	memcpy(p, data, n);
	return p + n;
}

void net_arp_build(const struct net_arp *a, uint8_t out[NET_ARP_LEN])
{
	uint8_t *p = put(out, a->dst, 6);

	p = put16(put(p, a->smac, 6), ETHERTYPE_ARP);
	p = put16(put16(p, ARPHRD_ETHER), ETHERTYPE_IP);
	*p++ = 6;
	*p++ = 4;
	p = put(put(put16(p, a->op), a->smac, 6), a->sip, 4);
	put(put(p, a->tmac, 6), a->tip, 4);
}

int net_arp_parse(const uint8_t *p, size_t n, struct net_arp *r)
{
	static const uint8_t want[] = { 0x08, 0x06, 0, 1, 0x08, 0, 6, 4 };

	if (n < NET_ARP_LEN || memcmp(p + 12, want, sizeof(want)) != 0)
		return -EINVAL;
	memcpy(r->dst, p, 6);
	r->op = (uint16_t)(p[20] << 8 | p[21]);
	memcpy(r->smac, p + 22, 6);
	memcpy(r->sip, p + 28, 4);
	memcpy(r->tmac, p + 32, 6);
	memcpy(r->tip, p + 38, 4);
	return 0;
}

static uint32_t sum16(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	return sum;
}

/* The checksum of the message at @icmp, @len bytes, between these two. */
static void put_icmp6_sum(uint8_t *icmp, size_t len, const uint8_t src[16], const uint8_t dst[16])
{
	uint32_t sum = sum16((uint32_t)len + IPPROTO_ICMPV6, src, 16);

	sum = sum16(sum16(sum, dst, 16), icmp, len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(icmp + 2, (uint16_t)~sum);
}

void net_na_build(const uint8_t mac[6], const uint8_t addr[16], uint8_t out[NET_NA_LEN])
{
	static const uint8_t all_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };
	static const uint8_t ip6[] = { 0x60, 0, 0, 0, 0, 32, IPPROTO_ICMPV6, 255 };
	static const uint8_t na[] = { 136, 0, 0, 0, 0x20, 0, 0, 0 };	/* override; neither router nor solicited */
	static const uint8_t target_mac[] = { 2, 1 };
	uint8_t *p = put16(put(put(out, all_mac, 6), mac, 6), ETHERTYPE_IPV6);
	uint8_t *icmp = put(put(put(p, ip6, sizeof(ip6)), addr, 16), all_nodes, 16);

	put(put(put(put(icmp, na, sizeof(na)), addr, 16), target_mac, 2), mac, 6);
	put_icmp6_sum(icmp, 32, addr, all_nodes);
}

void net_ns_build(const uint8_t mac[6], const uint8_t addr[16], uint8_t out[NET_NS_LEN])
{
	static const uint8_t nobody[16], ns[] = { 135, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t ip6[] = { 0x60, 0, 0, 0, 0, 24, IPPROTO_ICMPV6, 255 };
	uint8_t group[16] = { 0xff, 0x02, [11] = 1, 0xff, addr[13], addr[14], addr[15] };
	uint8_t group_mac[6] = { 0x33, 0x33, 0xff, addr[13], addr[14], addr[15] };
	uint8_t *p = put16(put(put(out, group_mac, 6), mac, 6), ETHERTYPE_IPV6);
	uint8_t *icmp = put(put(put(p, ip6, sizeof(ip6)), nobody, 16), group, 16);

	put(put(icmp, ns, sizeof(ns)), addr, 16);
	put_icmp6_sum(icmp, 24, nobody, group);
}

int net_na_parse(const uint8_t *p, size_t n, uint8_t addr[16], uint8_t mac[6])
{
	if (n < 14 + 40 + 24 || p[12] != 0x86 || p[13] != 0xdd || p[20] != IPPROTO_ICMPV6 || p[21] != 255 || p[54] != 136)
		return -EINVAL;
	memcpy(addr, p + 62, 16);
	memcpy(mac, p + 6, 6);
	return 0;
}
