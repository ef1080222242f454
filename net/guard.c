/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firewall table of the bridges: what a container's interface says there to nobody's good.
 *
 *	chain prerouting	from an interface of group GUARD_GROUP or GUARD_TRUNK: jump from_veth
 *	chain from_veth		to 01:80:c2:00:00:0x (spanning tree, LLDP, pause): counter drop
 *				tagged for a VLAN and not of GUARD_TRUNK, or tagged twice: counter drop
 *				router advertisement, redirect: counter drop
 *				from a DHCP server's port: counter drop
 *				a piece of IPv6: jump from_pieces
 *				what vport.c says of its addresses
 *	chain from_pieces	more options before the rest, so that nobody who looks at one piece knows what it is: counter drop
 *				neighbour discovery, which has to come in one piece (RFC 6980): counter drop
 *
 * Else a container would give routes to the host itself, or have the switch shut the host's port. The rules never change;
 * an interface is chosen by its group, which dies with it. A kernel without tables of bridges goes without.
 */
#include "net/net_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter/nf_tables.h>

#include "net/net_part.h"
#include "util/auto.h"
#include "net/vport.h"
#include "util/err.h"

#define FROM_VETH "from_veth"
#define FROM_PIECES "from_pieces"
#define RULES_USE (10 + VPORT_RULES + 1)	/* the jump too */
#define ND_FIRST 133
#define ND_RA 134
#define ND_REDIRECT 137

static void drop_counted(struct nft_tx *t, struct nftnl_rule *r)
{
	nft_e_counter(t, r);
	nft_e_verdict(t, r, NF_DROP, NULL);
	nft_put_rule(t, r);
}

static void rule_no_icmp6(struct nft_tx *t, uint8_t type)
{
	static const uint8_t ip6[2] = { 0x86, 0xdd }, icmp6 = IPPROTO_ICMPV6;
	struct nftnl_rule *r = nft_rule(t, FROM_VETH);

	nft_e_meta(t, r, NFT_META_PROTOCOL, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, ip6, sizeof(ip6));
	nft_e_meta(t, r, NFT_META_L4PROTO, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &icmp6, 1);
	nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &type, 1);
	drop_counted(t, r);
}

/* Tag of protocol @outer; @inner: a second one behind it, 0: whatever there is. */
static void rule_no_tag(struct nft_tx *t, uint16_t outer, uint16_t inner, bool spare_trunks)
{
	static const uint32_t group = GUARD_GROUP;
	struct nftnl_rule *r = nft_rule(t, FROM_VETH);
	uint16_t be = htons(outer);

	nft_e_payload(t, r, NFT_PAYLOAD_LL_HEADER, 12, 2, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &be, sizeof(be));
	be = htons(inner);
	if (inner) {
		nft_e_payload(t, r, NFT_PAYLOAD_LL_HEADER, 16, 2, NFT_REG_1);
		nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &be, sizeof(be));
	}
	if (spare_trunks) {
		nft_e_meta(t, r, NFT_META_IIFGROUP, NFT_REG_1);
		nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &group, sizeof(group));
	}
	drop_counted(t, r);
}

static void rule_no_dhcp(struct nft_tx *t, uint16_t ethertype, uint16_t port)
{
	static const uint8_t udp = IPPROTO_UDP;
	struct nftnl_rule *r = nft_rule(t, FROM_VETH);
	uint16_t be = htons(ethertype), be_port = htons(port);

	nft_e_meta(t, r, NFT_META_PROTOCOL, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &be, sizeof(be));
	nft_e_meta(t, r, NFT_META_L4PROTO, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &udp, 1);
	nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &be_port, sizeof(be_port));
	drop_counted(t, r);
}

static void e_piece(struct nft_tx *t, struct nftnl_rule *r)
{
	static const uint8_t ip6[2] = { 0x86, 0xdd };

	nft_e_meta(t, r, NFT_META_PROTOCOL, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, ip6, sizeof(ip6));
	nft_e_piece(t, r, NFT_REG_1);
}

/* What pieces must not hide. Headers that others may follow: of RFC 7045, as ranges. */
static void rules_pieces(struct nft_tx *t)
{
	static const struct { uint8_t from, to; } hiding[] = {
		{ IPPROTO_HOPOPTS, IPPROTO_HOPOPTS }, { IPPROTO_ROUTING, IPPROTO_FRAGMENT }, { IPPROTO_AH, IPPROTO_AH },
		{ IPPROTO_DSTOPTS, IPPROTO_DSTOPTS }, { IPPROTO_MH, IPPROTO_MH }, { 139, 140 }, { 253, 254 },
	};
	static const uint8_t icmp6 = IPPROTO_ICMPV6, first = ND_FIRST, last = ND_REDIRECT;
	struct nftnl_rule *r;

	for (size_t i = 0; i < ARRAY_SIZE(hiding); i++) {
		r = nft_rule(t, FROM_PIECES);
		nft_e_piece(t, r, NFT_REG_1);
		nft_e_range(t, r, NFT_RANGE_EQ, NFT_REG_1, &hiding[i].from, &hiding[i].to, 1);
		drop_counted(t, r);
	}
	r = nft_rule(t, FROM_PIECES);
	nft_e_piece(t, r, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &icmp6, 1);
	nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
	nft_e_range(t, r, NFT_RANGE_EQ, NFT_REG_1, &first, &last, 1);
	drop_counted(t, r);
}

/* @aid: one rule less, so whoever counts them knows that the parts are still to come. */
static void put_rules(struct nft_tx *t, bool aid)
{
	static const uint32_t both = ~1u;
	static const uint8_t mask[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0 }, reserved[6] = { 0x01, 0x80, 0xc2 };
	static const uint32_t group = GUARD_GROUP;
	struct nftnl_rule *r = nft_rule(t, "prerouting");

	nft_e_meta(t, r, NFT_META_IIFGROUP, NFT_REG_1);
	nft_e_mask(t, r, NFT_REG_1, &both, sizeof(both));
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &group, sizeof(group));
	nft_e_verdict(t, r, NFT_JUMP, FROM_VETH);
	nft_put_rule(t, r);

	r = nft_rule(t, FROM_VETH);
	nft_e_payload(t, r, NFT_PAYLOAD_LL_HEADER, 0, sizeof(mask), NFT_REG_1);
	nft_e_mask(t, r, NFT_REG_1, mask, sizeof(mask));
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, reserved, sizeof(reserved));
	drop_counted(t, r);
	rule_no_tag(t, ETH_P_8021AD, 0, false);
	rule_no_tag(t, ETH_P_8021Q, 0, true);
	rule_no_tag(t, ETH_P_8021Q, ETH_P_8021Q, false);
	if (!aid)
		rule_no_tag(t, ETH_P_8021Q, ETH_P_8021AD, false);
	rule_no_icmp6(t, ND_RA);
	rule_no_icmp6(t, ND_REDIRECT);
	rule_no_dhcp(t, ETH_P_IP, 67);
	rule_no_dhcp(t, ETH_P_IPV6, 547);
	r = nft_rule(t, FROM_VETH);
	e_piece(t, r);
	nft_e_verdict(t, r, NFT_JUMP, FROM_PIECES);
	nft_put_rule(t, r);
	rules_pieces(t);
	vport_put_rules(t, FROM_VETH);
}

/* Does the kernel lack them? Then there is nothing to set up. */
static int unless_unknown(int rc, struct err *e)
{
	if (rc != -EOPNOTSUPP && rc != -EAFNOSUPPORT)
		return rc;
	err_clear(e);
	return 0;
}

static int setup(struct net *n, bool anew, bool aid, struct err *e)
{
	struct nft_tx t;

	nft_tx_begin(&t, &n->nft, n->table, 0);
	t.family = NFPROTO_BRIDGE;
	nft_put_table(&t, true);
	if (anew) {
		nft_put_table(&t, false);
		nft_put_table(&t, true);
	}
	nft_put_chain(&t, FROM_VETH, NULL, 0, 0);
	nft_put_chain(&t, FROM_PIECES, NULL, 0, 0);
	vport_put_sets(&t);
	nft_put_chain(&t, "prerouting", "filter", NF_BR_PRE_ROUTING, NF_BR_PRI_NAT_DST_BRIDGED);
	nft_put_flush_rules(&t);
	put_rules(&t, aid);
	if (!aid)
		net_parts_table(&t, NFPROTO_BRIDGE);
	if ((!aid && net_parts_all(n, &t, NET_BRIDGE, e) < 0) || vport_put_all(n, &t, e) < 0)
		return -e->code;
	return nft_tx_end(&t, "set up for bridges", e);
}

int guard_setup(struct net *n, struct err *e)
{
	int rc;

	if (net_nf(n, e) < 0)
		return -e->code;
	rc = setup(n, false, false, e);
	if (rc == -EEXIST || rc == -EBUSY || rc == -EINVAL) {	/* chains of another make under our name */
		err_clear(e);
		rc = setup(n, true, false, e);
	}
	return unless_unknown(rc, e);
}

int guard_first_aid(struct net *n, struct err *e)
{
	return net_nf(n, e) < 0 ? -e->code : unless_unknown(setup(n, false, true, e), e);
}

int guard_renew(struct net *n, struct err *e)
{
	return net_nf(n, e) < 0 ? -e->code : unless_unknown(setup(n, true, false, e), e);
}

int guard_ensure(struct net *n, struct err *e)
{
	uint32_t use;

	if (net_nf(n, e) < 0)
		return -e->code;
	if (nft_chain_use(&n->nft, NFPROTO_BRIDGE, n->table, FROM_VETH, &use, e) == 0 && use >= RULES_USE)
		return 0;
	if (e->code && e->code != ENOENT)
		return unless_unknown(-e->code, e);
	err_clear(e);
	return guard_setup(n, e);
}

int guard_stands(struct net *n, struct err *e)
{
	return net_nf(n, e) < 0 ? -e->code : chain_stands(n, NFPROTO_BRIDGE, FROM_VETH, RULES_USE, e);
}

int guard_teardown(struct net *n, struct err *e)
{
	struct nft_tx t;

	if (net_nf(n, e) < 0)
		return -e->code;
	nft_tx_begin(&t, &n->nft, n->table, 0);
	t.family = NFPROTO_BRIDGE;
	nft_put_table(&t, true);
	nft_put_table(&t, false);
	return unless_unknown(nft_tx_end(&t, "remove for bridges", e), e);
}
