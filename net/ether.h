/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_ETHER_H
#define NET_ETHER_H
/* Ethernet frames of ARP (RFC 826, 5227) and IPv6 neighbour discovery (RFC 4861), built and read. Network byte order inside. */
#include <stddef.h>
#include <stdint.h>

#define NET_ARP_LEN 42
#define NET_NA_LEN 86
#define NET_NS_LEN 78
struct net_arp { uint8_t dst[6], smac[6], tmac[6]; uint8_t sip[4], tip[4]; uint16_t op; };
void net_arp_build(const struct net_arp *a, uint8_t out[NET_ARP_LEN]);
int net_arp_parse(const uint8_t *p, size_t n, struct net_arp *ret);	/* -EINVAL: not Ethernet and IPv4 */
/* Unsolicited, override flag set, to all nodes. */
void net_na_build(const uint8_t mac[6], const uint8_t addr[16], uint8_t out[NET_NA_LEN]);
/* Does anybody have @addr? From nobody, as duplicate address detection asks. */
void net_ns_build(const uint8_t mac[6], const uint8_t addr[16], uint8_t out[NET_NS_LEN]);
/* An advertisement: whose address, and who says so. -EINVAL: it is none. */
int net_na_parse(const uint8_t *p, size_t n, uint8_t addr[16], uint8_t mac[6]);

#endif
