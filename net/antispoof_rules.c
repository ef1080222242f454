/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of the source check and of the NAT of address pools, as rules:
 *
 *	set src4 { ifname . ipv4_addr }   set src6 { ifname . ipv6_addr }   set routed { ifname }   set open { ifname }
 *	chain prerouting (raw)            from vz[-./0-9]*: jump from_ct
 *	chain from_ct                     neighbour discovery, router advertisements, redirects: drop
 *	                                  answers of DHCP servers: drop
 *	                                  in set routed, destination routed back to where it comes from: drop
 *	                                  in set open (VENET_FILTER="no"): return
 *	                                  (interface . source) in the set: return
 *	                                  in set routed, source routed to where it comes from: return
 *	                                  counter drop
 *	chain postrouting (nat)           from a pool, out of an interface that is not ours: masquerade
 *
 * The rules stand before the first container does and never change with one; a container is elements of the sets, which
 * antispoof.c puts there. net_first_aid() makes the table without the other parts and without the rule of set open, so whoever
 * counts the rules (SPOOF_USE) knows that the rest is still to come.
 */
#include "net/net_priv.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>

#include "net/antispoof.h"
#include "net/net_part.h"
#include "util/err.h"

#define ND_FIRST 133		/* router solicitation ... */
#define ND_LAST 137		/* ... redirect */

const struct nft_set spoof_sets[SPOOF_SET_N] = {
	[SPOOF_SET4] = { .name = "src4", .id = 1, .key_type = NFT_T_IFNAME << 6 | NFT_T_IP4, .key_len = sizeof(struct spoof_key4) },
	[SPOOF_SET6] = { .name = "src6", .id = 2, .key_type = NFT_T_IFNAME << 6 | NFT_T_IP6, .key_len = sizeof(struct spoof_key6) },
	[SPOOF_ROUTED] = { .name = "routed", .id = 3, .key_type = NFT_T_IFNAME, .key_len = IFNAMSIZ },
	[SPOOF_OPEN] = { .name = "open", .id = 4, .key_type = NFT_T_IFNAME, .key_len = IFNAMSIZ },
};

/* What every name of ours begins with, those of dying links (vz-101) included; "vzbr0" and its like are not ours. */
static const char if_from[3] = { 'v', 'z', '-' }, if_to[3] = { 'v', 'z', '9' };

static void e_nfproto(struct nft_tx *t, struct nftnl_rule *r, uint8_t proto)
{
	nft_e_meta(t, r, NFT_META_NFPROTO, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &proto, 1);
}

static void e_l4proto(struct nft_tx *t, struct nftnl_rule *r, uint8_t proto)
{
	nft_e_meta(t, r, NFT_META_L4PROTO, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &proto, 1);
}

static void e_ours(struct nft_tx *t, struct nftnl_rule *r, uint32_t key, uint32_t op)
{
	nft_e_meta(t, r, key, NFT_REG_1);
	nft_e_range(t, r, op, NFT_REG_1, if_from, if_to, sizeof(if_from));
}

static void drop_counted(struct nft_tx *t, struct nftnl_rule *r)
{
	nft_e_counter(t, r);
	nft_e_verdict(t, r, NF_DROP, NULL);
	nft_put_rule(t, r);
}

/* UDP from port @port: what a DHCP server says. */
static void rule_no_dhcp(struct nft_tx *t, uint16_t port)
{
	struct nftnl_rule *r = nft_rule(t, SPOOF_CHAIN);
	uint16_t be = htons(port);

	e_l4proto(t, r, IPPROTO_UDP);
	nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &be, sizeof(be));
	drop_counted(t, r);
}

static void rule_source(struct nft_tx *t, uint8_t proto, uint32_t off, uint32_t len, unsigned set)
{
	struct nftnl_rule *r = nft_rule(t, SPOOF_CHAIN);

	e_nfproto(t, r, proto);
	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_1);
	nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, off, len, NFT_REG_2);
	nft_e_in(t, r, &spoof_sets[set], NFT_REG_1);
	nft_e_verdict(t, r, NFT_RETURN, NULL);
	nft_put_rule(t, r);
}

/*
 * A prefix is no element: what the routes say is looked up, at one price whatever its length and however many there are.
 * NFTA_FIB_F_DADDR: drops what would be sent back, to unused addresses of the prefix, until its hops are used up.
 */
static void rule_routed(struct nft_tx *t, uint32_t fib)
{
	static const uint32_t nowhere;
	struct nftnl_rule *r = nft_rule(t, SPOOF_CHAIN);

	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_1);
	nft_e_in(t, r, &spoof_sets[SPOOF_ROUTED], NFT_REG_1);
	nft_e_fib_oif(t, r, fib | NFTA_FIB_F_IIF, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_NEQ, NFT_REG_1, &nowhere, sizeof(nowhere));
	if (fib == NFTA_FIB_F_DADDR) {
		drop_counted(t, r);
		return;
	}
	nft_e_verdict(t, r, NFT_RETURN, NULL);
	nft_put_rule(t, r);
}

static void rule_open(struct nft_tx *t)
{
	struct nftnl_rule *r = nft_rule(t, SPOOF_CHAIN);

	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_1);
	nft_e_in(t, r, &spoof_sets[SPOOF_OPEN], NFT_REG_1);
	nft_e_verdict(t, r, NFT_RETURN, NULL);
	nft_put_rule(t, r);
}

static void put_filter(struct nft_tx *t, bool aid)
{
	static const uint8_t nd_first = ND_FIRST, nd_last = ND_LAST;
	struct nftnl_rule *r = nft_rule(t, "prerouting");

	e_ours(t, r, NFT_META_IIFNAME, NFT_RANGE_EQ);
	nft_e_verdict(t, r, NFT_JUMP, SPOOF_CHAIN);
	nft_put_rule(t, r);

	r = nft_rule(t, SPOOF_CHAIN);
	e_l4proto(t, r, IPPROTO_ICMPV6);
	nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
	nft_e_range(t, r, NFT_RANGE_EQ, NFT_REG_1, &nd_first, &nd_last, 1);
	drop_counted(t, r);
	rule_no_dhcp(t, 67);
	rule_no_dhcp(t, 547);
	rule_routed(t, NFTA_FIB_F_DADDR);
	if (!aid)
		rule_open(t);
	rule_source(t, NFPROTO_IPV4, 12, 4, SPOOF_SET4);
	rule_source(t, NFPROTO_IPV6, 8, 16, SPOOF_SET6);
	rule_routed(t, NFTA_FIB_F_SADDR);
	drop_counted(t, nft_rule(t, SPOOF_CHAIN));
}

static int put_nat(struct nft_tx *t, const char *pool, struct err *e)
{
	struct net_ip ip = { 0 };
	uint8_t mask[16] = { 0 }, net[16];
	struct nftnl_rule *r;
	uint32_t len, off;

	if (!pool[0])
		return 0;
	if (net_ip_parse(pool, &ip, e) < 0)
		return err_add(e, "address pool");
	len = ip.family == AF_INET ? 4 : 16;
	off = ip.family == AF_INET ? 12 : 8;
	for (unsigned i = 0; i < ip.prefix; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	for (unsigned i = 0; i < len; i++)
		net[i] = ip.v6.s6_addr[i] & mask[i];
	r = nft_rule(t, "postrouting");
	e_nfproto(t, r, ip.family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6);
	nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, off, len, NFT_REG_1);
	nft_e_mask(t, r, NFT_REG_1, mask, len);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, net, len);
	e_ours(t, r, NFT_META_OIFNAME, NFT_RANGE_NEQ);
	nft_e_masq(t, r);
	nft_put_rule(t, r);
	return 0;
}

int spoof_put_table(struct nft_tx *t, const struct net *n, enum spoof_make make, struct err *e)
{
	nft_put_table(t, true);
	if (make == SPOOF_ANEW) {
		nft_put_table(t, false);
		nft_put_table(t, true);
	}
	for (size_t i = 0; i < SPOOF_SET_N; i++)
		nft_put_set(t, &spoof_sets[i]);
	nft_put_chain(t, SPOOF_CHAIN, NULL, 0, 0);
	nft_put_chain(t, "prerouting", "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW);
	if (n->pool4[0] || n->pool6[0])
		nft_put_chain(t, "postrouting", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC);
	nft_put_flush_rules(t);
	put_filter(t, make == SPOOF_AID);
	if (put_nat(t, n->pool4, e) < 0 || put_nat(t, n->pool6, e) < 0) {
		t->failed = true;
		return -e->code;
	}
	if (make != SPOOF_AID)
		net_parts_table(t, NFPROTO_INET);
	return 0;
}
