/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of the part "fw" (fw.h) as elements of its maps. */
#include "net/net_priv.h"

#include "net/fw_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/sha256.h"

struct policy { bool set, drop, log; };

struct lists {
	struct fw_rule *rules;
	size_t n_rules;
	bool has[2];			/* rules of a direction, out is 1 */
	struct policy policy[2];
	struct fw_elems elems;
};

static void lists_done(struct lists *l)
{
	free(l->rules);
	fw_elems_done(&l->elems);
}

static int read_policy(struct lists *l, const char *text, struct err *e)
{
	bool out = str_starts(text, "out ");
	struct policy *p = &l->policy[out];

	if (!out && !str_starts(text, "in "))
		return err_say(e, EINVAL, "policy '%.40s'", text);
	p->set = true;
	return fw_policy_parse(strchr(text, ' ') + 1, &p->drop, &p->log, e);
}

static int read_lines(struct lists *l, const struct str_list *lines, struct err *e)
{
	const char *s, *arg;

	l->rules = calloc(lines->n + 1, sizeof(*l->rules));
	if (!l->rules)
		return err_set(e, ENOMEM, "firewall rules");
	for (size_t i = 0; i < lines->n; i++) {
		s = net_line_of(lines->v[i], "fw");
		if (s && (arg = net_line_of(s, "policy")) && read_policy(l, arg, e) < 0)
			return -e->code;
		if (!s || !(arg = net_line_of(s, "rule")))
			continue;
		if (fw_rule_parse(arg, &l->rules[l->n_rules], e) < 0)
			return -e->code;
		l->has[l->rules[l->n_rules++].out] = true;
	}
	return fw_compile(l->rules, l->n_rules, &l->elems, e);
}

static int verdict(bool drop, bool log)
{
	if (log)
		return drop ? NFT_CONTINUE : NFT_RETURN;
	return drop ? NF_DROP : NF_ACCEPT;
}

/* One element of one map, of table bridge or inet. */
struct item { bool bridge; enum fw_map map; struct nft_entry el; };
struct items { struct item *v; size_t n, size; bool failed; };

static void items_done(struct items *l)
{
	free(l->v);
}
#define auto_items __attribute__((cleanup(items_done)))

static struct nft_entry *more(struct items *l, bool bridge, enum fw_map map)
{
	static struct nft_entry nowhere;

	if (l->n == l->size) {
		size_t size = l->size ? l->size * 2 : 32;
		struct item *v = reallocarray(l->v, size, sizeof(*v));

		if (!v) {
			l->failed = true;
			return &nowhere;
		}
		l->v = v;
		l->size = size;
	}
	l->v[l->n] = (struct item){ .bridge = bridge, .map = map };
	return &l->v[l->n++].el;
}

/* What is said of the interface, beside its rules: in @map, behind its name @word. */
static struct nft_entry *add_word(struct items *out, bool bridge, enum fw_map map, const char *ifname, uint8_t at, uint8_t word)
{
	struct nft_entry *el = more(out, bridge, map);

	str_copy((char *)el->key, FW_IF, ifname);
	el->key[FW_IF + at] = word;
	return el;
}

static void add_if(struct items *out, const struct lists *l, bool bridge, const char *ifname)
{
	struct nft_entry *el;
	bool on = false;

	for (size_t i = 0; i < l->elems.n; i++) {
		const struct fw_elem *f = &l->elems.v[i];
		bool six = f->family == AF_INET6;

		el = more(out, bridge, fw_ask_map(ifname, f->family, f->word));
		str_copy((char *)el->key, FW_IF, ifname);
		el->key[FW_IF] = f->proto;
		memcpy(el->key + FW_IF + 4, f->word, sizeof(f->word));
		memcpy(el->key + FW_IF + 8, f->addr, six ? 16 : 4);
		el->verdict = verdict(f->drop, f->log);
		el->count = f->count;
	}
	for (unsigned o = 0; o < 2; o++) {
		if (!l->policy[o].set && !l->has[o])
			continue;
		on = true;
		add_word(out, bridge, FW_ON, ifname, 3, o ? FW_WORD_OUT : 0);
		el = add_word(out, bridge, FW_POLICY, ifname, 3, o ? FW_WORD_OUT : 0);
		el->verdict = verdict(l->policy[o].drop, l->policy[o].log);
	}
	if (l->elems.fine)
		add_word(out, bridge, FW_ON, ifname, 2, FW_WORD_FINE);
	if (on && bridge)
		add_word(out, bridge, FW_SHARE, ifname, 0, 0)->over_rate = FW_FLOW_RATE;
}

/* A tenant in eight bytes that no other tenant's name has. */
static void zone_key(const char *name, uint8_t ret[8])
{
	uint8_t sum[32];
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, name, strlen(name));
	sha256_end(&s, sum);
	memcpy(ret, sum, 8);
}

static void add_from(struct items *out, bool bridge, const char *zone, const char *ifname)
{
	struct nft_entry *el = more(out, bridge, FW_ZONE_FROM);

	zone_key(zone, el->key + FW_ZONE_AT);
	str_copy((char *)el->key + FW_ZONE_AT + 8, FW_IF, ifname);
}

/* An interface is in its zone, and its zone and others reach it. */
static void add_zones(struct items *out, bool bridge, const struct str_list *lines, const char *ifname)
{
	for (size_t i = 0; i < lines->n; i++) {
		const char *s = net_line_of(lines->v[i], "fw"), *zone = s ? net_line_of(s, "zone") : NULL;
		const char *from = s ? net_line_of(s, "from") : NULL;

		if (zone) {
			struct nft_entry *el = more(out, bridge, FW_ZONE);

			str_copy((char *)el->key, FW_IF, ifname);
			zone_key(zone, el->data);
		}
		if (zone || from)
			add_from(out, bridge, zone ? zone : from, ifname);
	}
}

static int add_line(struct items *out, const struct lists *l, const struct str_list *lines, const char *s, struct err *e)
{
	const char *arg = net_line_of(s, "bif");
	bool bridge = arg != NULL;

	if (!bridge && !(arg = net_line_of(s, "if")))
		return 0;
	if (strlen(arg) >= IFNAMSIZ)
		return err_say(e, EINVAL, "interface '%.40s'", arg);
	add_if(out, l, bridge, arg);
	add_zones(out, bridge, lines, arg);
	return 0;
}

static int items_of(const struct str_list *lines, struct items *out, struct err *e)
{
	__attribute__((cleanup(lists_done))) struct lists l = { 0 };
	bool ours = false;
	const char *s;

	for (size_t i = 0; i < lines->n && !ours; i++)
		ours = net_line_of(lines->v[i], "fw") != NULL;
	if (!ours)
		return 0;
	if (read_lines(&l, lines, e) < 0)
		return -e->code;
	for (size_t i = 0; i < lines->n; i++) {
		if ((s = net_line_of(lines->v[i], "fw")) && add_line(out, &l, lines, s, e) < 0)
			return -e->code;
	}
	return out->failed ? err_set(e, ENOMEM, "firewall rules") : 0;
}

int fw_lines_check(const struct str_list *lines, struct err *e)
{
	auto_items struct items l = { 0 };

	return items_of(lines, &l, e);
}

static int item_cmp(const void *va, const void *vb)
{
	const struct item *a = va, *b = vb;

	if (a->bridge != b->bridge)
		return a->bridge ? 1 : -1;
	if (a->map != b->map)
		return a->map < b->map ? -1 : 1;
	return memcmp(a->el.key, b->el.key, sizeof(a->el.key));
}

static int put_items(struct nft_tx *t, bool add, const struct items *l, unsigned families, struct err *e)
{
	auto_free struct nft_entry *v = calloc(l->n + 1, sizeof(*v));
	size_t end;

	if (!v)
		return err_set(e, ENOMEM, "firewall rules");
	for (size_t i = 0; i < l->n; i = end) {
		size_t n = 0;

		for (end = i; end < l->n && l->v[end].bridge == l->v[i].bridge && l->v[end].map == l->v[i].map; end++)
			v[n++] = l->v[end].el;
		if (!(families & (l->v[i].bridge ? NET_BRIDGE : NET_INET)))
			continue;
		t->family = l->v[i].bridge ? NFPROTO_BRIDGE : NFPROTO_INET;
		nft_put_entries(t, add, &fw_maps[l->v[i].map], v, n);
	}
	t->family = NFPROTO_INET;
	return 0;
}

static void sort(struct items *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), item_cmp);
}

static int fw_elems(struct nft_tx *t, unsigned id, bool add, const struct str_list *lines, unsigned families, struct err *e)
{
	auto_items struct items l = { 0 };

	(void)id;
	if (items_of(lines, &l, e) < 0)
		return -e->code;
	sort(&l);
	return put_items(t, add, &l, families, e);
}

static void keep(struct items *l, const struct item *it)
{
	struct nft_entry *el = more(l, it->bridge, it->map);

	*el = it->el;
}

/* Of two of one key; member by member, since what pads them may be anything. */
static bool differ(const struct nft_entry *a, const struct nft_entry *b)
{
	return a->verdict != b->verdict || a->count != b->count || a->over_rate != b->over_rate ||
	       memcmp(a->data, b->data, sizeof(a->data)) != 0;
}

/* What stays keeps its counter. */
static int fw_change(struct nft_tx *t, unsigned id, const struct str_list *old, const struct str_list *want, struct err *e)
{
	auto_items struct items have = { 0 }, next = { 0 }, go = { 0 }, come = { 0 };
	size_t i = 0, k = 0;

	(void)id;
	if (items_of(old, &have, e) < 0 || items_of(want, &next, e) < 0)
		return -e->code;
	sort(&have);
	sort(&next);
	while (i < have.n || k < next.n) {
		int c = i == have.n ? 1 : k == next.n ? -1 : item_cmp(&have.v[i], &next.v[k]);

		if (c < 0 || (c == 0 && differ(&have.v[i].el, &next.v[k].el)))
			keep(&go, &have.v[i]);
		if (c > 0 || (c == 0 && differ(&have.v[i].el, &next.v[k].el)))
			keep(&come, &next.v[k]);
		i += c <= 0;
		k += c >= 0;
	}
	if (go.failed || come.failed)
		return err_set(e, ENOMEM, "firewall rules");
	return put_items(t, false, &go, NET_ALL_FAMILIES, e) < 0 ? -e->code : put_items(t, true, &come, NET_ALL_FAMILIES, e);
}

const struct net_part fw_part = { .name = "fw", .table = fw_put_table, .bridge = fw_put_bridge, .elems = fw_elems,
				  .change = fw_change };

/* --- counters --- */

struct counting {
	char name[FW_IF];
	const struct fw_elems *elems;
	struct fw_count *ret;
	int family;
};

static int count_one(const void *key, uint32_t len, uint64_t bytes, uint64_t packets, void *arg)
{
	struct counting *c = arg;
	const uint8_t *k = key;

	if (len < FW_IF + 12 || memcmp(k, c->name, FW_IF) != 0)
		return 0;
	for (size_t i = 0; i < c->elems->n; i++) {
		const struct fw_elem *el = &c->elems->v[i];

		if (el->family != c->family || el->proto != k[FW_IF] || memcmp(el->word, k + FW_IF + 4, 4) != 0 ||
		    memcmp(el->addr, k + FW_IF + 8, len - FW_IF - 8) != 0)
			continue;
		c->ret[el->rule].packets += packets;
		c->ret[el->rule].bytes += bytes;
	}
	return 0;
}

int fw_counters(struct net *n, const char *name, bool bridge, const struct fw_rule *rules, size_t n_rules,
		struct fw_count *ret, struct err *e)
{
	struct fw_elems l = { 0 };
	struct counting c = { .elems = &l, .ret = ret };
	int rc = fw_compile(rules, n_rules, &l, e);
	unsigned asked = 0;

	str_copy(c.name, sizeof(c.name), name);
	if (rc == 0)
		rc = net_nf(n, e);
	for (size_t i = 0; i < l.n; i++)
		asked |= 1u << fw_ask_map(name, l.v[i].family, l.v[i].word);
	for (enum fw_map i = FW_ASK; i <= FW_FINE && rc == 0; i++) {
		if (!(asked & 1u << i))
			continue;
		c.family = fw_maps[i].key_len == FW_IF + 12 ? AF_INET : AF_INET6;
		rc = nft_each_elem(&n->nft, bridge ? NFPROTO_BRIDGE : NFPROTO_INET, n->table, &fw_maps[i], count_one, &c, e);
	}
	fw_elems_done(&l);
	return rc;
}
