/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules as elements: fw.h says which of two rules decides, the kernel asks for the longest address and then for the longest
 * port; here the one is turned into the other. Peers are split into prefixes of the lengths that are asked for, rules are
 * gathered by prefix, and at each prefix the ports are cut into pieces that one rule decides.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/fw.h"
#include "util/auto.h"
#include "util/err.h"

#define SPLIT_BITS 8		/* a peer becomes at most 256 prefixes */
#define ALL_PORTS 65536u

struct piece {			/* a rule at one prefix */
	const struct fw_rule *r;
	unsigned rule;
	uint8_t family, level, len;	/* length asked for; as written */
	uint8_t addr[16];
};
struct pieces { struct piece *v; size_t n, size; };

struct cand {			/* a match of a rule at one prefix */
	const struct piece *p;
	const struct fw_match *m;
};

static int too_many(struct err *e)
{
	return err_say(e, E2BIG, "the rules are more than %d entries: take fewer or wider addresses and ports", FW_ELEMS_MAX);
}

static int piece_add(struct pieces *l, const struct piece *p, struct err *e)
{
	if (l->n == l->size) {
		size_t size = l->size ? l->size * 2 : 32;
		struct piece *more = size > 2 * FW_ELEMS_MAX ? NULL : reallocarray(l->v, size, sizeof(*l->v));

		if (!more)
			return size > 2 * FW_ELEMS_MAX ? too_many(e) : err_set(e, ENOMEM, "firewall rules");
		l->v = more;
		l->size = size;
	}
	l->v[l->n++] = *p;
	return 0;
}

/* The next length that is asked for: each whole byte, or of IPv6, unless @fine, those that most have. */
static uint8_t level_of(uint8_t family, uint8_t len, bool fine)
{
	static const uint8_t usual[] = { 0, 32, 48, 64, 128 };
	size_t i = 0;

	if (family == AF_INET || fine)
		return (uint8_t)((len + 7) / 8 * 8);
	while (usual[i] < len)
		i++;
	return usual[i];
}

/* Is there a peer that would be too many prefixes of the usual lengths? */
static bool wants_fine(const struct fw_rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < rules[i].n_peer; k++) {
			const struct net_ip *ip = &rules[i].peer[k];

			if (level_of(ip->family, ip->prefix, false) - ip->prefix > SPLIT_BITS)
				return true;
		}
	}
	return false;
}

/* The @k-th prefix of @level bits within @addr/@len: @k written into the bits between. */
static void set_bits(uint8_t addr[16], unsigned len, unsigned level, unsigned k)
{
	for (unsigned bit = level; bit-- > len; k >>= 1) {
		if (k & 1)
			addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	}
}

static int split_peer(struct pieces *l, const struct fw_rule *r, unsigned rule, const struct net_ip *ip, bool fine,
		      struct err *e)
{
	struct piece p = { .r = r, .rule = rule, .family = ip->family, .len = ip->prefix };
	unsigned bits;

	p.level = level_of(ip->family, ip->prefix, fine);
	bits = (unsigned)(p.level - ip->prefix);
	for (unsigned k = 0; k < 1u << bits; k++) {
		memset(p.addr, 0, sizeof(p.addr));
		memcpy(p.addr, &ip->v6, ip->family == AF_INET ? 4 : 16);
		set_bits(p.addr, ip->prefix, p.level, k);
		if (piece_add(l, &p, e) < 0)
			return -e->code;
	}
	return 0;
}

static int split_rule(struct pieces *l, const struct fw_rule *r, unsigned rule, bool fine, struct err *e)
{
	static const struct net_ip any[] = { { .family = AF_INET }, { .family = AF_INET6 } };

	for (size_t i = 0; !r->n_peer && i < ARRAY_SIZE(any); i++) {
		if (split_peer(l, r, rule, &any[i], fine, e) < 0)
			return -e->code;
	}
	for (size_t i = 0; i < r->n_peer; i++) {
		if (split_peer(l, r, rule, &r->peer[i], fine, e) < 0)
			return -e->code;
	}
	return 0;
}

/* The prefix a piece is at; equal ones are one group. */
static int place_cmp(const struct piece *a, const struct piece *b)
{
	if (a->r->out != b->r->out)
		return a->r->out ? 1 : -1;
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	return memcmp(a->addr, b->addr, sizeof(a->addr));
}

static int piece_cmp(const void *va, const void *vb)
{
	const struct piece *a = va, *b = vb;
	int c = place_cmp(a, b);

	if (c)
		return c;
	if (a->len != b->len)
		return a->len > b->len ? -1 : 1;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

static int elem_add(struct fw_elems *l, const struct fw_elem *el, struct err *e)
{
	if (l->n == l->size) {
		size_t size = l->size ? l->size * 2 : 32;
		struct fw_elem *more;

		if (l->n >= FW_ELEMS_MAX)
			return too_many(e);
		more = reallocarray(l->v, size, sizeof(*l->v));
		if (!more)
			return err_set(e, ENOMEM, "firewall rules");
		l->v = more;
		l->size = size;
	}
	l->v[l->n++] = *el;
	return 0;
}

static int emit(struct fw_elems *l, const struct cand *c, uint8_t proto, uint32_t port, unsigned port_len, struct err *e)
{
	struct fw_elem el = { .family = c->p->family, .proto = proto, .rule = c->p->rule, .drop = c->p->r->drop,
			      .log = c->p->r->log, .count = c->p->r->count };

	if (proto == (c->p->family == AF_INET ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return 0;
	el.word[0] = (uint8_t)(port >> 8);
	el.word[1] = (uint8_t)port;
	el.word[2] = (uint8_t)port_len;
	el.word[3] = (uint8_t)(c->p->level / 8 | (c->p->r->out ? 0x80 : 0));
	memcpy(el.addr, c->p->addr, sizeof(el.addr));
	return elem_add(l, &el, e);
}

/* [@lo, @hi) as aligned blocks of 16^n ports. */
static int emit_range(struct fw_elems *l, const struct cand *c, uint8_t proto, uint32_t lo, uint32_t hi, struct err *e)
{
	while (lo < hi) {
		uint32_t size = 1;
		unsigned len = 16;

		while (size < ALL_PORTS && lo % (size * 16) == 0 && lo + size * 16 <= hi) {
			size *= 16;
			len -= 4;
		}
		if (emit(l, c, proto, lo, len, e) < 0)
			return -e->code;
		lo += size;
	}
	return 0;
}

/* --- one prefix --- */

struct group { const struct piece *v; size_t n; };

static uint32_t width(const struct fw_match *m)
{
	return m->ports ? (uint32_t)(m->hi - m->lo) + 1 : ALL_PORTS;
}

/* Pieces come in the order of their claim, so an earlier one stays unless the new one has narrower ports. */
static bool better(const struct cand *c, const struct cand *best)
{
	if (!best->p)
		return true;
	if (c->p->len != best->p->len)
		return c->p->len > best->p->len;
	if (!c->m->proto != !best->m->proto)
		return c->m->proto != 0;
	if (width(c->m) != width(best->m))
		return width(c->m) < width(best->m);
	return c->p->rule < best->p->rule;
}

/* Who decides about [@lo, @hi) of @proto, no boundary of a rule being within. */
static struct cand decides(const struct group *g, uint8_t proto, uint32_t lo, uint32_t hi)
{
	struct cand best = { 0 };

	for (size_t i = 0; i < g->n; i++) {
		for (size_t k = 0; k < g->v[i].r->n_match; k++) {
			const struct fw_match *m = &g->v[i].r->match[k];
			struct cand c = { &g->v[i], m };

			if ((m->proto && m->proto != proto) || (m->ports && (m->lo > lo || (uint32_t)m->hi + 1 < hi)))
				continue;
			if (better(&c, &best))
				best = c;
		}
	}
	return best;
}

static int port_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Where the ports of @proto are cut; the caller frees *ret. */
static size_t cuts(const struct group *g, uint8_t proto, uint32_t **ret)
{
	size_t n = 0, max = 2;

	for (size_t i = 0; i < g->n; i++)
		max += 2 * g->v[i].r->n_match;
	*ret = calloc(max, sizeof(**ret));
	if (!*ret)
		return 0;
	for (size_t i = 0; i < g->n; i++) {
		for (size_t k = 0; k < g->v[i].r->n_match; k++) {
			const struct fw_match *m = &g->v[i].r->match[k];

			if (m->proto != proto || !m->ports)
				continue;
			(*ret)[n++] = m->lo;
			(*ret)[n++] = (uint32_t)m->hi + 1;
		}
	}
	qsort(*ret, n, sizeof(**ret), port_cmp);
	return n;
}

static int compile_proto(struct fw_elems *l, const struct group *g, uint8_t proto, struct err *e)
{
	struct cand base = decides(g, proto, 0, ALL_PORTS), c;
	auto_free uint32_t *cut = NULL;
	size_t n, k;

	/* decided by a rule for any protocol: the element of that one is asked for next */
	if (base.p && base.m->proto == proto && emit(l, &base, proto, 0, 0, e) < 0)
		return -e->code;
	n = cuts(g, proto, &cut);
	if (!cut)
		return err_set(e, ENOMEM, "firewall rules");
	for (size_t i = 0; i + 1 < n; i = k) {
		c = decides(g, proto, cut[i], cut[i + 1]);
		for (k = i + 1; k + 1 < n; k++) {
			struct cand next = cut[k] == cut[k + 1] ? c : decides(g, proto, cut[k], cut[k + 1]);

			if (next.p != c.p)
				break;
		}
		if (c.p && c.p != base.p && cut[i] < cut[k] && emit_range(l, &c, proto, cut[i], cut[k], e) < 0)
			return -e->code;
	}
	return 0;
}

static int compile_group(struct fw_elems *l, const struct group *g, struct err *e)
{
	bool seen[256] = { false };

	for (size_t i = 0; i < g->n; i++) {
		for (size_t k = 0; k < g->v[i].r->n_match; k++) {
			uint8_t proto = g->v[i].r->match[k].proto;

			if (seen[proto])
				continue;
			seen[proto] = true;
			if (compile_proto(l, g, proto, e) < 0)
				return -e->code;
		}
	}
	return 0;
}

static int compile(const struct fw_rule *rules, size_t n, struct pieces *p, struct fw_elems *l, struct err *e)
{
	size_t end;

	l->fine = wants_fine(rules, n);
	for (size_t i = 0; i < n; i++) {
		if (split_rule(p, &rules[i], (unsigned)i, l->fine, e) < 0)
			return -e->code;
	}
	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), piece_cmp);
	for (size_t i = 0; i < p->n; i = end) {
		struct group g = { .v = &p->v[i] };

		for (end = i + 1; end < p->n && place_cmp(&p->v[i], &p->v[end]) == 0; )
			end++;
		g.n = end - i;
		if (compile_group(l, &g, e) < 0)
			return -e->code;
	}
	return 0;
}

int fw_compile(const struct fw_rule *rules, size_t n, struct fw_elems *ret, struct err *e)
{
	struct pieces p = { 0 };
	struct fw_elems l = { 0 };
	int rc = compile(rules, n, &p, &l, e);

	free(p.v);
	if (rc < 0)
		fw_elems_done(&l);
	else
		*ret = l;
	return rc;
}

void fw_elems_done(struct fw_elems *l)
{
	free(l->v);
	*l = (struct fw_elems){ 0 };
}
