/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part "frag" of the tables "vz": fragments. What waits for its other half lies in one store for all that comes to the host
 * or is followed by it, so a container that sends nothing but halves would have it full, and everybody's fragments dropped.
 *
 *	set frags { ifname }	those who send any, each with a limit of its own, as long as that is not full again
 *	chain halves		behind nothing, before they are put together: from vz[-./0-9]*, above its limit: counter drop
 *
 * On a bridge the same for ports of the containers. The size of the store goes along with it: net_host.c.
 */
#include "net/net_priv.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_bridge.h>

#include "net/net_part.h"

#define PRIO_INET (-450)	/* the kernel puts them together at -400 */
#define PRIO_BRIDGE (-310)

static const struct nft_set frags = { .name = "frags", .id = 69, .key_type = NFT_T_IFNAME, .key_len = IFNAMSIZ,
				      .timeout_ms = 2000, .size = 16384 };

static void e_from_ct(struct nft_tx *t, struct nftnl_rule *r)
{
	static const char from[3] = { 'v', 'z', '-' }, to[3] = { 'v', 'z', '9' };
	static const uint32_t both = ~1u, group = GUARD_GROUP;

	if (t->family == NFPROTO_BRIDGE) {
		nft_e_meta(t, r, NFT_META_IIFGROUP, NFT_REG_1);
		nft_e_mask(t, r, NFT_REG_1, &both, sizeof(both));
		nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &group, sizeof(group));
	} else {
		nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_1);
		nft_e_range(t, r, NFT_RANGE_EQ, NFT_REG_1, from, to, sizeof(from));
	}
}

static void put_rule(struct nft_tx *t, uint16_t ether)
{
	static const uint8_t more_or_offset[2] = { 0x3f, 0xff }, none[2];
	struct nftnl_rule *r = nft_rule(t, "halves");
	uint16_t be = htons(ether);

	nft_e_meta(t, r, NFT_META_PROTOCOL, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &be, sizeof(be));
	if (ether == ETH_P_IP) {
		nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, 6, 2, NFT_REG_1);
		nft_e_mask(t, r, NFT_REG_1, more_or_offset, sizeof(none));
		nft_e_cmp(t, r, NFT_CMP_NEQ, NFT_REG_1, none, sizeof(none));
	} else {
		nft_e_exthdr6(t, r, IPPROTO_FRAGMENT, NFT_REG_1);	/* or the rule ends */
	}
	e_from_ct(t, r);
	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_1);
	nft_e_over(t, r, &frags, NFT_REG_1, NET_FRAG_RATE);
	nft_e_counter(t, r);
	nft_e_verdict(t, r, NF_DROP, NULL);
	nft_put_rule(t, r);
}

static void put(struct nft_tx *t, uint32_t hook, int32_t prio)
{
	nft_put_set(t, &frags);
	nft_put_chain(t, "halves", "filter", hook, prio);
	put_rule(t, ETH_P_IP);
	put_rule(t, ETH_P_IPV6);
}

static void table(struct nft_tx *t)
{
	put(t, NF_INET_PRE_ROUTING, PRIO_INET);
}

static void bridge(struct nft_tx *t)
{
	put(t, NF_BR_PRE_ROUTING, PRIO_BRIDGE);
}

static int elems(struct nft_tx *t, unsigned id, bool add, const struct str_list *lines, unsigned families, struct err *e)
{
	(void)t, (void)id, (void)add, (void)lines, (void)families, (void)e;
	return 0;		/* made by those who send */
}

const struct net_part net_frag_part = { .name = "frag", .table = table, .bridge = bridge, .elems = elems };
