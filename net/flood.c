/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part "flood" of the tables "vz":
 *
 *	set pps, newconns	interfaces, each with a limit of its own that is met only by what is above it
 *	set nosmtp		interfaces
 *	chain flood		from one of pps: counter drop; a new connection from one of newconns: counter drop
 *	chain flood_mail	TCP to port 25 of others than this host, from one of nosmtp: counter, refused
 *
 * On a bridge, where the kernel follows no connections, a new one is a TCP packet that opens one, and mail is dropped.
 */
#include "net/flood.h"
#include "net/net_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_bridge.h>

#include "net/net_part.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"

#define PART "flood"
#define PRIO_INET (-149)	/* behind connection tracking and the rest of mangle */

enum { PPS, NEWCONNS, NOSMTP, SET_N };
static const struct nft_set sets[SET_N] = {
	[PPS] = { .name = "pps", .id = 50, .key_type = NFT_T_IFNAME, .key_len = IFNAMSIZ },
	[NEWCONNS] = { .name = "newconns", .id = 51, .key_type = NFT_T_IFNAME, .key_len = IFNAMSIZ },
	[NOSMTP] = { .name = "nosmtp", .id = 52, .key_type = NFT_T_IFNAME, .key_len = IFNAMSIZ },
};

int net_flood_line(struct str_list *lines, const char *ifname, bool bridged, const struct net_caps *c, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	if (!c->packets && !c->connections && !c->no_smtp)
		return 0;
	buf_addf(&b, PART " %s %s %" PRIu64 " %" PRIu64 " %u", bridged ? "bridged" : "routed", ifname, c->packets, c->connections,
		 c->no_smtp);
	return str_list_add(lines, buf_str(&b), e);
}

static void put_sets(struct nft_tx *t)
{
	for (size_t i = 0; i < SET_N; i++)
		nft_put_set(t, &sets[i]);
}

static void e_from(struct nft_tx *t, struct nftnl_rule *r, unsigned set)
{
	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_1);
	nft_e_in(t, r, &sets[set], NFT_REG_1);
}

static void drop_counted(struct nft_tx *t, struct nftnl_rule *r)
{
	nft_e_counter(t, r);
	nft_e_verdict(t, r, NF_DROP, NULL);
	nft_put_rule(t, r);
}

static void e_tcp(struct nft_tx *t, struct nftnl_rule *r)
{
	static const uint8_t tcp = IPPROTO_TCP;

	nft_e_meta(t, r, NFT_META_L4PROTO, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &tcp, sizeof(tcp));
}

static void rule_pps(struct nft_tx *t)
{
	struct nftnl_rule *r = nft_rule(t, "flood");

	e_from(t, r, PPS);
	drop_counted(t, r);
}

static void rule_new(struct nft_tx *t)
{
	static const uint8_t mask = 0x12, syn = 0x02;	/* SYN and ACK */
	struct nftnl_rule *r = nft_rule(t, "flood");

	if (t->family == NFPROTO_INET) {
		nft_e_ct_is(t, r, NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_NEW), true);
	} else {
		e_tcp(t, r);
		nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1, NFT_REG_1);
		nft_e_mask(t, r, NFT_REG_1, &mask, sizeof(mask));
		nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &syn, sizeof(syn));
	}
	e_from(t, r, NEWCONNS);
	drop_counted(t, r);
}

static void rule_mail(struct nft_tx *t, const char *chain)
{
	uint16_t be = htons(25);
	struct nftnl_rule *r = nft_rule(t, chain);

	e_from(t, r, NOSMTP);
	e_tcp(t, r);
	nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &be, sizeof(be));
	if (t->family != NFPROTO_INET) {
		drop_counted(t, r);
		return;
	}
	nft_e_counter(t, r);
	nft_e_reject_tcp(t, r);
	nft_put_rule(t, r);
}

static void table(struct nft_tx *t)
{
	put_sets(t);
	nft_put_chain(t, "flood", "filter", NF_INET_PRE_ROUTING, PRIO_INET);
	rule_pps(t);
	rule_new(t);
	nft_put_chain(t, "flood_mail", "filter", NF_INET_FORWARD, -10);
	rule_mail(t, "flood_mail");
}

static void bridge(struct nft_tx *t)
{
	put_sets(t);
	nft_put_chain(t, "flood", "filter", NF_BR_PRE_ROUTING, -80);
	rule_pps(t);
	rule_new(t);
	rule_mail(t, "flood");
}

/* --- elements --- */

struct words { char how[8], ifname[16]; uint64_t packets, connections; unsigned no_smtp; };

static void put_limit(struct nft_tx *t, bool add, unsigned set, const char *ifname, uint64_t rate)
{
	const struct nft_elem el = { .key = ifname, .over_rate = rate };

	if (rate)
		nft_put_elems(t, add, &sets[set], &el, 1);
}

static int elems(struct nft_tx *t, unsigned id, bool add, const struct str_list *lines, unsigned families, struct err *e)
{
	(void)id;
	(void)e;
	for (size_t i = 0; i < lines->n; i++) {
		const char *s = net_line_of(lines->v[i], PART);
		struct words w = { 0 };
		bool bridged;

		if (!s || sscanf(s, "%7s %15s %" SCNu64 " %" SCNu64 " %u", w.how, w.ifname, &w.packets, &w.connections,
				 &w.no_smtp) != 5)
			continue;
		bridged = str_eq(w.how, "bridged");
		if (!(families & (bridged ? NET_BRIDGE : NET_INET)))
			continue;
		t->family = bridged ? NFPROTO_BRIDGE : NFPROTO_INET;
		put_limit(t, add, PPS, w.ifname, w.packets);
		put_limit(t, add, NEWCONNS, w.ifname, w.connections);
		if (w.no_smtp)
			nft_put_keys(t, add, &sets[NOSMTP], w.ifname, 1);
	}
	return 0;
}

const struct net_part net_flood_part = { .name = PART, .table = table, .bridge = bridge, .elems = elems };
