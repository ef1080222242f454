/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the sums in memory (usage.c) to the database (usage_db.c): a unit of work takes all that is new, and what could not be
 * stored is put back. One unit is under way at a time.
 */
#include "vzd/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzd/db.h"
#include "vzd/timefmt.h"
#include "vzd/usage_priv.h"

#define PRUNE_MS 86400000u

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
		struct u_ct *c = usage_ct_get(u, b->sum[i].ctid);
		struct u_sum *to = c ? usage_sum(c, from->hour, from->owner) : NULL;

		if (!to)
			continue;	/* lost to a lack of memory: less is counted, never more */
		to->cpu_usec += from->cpu_usec;
		to->mem_kib_s += from->mem_kib_s;
		to->disk_kib_s += from->disk_kib_s;
		to->rx += from->rx;
		to->tx += from->tx;
	}
	for (size_t i = 0; i < b->n_src; i++) {
		struct u_ct *c = usage_ct_find(u, b->src[i].ctid);

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
		struct u_ct *c = usage_ct_find(u, b->gone[i]);

		if (c && c->gone && !c->n_sum)
			usage_ct_drop(u, c);
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
