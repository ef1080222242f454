/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows behind usage.c. usage: sums by step (3600 hours, 86400 days, 1 months), all three kept by each unit, so a query of a
 * year reads months. usage_src: where each counter stood when the sums were last changed.
 */
#include <errno.h>
#include <stdlib.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzd/db_priv.h"
#include "vzd/usage_priv.h"

#define KEEP_HOURS (400 * 86400ll)

static const char *const usage_sql[] = {
	"CREATE TABLE usage(step INTEGER NOT NULL, t INTEGER NOT NULL, ctid INTEGER NOT NULL, owner TEXT NOT NULL,"
	" cpu_us INTEGER NOT NULL, mem_kib_s INTEGER NOT NULL, disk_kib_s INTEGER NOT NULL, rx INTEGER NOT NULL,"
	" tx INTEGER NOT NULL, PRIMARY KEY(step, t, ctid, owner)) WITHOUT ROWID;"
	"CREATE INDEX usage_ct ON usage(ctid, step, t);"
	"CREATE TABLE usage_src(ctid INTEGER NOT NULL, kind INTEGER NOT NULL, key INTEGER NOT NULL, gen INTEGER NOT NULL,"
	" boot INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY(ctid, kind, key, gen, boot)) WITHOUT ROWID;"
	"CREATE TABLE usage_meta(one INTEGER PRIMARY KEY CHECK(one = 1), baseline INTEGER NOT NULL);"
	"INSERT INTO usage_meta VALUES(1, 0);",
	/* cell: class * 2, 1 more for IPv6 */
	"CREATE TABLE usage_class(step INTEGER NOT NULL, t INTEGER NOT NULL, ctid INTEGER NOT NULL, owner TEXT NOT NULL,"
	" cell INTEGER NOT NULL, tx INTEGER NOT NULL, tx_packets INTEGER NOT NULL, rx INTEGER NOT NULL,"
	" rx_packets INTEGER NOT NULL,"
	" PRIMARY KEY(step, t, ctid, owner, cell)) WITHOUT ROWID;"
	"CREATE INDEX usage_class_ct ON usage_class(ctid, step, t);"
	"CREATE TABLE usage_class_src(ctid INTEGER NOT NULL, cell INTEGER NOT NULL, made INTEGER NOT NULL, tx INTEGER NOT NULL,"
	" tx_packets INTEGER NOT NULL, rx INTEGER NOT NULL, rx_packets INTEGER NOT NULL, PRIMARY KEY(ctid, cell)) WITHOUT ROWID;"
	"CREATE TABLE usage_class_meta(one INTEGER PRIMARY KEY CHECK(one = 1), baseline INTEGER NOT NULL);"
	"INSERT INTO usage_class_meta VALUES(1, 0);",
};
const struct db_schema usage_schema = { "usage", usage_sql, ARRAY_SIZE(usage_sql) };

static const char add_sql[] =
	"INSERT INTO usage VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9) ON CONFLICT(step, t, ctid, owner) DO UPDATE SET"
	" cpu_us = cpu_us + ?5, mem_kib_s = mem_kib_s + ?6, disk_kib_s = disk_kib_s + ?7, rx = rx + ?8, tx = tx + ?9";

/* Statements of one unit, compiled once. */
struct stmts { sqlite3 *s; sqlite3_stmt *add, *forget, *store; };

static void stmts_done(struct stmts *st)
{
	sqlite3_finalize(st->add);
	sqlite3_finalize(st->forget);
	sqlite3_finalize(st->store);
}

static int stmts_init(struct stmts *st, struct err *e)
{
	static const char forget_sql[] =
		"DELETE FROM usage_src WHERE ctid = ?1 AND kind = ?2 AND key = ?3 AND boot = ?4 AND (key <> 0 OR gen = ?5)";

	if (sqlite3_prepare_v2(st->s, add_sql, -1, &st->add, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(st->s, forget_sql, -1, &st->forget, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(st->s, "INSERT INTO usage_src VALUES(?1,?2,?3,?4,?5,?6,?7)", -1, &st->store, NULL) != SQLITE_OK)
		return db_fail(st->s, e, "usage");
	return 0;
}

static int run(struct stmts *st, sqlite3_stmt *p, const int64_t *v, int n, struct err *e)
{
	int rc;

	for (int i = 0; i < n; i++)
		sqlite3_bind_int64(p, i + 1, v[i]);
	rc = sqlite3_step(p);
	if (rc != SQLITE_DONE)
		db_fail(st->s, e, "usage");
	sqlite3_reset(p);
	return rc == SQLITE_DONE ? 0 : -e->code;
}

static int add(struct stmts *st, int64_t step, int64_t t, unsigned ctid, const struct u_sum *u, struct err *e)
{
	const int64_t v[] = { (int64_t)u->cpu_usec, (int64_t)u->mem_kib_s, (int64_t)u->disk_kib_s, (int64_t)u->rx, (int64_t)u->tx };

	for (int i = 0; i < 5; i++)
		sqlite3_bind_int64(st->add, 5 + i, v[i]);
	if (sqlite3_bind_text(st->add, 4, u->owner, -1, SQLITE_STATIC) != SQLITE_OK)
		return db_fail(st->s, e, "usage");
	return run(st, st->add, (int64_t[]){ step, t, (int64_t)ctid }, 3, e);
}

static int add_all(struct stmts *st, unsigned ctid, const struct u_sum *u, struct err *e)
{
	if (!u->cpu_usec && !u->mem_kib_s && !u->disk_kib_s && !u->rx && !u->tx)
		return 0;
	if (add(st, 3600, u->hour, ctid, u, e) < 0 || add(st, 86400, u->hour - (u->hour % 86400 + 86400) % 86400, ctid, u, e) < 0)
		return -e->code;
	return add(st, 1, usage_month(u->hour), ctid, u, e);
}

static int src_forget(struct stmts *st, unsigned ctid, const struct u_src *r, struct err *e)
{
	return run(st, st->forget, (int64_t[]){ (int64_t)ctid, r->kind, (int64_t)r->key, (int64_t)r->boot, (int64_t)r->gen }, 5, e);
}

/* The start that a source belongs to may have become known since its row was written, so the old row is not just replaced. */
static int src_store(struct stmts *st, unsigned ctid, const struct u_src *r, struct err *e)
{
	if (src_forget(st, ctid, r, e) < 0)
		return -e->code;
	return run(st, st->store, (int64_t[]){ (int64_t)ctid, r->kind, (int64_t)r->key, (int64_t)r->gen, (int64_t)r->boot,
					       (int64_t)r->a, (int64_t)r->b }, 7, e);
}

int usage_batch_work(sqlite3 *s, void *arg, struct err *e)
{
	auto_call(stmts_done) struct stmts st = { .s = s };
	const struct u_batch *b = arg;

	if (stmts_init(&st, e) < 0)
		return -e->code;
	for (size_t i = 0; i < b->n_del; i++)
		if (src_forget(&st, b->del[i].ctid, &b->del[i].src, e) < 0)
			return -e->code;
	for (size_t i = 0; i < b->n_src; i++)
		if (src_store(&st, b->src[i].ctid, &b->src[i].src, e) < 0)
			return -e->code;
	for (size_t i = 0; i < b->n_sum; i++)
		if (add_all(&st, b->sum[i].ctid, &b->sum[i].sum, e) < 0)
			return -e->code;
	for (size_t i = 0; i < b->n_gone; i++)
		if (db_exec(s, e, "DELETE FROM usage_src WHERE ctid = ?1", "i", (int64_t)b->gone[i]) < 0)
			return -e->code;
	if (b->baseline && db_exec(s, e, "UPDATE usage_meta SET baseline = 1", "") < 0)
		return -e->code;
	if (b->prune && (db_exec(s, e, "DELETE FROM usage WHERE step = 3600 AND t < ?1", "i", b->now_s - KEEP_HOURS) < 0 ||
			 db_exec(s, e, "DELETE FROM usage_class WHERE step = 3600 AND t < ?1", "i", b->now_s - KEEP_HOURS) < 0))
		return -e->code;
	return 0;
}

void usage_batch_free(struct u_batch *b)
{
	if (!b)
		return;
	free(b->sum);
	free(b->src);
	free(b->del);
	free(b->gone);
	free(b);
}

/* --- at start ---------------------------------------------------------------------------------------------------- */
struct load { void (*row)(void *arg, unsigned ctid, const struct u_src *src); void *arg; };

static int load_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	const struct load *l = arg;
	int64_t kind = sqlite3_column_int64(st, 1);
	struct u_src r = {
		.kind = (uint8_t)kind, .key = (uint64_t)sqlite3_column_int64(st, 2), .gen = (uint64_t)sqlite3_column_int64(st, 3),
		.boot = (uint64_t)sqlite3_column_int64(st, 4), .a = (uint64_t)sqlite3_column_int64(st, 5),
		.b = (uint64_t)sqlite3_column_int64(st, 6),
	};

	(void)e;
	if (kind >= 0 && kind < U_KIND_N)
		l->row(l->arg, (unsigned)sqlite3_column_int64(st, 0), &r);
	return 0;
}

static int meta_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	(void)e;
	*(bool *)arg = sqlite3_column_int64(st, 0) != 0;
	return 0;
}

int usage_load(sqlite3 *s, void (*row)(void *arg, unsigned ctid, const struct u_src *src), void *arg, bool *ret_baseline,
	       struct err *e)
{
	struct load l = { row, arg };

	if (db_each(s, e, meta_row, ret_baseline, "SELECT baseline FROM usage_meta", "") < 0 ||
	    db_each(s, e, load_row, &l, "SELECT ctid, kind, key, gen, boot, a, b FROM usage_src ORDER BY ctid", "") < 0)
		return err_add(e, "usage");
	return 0;
}
