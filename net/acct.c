/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part "traffic" of the tables "vz", in that of IP and, alike, in that of bridges:
 *
 *	map net4, net6 (intervals)	address -> class; those of IPv6 have bit V6
 *	set sent, received		interface . class; each element counts what finds it
 *	set classes			one element: which networks_classes the maps hold
 *	chain traffic_up		from an interface of ours: class of the destination, look up (interface . it)
 *	chain traffic_down		to one: class of the source, the same
 *
 * A container is 4 elements for a class; what is in no class, or in class 0, finds none. Between the two look-ups the class
 * waits in the packet's priority: nft(8) 1.0.6 aborts over a key that has the result of a map in it, and it is nobody's there:
 * what comes out of a veth has none, what goes into one loses it. It is 0 again behind them, but for what a container of ours
 * will receive: there the class stays for the trees of shape.h.
 */
#include "net/acct.h"
#include "net/net_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>

#include "net/net_part.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/num.h"

#define V6 0x100u
#define PART "traffic"
#define PRIO_UP (-290)		/* behind the source check (raw, -300), before the rest */
#define PRIO_DOWN 310		/* behind source NAT: what really goes to the container */

struct key { char ifname[IFNAMSIZ]; uint32_t tag; };
_Static_assert(sizeof(struct key) == 20, "key of the set");

enum { NET4, NET6, SENT, RECEIVED, CLASSES, SET_N };
static const struct nft_set sets[SET_N] = {
	[NET4] = { .name = "net4", .id = 40, .interval = true, .key_type = NFT_T_IP4, .key_len = 4,
		   .data_type = NFT_T_CLASSID, .data_len = 4 },
	[NET6] = { .name = "net6", .id = 41, .interval = true, .key_type = NFT_T_IP6, .key_len = 16,
		   .data_type = NFT_T_CLASSID, .data_len = 4 },
	[SENT] = { .name = "sent", .id = 42, .key_type = NFT_T_IFNAME << 6 | NFT_T_CLASSID, .key_len = sizeof(struct key),
		   .counter = true },
	[RECEIVED] = { .name = "received", .id = 43, .key_type = NFT_T_IFNAME << 6 | NFT_T_CLASSID,
		       .key_len = sizeof(struct key), .counter = true },
	[CLASSES] = { .name = "classes", .id = 44, .key_type = NFT_T_MARK, .key_len = 4 },
};

static const char if_from[3] = { 'v', 'z', '-' }, if_to[3] = { 'v', 'z', '9' };

/* --- arithmetic --- */

void net_traffic_sum(const struct net_traffic *t, int cls, int v6, struct net_traffic_cell ret[NET_WAY_N])
{
	memset(ret, 0, NET_WAY_N * sizeof(*ret));
	for (int c = 0; c < NET_CLASS_N; c++)
		for (int f = 0; f < 2; f++)
			for (int w = 0; w < NET_WAY_N && (cls < 0 || c == cls) && (v6 < 0 || f == v6); w++) {
				ret[w].bytes += t->v[c][f][w].bytes;
				ret[w].packets += t->v[c][f][w].packets;
			}
}

/* --- table --- */

static void put_sets(struct nft_tx *t)
{
	for (size_t i = 0; i < SET_N; i++)
		nft_put_set(t, &sets[i]);
}

static void rule_class(struct nft_tx *t, const char *chain, bool received, bool v6)
{
	uint16_t ether = htons(v6 ? 0x86dd : 0x0800);
	uint8_t proto = v6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	bool inet = t->family == NFPROTO_INET;
	struct nftnl_rule *r = nft_rule(t, chain);
	uint32_t off = v6 ? received ? 8 : 24 : received ? 12 : 16;

	nft_e_meta(t, r, inet ? NFT_META_NFPROTO : NFT_META_PROTOCOL, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, inet ? (void *)&proto : &ether, inet ? sizeof(proto) : sizeof(ether));
	nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, off, v6 ? 16 : 4, NFT_REG_1);
	nft_e_map(t, r, &sets[v6 ? NET6 : NET4], NFT_REG_1, NFT_REG_1);
	nft_e_meta_set(t, r, NFT_META_PRIORITY, NFT_REG_1);
	nft_put_rule(t, r);
}

static void rule_priority(struct nft_tx *t, const char *chain)
{
	static const uint32_t none;
	struct nftnl_rule *r = nft_rule(t, chain);

	nft_e_load(t, r, NFT_REG_1, &none, sizeof(none));
	nft_e_meta_set(t, r, NFT_META_PRIORITY, NFT_REG_1);
	nft_put_rule(t, r);
}

static void put_chain(struct nft_tx *t, const char *chain, bool received, uint32_t hook, int32_t prio)
{
	static const uint32_t class_bits = NET_CLASS_N - 1, tree = NET_ACCT_PRIORITY;
	struct nftnl_rule *r;

	nft_put_chain(t, chain, "filter", hook, prio);
	if (t->family == NFPROTO_INET) {	/* no look-up for what is not ours; bridges carry little else */
		r = nft_rule(t, chain);
		nft_e_meta(t, r, received ? NFT_META_OIFNAME : NFT_META_IIFNAME, NFT_REG_1);
		nft_e_range(t, r, NFT_RANGE_NEQ, NFT_REG_1, if_from, if_to, sizeof(if_from));
		nft_e_verdict(t, r, NF_ACCEPT, NULL);
		nft_put_rule(t, r);
	}
	if (received)
		rule_priority(t, chain);
	rule_class(t, chain, received, false);
	rule_class(t, chain, received, true);
	r = nft_rule(t, chain);
	nft_e_meta(t, r, received ? NFT_META_OIFNAME : NFT_META_IIFNAME, NFT_REG_1);
	nft_e_meta(t, r, NFT_META_PRIORITY, NFT_REG_2);
	nft_e_in(t, r, &sets[received ? RECEIVED : SENT], NFT_REG_1);
	if (received) {
		nft_e_meta(t, r, NFT_META_PRIORITY, NFT_REG_1);
		nft_e_mask_xor(t, r, NFT_REG_1, &class_bits, &tree, sizeof(tree));
		nft_e_meta_set(t, r, NFT_META_PRIORITY, NFT_REG_1);
		nft_e_verdict(t, r, NF_ACCEPT, NULL);
	}
	nft_put_rule(t, r);
	rule_priority(t, chain);
}

static void table(struct nft_tx *t)
{
	put_sets(t);
	put_chain(t, "traffic_up", false, NF_INET_PRE_ROUTING, PRIO_UP);
	put_chain(t, "traffic_down", true, NF_INET_POST_ROUTING, PRIO_DOWN);
}

static void bridge(struct nft_tx *t)
{
	put_sets(t);
	put_chain(t, "traffic_up", false, NF_BR_PRE_ROUTING, PRIO_UP + 200);
	put_chain(t, "traffic_down", true, NF_BR_POST_ROUTING, PRIO_DOWN);
}

/* --- elements of a container --- */

int net_acct_line(struct str_list *lines, const char *ifname, bool bridged, uint32_t used, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	buf_addf(&b, PART " %s %s", bridged ? "bridged" : "routed", ifname);
	for (unsigned c = 1; c < NET_CLASS_N; c++)
		if (used >> c & 1)
			buf_addf(&b, " %u", c);
	return str_list_add(lines, buf_str(&b), e);
}

static int put_line(struct nft_tx *t, bool add, const char *words, unsigned families, struct err *e)
{
	struct key key[NET_CLASS_N * 2];
	struct str_list w = { 0 };
	bool bridged;
	size_t n = 0;

	if (str_list_split(&w, words, " ", e) < 0)
		return -e->code;
	bridged = w.n && str_eq(w.v[0], "bridged");
	for (size_t i = 2; i < w.n && i < 2 + NET_CLASS_N && families & (bridged ? NET_BRIDGE : NET_INET); i++) {
		uint64_t cls;

		if (num_u64(w.v[i], &cls) < 0 || cls >= NET_CLASS_N)
			continue;
		for (uint32_t v6 = 0; v6 < 2; v6++, n++) {
			key[n] = (struct key){ .tag = (uint32_t)cls | (v6 ? V6 : 0) };
			str_copy(key[n].ifname, sizeof(key[n].ifname), w.v[1]);
		}
	}
	t->family = bridged ? NFPROTO_BRIDGE : NFPROTO_INET;
	nft_put_keys(t, add, &sets[SENT], key, n);
	nft_put_keys(t, add, &sets[RECEIVED], key, n);
	str_list_clear(&w);
	return 0;
}

static int elems(struct nft_tx *t, unsigned id, bool add, const struct str_list *lines, unsigned families, struct err *e)
{
	(void)id;
	for (size_t i = 0; i < lines->n; i++) {
		const char *words = net_line_of(lines->v[i], PART);

		if (words && put_line(t, add, words, families, e) < 0)
			return -e->code;
	}
	return 0;
}

const struct net_part net_acct_part = { .name = PART, .table = table, .bridge = bridge, .elems = elems };

/* --- classes --- */

/* An interval is its first key and, without data, the first behind it; the last address there is has none behind it. */
static void put_ranges(struct nft_tx *t, const struct net_range *v, size_t n, bool v6)
{
	auto_free struct { uint32_t data; uint8_t behind[16]; } *x = calloc(n + 1, sizeof(*x));
	auto_free struct nft_elem *el = calloc(2 * n + 1, sizeof(*el));
	size_t len = v6 ? 16 : 4, at = 0;

	t->failed |= !x || !el;
	for (size_t i = 0; i < n && x && el; i++) {
		size_t k = len;

		x[i].data = v[i].cls | (v6 ? V6 : 0);
		memcpy(x[i].behind, v[i].to, sizeof(x[i].behind));
		while (k > 0 && ++x[i].behind[k - 1] == 0)
			k--;
		el[at++] = (struct nft_elem){ .key = v[i].from, .data = &x[i].data };
		if (k)
			el[at++] = (struct nft_elem){ .key = x[i].behind, .end = true };
	}
	nft_put_elems(t, true, &sets[v6 ? NET6 : NET4], el, at);
}

static int load_classes(struct net *n, uint8_t family, const struct net_classes *c, struct err *e)
{
	struct nft_tx t;

	nft_tx_begin(&t, &n->nft, n->table, 0);
	t.family = family;
	nft_put_flush_set(&t, &sets[NET4]);
	nft_put_flush_set(&t, &sets[NET6]);
	nft_put_flush_set(&t, &sets[CLASSES]);
	put_ranges(&t, c->v4, c->n4, false);
	put_ranges(&t, c->v6, c->n6, true);
	nft_put_keys(&t, true, &sets[CLASSES], &c->hash, 1);
	return nft_tx_end(&t, "load the classes of traffic", e);
}

static int ensure(struct net *n, uint8_t family, const struct net_classes *c, struct err *e)
{
	bool there = false;

	if (nft_has_elem(&n->nft, family, n->table, &sets[CLASSES], &c->hash, &there, e) < 0)
		return -e->code;
	return there ? 0 : load_classes(n, family, c, e);
}

static int bridge_ensure(struct net *n, const struct net_classes *c, struct err *e)
{
	int rc = ensure(n, NFPROTO_BRIDGE, c, e);

	if (rc == -ENOENT || rc == -EOPNOTSUPP || rc == -EAFNOSUPPORT) {	/* a kernel without tables of bridges */
		err_clear(e);
		rc = 0;
	}
	return rc;
}

int net_acct_load(struct net *n, struct err *e)
{
	auto_call(net_classes_done) struct net_classes c = { 0 };

	if (net_classes_load(n->classes[0] ? n->classes : NULL, &c, e) < 0)
		return -e->code;
	if (net_nf(n, e) < 0 || ensure(n, NFPROTO_INET, &c, e) < 0)
		return -e->code;
	return bridge_ensure(n, &c, e);
}

int net_acct_ensure(struct net *n, struct err *e)
{
	if (net_acct_load(n, e) != -ENOENT)
		return -e->code;
	err_clear(e);		/* somebody flushed the table since it was looked for */
	return antispoof_setup(n, e);
}

int net_acct_classes(struct net *n, uint32_t *used, struct err *e)
{
	auto_call(net_classes_done) struct net_classes c = { 0 };

	if (net_classes_load(n->classes[0] ? n->classes : NULL, &c, e) < 0)
		return -e->code;
	*used = c.used;
	return 0;
}

/* --- reading --- */

struct reading {
	enum net_traffic_way way;
	struct net_traffic *one;	/* or, of all: */
	net_acct_cb *cb;
	void *arg;
};

static int counted(const void *data, uint32_t len, uint64_t bytes, uint64_t packets, void *arg)
{
	const struct net_traffic_cell cell = { bytes, packets };
	const struct reading *r = arg;
	struct key k;
	bool v6;

	if (len != sizeof(k))
		return 0;
	memcpy(&k, data, sizeof(k));
	k.ifname[IFNAMSIZ - 1] = '\0';
	v6 = (k.tag & V6) != 0;
	k.tag &= ~V6;
	if (k.tag >= NET_CLASS_N)
		return 0;
	if (r->cb)
		return r->cb(r->arg, k.ifname, k.tag, v6, r->way, &cell);
	r->one->v[k.tag][v6][r->way] = cell;
	return 0;
}

static int read_sets(struct net *n, uint8_t family, const struct key *keys, size_t n_keys, struct reading *r, struct err *e)
{
	int rc = 0;

	for (unsigned way = 0; way < NET_WAY_N && rc == 0; way++) {
		const struct nft_set *set = &sets[way == NET_SENT ? SENT : RECEIVED];

		r->way = (enum net_traffic_way)way;
		rc = keys ? nft_ask_elems(&n->nft, family, n->table, set, keys, n_keys, counted, r, e) :
			nft_each_elem(&n->nft, family, n->table, set, counted, r, e);
	}
	return rc;
}

int net_acct_read(struct net *n, const char *ifname, bool bridged, struct net_traffic *ret, struct err *e)
{
	struct key key[NET_CLASS_N * 2];
	struct reading r = { .one = ret };
	size_t k = 0;

	memset(ret, 0, sizeof(*ret));
	if (net_nf(n, e) < 0)
		return -e->code;
	for (uint32_t c = 1; c < NET_CLASS_N; c++)
		for (uint32_t v6 = 0; v6 < 2; v6++, k++) {
			key[k] = (struct key){ .tag = c | (v6 ? V6 : 0) };
			str_copy(key[k].ifname, sizeof(key[k].ifname), ifname);
		}
	return read_sets(n, bridged ? NFPROTO_BRIDGE : NFPROTO_INET, key, k, &r, e);
}

int net_acct_all(struct net *n, net_acct_cb *cb, void *arg, struct err *e)
{
	static const uint8_t families[] = { NFPROTO_INET, NFPROTO_BRIDGE };
	struct reading r = { .cb = cb, .arg = arg };

	if (net_nf(n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		int rc = read_sets(n, families[i], NULL, 0, &r, e);

		if (rc < 0 && rc != -ENOENT && rc != -EOPNOTSUPP && rc != -EAFNOSUPPORT)
			return rc;
		err_clear(e);
	}
	return 0;
}

int net_acct_epoch(struct net *n, bool bridged, uint64_t *ret, struct err *e)
{
	*ret = 0;
	if (net_nf(n, e) < 0)
		return -e->code;
	if (nft_table_handle(&n->nft, bridged ? NFPROTO_BRIDGE : NFPROTO_INET, n->table, ret, e) < 0 && e->code != ENOENT)
		return -e->code;
	err_clear(e);
	return 0;
}
