/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources and sums of usage.h in memory. The database is behind by what is in the sums here; one unit of work
 * (usage_store.c) changes sources and sums there together, so whenever vzd ends, the next one begins where the database stands.
 *
 * Which start a source belongs to (u_src.gen) matters only for the record that libct writes at its end. The inventory may lag
 * behind the kernel for milliseconds, so a second source of a kind is not believed to belong to a start that has one.
 */
#include "vzd/usage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libct/exitrec.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/place.h"
#include "vzd/usage_priv.h"

#define GAP_MS 1200000u		/* two looks further apart say nothing about the time between them */
#define ABSENT_MS 60000u	/* a source that has gone is kept so long for the record of its exit */
#define DONE_MAX 20		/* remembered exits of starts that were never looked at; libct keeps 16 records */

/* --- table ------------------------------------------------------------------------------------------------------- */
static unsigned id_of(const void *table, size_t i)
{
	return ((const struct usage *)table)->ct[i]->ctid;
}

static size_t lower_bound(const struct usage *u, unsigned id)
{
	return place_of(u, u->n, id_of, id);
}

struct u_ct *usage_ct_find(const struct usage *u, unsigned id)
{
	size_t i = lower_bound(u, id);

	return i < u->n && u->ct[i]->ctid == id ? u->ct[i] : NULL;
}

struct u_ct *usage_ct_get(struct usage *u, unsigned id)
{
	size_t i = lower_bound(u, id);
	struct u_ct *c;

	if (i < u->n && u->ct[i]->ctid == id)
		return u->ct[i];
	if (u->n == u->size) {
		struct u_ct **more = reallocarray(u->ct, u->size + 64, sizeof(struct u_ct *));

		if (!more)
			return NULL;
		u->ct = more;
		u->size += 64;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->ctid = id;
	memmove(&u->ct[i + 1], &u->ct[i], (u->n - i) * sizeof(struct u_ct *));
	u->ct[i] = c;
	u->n++;
	return c;
}

static void ct_free(struct u_ct *c)
{
	free(c->src);
	free(c->sum);
	free(c);
}

void usage_ct_drop(struct usage *u, struct u_ct *c)
{
	size_t i = lower_bound(u, c->ctid);

	memmove(&u->ct[i], &u->ct[i + 1], (u->n - i - 1) * sizeof(struct u_ct *));
	u->n--;
	ct_free(c);
}

static struct u_src *src_add(struct u_ct *c, const struct u_src *s)
{
	struct u_src *more = reallocarray(c->src, c->n_src + 1, sizeof(*more));

	if (!more)
		return NULL;
	c->src = more;
	c->src[c->n_src] = *s;
	return &c->src[c->n_src++];
}

static void src_del(struct usage *u, struct u_ct *c, size_t i)
{
	struct u_del *more = reallocarray(u->del, u->n_del + 1, sizeof(*more));

	if (!more)
		return;		/* stays, and is tried again */
	u->del = more;
	u->del[u->n_del++] = (struct u_del){ c->ctid, c->src[i] };
	memmove(&c->src[i], &c->src[i + 1], (c->n_src - i - 1) * sizeof(*c->src));
	c->n_src--;
}

struct u_sum *usage_sum(struct u_ct *c, int64_t now_s, const char *owner)
{
	int64_t hour = now_s - (now_s % 3600 + 3600) % 3600;
	struct u_sum *more;

	for (size_t i = 0; i < c->n_sum; i++)
		if (c->sum[i].hour == hour && str_eq(c->sum[i].owner, owner))
			return &c->sum[i];
	more = reallocarray(c->sum, c->n_sum + 1, sizeof(*more));
	if (!more)
		return NULL;
	c->sum = more;
	c->sum[c->n_sum] = (struct u_sum){ .hour = hour };
	str_copy(c->sum[c->n_sum].owner, sizeof(c->sum[0].owner), owner);
	return &c->sum[c->n_sum++];
}

/* --- counting ---------------------------------------------------------------------------------------------------- */
static bool gen_taken(const struct u_ct *c, unsigned kind, uint64_t gen)
{
	for (size_t i = 0; i < c->n_src; i++)
		if (c->src[i].kind == kind && c->src[i].gen == gen)
			return true;
	return false;
}

/* The new values of a source; what is above the old ones goes to @sum. */
static void advance(struct u_src *s, struct u_sum *sum, uint64_t a, uint64_t b)
{
	uint64_t da = a > s->a ? a - s->a : 0, db = b > s->b ? b - s->b : 0;

	if (!da && !db)
		return;
	s->a += da;
	s->b += db;
	s->dirty = true;
	if (s->kind == U_CPU) {
		sum->cpu_usec += da;
	} else {
		sum->rx += da;
		sum->tx += db;
	}
}

/*
 * One counter of a look. Memory that runs out leaves the source as it was, so the next look counts it. Within a life the kernel's
 * counters never go back, so a smaller value is a look that was older, and is passed over.
 */
static void look_src(struct usage *u, struct u_ct *c, const struct usage_look *l, struct u_sum *sum, struct u_src in)
{
	struct u_src *s = NULL;

	for (size_t i = 0; i < c->n_src && !s; i++)
		if (c->src[i].kind == in.kind && c->src[i].key == in.key && c->src[i].boot == u->boot)
			s = &c->src[i];
	if (!s) {
		struct u_src fresh = { .kind = in.kind, .key = in.key, .boot = u->boot, .dirty = true };

		if (!u->baseline && !u->round_done) {
			fresh.a = in.a;
			fresh.b = in.b;
		}
		s = src_add(c, &fresh);
		if (!s)
			return;
	}
	if (!s->gen && l->gen && in.kind != U_IF && !gen_taken(c, in.kind, l->gen)) {
		s->gen = l->gen;
		s->dirty = true;
	}
	s->here = true;
	advance(s, sum, in.a, in.b);
}

/* Sources of other boots, and those that were not there for a while. */
static void forget(struct usage *u, struct u_ct *c, const struct usage_look *l)
{
	for (size_t i = c->n_src; i-- > 0;) {
		struct u_src *s = &c->src[i];

		if (s->here) {
			s->absent_ms = 0;
			continue;
		}
		if (!s->absent_ms)
			s->absent_ms = l->mono_ms;
		if (s->boot != u->boot || (s->key && l->mono_ms - s->absent_ms >= ABSENT_MS))
			src_del(u, c, i);
	}
}

static void integrate(struct u_ct *c, const struct usage_look *l, struct u_sum *sum)
{
	uint64_t dt = l->mono_ms - c->mono_ms;

	if (c->mono_ms && l->mono_ms > c->mono_ms && dt <= GAP_MS) {
		sum->mem_kib_s += ((c->mem / 2 + l->mem_bytes / 2) >> 10) * dt / 1000;
		sum->disk_kib_s += ((c->disk / 2 + l->disk_bytes / 2) >> 10) * dt / 1000;
	}
	c->mono_ms = l->mono_ms;
	c->mem = l->mem_bytes;
	c->disk = l->disk_bytes;
}

void usage_look(struct usage *u, const struct usage_look *l)
{
	struct u_ct *c = usage_ct_get(u, l->ctid);
	struct u_sum *sum = c ? usage_sum(c, l->now_s, l->owner) : NULL;

	if (!sum)
		return;
	c->gone = false;
	for (size_t i = 0; i < c->n_src; i++)
		c->src[i].here = false;
	if (l->life)
		look_src(u, c, l, sum, (struct u_src){ .kind = U_CPU, .key = l->life, .a = l->cpu_usec });
	for (size_t i = 0; i < l->n_ifs; i++)
		look_src(u, c, l, sum, (struct u_src){ .kind = l->ifs[i].venet ? U_VENET : U_IF, .key = l->ifs[i].index,
						       .a = l->ifs[i].rx, .b = l->ifs[i].tx });
	integrate(c, l, sum);
	forget(u, c, l);
}

void usage_first_round_done(struct usage *u)
{
	u->round_done = true;
}

/* --- exits ------------------------------------------------------------------------------------------------------- */
static void drop_oldest_done(struct usage *u, struct u_ct *c, unsigned kind)
{
	size_t n = 0, first = 0;

	for (size_t i = c->n_src; i-- > 0;)
		if (c->src[i].kind == kind && !c->src[i].key) {
			n++;
			first = i;
		}
	if (n > DONE_MAX)
		src_del(u, c, first);
}

/*
 * The last values of one kind. The start's own source if there is one; else it was never looked at, unless some source is not yet
 * known to be another start's: then less is counted than could be.
 */
static void exit_src(struct usage *u, struct u_ct *c, struct u_sum *sum, const struct ct_exit *x, unsigned kind, uint64_t a,
		     uint64_t b)
{
	struct u_src *s = NULL, done = { .kind = (uint8_t)kind, .gen = x->gen, .boot = u->boot, .dirty = true };

	for (size_t i = 0; i < c->n_src; i++) {
		struct u_src *o = &c->src[i];

		if (o->kind == kind && o->gen == x->gen)
			s = o;
		if (o->kind == kind && !o->gen)
			return;
	}
	if (!s) {
		if (!u->baseline && !u->round_done)
			return;
		s = src_add(c, &done);
	}
	if (!s)
		return;
	advance(s, sum, a, b);
	drop_oldest_done(u, c, kind);
}

void usage_exit(struct usage *u, const struct ct_exit *x, const char *owner)
{
	struct u_ct *c = usage_ct_get(u, x->ctid);
	struct u_sum *sum = c ? usage_sum(c, x->time_ms / 1000, owner) : NULL;

	if (!sum || !x->gen)
		return;
	if (x->counted)
		exit_src(u, c, sum, x, U_CPU, x->cpu_usec, 0);
	if (x->net_counted)
		exit_src(u, c, sum, x, U_VENET, x->rx_bytes, x->tx_bytes);
}

void usage_gone(struct usage *u, unsigned ctid)
{
	struct u_ct *c = usage_ct_find(u, ctid);

	if (c)
		c->gone = true;
}

/* --- life -------------------------------------------------------------------------------------------------------- */
void usage_row(void *arg, unsigned ctid, const struct u_src *src)
{
	struct u_ct *c = usage_ct_get(arg, ctid);

	if (c)
		src_add(c, src);
}

struct usage *usage_new(uint64_t boot, bool baseline, struct err *e)
{
	struct usage *u = calloc(1, sizeof(*u));

	if (!u) {
		err_set(e, ENOMEM, "usage");
		return NULL;
	}
	u->boot = boot;
	u->baseline = baseline;
	return u;
}

void usage_free(struct usage *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < u->n; i++)
		ct_free(u->ct[i]);
	free(u->ct);
	free(u->del);
	free(u);
}
