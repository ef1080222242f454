/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources and sums of usage.h in memory. The database is behind by what is in the sums here; both are changed by one unit, so
 * whenever vzd ends, the next one begins where the database stands.
 *
 * Which start a source belongs to (u_src.gen) matters only for the record that libct writes at its end. The inventory may lag
 * behind the kernel for milliseconds, so a second source of a kind is not believed to belong to a start that has one.
 */
#include "vzd/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "libct/exitrec.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/db.h"
#include "vzd/place.h"
#include "vzd/timefmt.h"
#include "vzd/usage_priv.h"

#define GAP_MS 1200000u		/* two looks further apart say nothing about the time between them */
#define ABSENT_MS 60000u	/* a source that has gone is kept so long for the record of its exit */
#define DONE_MAX 20		/* remembered exits of starts that were never looked at; libct keeps 16 records */
#define PRUNE_MS 86400000u

struct usage {
	struct vzd *d;
	uint64_t boot;
	bool baseline, round_done;	/* baseline: the first look at everything was done and is in the database */
	struct u_ct **ct;		/* ascending */
	size_t n, size;
	struct u_del *del;		/* sources to be forgotten by the database */
	size_t n_del;
	struct u_batch *flying;
	uint64_t flushed_ms, pruned_ms;
	int64_t pruned_s;
};

/* --- table ------------------------------------------------------------------------------------------------------- */
static unsigned id_of(const void *table, size_t i)
{
	return ((const struct usage *)table)->ct[i]->ctid;
}

static size_t lower_bound(const struct usage *u, unsigned id)
{
	return place_of(u, u->n, id_of, id);
}

static struct u_ct *ct_find(const struct usage *u, unsigned id)
{
	size_t i = lower_bound(u, id);

	return i < u->n && u->ct[i]->ctid == id ? u->ct[i] : NULL;
}

static struct u_ct *ct_get(struct usage *u, unsigned id)
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

static void ct_drop(struct usage *u, struct u_ct *c)
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

static struct u_sum *sum_of(struct u_ct *c, int64_t now_s, const char *owner)
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
	struct u_ct *c = ct_get(u, l->ctid);
	struct u_sum *sum = c ? sum_of(c, l->now_s, l->owner) : NULL;

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
	struct u_ct *c = ct_get(u, x->ctid);
	struct u_sum *sum = c ? sum_of(c, x->time_ms / 1000, owner) : NULL;

	if (!sum || !x->gen)
		return;
	if (x->counted)
		exit_src(u, c, sum, x, U_CPU, x->cpu_usec, 0);
	if (x->net_counted)
		exit_src(u, c, sum, x, U_VENET, x->rx_bytes, x->tx_bytes);
}

void usage_gone(struct usage *u, unsigned ctid)
{
	struct u_ct *c = ct_find(u, ctid);

	if (c)
		c->gone = true;
}

/* --- units ------------------------------------------------------------------------------------------------------- */
static void count_batch(const struct usage *u, struct u_batch *b)
{
	for (size_t i = 0; i < u->n; i++) {
		const struct u_ct *c = u->ct[i];

		b->n_sum += c->n_sum;
		b->n_gone += c->gone;
		for (size_t k = 0; k < c->n_src; k++)
			b->n_src += c->src[k].dirty;
	}
}

static bool alloc_batch(struct u_batch *b)
{
	b->sum = calloc(b->n_sum + 1, sizeof(*b->sum));
	b->src = calloc(b->n_src + 1, sizeof(*b->src));
	b->gone = calloc(b->n_gone + 1, sizeof(*b->gone));
	return b->sum && b->src && b->gone;
}

static void fill_batch(struct usage *u, struct u_batch *b)
{
	size_t sum = 0, src = 0, gone = 0;

	for (size_t i = 0; i < u->n; i++) {
		struct u_ct *c = u->ct[i];

		for (size_t k = 0; k < c->n_sum; k++, sum++) {
			b->sum[sum].ctid = c->ctid;
			b->sum[sum].sum = c->sum[k];
		}
		c->n_sum = 0;
		for (size_t k = 0; k < c->n_src; k++) {
			if (!c->src[k].dirty)
				continue;
			b->src[src].ctid = c->ctid;
			b->src[src++].src = c->src[k];
			c->src[k].dirty = false;
		}
		if (c->gone)
			b->gone[gone++] = c->ctid;
	}
}

struct u_batch *usage_take(struct usage *u, struct err *e)
{
	struct u_batch *b = calloc(1, sizeof(*b));

	if (!b) {
		err_set(e, ENOMEM, "usage");
		return NULL;
	}
	count_batch(u, b);
	b->u = u;
	b->baseline = u->round_done && !u->baseline;
	if (!b->n_sum && !b->n_src && !b->n_gone && !u->n_del && !b->baseline) {
		free(b);
		return NULL;
	}
	if (!alloc_batch(b)) {
		usage_batch_free(b);
		err_set(e, ENOMEM, "usage");
		return NULL;
	}
	fill_batch(u, b);
	b->del = take_ptr(u->del);
	b->n_del = u->n_del;
	u->n_del = 0;
	return b;
}

static void put_back(struct usage *u, struct u_batch *b)
{
	for (size_t i = 0; i < b->n_sum; i++) {
		const struct u_sum *from = &b->sum[i].sum;
		struct u_ct *c = ct_get(u, b->sum[i].ctid);
		struct u_sum *to = c ? sum_of(c, from->hour, from->owner) : NULL;

		if (!to)
			continue;	/* lost to a lack of memory: less is counted, never more */
		to->cpu_usec += from->cpu_usec;
		to->mem_kib_s += from->mem_kib_s;
		to->disk_kib_s += from->disk_kib_s;
		to->rx += from->rx;
		to->tx += from->tx;
	}
	for (size_t i = 0; i < b->n_src; i++) {
		struct u_ct *c = ct_find(u, b->src[i].ctid);

		for (size_t k = 0; c && k < c->n_src; k++)
			c->src[k].dirty = true;
	}
	for (size_t i = 0; i < b->n_del; i++) {
		struct u_del *more = reallocarray(u->del, u->n_del + 1, sizeof(*more));

		if (!more)
			break;		/* a row that stays does no harm */
		u->del = more;
		u->del[u->n_del++] = b->del[i];
	}
}

void usage_taken(struct usage *u, struct u_batch *b, bool stored)
{
	if (!stored)
		put_back(u, b);
	for (size_t i = 0; stored && i < b->n_gone; i++) {
		struct u_ct *c = ct_find(u, b->gone[i]);

		if (c && c->gone && !c->n_sum)
			ct_drop(u, c);
	}
	if (stored && b->baseline)
		u->baseline = true;
	usage_batch_free(b);
}

static void batch_done(void *arg, const struct err *e)
{
	struct u_batch *b = arg;
	struct usage *u = b->u;

	if (e->code)
		vzd_log_err(LOG_ERR, e, "store usage");
	u->flying = NULL;
	usage_taken(u, b, !e->code);
}

/* Old hours go only when a day of this process was also a day of the clock: one that is set to next century deletes nothing. */
static bool may_prune(struct usage *u, uint64_t mono_ms, int64_t now_s)
{
	uint64_t run = mono_ms - u->pruned_ms;
	int64_t wall = (now_s - u->pruned_s) * 1000;
	bool due = u->pruned_ms && run >= PRUNE_MS;
	bool sane = due && wall > (int64_t)run - 3600000 && wall < (int64_t)run + 3600000;

	if (due || !u->pruned_ms) {
		u->pruned_ms = mono_ms;
		u->pruned_s = now_s;
	}
	return sane;
}

void usage_flush(struct usage *u, uint64_t mono_ms, bool now)
{
	struct err e = { 0 };
	struct u_batch *b;

	if (u->flying || (!now && u->flushed_ms && mono_ms - u->flushed_ms < USAGE_FLUSH_SEC * 1000u))
		return;
	u->flushed_ms = mono_ms;
	b = usage_take(u, &e);
	if (!b) {
		if (e.code)
			vzd_log_err(LOG_ERR, &e, "store usage");
		return;
	}
	b->now_s = timefmt_now_ms() / 1000;
	b->prune = may_prune(u, mono_ms, b->now_s);
	u->flying = b;
	if (db_write(u->d->db, usage_batch_work, b, batch_done, &e) < 0) {
		vzd_log_err(LOG_ERR, &e, "store usage");
		u->flying = NULL;
		usage_taken(u, b, false);
	}
}

/* --- life -------------------------------------------------------------------------------------------------------- */
void usage_row(void *arg, unsigned ctid, const struct u_src *src)
{
	struct u_ct *c = ct_get(arg, ctid);

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

/* One number for this boot. */
static int boot_number(uint64_t *ret, struct err *e)
{
	auto_close int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	uint64_t h = 0xcbf29ce484222325ull;
	char text[64];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n <= 0)
		return err_set(e, errno, "/proc/sys/kernel/random/boot_id");
	for (ssize_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)text[i]) * 0x100000001b3ull;
	*ret = h & INT64_MAX;
	return 0;
}

int usage_open(struct vzd *d, struct usage **ret, struct err *e)
{
	bool baseline = false;
	uint64_t boot = 0;
	struct usage *u;

	if (boot_number(&boot, e) < 0)
		return -e->code;
	u = usage_new(boot, false, e);
	if (!u)
		return -e->code;
	u->d = d;
	if (usage_load(db_reader(d->db), usage_row, u, &baseline, e) < 0) {
		usage_free(u);
		return -e->code;
	}
	u->baseline = baseline;
	*ret = u;
	return 0;
}

void usage_close(struct usage *u)
{
	struct err e = { 0 };
	struct u_batch *b;

	if (!u)
		return;
	if (u->flying)
		db_drain(u->d->db);
	b = usage_take(u, &e);
	if (b && db_write_sync(u->d->db, usage_batch_work, b, &e) < 0)
		vzd_log_err(LOG_ERR, &e, "store usage at the end");
	usage_batch_free(b);
	usage_free(u);
}
