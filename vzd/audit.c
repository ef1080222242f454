/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who changed what: one row per change in the database and one line on the log. Old rows go by age and by number
 * (AUDIT_DAYS, AUDIT_ROWS of vzd.conf). No body and no secret ever comes here.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/auth_priv.h"
#include "vzd/db.h"
#include "vzd/timefmt.h"

#define CUT_EVERY 256u		/* rows between two looks at what is too old */
#define TEXT_MAX 512u

struct audit {
	int64_t time_ms;
	char principal[48], tenant[33], remote[64], verb[8], job[32];
	char *path, *detail;
	int result;
	bool cut;
	int64_t keep_rows, oldest_ms;
};

static void audit_free(struct audit *r)
{
	if (!r)
		return;
	free(r->path);
	free(r->detail);
	free(r);
}

/* A copy without what would confuse a terminal or a log. */
static char *clean(const char *s)
{
	char *c = strndup(s ? s : "", TEXT_MAX);

	for (char *p = c; p && *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return c;
}

static int audit_work(sqlite3 *s, void *arg, struct err *e)
{
	const struct audit *r = arg;

	if (db_exec(s, e, "INSERT INTO audit(time, principal, tenant, remote, verb, path, result, job, detail) "
			  "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", "isssssiss", r->time_ms, r->principal, r->tenant, r->remote,
		    r->verb, r->path, (int64_t)r->result, r->job, r->detail) < 0)
		return -e->code;
	if (!r->cut)
		return 0;
	if (db_exec(s, e, "DELETE FROM audit WHERE id <= (SELECT MAX(id) FROM audit) - ?1", "i", r->keep_rows) < 0)
		return -e->code;
	return db_exec(s, e, "DELETE FROM audit WHERE time < ?1", "i", r->oldest_ms);
}

static void audit_done(void *arg, const struct err *e)
{
	if (e->code)
		vzd_log_err(LOG_ERR, e, "audit");
	audit_free(arg);
}

void auth_audit(struct auth *a, const struct principal *p, const char *verb, const char *path, int result, const char *job,
		const char *detail)
{
	const struct vzd_conf *c = &a->d->conf;
	struct audit *r = calloc(1, sizeof(*r));
	struct err e = { 0 };

	if (!r || !(r->path = clean(path)) || !(r->detail = clean(detail))) {
		audit_free(r);
		vzd_log(LOG_ERR, "audit: out of memory: %s %s by %s: %d", verb, path, p ? p->name : "nobody", result);
		return;
	}
	r->time_ms = timefmt_now_ms();
	r->result = result;
	str_copy(r->principal, sizeof(r->principal), p ? p->name : "");
	str_copy(r->tenant, sizeof(r->tenant), p ? p->tenant : "");
	str_copy(r->remote, sizeof(r->remote), p ? p->remote : "");
	str_copy(r->verb, sizeof(r->verb), verb);
	str_copy(r->job, sizeof(r->job), job ? job : "");
	r->cut = a->audit_rows++ % CUT_EVERY == 0;
	r->keep_rows = (int64_t)(c->audit_rows.set ? c->audit_rows.v : AUDIT_ROWS);
	r->oldest_ms = r->time_ms - (int64_t)(c->audit_days.set ? c->audit_days.v : AUDIT_DAYS) * 86400000;
	vzd_log(LOG_INFO, "audit: %s from %s: %s %s: %d%s%s%s%s", *r->principal ? r->principal : "nobody",
		*r->remote ? r->remote : "-", r->verb, r->path, result, *r->job ? " job " : "", r->job, *r->detail ? " " : "",
		r->detail);
	if (db_write(a->d->db, audit_work, r, audit_done, &e) < 0) {
		vzd_log_err(LOG_ERR, &e, "audit");
		audit_free(r);
	}
}
