/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part "rate": table "netdev vz101" of each container with rates whose classes depend on the address, made and removed
 * with its other elements. Where all addresses are of one class there is none: shape_bpf.c.
 *
 *	map net4, net6 (intervals)	address -> class of the tree, of those destination classes that have a rate
 *	chain up-vz101 (ingress)	class of the destination into the packet's priority, then the way through vzifb-up
 *
 * A table of its own because the kernel checks all chains of a table when one of them changes. Each costs all others a little:
 * the kernel looks at every table of netdev whenever an interface comes.
 */
#include "net/net_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "net/net_part.h"
#include "net/shape.h"
#include "net/shape_priv.h"
#include "util/auto.h"
#include "util/err.h"

#define PART "rate"

static const struct nft_set maps[2] = {		/* by v6 */
	{ .name = "net4", .id = 45, .interval = true, .key_type = NFT_T_IP4, .key_len = 4, .data_type = NFT_T_CLASSID,
	  .data_len = 4 },
	{ .name = "net6", .id = 46, .interval = true, .key_type = NFT_T_IP6, .key_len = 16, .data_type = NFT_T_CLASSID,
	  .data_len = 4 },
};

/* "rate IFNAME BASE INDEX MASK FILE": BASE of the classes on interface INDEX, MASK of those with a rate, FILE of the classes. */
int net_shape_line(struct net *n, struct str_list *lines, const char *ifname, const struct net_place *p,
		   const struct net_rates *r, struct err *e)
{
	uint32_t cls[2], mask = shape_mask(r, NET_SENT);
	char ifb[16], line[352];
	unsigned index;
	bool split;

	if (net_rt(n, e) < 0 || shape_families(n->classes[0] ? n->classes : NULL, mask, cls, &split, e) < 0)
		return -e->code;
	if (!split)
		return 0;
	shape_ifb(p, NET_SENT, ifb);
	index = link_index(&n->rt, ifb);
	if (!index)
		return err_say(e, ENODEV, "interface %s does not exist", ifb);
	if (str_fmt(line, sizeof(line), PART " %s %u %u %u %s", ifname, shape_base(p), index, mask, n->classes) < 0)
		return err_say(e, E2BIG, "rates of interface %s", ifname);
	return str_list_add(lines, line, e);
}

/* What is classified how: class 0 of the tree asks the map, none leaves it alone. */
struct family { uint32_t all; bool any; };

/* One class for all there is, as without a file of classes, needs no map. */
static struct family family_of(const struct net_range *v, size_t n, bool v6, uint32_t mask)
{
	struct family f = { 0 };
	size_t len = v6 ? 16 : 4;
	bool all = n == 1;

	for (size_t i = 0; i < n; i++)
		f.any |= mask >> v[i].cls & 1;
	for (size_t i = 0; i < len && all; i++)
		all = v[0].from[i] == 0 && v[0].to[i] == 0xff;
	if (all && f.any)
		f.all = v[0].cls;
	return f;
}

int shape_families(const char *file, uint32_t mask, uint32_t cls[2], bool *split, struct err *e)
{
	auto_call(net_classes_done) struct net_classes c = { 0 };
	struct family f[2];

	if (net_classes_load(file, &c, e) < 0)
		return -e->code;
	f[0] = family_of(c.v4, c.n4, false, mask);
	f[1] = family_of(c.v6, c.n6, true, mask);
	*split = false;
	for (int six = 0; six < 2; six++) {
		cls[six] = f[six].all;
		*split |= f[six].any && !f[six].all;
	}
	return 0;
}

/* The class of all addresses; 0: of none that has a rate, NET_CLASS_N: it depends on the address. */
static int one_class(const struct net *n, const struct net_rates *r, unsigned *ret, struct err *e)
{
	uint32_t cls[2], mask = shape_mask(r, NET_SENT) | shape_mask(r, NET_RECEIVED);
	bool split;

	if (shape_families(n->classes[0] ? n->classes : NULL, mask, cls, &split, e) < 0)
		return -e->code;
	*ret = split || cls[0] != cls[1] ? NET_CLASS_N : cls[0];
	return 0;
}

int net_rates_kind(const struct net *n, const struct net_rates *r, enum net_place_kind *ret, struct err *e)
{
	unsigned cls;

	if (one_class(n, r, &cls, e) < 0)
		return -e->code;
	*ret = cls < NET_CLASS_N ? NET_PLACE_PLAIN : NET_PLACE_CLASSES;
	return 0;
}

int shape_plain_class(const struct net *n, const struct net_rates *r, unsigned *ret, struct err *e)
{
	if (one_class(n, r, ret, e) < 0)
		return -e->code;
	return *ret < NET_CLASS_N ? 0 : err_say(e, EAGAIN, "%s has changed while rates were set", n->classes);
}

static void put_map(struct nft_tx *t, const struct net_range *v, size_t n, bool v6, uint32_t base, uint32_t mask)
{
	nft_put_set(t, &maps[v6]);
	for (size_t i = 0; i < n; i++) {
		uint32_t data = SHAPE_MAJOR | (base + v[i].cls);
		uint8_t behind[16];
		size_t k = maps[v6].key_len;
		struct nft_elem el[2] = {
			{ .key = v[i].from, .data = &data },
			{ .key = behind, .end = true },
		};

		if (!(mask >> v[i].cls & 1))
			continue;
		memcpy(behind, v[i].to, sizeof(behind));
		while (k > 0 && ++behind[k - 1] == 0)
			k--;
		nft_put_elems(t, true, &maps[v6], el, k ? 2 : 1);
	}
}

static void rule_class(struct nft_tx *t, const char *chain, bool v6, const struct family *f, uint32_t base, uint32_t ifb)
{
	uint16_t ether = htons(v6 ? 0x86dd : 0x0800);
	uint32_t all = SHAPE_MAJOR | (base + f->all);
	struct nftnl_rule *r;

	if (!f->any)
		return;
	r = nft_rule(t, chain);
	nft_e_meta(t, r, NFT_META_PROTOCOL, NFT_REG_1);
	nft_e_cmp(t, r, NFT_CMP_EQ, NFT_REG_1, &ether, sizeof(ether));
	if (f->all) {
		nft_e_load(t, r, NFT_REG_1, &all, sizeof(all));
	} else {
		nft_e_payload(t, r, NFT_PAYLOAD_NETWORK_HEADER, v6 ? 24 : 16, v6 ? 16 : 4, NFT_REG_1);
		nft_e_map(t, r, &maps[v6], NFT_REG_1, NFT_REG_1);
	}
	nft_e_meta_set(t, r, NFT_META_PRIORITY, NFT_REG_1);
	nft_e_load(t, r, NFT_REG_1, &ifb, sizeof(ifb));
	nft_e_fwd(t, r, NFT_REG_1);
	nft_put_rule(t, r);
}

struct words { char ifname[16], file[256]; unsigned base, ifb, mask; };

static bool words_of(const char *line, struct words *w)
{
	const char *s = net_line_of(line, PART);

	return s && sscanf(s, "%15s %u %u %u %255s", w->ifname, &w->base, &w->ifb, &w->mask, w->file) == 5;
}

static int put_table(struct nft_tx *t, const struct str_list *lines, size_t first, struct err *e)
{
	auto_call(net_classes_done) struct net_classes c = { 0 };
	struct family f[2];
	struct words w;

	if (!words_of(lines->v[first], &w) || net_classes_load(w.file, &c, e) < 0)
		return -e->code;
	nft_put_table(t, true);
	f[0] = family_of(c.v4, c.n4, false, w.mask);
	f[1] = family_of(c.v6, c.n6, true, w.mask);
	if (f[0].any && !f[0].all)
		put_map(t, c.v4, c.n4, false, w.base, w.mask);
	if (f[1].any && !f[1].all)
		put_map(t, c.v6, c.n6, true, w.base, w.mask);
	for (size_t i = first; i < lines->n; i++) {
		char chain[32];

		if (!words_of(lines->v[i], &w) || !if_nametoindex(w.ifname))
			continue;	/* one that is not there yet comes with the next change */
		str_fmt(chain, sizeof(chain), "up-%s", w.ifname);
		nft_put_dev_chain(t, chain, w.ifname, NF_NETDEV_INGRESS);
		rule_class(t, chain, false, &f[0], w.base, w.ifb);
		rule_class(t, chain, true, &f[1], w.base, w.ifb);
	}
	return 0;
}

static int elems(struct nft_tx *t, unsigned id, bool add, const struct str_list *lines, unsigned families, struct err *e)
{
	const char *table = t->table;
	char name[IFNAMSIZ];
	struct words w;
	size_t first = 0;
	int rc = 0;

	while (first < lines->n && !words_of(lines->v[first], &w))
		first++;
	if (first == lines->n || !(families & NET_INET))
		return 0;
	if (!id && sscanf(w.ifname, "vz%u", &id) != 1)
		return 0;
	net_ifname(id, name);
	t->family = NFPROTO_NETDEV;
	t->table = name;
	nft_put_table(t, true);
	nft_put_table(t, false);
	if (add)
		rc = put_table(t, lines, first, e);
	t->table = table;
	return rc;
}

int net_shape_again(struct net *n, unsigned id, const struct str_list *lines, struct err *e)
{
	struct nft_tx t;

	if (net_nf(n, e) < 0)
		return -e->code;
	nft_tx_begin(&t, &n->nft, n->table, 0);
	return elems(&t, id, true, lines, NET_INET, e) < 0 ? -e->code : nft_tx_end(&t, "set rates", e);
}

const struct net_part net_shape_part = { .name = PART, .elems = elems };
