/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The audit over the API: newest first, by page. A tenant reads what its own tokens did. One request looks at SCAN rows at
 * most, so that no filter holds the loop: a page may be short, even empty, and have a next one.
 */
#include <errno.h>
#include <string.h>

#include "util/err.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/api.h"
#include "vzd/auth_priv.h"
#include "vzd/db.h"
#include "vzd/timefmt.h"

#define SCAN 20000

struct page {
	json_t *items;
	size_t limit;
	int64_t last;			/* id of the last one on the page */
	bool full;
};

static int row(sqlite3_stmt *st, void *arg, struct err *e)
{
	struct page *p = arg;
	char time[TIMEFMT_LEN];
	json_t *j;

	(void)e;
	if (json_array_size(p->items) == p->limit) {
		p->full = true;
		return 1;
	}
	p->last = sqlite3_column_int64(st, 0);
	j = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s}", "id", (json_int_t)p->last, "time",
		      timefmt(sqlite3_column_int64(st, 1), time), "principal", db_text(st, 2), "tenant", db_text(st, 3),
		      "remote", db_text(st, 4), "verb", db_text(st, 5), "path", db_text(st, 6), "status",
		      sqlite3_column_int(st, 7), "operation", db_text(st, 8), "detail", db_text(st, 9));
	if (j)				/* not UTF-8: cannot be, the gate refuses such paths */
		json_array_append_new(p->items, j);
	return 0;
}

static int when(struct api_call *c, const char *name, int64_t def, int64_t *ret, struct err *e)
{
	const char *text = api_q_str(c, name, NULL);

	*ret = def;
	if (text && timefmt_parse(text, ret) < 0)
		return err_say(e, EINVAL, "%s: '%.40s' is no time like 2026-11-27T10:00:00Z", name, text);
	return 0;
}

static int bounds(sqlite3_stmt *st, void *arg, struct err *e)
{
	int64_t *v = arg;

	(void)e;
	v[0] = sqlite3_column_int64(st, 0);
	v[1] = sqlite3_column_int64(st, 1);
	return 0;
}

static int audit_list(struct api_call *c, struct err *e)
{
	struct page p = { .items = json_array(), .limit = (size_t)api_q_int(c, "limit", 100) };
	const char *cursor = api_cursor(c), *tenant = c->who->tenant[0] ? c->who->tenant : api_q_str(c, "tenant", NULL);
	int64_t before = INT64_MAX, from, to, low, all[2] = { 0, 0 };
	sqlite3 *s = db_reader(c->d->db);
	char next[24];

	if ((cursor && num_i64(cursor, &before) < 0) || when(c, "from", 0, &from, e) < 0 || when(c, "to", INT64_MAX, &to, e) < 0) {
		json_decref(p.items);
		return e->code ? -e->code : err_say(e, EINVAL, "cursor: not one of ours");
	}
	if (db_each(s, e, bounds, all, "SELECT (SELECT MIN(id) FROM audit), (SELECT MAX(id) FROM audit)", "") < 0) {
		json_decref(p.items);
		return -e->code;
	}
	before = before > all[1] ? all[1] + 1 : before;
	low = before - SCAN;
	if (db_each(s, e, row, &p,
		    "SELECT id, time, principal, tenant, remote, verb, path, result, job, detail FROM audit WHERE id < ?1 "
		    "AND id >= ?9 AND "
		    "time >= ?2 AND time < ?3 AND (?4 IS NULL OR tenant = ?4) AND (?5 IS NULL OR principal = ?5) AND "
		    "(?6 IS NULL OR substr(path, 1, length(?6)) = ?6) AND (?7 IS NULL OR verb = ?7) ORDER BY id DESC LIMIT "
		    "?8",
		    "iiissssii", before, from, to, tenant, api_q_str(c, "principal", NULL), api_q_str(c, "path", NULL),
		    api_q_str(c, "verb", NULL), (int64_t)p.limit + 1, low) < 0) {
		json_decref(p.items);
		return -e->code;
	}
	str_fmt(next, sizeof(next), "%lld", (long long)(p.full ? p.last : low));
	api_page(c, p.items, p.full || low > all[0] ? next : NULL);
	return 0;
}

static const struct api_field fields[] = {
	{ .name = "from", .type = API_STR, .max = 40, .doc = "Not before this time." },
	{ .name = "to", .type = API_STR, .max = 40, .doc = "Before this time." },
	{ .name = "principal", .type = API_STR, .max = 47, .doc = "Only by this one: root, uid:1000, token:ID." },
	{ .name = "tenant", .type = API_STR, .max = 32, .doc = "Only by tokens of this tenant." },
	{ .name = "path", .type = API_STR, .max = 512, .doc = "Only paths that begin so." },
	{ .name = "verb", .type = API_STR, .one_of = "POST PUT PATCH DELETE", .doc = "Only this verb." },
	{ .name = NULL },
};
static const struct api_route rows[] = {
	{ "GET", "/v1/audit", "audit.list", SCOPE_AUDIT_READ, API_PAGED, NULL, fields, "AuditPage",
	  "Who changed what, the newest first.", audit_list },
};
const struct api_table api_audit_table = API_TABLE(rows);
