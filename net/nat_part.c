/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forwards of ports in the kernel: rules that are made once, and the lines of the part "nat" as elements. See nat.h. */
#include "net/net_priv.h"

#include "net/nat.h"
#include "net/net_part.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>

#include "util/auto.h"
#include "util/err.h"

#define R0 NFT_REG32_00
#define R_DATA NFT_REG32_08
#define T2(a, b) ((a) << 6 | (b))

enum { FWD4, FWD6, FWDIP4, FWDIP6, HAIRPIN4, HAIRPIN6, MAP_N };

/* Address and port: the port lies behind the four or sixteen bytes of the address. */
static const struct nft_set maps[MAP_N] = {
	[FWD4] = { .name = "fwd4", .id = 20, .key_type = T2(NFT_T_PROTO, NFT_T_PORT), .key_len = 8,
		   .data_type = T2(NFT_T_IP4, NFT_T_PORT), .data_len = 8 },
	[FWD6] = { .name = "fwd6", .id = 21, .key_type = T2(NFT_T_PROTO, NFT_T_PORT), .key_len = 8,
		   .data_type = T2(NFT_T_IP6, NFT_T_PORT), .data_len = 20 },
	[FWDIP4] = { .name = "fwdip4", .id = 22, .key_type = T2(T2(NFT_T_PROTO, NFT_T_PORT), NFT_T_IP4), .key_len = 12,
		     .data_type = T2(NFT_T_IP4, NFT_T_PORT), .data_len = 8 },
	[FWDIP6] = { .name = "fwdip6", .id = 23, .key_type = T2(T2(NFT_T_PROTO, NFT_T_PORT), NFT_T_IP6), .key_len = 24,
		     .data_type = T2(NFT_T_IP6, NFT_T_PORT), .data_len = 20 },
	[HAIRPIN4] = { .name = "hairpin4", .id = 24, .key_type = T2(NFT_T_IFNAME, NFT_T_IP4), .key_len = 20 },
	[HAIRPIN6] = { .name = "hairpin6", .id = 25, .key_type = T2(NFT_T_IFNAME, NFT_T_IP6), .key_len = 32 },
};

static void rule_dnat(struct nft_tx *t, const char *chain, bool six, bool ip)
{
	static const uint32_t local = RTN_LOCAL;
	uint8_t nfproto = six ? NFPROTO_IPV6 : NFPROTO_IPV4;
	uint32_t len = six ? 16 : 4;
	struct nftnl_rule *r = nft_rule(t, chain);

	nft_e_meta(t, r, NFT_META_NFPROTO, R0);
	nft_e_cmp(t, r, NFT_CMP_EQ, R0, &nfproto, 1);
	if (!ip) {
		nft_e_fib_type(t, r, R0);
		nft_e_cmp(t, r, NFT_CMP_EQ, R0, &local, sizeof(local));
	}
	nft_e_meta(t, r, NFT_META_L4PROTO, R0);
	nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG32_01);
	if (ip)
		nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, six ? 24 : 16, len, NFT_REG32_02);
	nft_e_map(t, r, &maps[ip ? (six ? FWDIP6 : FWDIP4) : (six ? FWD6 : FWD4)], R0, R_DATA);
	nft_e_dnat(t, r, nfproto, R_DATA, R_DATA + len / 4);
	nft_put_rule(t, r);
}

static void rule_hairpin(struct nft_tx *t, bool six)
{
	struct nftnl_rule *r = nft_rule(t, "hairpin_out");
	uint8_t nfproto = six ? NFPROTO_IPV6 : NFPROTO_IPV4;

	nft_e_meta(t, r, NFT_META_NFPROTO, R0);
	nft_e_cmp(t, r, NFT_CMP_EQ, R0, &nfproto, 1);
	nft_e_ct_is(t, r, NFT_CT_STATUS, IPS_DST_NAT, true);
	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_1);
	nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, six ? 24 : 16, six ? 16 : 4, NFT_REG_2);
	nft_e_in(t, r, &maps[six ? HAIRPIN6 : HAIRPIN4], NFT_REG_1);
	nft_e_masq(t, r);
	nft_put_rule(t, r);
}

static void nat_table(struct nft_tx *t)
{
	static const char *const chains[] = { "forward_in", "forward_out" };

	for (size_t i = 0; i < MAP_N; i++)
		nft_put_set(t, &maps[i]);
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++) {
		nft_put_chain(t, chains[i], "nat", i ? NF_INET_LOCAL_OUT : NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST);
		for (int k = 0; k < 4; k++)
			rule_dnat(t, chains[i], k & 1, k < 2);
	}
	nft_put_chain(t, "hairpin_out", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC - 1);
	for (int six = 0; six < 2; six++)
		rule_hairpin(t, six);
}

static int put_fwd(struct nft_tx *t, bool add, const struct nat_fwd *fwd, struct err *e)
{
	auto_free struct nft_entry *v = NULL;
	const struct nat_fwd f = *fwd;
	uint32_t len;
	size_t n;

	n = (size_t)(f.hi - f.lo) + 1;
	len = f.to.family == AF_INET ? 4 : 16;
	v = calloc(n, sizeof(*v));
	if (!v)
		return err_set(e, ENOMEM, "forward");
	for (size_t i = 0; i < n; i++) {
		uint16_t port = htons((uint16_t)(f.lo + i)), to = htons((uint16_t)(f.to_port + i));

		v[i].key[0] = f.proto;
		memcpy(v[i].key + 4, &port, sizeof(port));
		memcpy(v[i].key + 8, &f.host.v6, f.host.family ? len : 0);
		memcpy(v[i].data, &f.to.v6, len);
		memcpy(v[i].data + len, &to, sizeof(to));
	}
	if (f.host.family)
		nft_put_entries(t, add, &maps[f.to.family == AF_INET ? FWDIP4 : FWDIP6], v, n);
	else
		nft_put_entries(t, add, &maps[f.to.family == AF_INET ? FWD4 : FWD6], v, n);
	return 0;
}

static void put_hairpin(struct nft_tx *t, bool add, const char *ifname, const struct net_ip *to)
{
	bool six = to->family == AF_INET6;
	struct nft_entry el = { 0 };

	str_copy((char *)el.key, IFNAMSIZ, ifname);
	memcpy(el.key + IFNAMSIZ, &to->v6, six ? 16 : 4);
	nft_put_entries(t, add, &maps[six ? HAIRPIN6 : HAIRPIN4], &el, 1);
}

static const char *line(const struct str_list *lines, size_t i, const char *word)
{
	const char *s = net_line_of(lines->v[i], "nat");

	return s ? net_line_of(s, word) : NULL;
}

/* Is line @i the first that leads to that address? */
static bool first_to(const struct str_list *lines, size_t i, const struct nat_fwd *f)
{
	struct err e = { 0 };
	struct nat_fwd other;

	for (size_t k = 0; k < i; k++) {
		const char *s = line(lines, k, "fwd");

		if (s && nat_fwd_parse(s, &other, &e) == 0 && net_ip_equal(&other.to, &f->to))
			return false;
	}
	return true;
}

static int nat_elems(struct nft_tx *t, unsigned id, bool add, const struct str_list *lines, unsigned families, struct err *e)
{
	struct nat_fwd f;

	(void)id;
	if (!(families & NET_INET))
		return 0;
	t->family = NFPROTO_INET;
	for (size_t i = 0; i < lines->n; i++) {
		const char *fwd = line(lines, i, "fwd");

		if (!fwd)
			continue;
		if (nat_fwd_parse(fwd, &f, e) < 0 || put_fwd(t, add, &f, e) < 0)
			return -e->code;
		for (size_t k = 0; k < lines->n && first_to(lines, i, &f); k++) {
			if (line(lines, k, "hairpin"))
				put_hairpin(t, add, line(lines, k, "hairpin"), &f.to);
		}
	}
	return 0;
}

static int nat_change(struct nft_tx *t, unsigned id, const struct str_list *old, const struct str_list *want, struct err *e)
{
	return nat_elems(t, id, false, old, NET_INET, e) < 0 ? -e->code : nat_elems(t, id, true, want, NET_INET, e);
}

const struct net_part nat_part = { .name = "nat", .table = nat_table, .elems = nat_elems, .change = nat_change };
