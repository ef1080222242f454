/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tenants: their names, titles and limits, in memory and as JSON. What counts against the limits is tenant_quota.c's. */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/auth_priv.h"
#include "vzd/db.h"
#include "vzd/timefmt.h"

const char *const tenant_limit_names[LIMIT_N] = {
	[LIMIT_CTS] = "cts", [LIMIT_MEMORY] = "memory", [LIMIT_DISK] = "disk", [LIMIT_CPUS] = "cpus", [LIMIT_IPV4] = "ipv4",
	[LIMIT_IPV6] = "ipv6", [LIMIT_SNAPSHOTS] = "snapshots", [LIMIT_BACKUPS] = "backups",
};

bool tenant_name_ok(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n >= 1 && n <= 32 && s[n] == '\0' && s[0] != '-';
}

/* Where @name is, or would be. */
static size_t place(const struct tenants *ts, const char *name, bool *found)
{
	size_t lo = 0, hi = ts->n;

	*found = false;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(ts->v[mid]->name, name);

		if (c == 0) {
			*found = true;
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct tenant *tenant_find(const struct tenants *ts, const char *name)
{
	bool found;
	size_t i = place(ts, name, &found);

	return found ? ts->v[i] : NULL;
}

struct tenant *tenant_new(const char *name, struct err *e)
{
	struct tenant *t = calloc(1, sizeof(*t));

	if (!t || !(t->title = strdup("")) || !(t->reason = strdup("")) || str_copy(t->name, sizeof(t->name), name) < 0) {
		tenant_free(t);
		err_set(e, ENOMEM, "tenant %s", name);
		return NULL;
	}
	for (unsigned i = 0; i < LIMIT_N; i++)
		t->limit[i] = NUM_UNLIMITED;
	return t;
}

struct tenant *tenant_copy(const struct tenant *t, struct err *e)
{
	struct tenant *c = malloc(sizeof(*c));

	if (c) {
		*c = *t;
		c->title = strdup(t->title);
		c->reason = strdup(t->reason);
	}
	if (!c || !c->title || !c->reason) {
		tenant_free(c);
		err_set(e, ENOMEM, "tenant %s", t->name);
		return NULL;
	}
	return c;
}

void tenant_free(struct tenant *t)
{
	if (!t)
		return;
	free(t->title);
	free(t->reason);
	free(t);
}

int tenant_put(struct tenants *ts, struct tenant *t, struct err *e)
{
	bool found;
	size_t at = place(ts, t->name, &found);
	struct tenant **v;

	if (found) {
		tenant_free(ts->v[at]);
		ts->v[at] = t;
		return 0;
	}
	v = reallocarray(ts->v, ts->n + 1, sizeof(struct tenant *));
	if (!v)
		return err_set(e, ENOMEM, "tenant %s", t->name);
	ts->v = v;
	memmove(v + at + 1, v + at, (ts->n - at) * sizeof(struct tenant *));
	v[at] = t;
	ts->n++;
	return 0;
}

void tenant_remove(struct tenants *ts, const char *name)
{
	bool found;
	size_t at = place(ts, name, &found);

	if (!found)
		return;
	tenant_free(ts->v[at]);
	ts->n--;
	memmove(ts->v + at, ts->v + at + 1, (ts->n - at) * sizeof(struct tenant *));
}

void tenants_done(struct tenants *ts)
{
	for (size_t i = 0; i < ts->n; i++)
		tenant_free(ts->v[i]);
	free(ts->v);
	*ts = (struct tenants){ 0 };
}

/* --- JSON --- */

static int limit_index(const char *name)
{
	for (int i = 0; i < LIMIT_N; i++)
		if (strcmp(tenant_limit_names[i], name) == 0)
			return i;
	return -ENOENT;
}

static int limits_patch(struct tenant *t, json_t *limits, struct err *e)
{
	const char *name;
	json_t *v;

	if (!json_is_object(limits))
		return err_say(e, EINVAL, "limits: an object is wanted");
	json_object_foreach(limits, name, v) {
		int i = limit_index(name);

		if (i < 0)
			return err_say(e, EINVAL, "limits: there is no limit '%.32s'", name);
		if (!json_is_null(v) && (!json_is_integer(v) || json_integer_value(v) < 0))
			return err_say(e, EINVAL, "limits: %s is a whole number from 0 on, or null for no limit", name);
		t->limit[i] = json_is_null(v) ? NUM_UNLIMITED : (uint64_t)json_integer_value(v);
	}
	return 0;
}

int tenant_patch(struct tenant *t, const json_t *body, struct err *e)
{
	json_t *title = json_object_get(body, "title"), *limits = json_object_get(body, "limits");
	char *copy;

	if (title) {
		const char *s = json_is_null(title) ? "" : json_string_value(title);

		if (!s || strlen(s) > 256 || str_has_ctrl(s))
			return err_say(e, EINVAL, "title: a text of at most 256 bytes without control characters");
		copy = strdup(s);
		if (!copy)
			return err_set(e, ENOMEM, "tenant %s", t->name);
		free(t->title);
		t->title = copy;
	}
	return limits ? limits_patch(t, limits, e) : 0;
}

json_t *tenant_limits_json(const struct tenant *t)
{
	json_t *j = json_object();

	for (unsigned i = 0; i < LIMIT_N; i++)
		json_object_set_new(j, tenant_limit_names[i],
				    t->limit[i] == NUM_UNLIMITED ? json_null() : json_integer((json_int_t)t->limit[i]));
	return j;
}

static json_t *usage(struct auth *a, const struct tenant *t)
{
	struct inv_sum s = { 0 };

	inv_sum(a->d->inv, t->name, &s);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:n}", "cts", (json_int_t)s.cts, "running",
			 (json_int_t)s.running,
			 "memory", (json_int_t)s.memory, "disk", (json_int_t)s.disk, "cpus", (json_int_t)s.cpus, "ipv4",
			 (json_int_t)s.ip4, "ipv6", (json_int_t)s.ip6, "snapshots", (json_int_t)s.snapshots,
			 "backups");
}

json_t *tenant_json(struct auth *a, const struct tenant *t, bool with_usage)
{
	char created[TIMEFMT_LEN], since[TIMEFMT_LEN];
	json_t *j;

	j = json_pack("{s:s, s:s, s:o, s:b, s:s, s:o, s:b, s:s}", "name", t->name, "title", t->title, "limits",
		      tenant_limits_json(t), "suspended", t->suspended, "reason", t->reason, "suspended_at",
		      t->suspended ? json_string(timefmt(t->suspended_at * 1000, since)) : json_null(), "stopping",
		      t->stop_pending, "created", timefmt(t->created * 1000, created));
	if (j && with_usage)
		json_object_set_new(j, "used", usage(a, t));
	return j;
}

/* --- the database --- */

const char tenant_select[] = "SELECT name, title, limits, suspended, stop_pending, reason, created, suspended_at FROM tenants";

int tenant_row(struct sqlite3_stmt *st, void *tenants, struct err *e)
{
	json_t *limits = json_loads(db_text(st, 2), 0, NULL);
	struct tenant *t = tenant_new(db_text(st, 0), e);
	int rc = t ? 0 : -e->code;

	if (t) {
		free(t->title);
		free(t->reason);
		t->title = strdup(db_text(st, 1));
		t->reason = strdup(db_text(st, 5));
		t->suspended = sqlite3_column_int(st, 3) != 0;
		t->stop_pending = sqlite3_column_int(st, 4) != 0;
		t->created = sqlite3_column_int64(st, 6);
		t->suspended_at = sqlite3_column_int64(st, 7);
		rc = !t->title || !t->reason ? err_set(e, ENOMEM, "tenant") : limits_patch(t, limits, e);
	}
	json_decref(limits);
	if (rc == 0)
		rc = tenant_put(tenants, t, e);
	if (rc < 0)
		tenant_free(t);
	return rc;
}
