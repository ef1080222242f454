/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	set ports { ifname }		the interfaces that these sets know
 *	set port_mac { ifname . ether }	sender of ARP
 *	set port_ip { ifname }		those with an ip_filter, whose addresses are in
 *	set port4, port6 { ifname . address }
 *	chain from_veth (guard.c)	ARP of one in ports, (interface . sender) not in port_mac: counter drop
 *					neighbour discovery of one in ports: jump from_nd
 *					one in port_ip: jump from_filtered
 *	chain from_nd			(interface . hardware address that it names) not in port_mac: counter drop
 *					one that is not the first option, which nobody needs: counter drop
 *	chain from_filtered		advertised address not in port6: drop
 *					sender of ARP, source of IPv4, IPv6 in port4, port6: return
 *					nobody yet (0.0.0.0, ::) who asks for an address: return
 *					counter drop
 */
#include "net/vport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "util/auto.h"
#include "util/err.h"

#define FROM_FILTERED "from_filtered"
#define FROM_ND "from_nd"
#define OPTIONS_MAX 3		/* of neighbour discovery, of 8 octets each: address and nonce are what there is */
#define ND_RS 133
#define ND_NS 135
#define ND_NA 136
#define ALL_MAX 4096		/* addresses of one interface: fewer fit into an alias */

struct key_if { char ifname[IFNAMSIZ]; };
struct key_mac { char ifname[IFNAMSIZ]; uint8_t mac[6], pad[2]; };
struct key_4 { char ifname[IFNAMSIZ]; struct in_addr ip; };
struct key_6 { char ifname[IFNAMSIZ]; struct in6_addr ip; };

enum { PORTS, MACS, FILTERED, IP4, IP6, SET_N };
static const struct nft_set sets[SET_N] = {
	[PORTS] = { .name = "ports", .id = 30, .key_type = NFT_T_IFNAME, .key_len = sizeof(struct key_if) },
	[MACS] = { .name = "port_mac", .id = 31, .key_type = NFT_T_IFNAME << 6 | NFT_T_ETHER, .key_len = sizeof(struct key_mac) },
	[FILTERED] = { .name = "port_ip", .id = 32, .key_type = NFT_T_IFNAME, .key_len = sizeof(struct key_if) },
	[IP4] = { .name = "port4", .id = 33, .key_type = NFT_T_IFNAME << 6 | NFT_T_IP4, .key_len = sizeof(struct key_4) },
	[IP6] = { .name = "port6", .id = 34, .key_type = NFT_T_IFNAME << 6 | NFT_T_IP6, .key_len = sizeof(struct key_6) },
};

/* --- the alias --- */

void vport_alias(unsigned id, const struct net_if *f, char dst[VPORT_ALIAS_MAX])
{
	str_fmt(dst, VPORT_ALIAS_MAX, "vz %u %s %02x:%02x:%02x:%02x:%02x:%02x%s%s", id, f->ifname, f->mac[0], f->mac[1], f->mac[2],
		f->mac[3], f->mac[4], f->mac[5], f->ip_filter[0] ? " " : "", f->ip_filter);
}

bool vport_alias_is(const char *alias, unsigned id, const char *ifname)
{
	char want[64];
	size_t len;

	if (str_fmt(want, sizeof(want), "vz %u %s", id, ifname) < 0)
		return false;
	len = strlen(want);
	return strncmp(alias, want, len) == 0 && (!alias[len] || alias[len] == ' ');
}

bool vport_alias_parse(const char *alias, struct net_if *ret)
{
	char copy[VPORT_ALIAS_MAX], *rest = copy, *word[5] = { 0 };
	struct err ignored = { 0 };
	size_t n = 0;

	*ret = (struct net_if){ 0 };
	if (str_copy(copy, sizeof(copy), alias) < 0)
		return false;
	while (n < ARRAY_SIZE(word) && (word[n] = strsep(&rest, " ")))
		n++;
	if (n < 4 || !str_eq(word[0], "vz") || net_if_set(ret, "ifname", word[2], &ignored) < 0 ||
	    net_if_set(ret, "mac", word[3], &ignored) < 0)
		return false;
	return n < 5 || net_if_set(ret, "ip_filter", word[4], &ignored) == 0;
}

/* --- sets and rules --- */

void vport_put_sets(struct nft_tx *t)
{
	for (size_t i = 0; i < SET_N; i++)
		nft_put_set(t, &sets[i]);
	nft_put_chain(t, FROM_FILTERED, NULL, 0, 0);
	nft_put_chain(t, FROM_ND, NULL, 0, 0);
}

static void e_proto(struct nft_tx *t, struct nftnl_rule *r, uint16_t ethertype)
{
	uint16_t be = htons(ethertype);

	nft_e_meta(t, r, NFT_META_PROTOCOL, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &be, sizeof(be));
}

static void e_in(struct nft_tx *t, struct nftnl_rule *r, unsigned set)
{
	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_1);
	nft_e_in(t, r, &sets[set], NFT_REG_1);
}

/* (interface . @len bytes at @off) in @set, or with @not not in it. */
static void e_pair(struct nft_tx *t, struct nftnl_rule *r, uint32_t base, uint32_t off, uint32_t len, unsigned set,
		   bool not)
{
	nft_e_meta(t, r, NFT_META_IIFNAME, NFT_REG_1);
	nft_e_payload(t, r, base, off, len, NFT_REG_2);
	(not ? nft_e_not_in : nft_e_in)(t, r, &sets[set], NFT_REG_1);
}

static void put_verdict(struct nft_tx *t, struct nftnl_rule *r, int verdict)
{
	if (verdict == NF_DROP)
		nft_e_counter(t, r);
	nft_e_verdict(t, r, verdict, NULL);
	nft_put_rule(t, r);
}

static void e_icmp6(struct nft_tx *t, struct nftnl_rule *r, uint8_t from, uint8_t to)
{
	static const uint8_t icmp6 = IPPROTO_ICMPV6;

	e_proto(t, r, ETH_P_IPV6);
	nft_e_meta(t, r, NFT_META_L4PROTO, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &icmp6, 1);
	nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
	nft_e_range(t, r, NFT_RANGE_EQ, NFT_REG_1, &from, &to, 1);
}

/* From ::, in messages of @type: is an address free, which groups are listened to. */
static void rule_nobody6(struct nft_tx *t, uint8_t type)
{
	static const uint8_t nobody[16];
	struct nftnl_rule *r = nft_rule(t, FROM_FILTERED);

	e_icmp6(t, r, type, type);
	nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, 8, 16, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, nobody, sizeof(nobody));
	put_verdict(t, r, NFT_RETURN);
}

static void rules_filtered(struct nft_tx *t)
{
	static const uint8_t nobody[4], udp = IPPROTO_UDP, to_dhcp[2] = { 0, 67 };
	struct nftnl_rule *r = nft_rule(t, FROM_FILTERED);

	e_icmp6(t, r, ND_NA, ND_NA);
	e_pair(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 8, 16, IP6, true);
	put_verdict(t, r, NF_DROP);
	r = nft_rule(t, FROM_FILTERED);
	e_proto(t, r, ETH_P_ARP);
	e_pair(t, r, NFT_PAYLOAD_NETWORK_HEADER, 14, 4, IP4, false);
	put_verdict(t, r, NFT_RETURN);
	r = nft_rule(t, FROM_FILTERED);
	e_proto(t, r, ETH_P_IP);
	e_pair(t, r, NFT_PAYLOAD_NETWORK_HEADER, 12, 4, IP4, false);
	put_verdict(t, r, NFT_RETURN);
	r = nft_rule(t, FROM_FILTERED);
	e_proto(t, r, ETH_P_IPV6);
	e_pair(t, r, NFT_PAYLOAD_NETWORK_HEADER, 8, 16, IP6, false);
	put_verdict(t, r, NFT_RETURN);
	r = nft_rule(t, FROM_FILTERED);	/* who asks whether an address is free */
	e_proto(t, r, ETH_P_ARP);
	nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, 14, 4, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, nobody, sizeof(nobody));
	put_verdict(t, r, NFT_RETURN);
	r = nft_rule(t, FROM_FILTERED);	/* who asks a DHCP server for one */
	e_proto(t, r, ETH_P_IP);
	nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, 12, 4, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, nobody, sizeof(nobody));
	nft_e_meta(t, r, NFT_META_L4PROTO, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &udp, 1);
	nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, to_dhcp, sizeof(to_dhcp));
	put_verdict(t, r, NFT_RETURN);
	rule_nobody6(t, ND_NS);
	rule_nobody6(t, 143);
	put_verdict(t, nft_rule(t, FROM_FILTERED), NF_DROP);
}

/* Messages @from to @to, whose options begin at @at: who may be named there is who may send. */
static void rules_option(struct nft_tx *t, uint8_t from, uint8_t to, uint32_t at)
{
	static const uint8_t source = 1, target = 2;
	struct nftnl_rule *r;

	for (uint32_t i = 0; i <= OPTIONS_MAX; i++) {
		r = nft_rule(t, FROM_ND);
		e_icmp6(t, r, from, to);
		nft_e_payload(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, at + 8 * i, 1, NFT_REG_1);	/* is there one? */
		if (i < OPTIONS_MAX)
			nft_e_range(t, r, NFT_RANGE_EQ, NFT_REG_1, &source, &target, 1);
		if (i == 0)
			e_pair(t, r, NFT_PAYLOAD_TRANSPORT_HEADER, at + 2, 6, MACS, true);
		put_verdict(t, r, NF_DROP);
	}
}

void vport_put_rules(struct nft_tx *t, const char *chain)
{
	struct nftnl_rule *r = nft_rule(t, chain);

	e_proto(t, r, ETH_P_ARP);
	e_in(t, r, PORTS);
	e_pair(t, r, NFT_PAYLOAD_NETWORK_HEADER, 8, 6, MACS, true);
	put_verdict(t, r, NF_DROP);
	r = nft_rule(t, chain);
	e_icmp6(t, r, ND_RS, ND_NA);
	e_in(t, r, PORTS);
	nft_e_verdict(t, r, NFT_JUMP, FROM_ND);
	nft_put_rule(t, r);
	rules_option(t, ND_RS, ND_RS, 8);
	rules_option(t, ND_NS, ND_NA, 24);
	r = nft_rule(t, chain);
	e_in(t, r, FILTERED);
	nft_e_verdict(t, r, NFT_JUMP, FROM_FILTERED);
	nft_put_rule(t, r);
	rules_filtered(t);
}

/* --- elements --- */

/* fe80:: and the hardware address, as every guest has it that is not told otherwise. */
static struct in6_addr link_local(const uint8_t m[6])
{
	return (struct in6_addr){ { { 0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5] } } };
}

static void put_ip(struct nft_tx *t, bool add, const char *name, const struct net_ip *ip)
{
	struct key_4 k4 = { .ip = ip->v4 };
	struct key_6 k6 = { .ip = ip->v6 };

	str_copy(k4.ifname, IFNAMSIZ, name);
	str_copy(k6.ifname, IFNAMSIZ, name);
	if (ip->family == AF_INET)
		nft_put_keys(t, add, &sets[IP4], &k4, 1);
	else
		nft_put_keys(t, add, &sets[IP6], &k6, 1);
}

static void put_elems(struct nft_tx *t, bool add, const char *name, const struct net_if *f)
{
	struct net_ip ip = { .family = AF_INET6, .v6 = link_local(f->mac) };
	char copy[NET_IPFILTER_MAX], *rest = copy, *word;
	struct err ignored = { 0 };
	struct key_mac mac = { 0 };
	struct key_if key = { 0 };

	str_copy(key.ifname, IFNAMSIZ, name);
	str_copy(mac.ifname, IFNAMSIZ, name);
	memcpy(mac.mac, f->mac, sizeof(mac.mac));
	nft_put_keys(t, add, &sets[MACS], &mac, 1);
	nft_put_keys(t, add, &sets[PORTS], &key, 1);
	if (!f->ip_filter[0])
		return;
	put_ip(t, add, name, &ip);
	str_copy(copy, sizeof(copy), f->ip_filter);
	while ((word = strsep(&rest, "+"))) {
		if (net_ip_parse(word, &ip, &ignored) == 0)
			put_ip(t, add, name, &ip);
	}
	nft_put_keys(t, add, &sets[FILTERED], &key, 1);
}

static int all_one(const struct link_info *link, void *arg)
{
	struct net_if f;

	if (str_eq(link->kind, "veth") && str_starts(link->alias, "vz ") && !str_starts(link->name, "vz-") &&
	    vport_alias_parse(link->alias, &f))
		put_elems(arg, true, link->name, &f);
	return 0;
}

int vport_put_all(struct net *n, struct nft_tx *t, struct err *e)
{
	return net_rt(n, e) < 0 ? -e->code : link_info_each(&n->rt, all_one, t, e);
}

int vport_change(struct net *n, const struct net_if *f, bool add, struct err *e)
{
	struct nft_tx t;

	if (!net_if_guarded(f) || net_nf(n, e) < 0)
		return -e->code;
	nft_tx_begin(&t, &n->nft, n->table, 0);
	t.family = NFPROTO_BRIDGE;
	put_elems(&t, add, f->host_ifname, f);
	if (nft_tx_end(&t, add ? "add an interface" : "remove an interface", e) == 0)
		return 0;
	/* no such table: the kernel has none for bridges, or somebody flushed it and it comes back with all there is */
	if (e->code != ENOENT && e->code != EOPNOTSUPP && e->code != EAFNOSUPPORT)
		return -e->code;
	err_clear(e);
	return add ? guard_setup(n, e) : 0;
}
