/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sums of usage.h over a time, as JSON or CSV. Months, days and hours are read where they lie whole in what is asked for: a year
 * of a thousand containers is 12,000 rows. What a unit under way has is not in it.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzd/db.h"
#include "vzd/timefmt.h"
#include "vzd/usage.h"

const char *const usage_step_names[USAGE_STEP_N] = {
	[USAGE_HOUR] = "hour", [USAGE_DAY] = "day", [USAGE_MONTH] = "month", [USAGE_YEAR] = "year", [USAGE_TOTAL] = "total",
};

struct span { int64_t step, from, to; };	/* step: as in the table */
#define SPANS 5

struct row { int64_t t, ctid, cpu, mem, disk, rx, tx; const char *owner; };
typedef int row_fn(void *arg, const struct row *r, struct err *e);
struct run { row_fn *fn; void *arg; size_t n; };

/* --- calendar ---------------------------------------------------------------------------------------------------- */
static int64_t down(int64_t t, int64_t step)
{
	return t - (t % step + step) % step;
}

static int64_t up(int64_t t, int64_t step)
{
	return down(t + step - 1, step);
}

static int64_t month(int64_t t, int add)
{
	time_t tt = (time_t)t;
	struct tm tm;

	if (!gmtime_r(&tt, &tm))
		return t;
	tm.tm_mday = 1;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mon += add;
	return timegm(&tm);
}

static int64_t month_up(int64_t t)
{
	return month(t, 0) == t ? t : month(t, 1);
}

int64_t usage_month(int64_t t)
{
	return month(t, 0);
}

static void span_add(struct span *v, size_t *n, int64_t step, int64_t from, int64_t to)
{
	if (from < to)
		v[(*n)++] = (struct span){ step, from, to };
}

/* [from, to) cut into whole months, days and hours; no coarser than the answer's step. */
static size_t cut(const struct usage_query *q, struct span v[SPANS])
{
	int64_t from = down(q->from_s, 3600), to = up(q->to_s, 3600), d0 = up(from, 86400), d1 = down(to, 86400);
	int64_t m0 = month_up(d0), m1 = month(d1, 0);
	size_t n = 0;

	if (q->step == USAGE_HOUR || d0 >= d1) {
		span_add(v, &n, 3600, from, to);
		return n;
	}
	span_add(v, &n, 3600, from, d0);
	if (q->step == USAGE_DAY || m0 >= m1) {
		span_add(v, &n, 86400, d0, d1);
	} else {
		span_add(v, &n, 86400, d0, m0);
		span_add(v, &n, 1, m0, m1);
		span_add(v, &n, 86400, m1, d1);
	}
	span_add(v, &n, 3600, d1, to);
	return n;
}

/* --- rows -------------------------------------------------------------------------------------------------------- */
/* What t becomes in the answer. */
static const char *const group_sql[USAGE_STEP_N] = {
	[USAGE_HOUR] = "t", [USAGE_DAY] = "t - t % 86400",
	[USAGE_MONTH] = "CAST(strftime('%s', t, 'unixepoch', 'start of month') AS INTEGER)",
	[USAGE_YEAR] = "CAST(strftime('%s', t, 'unixepoch', 'start of year') AS INTEGER)",
	[USAGE_TOTAL] = "?2",
};

static int one_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	struct run *r = arg;
	const struct row row = {
		.t = sqlite3_column_int64(st, 0), .ctid = sqlite3_column_int64(st, 1), .owner = db_text(st, 2),
		.cpu = sqlite3_column_int64(st, 3), .mem = sqlite3_column_int64(st, 4), .disk = sqlite3_column_int64(st, 5),
		.rx = sqlite3_column_int64(st, 6), .tx = sqlite3_column_int64(st, 7),
	};

	if (++r->n > USAGE_ROWS_MAX)
		return err_say(e, EOPNOTSUPP, "more than %d rows: ask for a coarser step, a shorter time or one container",
			       USAGE_ROWS_MAX);
	return r->fn(r->arg, &row, e);
}

/* Rows of @table, grouped by "g, ctid, owner" and @by, with the sums @sums. */
static int each_of(sqlite3 *s, const struct usage_query *q, const char *table, const char *by, const char *sums, db_row *fn,
		   void *arg, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	struct span v[SPANS];
	size_t n = cut(q, v);

	buf_addf(&b, "SELECT %s AS g, ctid, owner%s, %s FROM (", group_sql[q->step], by, sums);
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%sSELECT * FROM %s WHERE step = %" PRId64 " AND t >= %" PRId64 " AND t < %" PRId64 "%s",
			 i ? " UNION ALL " : "", table, v[i].step, v[i].from, v[i].to, q->ctid ? " AND ctid = ?1" : "");
	buf_adds(&b, ") WHERE ?1 = ?1 AND ?2 = ?2 AND (?3 IS NULL OR owner = ?3)");
	buf_addf(&b, " GROUP BY g, ctid, owner%s ORDER BY g, ctid, owner%s", by, by);
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "usage");
	if (!n)
		return 0;
	return db_each(s, e, fn, arg, buf_str(&b), "iis", (int64_t)q->ctid, down(q->from_s, 3600), q->owner);
}

static int each_row(sqlite3 *s, const struct usage_query *q, row_fn *fn, void *arg, struct err *e)
{
	struct run run = { fn, arg, 0 };

	return each_of(s, q, "usage", "", "SUM(cpu_us), SUM(mem_kib_s), SUM(disk_kib_s), SUM(rx), SUM(tx)", one_row, &run, e);
}

/* --- by class ---------------------------------------------------------------------------------------------------- */
struct by_class { json_t *list; struct buf *csv; size_t n; };

static int class_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	struct by_class *b = arg;
	const char *family = sqlite3_column_int64(st, 3) % 2 ? "ipv6" : "ipv4";
	long long ctid = sqlite3_column_int64(st, 1), cls = sqlite3_column_int64(st, 3) / 2, v[4];
	char t[TIMEFMT_LEN];
	json_t *o;

	if (++b->n > USAGE_ROWS_MAX)
		return err_say(e, EOPNOTSUPP, "more than %d rows: ask for a coarser step, a shorter time or one container",
			       USAGE_ROWS_MAX);
	for (int i = 0; i < 4; i++)
		v[i] = sqlite3_column_int64(st, 4 + i);
	timefmt(sqlite3_column_int64(st, 0) * 1000, t);
	if (b->csv) {
		buf_addf(b->csv, "%s,%lld,%s,%lld,%s,%lld,%lld,%lld,%lld\r\n", t, ctid, db_text(st, 2), cls, family, v[0], v[1],
			 v[2], v[3]);
		return 0;
	}
	o = json_pack("{ss sI ss sI ss sI sI sI sI}", "t", t, "ctid", (json_int_t)ctid, "owner", db_text(st, 2), "class",
		      (json_int_t)cls, "family", family, "rx_bytes", (json_int_t)v[0], "tx_bytes", (json_int_t)v[1], "rx_packets",
		      (json_int_t)v[2], "tx_packets", (json_int_t)v[3]);
	return json_array_append_new(b->list, o) < 0 ? err_set(e, ENOMEM, "usage") : 0;
}

static int each_class(sqlite3 *s, const struct usage_query *q, struct by_class *b, struct err *e)
{
	return each_of(s, q, "usage_class", ", cell", "SUM(rx), SUM(tx), SUM(rx_packets), SUM(tx_packets)", class_row, b, e);
}

/* --- JSON -------------------------------------------------------------------------------------------------------- */
static double gib_h(int64_t kib_s)
{
	return (double)kib_s / (1024.0 * 1024.0) / 3600.0;
}

static void put_figures(json_t *o, const struct row *r)
{
	json_object_set_new(o, "cpu_s", json_real((double)r->cpu / 1e6));
	json_object_set_new(o, "mem_gib_h", json_real(gib_h(r->mem)));
	json_object_set_new(o, "disk_gib_h", json_real(gib_h(r->disk)));
	json_object_set_new(o, "rx", json_integer(r->rx));
	json_object_set_new(o, "tx", json_integer(r->tx));
}

struct to_json { json_t *items; struct row total; };

static int json_row(void *arg, const struct row *r, struct err *e)
{
	struct to_json *j = arg;
	char t[TIMEFMT_LEN];
	json_t *o = json_pack("{ss sI ss}", "t", timefmt(r->t * 1000, t), "ctid", (json_int_t)r->ctid, "owner", r->owner);

	if (!o)
		return err_set(e, ENOMEM, "usage");
	put_figures(o, r);
	json_array_append_new(j->items, o);
	j->total.cpu += r->cpu;
	j->total.mem += r->mem;
	j->total.disk += r->disk;
	j->total.rx += r->rx;
	j->total.tx += r->tx;
	return 0;
}

static int put_classes(sqlite3 *s, const struct usage_query *q, json_t *to, struct err *e)
{
	struct by_class b = { .list = q->classes ? json_array() : NULL };

	if (!q->classes)
		return 0;
	if (!b.list || each_class(s, q, &b, e) < 0) {
		json_decref(b.list);
		json_decref(to);
		return e->code ? -e->code : err_set(e, ENOMEM, "usage");
	}
	json_object_set_new(to, "classes", b.list);
	return 0;
}

int usage_query(sqlite3 *s, const struct usage_query *q, json_t **ret, struct err *e)
{
	struct to_json j = { .items = json_array() };
	char from[TIMEFMT_LEN], to[TIMEFMT_LEN];
	json_t *total;

	if (!j.items || each_row(s, q, json_row, &j, e) < 0) {
		json_decref(j.items);
		return e->code ? -e->code : err_set(e, ENOMEM, "usage");
	}
	total = json_object();
	put_figures(total, &j.total);
	*ret = json_pack("{ss ss ss so so}", "from", timefmt(down(q->from_s, 3600) * 1000, from), "to",
			 timefmt(up(q->to_s, 3600) * 1000, to), "step", usage_step_names[q->step], "items", j.items, "total",
			 total);
	return *ret ? put_classes(s, q, *ret, e) : err_set(e, ENOMEM, "usage");
}

/* --- CSV --------------------------------------------------------------------------------------------------------- */
static int csv_row(void *arg, const struct row *r, struct err *e)
{
	char t[TIMEFMT_LEN];

	(void)e;
	buf_addf(arg, "%s,%lld,%s,%.6f,%.6f,%.6f,%lld,%lld\r\n", timefmt(r->t * 1000, t), (long long)r->ctid, r->owner,
		 (double)r->cpu / 1e6, gib_h(r->mem), gib_h(r->disk), (long long)r->rx, (long long)r->tx);
	return 0;
}

int usage_csv(sqlite3 *s, const struct usage_query *q, char **ret, size_t *len, struct err *e)
{
	auto_buf struct buf b = { .cap = 16u << 20 };
	struct by_class by = { .csv = &b };

	if (q->classes)
		buf_adds(&b, "time,ctid,owner,class,family,rx_bytes,tx_bytes,rx_packets,tx_packets\r\n");
	else
		buf_adds(&b, "time,ctid,owner,cpu_s,mem_gib_h,disk_gib_h,rx,tx\r\n");
	if (q->classes ? each_class(s, q, &by, e) < 0 : each_row(s, q, csv_row, &b, e) < 0)
		return -e->code;
	*len = b.len;
	*ret = buf_take(&b);
	return *ret ? 0 : err_set(e, ENOMEM, "usage");
}
