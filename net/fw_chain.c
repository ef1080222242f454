/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps, chains and rules of the firewall: made once with the table, the same whoever runs. What they ask and why: fw.h.
 *
 *	fw_pre, fw_post		is the interface one with rules? jump fw_out, fw_in
 *	fw_in, fw_out		answers: accept; by family: jump fw_in4 ...; who returns from there: goto fw_log_accept
 *	fw_in4, fw_in6 ...	a question for each length, then the policy; "continue": goto fw_log_drop
 *	fw_in6_fine ...		the same for who has peers of other lengths (set fwon says it): each whole byte
 *	fw_zone			between two containers of tenants that do not know each other: drop
 *	fw_host			the host's own lists
 */
#include "net/net_priv.h"

#include "net/fw_priv.h"

#include <arpa/inet.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>

#include "util/auto.h"

#define R0 NFT_REG32_00
#define R_PROTO NFT_REG32_04
#define R_WORD NFT_REG32_05
#define R_ADDR NFT_REG32_06
#define PRIO_OUT (-90)		/* behind destination NAT */
#define PRIO_BR_PRE NF_BR_PRI_FILTER_BRIDGED
#define PRIO_BR_POST NF_BR_PRI_FILTER_OTHER
#define UDP_MS 60000		/* an interface has room for so many seconds of FW_FLOW_RATE */
#define UDP_FLOWS 131072
#define ANY_MS 30000
#define ANY_FLOWS 65536
#define ECHO4 8
#define ECHO6 128
#define LOG_RATE 10
#define LOG_BURST 40
#define ANY_PROTO (-1)
#define FRESH (FW_FLOW + FW_FLOW_FRESH)
#define T3(a, b, c) ((a) << 12 | (b) << 6 | (c))
#define T4(a, b, c, d) (T3(a, b, c) << 6 | (d))
#define T5(a, b, c, d, e) (T4(a, b, c, d) << 6 | (e))

/* Of flows: the container's interface, then inside . outside . port inside . port outside, or protocol . inside . outside. */
#define KEY_UDP4 T5(NFT_T_IFNAME, NFT_T_IP4, NFT_T_IP4, NFT_T_PORT, NFT_T_PORT)
#define KEY_UDP6 T5(NFT_T_IFNAME, NFT_T_IP6, NFT_T_IP6, NFT_T_PORT, NFT_T_PORT)
#define KEY_ANY4 T4(NFT_T_IFNAME, NFT_T_PROTO, NFT_T_IP4, NFT_T_IP4)
#define KEY_ANY6 T4(NFT_T_IFNAME, NFT_T_PROTO, NFT_T_IP6, NFT_T_IP6)

enum { SIDE_IN, SIDE_OUT, SIDE_NET, SIDE_CT };
#define ASK4(NAME, ID) { .name = (NAME), .id = (ID), .key_type = T4(NFT_T_IFNAME, NFT_T_PROTO, NFT_T_MARK, NFT_T_IP4), \
			 .key_len = 28, .data_type = NFT_DATA_VERDICT }
#define ASK6(NAME, ID) { .name = (NAME), .id = (ID), .key_type = T4(NFT_T_IFNAME, NFT_T_PROTO, NFT_T_MARK, NFT_T_IP6), \
			 .key_len = 40, .data_type = NFT_DATA_VERDICT }
#define ASK(SIDE, NAME4, NAME6, ID) [FW_ASK + 2 * (SIDE)] = ASK4(NAME4, ID), [FW_ASK + 2 * (SIDE) + 1] = ASK6(NAME6, (ID) + 1)

const struct nft_set fw_maps[FW_MAP_N] = {
	ASK(SIDE_IN, "fwin4", "fwin6", 70), ASK(SIDE_OUT, "fwout4", "fwout6", 72),
	ASK(SIDE_NET, "fwnet4", "fwnet6", 74), ASK(SIDE_CT, "fwct4", "fwct6", 76),
	[FW_FINE] = ASK6("fwfine6", 78),
	[FW_POLICY] = { .name = "fwpolicy", .id = 12, .key_type = NFT_T_IFNAME << 6 | NFT_T_MARK, .key_len = 20,
			.data_type = NFT_DATA_VERDICT },
	[FW_ON] = { .name = "fwon", .id = 13, .key_type = NFT_T_IFNAME << 6 | NFT_T_MARK, .key_len = 20 },
	[FW_ZONE] = { .name = "zone", .id = 14, .key_type = NFT_T_IFNAME, .key_len = 16,
		      .data_type = NFT_T_MARK << 6 | NFT_T_MARK, .data_len = 8 },
	[FW_ZONE_FROM] = { .name = "zonefrom", .id = 15, .key_type = T4(NFT_T_MARK, NFT_T_MARK, NFT_T_MARK, NFT_T_IFNAME),
			   .key_len = FW_ZONE_AT + 8 + FW_IF },
	[FW_SHARE] = { .name = "fwshare", .id = 60, .key_type = NFT_T_IFNAME, .key_len = FW_IF },
	[FW_FLOW + FW_FLOW_UDP4] = { "flow4", 61, KEY_UDP4, 32, .timeout_ms = UDP_MS, .size = UDP_FLOWS },
	[FW_FLOW + FW_FLOW_UDP6] = { "flow6", 62, KEY_UDP6, 56, .timeout_ms = UDP_MS, .size = UDP_FLOWS },
	[FW_FLOW + FW_FLOW_ANY4] = { "flowany4", 63, KEY_ANY4, 28, .timeout_ms = ANY_MS, .size = ANY_FLOWS },
	[FW_FLOW + FW_FLOW_ANY6] = { "flowany6", 64, KEY_ANY6, 52, .timeout_ms = ANY_MS, .size = ANY_FLOWS },
	[FRESH + FW_FLOW_UDP4] = { "fresh4", 65, KEY_UDP4, 32, .timeout_ms = UDP_MS / 2, .size = UDP_FLOWS / 2 },
	[FRESH + FW_FLOW_UDP6] = { "fresh6", 66, KEY_UDP6, 56, .timeout_ms = UDP_MS / 2, .size = UDP_FLOWS / 2 },
	[FRESH + FW_FLOW_ANY4] = { "freshany4", 67, KEY_ANY4, 28, .timeout_ms = ANY_MS / 2, .size = ANY_FLOWS / 2 },
	[FRESH + FW_FLOW_ANY6] = { "freshany6", 68, KEY_ANY6, 52, .timeout_ms = ANY_MS / 2, .size = ANY_FLOWS / 2 },
};

struct side {
	enum fw_map maps;		/* for IPv4, the next for IPv6 */
	const char *chain, *chain4, *chain6, *fine;
	uint32_t ifkey;			/* meta key of the interface's name, or */
	const char *name;		/* ... what stands in its place */
	bool out;
};
#define SIDE(MAPS, CHAIN, KEY, NAME, OUT) { FW_ASK + 2 * (MAPS), CHAIN, CHAIN "4", CHAIN "6", CHAIN "6_fine", KEY, NAME, OUT }
static const struct side side_in = SIDE(SIDE_IN, "fw_in", NFT_META_OIFNAME, NULL, false);
static const struct side side_out = SIDE(SIDE_OUT, "fw_out", NFT_META_IIFNAME, NULL, true);
static const struct side side_net = SIDE(SIDE_NET, "fw_host_net", 0, FW_HOST_NET, false);
static const struct side side_ct = SIDE(SIDE_CT, "fw_host_ct", 0, FW_HOST_CT, false);

static void put_if(struct nft_tx *t, struct nftnl_rule *r, const struct side *s)
{
	char name[FW_IF] = { 0 };

	if (!s->name) {
		nft_e_meta(t, r, s->ifkey, R0);
		return;
	}
	str_copy(name, sizeof(name), s->name);
	nft_e_load(t, r, R0, name, sizeof(name));
}

static void put_word(struct nft_tx *t, struct nftnl_rule *r, uint32_t reg, const struct side *s, unsigned level)
{
	const uint8_t word[4] = { 0, 0, 0, (uint8_t)(level / 8 | (s->out ? FW_WORD_OUT : 0)) };

	nft_e_load(t, r, reg, word, sizeof(word));
}

static void is_protocol(struct nft_tx *t, struct nftnl_rule *r, uint16_t ether)
{
	uint16_t be = htons(ether);
	uint8_t nfproto = ether == ETH_P_IP ? NFPROTO_IPV4 : NFPROTO_IPV6;

	if (t->family == NFPROTO_BRIDGE) {
		nft_e_meta(t, r, NFT_META_PROTOCOL, NFT_REG_4);
		nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_4, &be, sizeof(be));
	} else {
		nft_e_meta(t, r, NFT_META_NFPROTO, NFT_REG_4);
		nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_4, &nfproto, 1);
	}
}

static void is_l4(struct nft_tx *t, struct nftnl_rule *r, uint32_t op, uint8_t proto)
{
	nft_e_meta(t, r, NFT_META_L4PROTO, R0);
	nft_e_cmp(t, r, op, R0, &proto, 1);
}

static void verdict_rule(struct nft_tx *t, struct nftnl_rule *r, int verdict, const char *chain)
{
	nft_e_verdict(t, r, verdict, chain);
	nft_put_rule(t, r);
}

/* --- the questions --- */

static const unsigned usual4[] = { 32, 24, 16, 8, 0 }, usual6[] = { 128, 64, 48, 32, 0 };

static bool is_usual(unsigned level6)
{
	for (size_t i = 0; i < ARRAY_SIZE(usual6); i++)
		if (usual6[i] == level6)
			return true;
	return false;
}

enum fw_map fw_ask_map(const char *ifname, int family, const uint8_t word[4])
{
	const struct side *s = str_eq(ifname, FW_HOST_NET) ? &side_net : str_eq(ifname, FW_HOST_CT) ? &side_ct :
			       word[3] & FW_WORD_OUT ? &side_out : &side_in;

	if (family != AF_INET6)
		return s->maps;
	return is_usual((word[3] & ~FW_WORD_OUT) * 8u) ? s->maps + 1 : FW_FINE;
}

static void put_addr(struct nft_tx *t, struct nftnl_rule *r, const struct side *s, bool six, unsigned level)
{
	static const uint8_t zero[16];
	uint8_t mask[16] = { 0 };
	uint32_t len = six ? 16 : 4, src = six ? 8 : 12;

	if (!level) {
		nft_e_load(t, r, R_ADDR, zero, len);
		return;
	}
	nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, s->out ? src + len : src, len, R_ADDR);
	if (level == len * 8)
		return;
	memset(mask, 0xff, level / 8);
	nft_e_mask(t, r, R_ADDR, mask, len);
}

/* @port_len: bits of the port that are asked for, ANY_PROTO: rules for any protocol. */
static void rule_ask(struct nft_tx *t, const struct side *s, const char *chain, bool six, unsigned level, int port_len)
{
	struct nftnl_rule *r = nft_rule(t, chain);
	const uint8_t xor[4] = { 0, 0, (uint8_t)port_len, (uint8_t)(level / 8 | (s->out ? FW_WORD_OUT : 0)) };
	static const uint8_t zero[4];
	uint16_t keep = htons((uint16_t)(port_len > 0 ? 0xffff0000u >> port_len : 0));
	uint8_t mask[4] = { 0 };

	put_if(t, r, s);
	if (port_len == ANY_PROTO)
		nft_e_load(t, r, R_PROTO, zero, sizeof(zero));
	else
		nft_e_meta(t, r, NFT_META_L4PROTO, R_PROTO);
	if (port_len > 0) {
		memcpy(mask, &keep, sizeof(keep));
		nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, R_WORD);
		nft_e_mask_xor(t, r, R_WORD, mask, xor, sizeof(mask));
	} else {
		put_word(t, r, R_WORD, s, level);
	}
	put_addr(t, r, s, six, level);
	nft_e_map(t, r, &fw_maps[six && !is_usual(level) ? FW_FINE : s->maps + six], R0, NFT_REG_VERDICT);
	verdict_rule(t, r, NFT_GOTO, "fw_log_drop");
}

static void rule_policy(struct nft_tx *t, const struct side *s, const char *chain)
{
	struct nftnl_rule *r = nft_rule(t, chain);

	put_if(t, r, s);
	put_word(t, r, R_PROTO, s, 0);
	nft_e_map(t, r, &fw_maps[FW_POLICY], R0, NFT_REG_VERDICT);
	verdict_rule(t, r, NFT_GOTO, "fw_log_drop");
}

static void ask_level(struct nft_tx *t, const struct side *s, const char *chain, bool six, unsigned level)
{
	for (int len = 16; len >= 0; len -= 4)
		rule_ask(t, s, chain, six, level, len);
	rule_ask(t, s, chain, six, level, ANY_PROTO);
}

static void put_questions(struct nft_tx *t, const struct side *s)
{
	struct nftnl_rule *r = nft_rule(t, s->chain6);
	static const uint8_t fine[4] = { [2] = FW_WORD_FINE };

	put_if(t, r, s);
	nft_e_load(t, r, R_PROTO, fine, sizeof(fine));
	nft_e_in(t, r, &fw_maps[FW_ON], R0);
	verdict_rule(t, r, NFT_GOTO, s->fine);
	for (size_t i = 0; i < ARRAY_SIZE(usual4); i++) {
		ask_level(t, s, s->chain4, false, usual4[i]);
		ask_level(t, s, s->chain6, true, usual6[i]);
	}
	for (int level = 128; level >= 0; level -= 8)
		ask_level(t, s, s->fine, true, (unsigned)level);
	rule_policy(t, s, s->chain4);
	rule_policy(t, s, s->chain6);
	rule_policy(t, s, s->fine);
}

/* --- answers --- */

static void accept_known(struct nft_tx *t, const char *chain)
{
	struct nftnl_rule *r = nft_rule(t, chain);

	nft_e_ct_is(t, r, NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED), true);
	verdict_rule(t, r, NF_ACCEPT, NULL);
}

/* TCP that does not begin a connection: who answers to nothing gets a reset from the other end. */
static void accept_tcp_known(struct nft_tx *t, const char *chain)
{
	static const uint8_t syn_ack = 0x12, syn = 0x02;
	struct nftnl_rule *r = nft_rule(t, chain);

	is_l4(t, r, NFT_CMP_EQ, IPPROTO_TCP);
	nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1, R0);
	nft_e_mask(t, r, R0, &syn_ack, 1);
	nft_e_cmp(t, r, NFT_CMP_NEQ, R0, &syn, 1);
	verdict_rule(t, r, NF_ACCEPT, NULL);
}

/* A rule with the key of flow set @f (FW_FLOW_UDP4 ...) that the packet has, seen from the container. */
static struct nftnl_rule *flow_rule(struct nft_tx *t, const char *chain, const struct side *s, unsigned f)
{
	bool six = f == FW_FLOW_UDP6 || f == FW_FLOW_ANY6, udp = f == FW_FLOW_UDP4 || f == FW_FLOW_UDP6;
	struct nftnl_rule *r = nft_rule(t, chain);
	uint32_t len = six ? 16 : 4, src = six ? 8 : 12, dst = src + len;
	uint32_t inner = udp ? NFT_REG32_04 : NFT_REG32_05, peer = inner + len / 4, port = peer + len / 4;

	is_protocol(t, r, six ? ETH_P_IPV6 : ETH_P_IP);
	is_l4(t, r, udp ? NFT_CMP_EQ : NFT_CMP_NEQ, IPPROTO_UDP);
	if (!udp)
		is_l4(t, r, NFT_CMP_NEQ, IPPROTO_TCP);
	put_if(t, r, s);
	nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, s->out ? src : dst, len, inner);
	nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, s->out ? dst : src, len, peer);
	if (udp) {
		nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, s->out ? 0 : 2, 2, port);
		nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, s->out ? 2 : 0, 2, port + 1);
	} else {
		nft_e_meta(t, r, NFT_META_L4PROTO, NFT_REG32_04);
	}
	return r;
}

static struct nftnl_rule *icmp_rule(struct nft_tx *t, const char *chain, uint8_t proto, uint32_t op, uint8_t first, uint8_t last)
{
	struct nftnl_rule *r = nft_rule(t, chain);

	is_l4(t, r, NFT_CMP_EQ, proto);
	nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, R0);
	nft_e_range(t, r, op, R0, &first, &last, 1);
	return r;
}

static void accept_icmp(struct nft_tx *t, const char *chain, uint8_t proto, uint8_t first, uint8_t last)
{
	verdict_rule(t, icmp_rule(t, chain, proto, NFT_RANGE_EQ, first, last), NF_ACCEPT, NULL);
}

static void accept_nd(struct nft_tx *t, const char *chain)
{
	accept_icmp(t, chain, IPPROTO_ICMPV6, 133, 137);
}

/* Who asks for an echo is no answer, though it is of the flow of those who answered one. */
static void ask_echo(struct nft_tx *t, const struct side *s)
{
	verdict_rule(t, icmp_rule(t, s->chain, IPPROTO_ICMP, NFT_RANGE_EQ, ECHO4, ECHO4), NFT_JUMP, s->chain4);
	verdict_rule(t, icmp_rule(t, s->chain, IPPROTO_ICMP, NFT_RANGE_EQ, ECHO4, ECHO4), NFT_GOTO, "fw_log_accept");
	verdict_rule(t, icmp_rule(t, s->chain, IPPROTO_ICMPV6, NFT_RANGE_EQ, ECHO6, ECHO6), NFT_JUMP, s->chain6);
	verdict_rule(t, icmp_rule(t, s->chain, IPPROTO_ICMPV6, NFT_RANGE_EQ, ECHO6, ECHO6), NFT_GOTO, "fw_log_accept");
}

/* On a bridge: neighbours, errors, and what belongs to a flow. */
static void accept_bridged(struct nft_tx *t, const struct side *s)
{
	const uint16_t arp = htons(ETH_P_ARP);
	struct nftnl_rule *r = nft_rule(t, s->chain);

	nft_e_meta(t, r, NFT_META_PROTOCOL, R0);
	nft_e_cmp(t, r, NFT_CMP_EQ, R0, &arp, sizeof(arp));
	verdict_rule(t, r, NF_ACCEPT, NULL);
	accept_tcp_known(t, s->chain);
	ask_echo(t, s);
	for (unsigned f = 0; f < FW_FLOW_FRESH; f++) {
		r = flow_rule(t, s->chain, s, f);
		nft_e_in(t, r, &fw_maps[FW_FLOW + f], R0);
		verdict_rule(t, r, NF_ACCEPT, NULL);
	}
	accept_icmp(t, s->chain, IPPROTO_ICMP, 3, 3);
	accept_icmp(t, s->chain, IPPROTO_ICMP, 11, 12);
	accept_icmp(t, s->chain, IPPROTO_ICMPV6, 1, 4);
	accept_nd(t, s->chain);
}

/* --- chains --- */

static void put_side(struct nft_tx *t, const struct side *s)
{
	bool bridge = t->family == NFPROTO_BRIDGE;
	struct nftnl_rule *r;

	nft_put_chain(t, s->chain4, NULL, 0, 0);
	nft_put_chain(t, s->chain6, NULL, 0, 0);
	nft_put_chain(t, s->fine, NULL, 0, 0);
	nft_put_chain(t, s->chain, NULL, 0, 0);
	put_questions(t, s);
	if (bridge)
		accept_bridged(t, s);
	else
		accept_known(t, s->chain);
	for (int six = 0; six < 2; six++) {
		r = nft_rule(t, s->chain);
		is_protocol(t, r, six ? ETH_P_IPV6 : ETH_P_IP);
		verdict_rule(t, r, NFT_JUMP, six ? s->chain6 : s->chain4);
		r = nft_rule(t, s->chain);
		is_protocol(t, r, six ? ETH_P_IPV6 : ETH_P_IP);
		verdict_rule(t, r, NFT_GOTO, "fw_log_accept");
	}
	rule_policy(t, s, s->chain);	/* what is no IP */
	verdict_rule(t, nft_rule(t, s->chain), NFT_GOTO, "fw_log_accept");
}

static void put_log(struct nft_tx *t, const char *chain, const char *prefix, int verdict)
{
	struct nftnl_rule *r;

	nft_put_chain(t, chain, NULL, 0, 0);
	r = nft_rule(t, chain);
	nft_e_limit(t, r, LOG_RATE, LOG_BURST);
	nft_e_log(t, r, prefix);
	nft_put_rule(t, r);
	verdict_rule(t, nft_rule(t, chain), verdict, NULL);
}

/* Has the interface rules for this direction? */
static struct nftnl_rule *gate(struct nft_tx *t, const char *chain, const struct side *s, const struct side *dir)
{
	struct nftnl_rule *r = nft_rule(t, chain);

	put_if(t, r, s);
	put_word(t, r, R_PROTO, dir, 0);
	nft_e_in(t, r, &fw_maps[FW_ON], R0);
	return r;
}

static void put_maps(struct nft_tx *t, enum fw_map n)
{
	for (enum fw_map i = 0; i < n; i++)
		nft_put_set(t, &fw_maps[i]);
}

/* From zone to zone, unless the packet goes where a port of the host is forwarded: that is open to everybody. */
static void put_zone(struct nft_tx *t, int32_t prio)
{
	static const uint8_t zero[16];
	struct nftnl_rule *r;

	nft_put_chain(t, "fw_zone", "filter", NF_INET_FORWARD, prio);
	r = nft_rule(t, "fw_zone");
	/*
	 * The key: four bytes of nothing, the answer, and a name. nft(8) 1.0.6 knows no length of an answer and aborts when it
	 * has to print one in a key; so it is shown constants, which are overwritten.
	 */
	nft_e_load(t, r, R0, zero, sizeof(zero));
	nft_e_load(t, r, NFT_REG32_04, zero, 12);
	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_4);
	nft_e_map(t, r, &fw_maps[FW_ZONE], NFT_REG_4, NFT_REG32_01);
	nft_e_meta(t, r, NFT_META_OIFNAME, NFT_REG_4);
	nft_e_map(t, r, &fw_maps[FW_ZONE], NFT_REG_4, NFT_REG32_08);	/* is it in a zone at all? */
	nft_e_meta(t, r, NFT_META_OIFNAME, NFT_REG32_03);
	nft_e_not_in(t, r, &fw_maps[FW_ZONE_FROM], R0);
	if (t->family != NFPROTO_BRIDGE)
		nft_e_ct_is(t, r, NFT_CT_STATUS, IPS_DST_NAT, false);
	nft_e_counter(t, r);
	verdict_rule(t, r, NF_DROP, NULL);
}

static void put_host(struct nft_tx *t)
{
	static const char from[3] = { 'v', 'z', '-' }, to[3] = { 'v', 'z', '9' }, lo[FW_IF] = "lo";
	struct nftnl_rule *r;

	put_side(t, &side_net);
	put_side(t, &side_ct);
	nft_put_chain(t, "fw_host", "filter", NF_INET_LOCAL_IN, NF_IP_PRI_FILTER);
	r = nft_rule(t, "fw_host");
	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_4);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_4, lo, sizeof(lo));
	verdict_rule(t, r, NF_ACCEPT, NULL);
	accept_nd(t, "fw_host");
	r = nft_rule(t, "fw_host");
	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_4);
	nft_e_range(t, r, NFT_RANGE_EQ, NFT_REG_4, from, to, sizeof(from));
	verdict_rule(t, r, NFT_GOTO, "fw_host_ct1");
	verdict_rule(t, gate(t, "fw_host", &side_net, &side_net), NFT_GOTO, side_net.chain);
	verdict_rule(t, gate(t, "fw_host_ct1", &side_ct, &side_ct), NFT_GOTO, side_ct.chain);
}

static void put_logs(struct nft_tx *t)
{
	put_log(t, "fw_log_accept", "vz accept: ", NF_ACCEPT);
	put_log(t, "fw_log_drop", "vz drop: ", NF_DROP);
}

void fw_put_table(struct nft_tx *t)
{
	put_maps(t, FW_SHARE);
	put_logs(t);
	put_side(t, &side_in);
	put_side(t, &side_out);
	nft_put_chain(t, "fw_pre", "filter", NF_INET_PRE_ROUTING, PRIO_OUT);
	nft_put_chain(t, "fw_post", "filter", NF_INET_POST_ROUTING, NF_IP_PRI_FILTER);
	verdict_rule(t, gate(t, "fw_pre", &side_out, &side_out), NFT_GOTO, side_out.chain);
	verdict_rule(t, gate(t, "fw_post", &side_in, &side_in), NFT_GOTO, side_in.chain);
	put_zone(t, NF_IP_PRI_FILTER);
	nft_put_chain(t, "fw_host_ct1", NULL, 0, 0);
	put_host(t);
}

/*
 * What passed becomes a flow, whose answers pass too: asked for only where the other direction has rules. Above its share an
 * interface may go on sending; what answers is up to its rules.
 */
static void put_flows(struct nft_tx *t, const char *chain, const struct side *s, const struct side *other)
{
	const char *name = s->out ? "fw_flow_out" : "fw_flow_in";
	struct nftnl_rule *r;

	nft_put_chain(t, name, NULL, 0, 0);
	r = nft_rule(t, name);
	is_l4(t, r, NFT_CMP_EQ, IPPROTO_TCP);
	verdict_rule(t, r, NFT_RETURN, NULL);
	/* of ICMP only who asks for an echo is answered: neighbours' questions and errors begin nothing */
	verdict_rule(t, icmp_rule(t, name, IPPROTO_ICMP, NFT_RANGE_NEQ, ECHO4, ECHO4), NFT_RETURN, NULL);
	verdict_rule(t, icmp_rule(t, name, IPPROTO_ICMPV6, NFT_RANGE_NEQ, ECHO6, ECHO6), NFT_RETURN, NULL);
	for (unsigned f = 0; f < FW_FLOW_FRESH; f++) {
		r = flow_rule(t, name, s, f);
		nft_e_in(t, r, &fw_maps[FRESH + f], R0);
		verdict_rule(t, r, NFT_RETURN, NULL);
	}
	r = nft_rule(t, name);
	is_l4(t, r, NFT_CMP_NEQ, IPPROTO_TCP);		/* of IP at all */
	put_if(t, r, s);
	nft_e_in(t, r, &fw_maps[FW_SHARE], R0);
	nft_e_counter(t, r);
	verdict_rule(t, r, NFT_RETURN, NULL);
	for (unsigned f = 0; f < FW_FLOW_FRESH; f++) {
		r = flow_rule(t, name, s, f);
		nft_e_remember(t, r, &fw_maps[FW_FLOW + f], R0);
		nft_e_remember(t, r, &fw_maps[FRESH + f], R0);
		nft_put_rule(t, r);
	}
	verdict_rule(t, gate(t, chain, s, other), NFT_GOTO, name);
}

void fw_put_bridge(struct nft_tx *t)
{
	put_maps(t, FW_MAP_N);
	put_logs(t);
	put_side(t, &side_in);
	put_side(t, &side_out);
	nft_put_chain(t, "fw_pre", "filter", NF_BR_PRE_ROUTING, PRIO_BR_PRE);
	nft_put_chain(t, "fw_pre_flow", "filter", NF_BR_PRE_ROUTING, PRIO_BR_PRE + 1);
	nft_put_chain(t, "fw_post", "filter", NF_BR_POST_ROUTING, PRIO_BR_POST);
	nft_put_chain(t, "fw_post_flow", "filter", NF_BR_POST_ROUTING, PRIO_BR_POST + 1);
	verdict_rule(t, gate(t, "fw_pre", &side_out, &side_out), NFT_GOTO, side_out.chain);
	verdict_rule(t, gate(t, "fw_post", &side_in, &side_in), NFT_GOTO, side_in.chain);
	put_flows(t, "fw_pre_flow", &side_out, &side_in);
	put_flows(t, "fw_post_flow", &side_in, &side_out);
	put_zone(t, PRIO_BR_PRE);
}
