/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/usage_class.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/ev.h"
#include "util/str.h"
#include "vzd/db.h"
#include "vzd/usage.h"
#include "vzd/vzd.h"

#define FLUSH_MS 2000u

struct seen { unsigned ctid; uint64_t sum; };	/* what was last taken, in short */
struct usage_class {
	struct vzd *d;
	struct ev_src *timer;
	struct seen *seen;
	size_t n_seen;
	struct uc_batch *wait, *flying;
	bool listed;				/* not yet told to the database */
};

/* --- rows -------------------------------------------------------------------------------------------------------- */
struct stmts { sqlite3 *s; sqlite3_stmt *get, *put, *add; };

static void stmts_done(struct stmts *st)
{
	sqlite3_finalize(st->get);
	sqlite3_finalize(st->put);
	sqlite3_finalize(st->add);
}

static int prepare(struct stmts *st, sqlite3_stmt **ret, const char *sql, struct err *e)
{
	return sqlite3_prepare_v2(st->s, sql, -1, ret, NULL) == SQLITE_OK ? 0 :
	       err_say(e, EIO, "usage by class: %s", sqlite3_errmsg(st->s));
}

static int stmts_init(struct stmts *st, struct err *e)
{
	static const char get[] = "SELECT tx, tx_packets, rx, rx_packets FROM usage_class_src WHERE ctid = ?1 AND cell = ?2"
				  " AND made = ?3";
	static const char put[] = "INSERT OR REPLACE INTO usage_class_src VALUES(?1,?2,?3,?4,?5,?6,?7)";
	static const char plus[] = "INSERT INTO usage_class VALUES(?1,?2,?3,?9,?4,?5,?6,?7,?8)"
				   " ON CONFLICT(step, t, ctid, owner, cell) DO UPDATE SET tx = tx + ?5,"
				   " tx_packets = tx_packets + ?6, rx = rx + ?7, rx_packets = rx_packets + ?8";

	if (prepare(st, &st->get, get, e) < 0 || prepare(st, &st->put, put, e) < 0)
		return -e->code;
	return prepare(st, &st->add, plus, e);
}

static int run(struct stmts *st, sqlite3_stmt *p, const int64_t *v, int n, struct err *e)
{
	int rc;

	for (int i = 0; i < n; i++)
		sqlite3_bind_int64(p, i + 1, v[i]);
	rc = sqlite3_step(p);
	sqlite3_reset(p);
	return rc == SQLITE_DONE ? 0 : err_say(e, EIO, "usage by class: %s", sqlite3_errmsg(st->s));
}

enum { TX, TX_P, RX, RX_P, FIG_N };

/* How far the counter was read, under @made; zeros: not yet. */
static void last_of(struct stmts *st, unsigned ctid, unsigned cell, uint64_t made, int64_t ret[FIG_N])
{
	memset(ret, 0, FIG_N * sizeof(ret[0]));
	sqlite3_bind_int64(st->get, 1, ctid);
	sqlite3_bind_int64(st->get, 2, cell);
	sqlite3_bind_int64(st->get, 3, (int64_t)made);
	if (sqlite3_step(st->get) == SQLITE_ROW)
		for (int i = 0; i < FIG_N; i++)
			ret[i] = sqlite3_column_int64(st->get, i);
	sqlite3_reset(st->get);
}

static int add(struct stmts *st, const struct uc_note *n, unsigned cell, const int64_t d[FIG_N], struct err *e)
{
	const int64_t hour = n->now_s - (n->now_s % 3600 + 3600) % 3600;
	const int64_t step[] = { 3600, 86400, 1 };
	const int64_t t[] = { hour, hour - (hour % 86400 + 86400) % 86400, usage_month(hour) };

	if (sqlite3_bind_text(st->add, 9, n->owner, -1, SQLITE_STATIC) != SQLITE_OK)
		return err_set(e, ENOMEM, "usage by class");
	for (size_t i = 0; i < ARRAY_SIZE(step); i++) {
		const int64_t v[] = { step[i], t[i], n->ctid, cell, d[TX], d[TX_P], d[RX], d[RX_P] };

		if (run(st, st->add, v, 8, e) < 0)
			return -e->code;
	}
	return 0;
}

/* Smaller than it was: a power failure took the last word of the file. What it has now is where it goes on from. */
static int one_cell(struct stmts *st, const struct uc_note *n, unsigned cell, bool count, struct err *e)
{
	const struct net_traffic_cell *v = n->here.v[cell / 2][cell % 2];
	const int64_t now[FIG_N] = { (int64_t)v[NET_SENT].bytes, (int64_t)v[NET_SENT].packets, (int64_t)v[NET_RECEIVED].bytes,
				     (int64_t)v[NET_RECEIVED].packets };
	int64_t last[FIG_N], d[FIG_N];
	bool moved = false, more = false;

	last_of(st, n->ctid, cell, n->made, last);
	for (int i = 0; i < FIG_N; i++) {
		d[i] = now[i] > last[i] ? now[i] - last[i] : 0;
		more |= d[i] != 0;
		moved |= now[i] != last[i];
	}
	if (!moved)
		return 0;
	if (more && count && add(st, n, cell, d, e) < 0)
		return -e->code;
	return run(st, st->put, (int64_t[]){ n->ctid, cell, (int64_t)n->made, now[TX], now[TX_P], now[RX], now[RX_P] }, 7, e);
}

static int flag_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	(void)e;
	*(bool *)arg = sqlite3_column_int64(st, 0) != 0;
	return 0;
}

int usage_class_work(sqlite3 *s, void *arg, struct err *e)
{
	auto_call(stmts_done) struct stmts st = { .s = s };
	const struct uc_batch *b = arg;
	bool count = false;

	if (stmts_init(&st, e) < 0 ||
	    db_each(s, e, flag_row, &count, "SELECT baseline FROM usage_class_meta", "") < 0)
		return -e->code;
	for (size_t i = 0; i < b->n; i++)
		for (unsigned cell = 0; cell < NET_CLASS_N * 2; cell++)
			if (one_cell(&st, &b->v[i], cell, count, e) < 0)
				return -e->code;
	return b->baseline ? db_exec(s, e, "UPDATE usage_class_meta SET baseline = 1", "") : 0;
}

/* --- what waits -------------------------------------------------------------------------------------------------- */
static uint64_t digest(const struct ct_traffic *t)
{
	const unsigned char *p = (const unsigned char *)&t->here;
	uint64_t h = 0xcbf29ce484222325ull ^ t->made;

	for (size_t i = 0; i < sizeof(t->here); i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h;
}

/* NULL: out of memory. */
static struct seen *seen_of(struct usage_class *u, unsigned id)
{
	size_t i = 0;
	struct seen *more;

	while (i < u->n_seen && u->seen[i].ctid != id)
		i++;
	if (i < u->n_seen)
		return &u->seen[i];
	more = reallocarray(u->seen, u->n_seen + 1, sizeof(*more));
	if (!more)
		return NULL;
	u->seen = more;
	u->seen[u->n_seen] = (struct seen){ .ctid = id };
	return &u->seen[u->n_seen++];
}

static void batch_free(struct uc_batch *b)
{
	if (b)
		free(b->v);
	free(b);
}

static struct uc_batch *waiting(struct usage_class *u)
{
	if (!u->wait)
		u->wait = calloc(1, sizeof(*u->wait));
	if (u->wait)
		u->wait->u = u;
	return u->wait;
}

static int note(struct uc_batch *b, const struct uc_note *n)
{
	struct uc_note *more = reallocarray(b->v, b->n + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	b->v = more;
	b->v[b->n++] = *n;
	return 0;
}

void usage_class_saw(struct usage_class *u, unsigned id, const char *owner, int64_t now_s, const struct ct_traffic *t)
{
	struct uc_note n = { .ctid = id, .now_s = now_s, .made = t->made, .here = t->here };
	struct seen *s = t->made ? seen_of(u, id) : NULL;
	struct uc_batch *b = s ? waiting(u) : NULL;
	uint64_t sum = digest(t);

	if (!b || s->sum == sum)
		return;
	str_copy(n.owner, sizeof(n.owner), owner);
	if (note(b, &n) == 0)
		s->sum = sum;			/* else the next look takes it */
}

void usage_class_listed(struct usage_class *u)
{
	u->listed = true;
}

/* What could not be stored is seen anew at the next look. */
static void done(void *arg, const struct err *e)
{
	struct uc_batch *b = arg;
	struct usage_class *u = b->u;

	u->flying = NULL;
	if (e->code) {
		vzd_log_err(LOG_ERR, e, "store usage by class");
		u->n_seen = 0;
		u->listed |= b->baseline;
	}
	batch_free(b);
}

static struct uc_batch *take(struct usage_class *u)
{
	struct uc_batch *b = u->listed ? waiting(u) : u->wait;

	if (!b || (!b->n && !u->listed))
		return NULL;
	b->baseline = u->listed;
	u->listed = false;
	u->wait = NULL;
	return b;
}

void usage_class_flush(struct usage_class *u)
{
	struct uc_batch *b = u->flying ? NULL : take(u);
	struct err e = { 0 };

	if (!b)
		return;
	u->flying = b;
	if (db_write(u->d->db, usage_class_work, b, done, &e) < 0)
		done(b, &e);
}

static void due(void *arg)
{
	usage_class_flush(arg);
}

int usage_class_open(struct vzd *d, struct usage_class **ret, struct err *e)
{
	struct usage_class *u = calloc(1, sizeof(*u));

	if (!u)
		return err_set(e, ENOMEM, "usage by class");
	u->d = d;
	if (ev_add_timer(d->ev, "usage by class", FLUSH_MS, FLUSH_MS, due, u, &u->timer, e) < 0) {
		free(u);
		return -e->code;
	}
	*ret = u;
	return 0;
}

void usage_class_close(struct usage_class *u)
{
	struct err e = { 0 };
	struct uc_batch *b;

	if (!u)
		return;
	ev_del(u->timer);
	if (u->flying)
		db_drain(u->d->db);
	b = take(u);
	if (b && db_write_sync(u->d->db, usage_class_work, b, &e) < 0)
		vzd_log_err(LOG_ERR, &e, "store usage by class at the end");
	batch_free(b);
	batch_free(u->wait);
	free(u->seen);
	free(u);
}
