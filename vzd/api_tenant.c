/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tenants over the API. A caller that belongs to one sees his own and changes none: limits and suspension are the
 * host's. Suspending answers when it is durable; the containers go down by jobs (tenant_stop.c).
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/num.h"
#include "util/sha256.h"
#include "util/str.h"
#include "util/table.h"
#include "vzd/api_ct.h"
#include "vzd/auth_priv.h"
#include "vzd/db.h"
#include "vzd/job.h"
#include "vzd/sampler.h"
#include "vzd/usage.h"
#include "vzd/webhook.h"

struct tenant_op {
	struct api_call *c;
	struct tenant *t;		/* as it will be */
	char *limits;			/* JSON */
	bool created;
	int status;
};

static void op_free(struct tenant_op *op)
{
	tenant_free(op->t);
	free(op->limits);
	api_unref(op->c);
	free(op);
}

/* Takes @t. */
static struct tenant_op *op_new(struct api_call *c, struct tenant *t, struct err *e)
{
	struct tenant_op *op = calloc(1, sizeof(*op));
	json_t *limits = tenant_limits_json(t);
	char *text = json_dumps(limits, JSON_COMPACT);

	json_decref(limits);
	if (!op || !text) {
		free(op);
		free(text);
		tenant_free(t);
		err_set(e, ENOMEM, "tenant");
		return NULL;
	}
	*op = (struct tenant_op){ .c = api_ref(c), .t = t, .limits = text, .status = 200 };
	return op;
}

static int op_write(struct tenant_op *op, db_work *work, db_done *done, struct err *e)
{
	if (db_write(op->c->d->db, work, op, done, e) == 0)
		return 0;
	op_free(op);
	return -e->code;
}

static struct tenant *wanted(struct api_call *c, struct err *e)
{
	struct tenant *t = tenant_find(&c->d->auth->tenants, c->seg[0]);

	if (t && (!c->who->tenant[0] || strcmp(c->who->tenant, t->name) == 0))
		return t;
	err_say(e, ENOENT, "there is no tenant '%s'", c->seg[0]);
	return NULL;
}

/* For changes: not by one of its own. */
static struct tenant *wanted_ours(struct api_call *c, struct err *e)
{
	struct tenant *t = wanted(c, e);

	if (!t || !c->who->tenant[0])
		return t;
	err_say(e, EPERM, "a tenant does not change itself; ask who runs this host");
	return NULL;
}

static int etag_of(struct auth *a, const struct tenant *t, char etag[17], struct err *e)
{
	json_t *j = tenant_json(a, t, false);
	auto_free char *text = NULL;
	struct sha256 s;
	char hex[65];

	json_object_del(j, "stopping");
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	if (!text)
		return err_set(e, ENOMEM, "tenant %s", t->name);
	sha256_init(&s);
	sha256_add(&s, text, strlen(text));
	sha256_hex(&s, hex);
	memcpy(etag, hex, 16);
	etag[16] = '\0';
	return 0;
}

/* --- look --- */

/* As it is shown, with the archives: @counts by name, NULL where nobody knows. */
static json_t *shown(struct api_call *c, const struct tenant *t, const json_t *counts)
{
	json_t *j = tenant_json(c->d->auth, t, true);
	json_int_t n = json_integer_value(json_object_get(counts, t->name));

	if (counts)
		json_object_set_new(json_object_get(j, "used"), "backups",
				    json_integer(n + (json_int_t)job_count(c->d->jobs, t->name, "ct.backup")));
	return j;
}

static int list_answer(struct api_call *c, const json_t *counts, struct err *e)
{
	const struct tenants *ts = &c->d->auth->tenants;
	size_t limit = (size_t)api_q_int(c, "limit", 100), n = 0;
	const char *after = api_cursor(c), *last = NULL, *next = NULL;
	json_t *items = json_array();

	if (!items)
		return err_set(e, ENOMEM, "list of tenants");
	for (size_t i = 0; i < ts->n && !next; i++) {
		const struct tenant *t = ts->v[i];

		if ((c->who->tenant[0] && strcmp(c->who->tenant, t->name) != 0) || (after && strcmp(t->name, after) <= 0))
			continue;
		if (n++ == limit) {
			next = last;
			continue;
		}
		last = t->name;
		json_array_append_new(items, shown(c, t, counts));
	}
	api_page(c, items, next);
	return 0;
}

static int tenant_list(struct api_call *c, struct err *e)
{
	return api_backups_count(c, list_answer, e);
}

static int get_answer(struct api_call *c, const json_t *counts, struct err *e)
{
	struct tenant *t = wanted(c, e);
	char etag[17];

	if (!t || etag_of(c->d->auth, t, etag, e) < 0)
		return -e->code;
	if (!api_not_modified(c, etag))
		api_json(c, 200, shown(c, t, counts));
	return 0;
}

static int tenant_get(struct api_call *c, struct err *e)
{
	return wanted(c, e) ? api_backups_count(c, get_answer, e) : -e->code;
}

/* First second of the month @m after (or of) the one @text names. */
static int month_start(const char *text, int add, int64_t *ret, struct err *e)
{
	struct tm tm = { .tm_mday = 1 };
	const char *end = strptime(text, "%Y-%m", &tm);

	if (!end || *end || tm.tm_year < 70 || strlen(text) != 7)
		return err_say(e, EINVAL, "month: '%.16s' is no month like 2026-11", text);
	tm.tm_mday = 1;
	tm.tm_mon += add;
	*ret = (int64_t)timegm(&tm);
	return 0;
}

static int tenant_usage(struct api_call *c, struct err *e)
{
	struct tenant *t = wanted(c, e);
	char now[8];
	time_t s = time(NULL);
	struct tm tm;
	const char *month, *name = api_q_str(c, "step", "total");
	int step = table_find(usage_step_names, USAGE_STEP_N, name);
	struct usage_query q = { .step = (enum usage_step)step, .classes = api_q_bool(c, "classes", false) };

	if (step < 0)
		return err_say(e, EINVAL, "hour, day, month, year or total, not '%s'", name);
	if (!t)
		return -e->code;
	if (!gmtime_r(&s, &tm) || !strftime(now, sizeof(now), "%Y-%m", &tm))
		return err_set(e, EIO, "the clock");
	month = api_q_str(c, "month", now);
	if (month_start(month, 0, &q.from_s, e) < 0 || month_start(month, 1, &q.to_s, e) < 0)
		return -e->code;
	q.owner = t->name;
	return api_usage(c, &q, e);
}

/* --- change --- */

static int put_work(sqlite3 *s, void *arg, struct err *e)
{
	const struct tenant_op *op = arg;
	const struct tenant *t = op->t;
	const char *sql = op->created ?
		"INSERT OR IGNORE INTO tenants(name, title, limits, suspended, stop_pending, reason, created, suspended_at) "
		"VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)" :
		"UPDATE tenants SET title = ?2, limits = ?3, suspended = ?4, stop_pending = ?5, reason = ?6, created = ?7, "
		"suspended_at = ?8 WHERE name = ?1";

	if (db_exec(s, e, sql, "sssiisii", t->name, t->title, op->limits, (int64_t)t->suspended, (int64_t)t->stop_pending,
		    t->reason, t->created, t->suspended_at) < 0)
		return -e->code;
	if (sqlite3_changes(s))
		return 0;
	return op->created ? err_say(e, EEXIST, "there is a tenant '%s' already", t->name) :
	       err_say(e, ENOENT, "there is no tenant '%s'", t->name);
}

static void put_done(void *arg, const struct err *e)
{
	struct tenant_op *op = arg;
	struct api_call *c = op->c;
	struct auth *a = c->d->auth;
	const struct tenant *t = op->t;
	struct err mem = { 0 };
	char path[64];

	if (e->code) {
		api_problem_err(c, e);
	} else if (tenant_put(&a->tenants, op->t, &mem) < 0) {
		api_problem_err(c, &mem);
	} else {
		op->t = NULL;
		auth_changed(a);
		if (auth_sweep(a, &mem) < 0)
			vzd_log_err(LOG_ERR, &mem, "suspended tenant");
		if (op->created) {
			str_fmt(path, sizeof(path), "/v1/tenants/%s", t->name);
			api_header(c, "Location", path);
		}
		api_json(c, op->status, tenant_json(a, t, true));
	}
	op_free(op);
}

static int tenant_add(struct api_call *c, struct err *e)
{
	const char *name = json_string_value(json_object_get(c->req.body, "name"));
	struct tenant_op *op;
	struct tenant *t;

	if (c->who->tenant[0])
		return err_say(e, EPERM, "a tenant makes no tenants; ask who runs this host");
	if (!tenant_name_ok(name))
		return err_say(e, EINVAL, "name: 1 to 32 of a-z, 0-9 and '-', and no '-' in front");
	if (tenant_find(&c->d->auth->tenants, name))
		return err_say(e, EEXIST, "there is a tenant '%s' already", name);
	t = tenant_new(name, e);
	if (!t)
		return -e->code;
	t->created = (int64_t)time(NULL);
	if (tenant_patch(t, c->req.body, e) < 0) {
		tenant_free(t);
		return -e->code;
	}
	op = op_new(c, t, e);
	if (!op)
		return -e->code;
	op->created = true;
	op->status = 201;
	return op_write(op, put_work, put_done, e);
}

/* A copy of the one asked for, on which the change is made. */
static struct tenant *copy_of(struct api_call *c, struct err *e)
{
	struct tenant *t = wanted_ours(c, e);

	return t ? tenant_copy(t, e) : NULL;
}

static int tenant_change(struct api_call *c, struct err *e)
{
	struct tenant *t = copy_of(c, e);
	struct tenant_op *op;
	char etag[17];

	if (!t)
		return -e->code;
	if (etag_of(c->d->auth, t, etag, e) < 0 || tenant_patch(t, c->req.body, e) < 0) {
		tenant_free(t);
		return -e->code;
	}
	if (!api_match(c, etag, false)) {
		tenant_free(t);
		return 0;
	}
	op = op_new(c, t, e);
	return op ? op_write(op, put_work, put_done, e) : -e->code;
}

static int set_suspended(struct api_call *c, struct tenant *t, struct err *e)
{
	const char *reason = json_string_value(json_object_get(c->req.body, "reason"));
	bool on = json_is_true(json_object_get(c->req.body, "suspended"));
	char *copy = strdup(on && reason ? reason : "");
	struct inv_sum s = { 0 };

	if (!copy)
		return err_set(e, ENOMEM, "tenant %s", t->name);
	free(t->reason);
	t->reason = copy;
	if (on && !t->suspended)
		t->suspended_at = (int64_t)time(NULL);
	t->suspended = on;
	inv_sum(c->d->inv, t->name, &s);
	t->stop_pending = on && s.running > 0;
	return 0;
}

static int tenant_suspend(struct api_call *c, struct err *e)
{
	struct tenant *t = copy_of(c, e);
	struct tenant_op *op;
	bool pending;

	if (!t)
		return -e->code;
	if (set_suspended(c, t, e) < 0) {
		tenant_free(t);
		return -e->code;
	}
	pending = t->stop_pending;
	op = op_new(c, t, e);
	if (!op)
		return -e->code;
	op->status = pending ? 202 : 200;
	return op_write(op, put_work, put_done, e);
}

/* --- remove --- */

static int delete_work(sqlite3 *s, void *arg, struct err *e)
{
	const struct tenant_op *op = arg;

	if (db_exec(s, e, "DELETE FROM tokens WHERE tenant = ?1", "s", op->t->name) < 0)
		return -e->code;
	if (db_exec(s, e, "DELETE FROM deliveries WHERE hook IN (SELECT id FROM webhooks WHERE tenant = ?1)", "s",
		    op->t->name) < 0 ||
	    db_exec(s, e, "DELETE FROM webhooks WHERE tenant = ?1", "s", op->t->name) < 0)
		return -e->code;
	return db_exec(s, e, "DELETE FROM tenants WHERE name = ?1", "s", op->t->name);
}

struct of_tenant { const char *name; struct token *found; };

static int token_of(struct token *t, void *arg)
{
	struct of_tenant *o = arg;

	if (strcmp(t->tenant, o->name) != 0)
		return 0;
	o->found = t;
	return 1;
}

static void delete_done(void *arg, const struct err *e)
{
	struct tenant_op *op = arg;
	struct auth *a = op->c->d->auth;
	struct of_tenant o = { .name = op->t->name };

	if (e->code) {
		api_problem_err(op->c, e);
	} else {
		while (token_each(&a->tokens, token_of, &o))
			token_free(token_remove(&a->tokens, o.found->id));
		webhooks_tenant_gone(a->d->webhooks, op->t->name);
		tenant_remove(&a->tenants, op->t->name);
		auth_changed(a);
		api_empty(op->c);
	}
	op_free(op);
}

static int tenant_delete(struct api_call *c, struct err *e)
{
	struct tenant *t = wanted_ours(c, e), *copy;
	struct tenant_op *op;
	struct inv_sum s = { 0 };

	if (!t)
		return -e->code;
	inv_sum(c->d->inv, t->name, &s);
	if (s.cts)
		return err_say(e, ENOTEMPTY, "tenant %s has %llu containers: destroy them, or give them to another (owner)",
			       t->name, (unsigned long long)s.cts);
	copy = tenant_copy(t, e);
	op = copy ? op_new(c, copy, e) : NULL;
	return op ? op_write(op, delete_work, delete_done, e) : -e->code;
}

static const struct api_field add_fields[] = {
	{ .name = "name", .type = API_STR, .required = true, .min = 1, .max = 32, .doc = "Its key: a-z, 0-9, '-'." },
	{ .name = "title", .type = API_STR, .max = 256, .doc = "For people." },
	{ .name = "limits",
	  .type = API_OBJ,
	  .doc = "cts, memory, disk (bytes), cpus, ipv4, ipv6, snapshots, backups; null: none." },
	{ .name = NULL },
};
static const struct api_field patch_fields[] = {
	{ .name = "title", .type = API_STR, .max = 256, .doc = "For people." },
	{ .name = "limits", .type = API_OBJ, .doc = "Those to change; null lifts one." },
	{ .name = NULL },
};
static const struct api_field suspend_fields[] = {
	{ .name = "suspended", .type = API_BOOL, .required = true, .doc = "true: its containers are stopped and stay so." },
	{ .name = "reason", .type = API_STR, .max = 256, .doc = "Told to whoever is refused." },
	{ .name = NULL },
};
static const struct api_field usage_fields[] = {
	{ .name = "month", .type = API_STR, .min = 7, .max = 7, .doc = "2026-11; this month when absent." },
	{ .name = "step", .type = API_STR, .max = 8, .doc = "How to cut it, as for a container's usage." },
	{ .name = "classes", .type = API_BOOL, .doc = "Traffic by network class and version of IP, too; as CSV only that." },
	{ .name = NULL },
};
static const struct api_route rows[] = {
	{ "GET", "/v1/tenants", "tenant.list", SCOPE_TENANT_READ, API_PAGED, NULL, NULL, "TenantPage",
	  "Lists tenants, limits and use; a tenant sees itself.", tenant_list },
	{ "POST", "/v1/tenants", "tenant.create", SCOPE_TENANT_WRITE, API_WRITE, add_fields, NULL, "Tenant", "Makes a tenant.",
	  tenant_add },
	{ "GET", "/v1/tenants/{tenant}", "tenant.get", SCOPE_TENANT_READ, 0, NULL, NULL, "Tenant", "One tenant.", tenant_get },
	{ "PATCH", "/v1/tenants/{tenant}", "tenant.patch", SCOPE_TENANT_WRITE, API_WRITE, patch_fields, NULL, "Tenant",
	  "Changes title and limits; what exists above a lowered limit stays.", tenant_change },
	{ "DELETE", "/v1/tenants/{tenant}", "tenant.delete", SCOPE_TENANT_WRITE, API_WRITE, NULL, NULL, NULL,
	  "Removes a tenant without containers, its tokens and webhooks.", tenant_delete },
	{ "PUT", "/v1/tenants/{tenant}/suspended", "tenant.suspend", SCOPE_TENANT_WRITE, API_WRITE, suspend_fields, NULL, "Tenant",
	  "Suspends or resumes: 202 while containers are being stopped (`stopping`).", tenant_suspend },
	{ "GET", "/v1/tenants/{tenant}/usage", "tenant.usage", SCOPE_TENANT_READ, 0, NULL, usage_fields, "Usage",
	  "What a tenant used in a month.", tenant_usage },
};
const struct api_table api_tenant_table = API_TABLE(rows);
