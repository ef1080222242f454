/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Webhooks: the table, which event is for whom, the queue in the database. An event is queued for all that want it in one
 * transaction, together with its number, so that a vzd that was killed goes on behind it. Sending is webhook_send.c's.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/bus.h"
#include "vzd/db.h"
#include "vzd/timefmt.h"
#include "vzd/webhook_priv.h"

static const char *const sql[] = {
	"CREATE TABLE webhooks(id TEXT PRIMARY KEY, url TEXT NOT NULL, types TEXT NOT NULL, cts TEXT NOT NULL,"
	" tenant TEXT NOT NULL, secret TEXT NOT NULL, description TEXT NOT NULL, created_by TEXT NOT NULL,"
	" created INTEGER NOT NULL, since INTEGER NOT NULL, enabled INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE deliveries(id INTEGER PRIMARY KEY AUTOINCREMENT, hook TEXT NOT NULL, seq INTEGER NOT NULL,"
	" created_ms INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE(hook, seq));"
	"CREATE INDEX deliveries_hook ON deliveries(hook, id);"
	"CREATE TABLE webhook_seen(one INTEGER PRIMARY KEY, seq INTEGER NOT NULL)",
};
const struct db_schema webhook_schema = { "webhook", sql, ARRAY_SIZE(sql) };

/* --- table --- */

struct webhook *webhook_find(struct webhooks *w, const char *id)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->v[i]->id, id) == 0)
			return w->v[i];
	return NULL;
}

void webhook_free(struct webhook *h)
{
	if (!h)
		return;
	free(h->url);
	free(h->types);
	if (h->secret)
		explicit_bzero(h->secret, strlen(h->secret));
	free(h->secret);
	free(h->description);
	free(h->cts);
	free(h);
}

int webhook_put(struct webhooks *w, struct webhook *h, struct err *e)
{
	struct webhook **v;
	size_t at = 0;

	while (at < w->n && strcmp(w->v[at]->id, h->id) < 0)
		at++;
	if (at < w->n && strcmp(w->v[at]->id, h->id) == 0) {
		struct webhook *old = w->v[at];

		h->pending = old->pending;
		h->flight = old->flight;
		h->flight_created = old->flight_created;
		h->sent_ms = old->sent_ms;
		h->alert_ms = old->alert_ms;
		webhook_free(old);
		w->v[at] = h;
		return 0;
	}
	v = reallocarray(w->v, w->n + 1, sizeof(struct webhook *));
	if (!v)
		return err_set(e, ENOMEM, "webhook %s", h->id);
	w->v = v;
	memmove(v + at + 1, v + at, (w->n - at) * sizeof(struct webhook *));
	v[at] = h;
	w->n++;
	return 0;
}

void webhook_remove(struct webhooks *w, const char *id)
{
	for (size_t i = 0; i < w->n; i++) {
		if (strcmp(w->v[i]->id, id) != 0)
			continue;
		webhook_free(w->v[i]);
		w->n--;
		memmove(w->v + i, w->v + i + 1, (w->n - i) * sizeof(struct webhook *));
		return;
	}
}

void webhooks_tenant_gone(struct webhooks *w, const char *tenant)
{
	for (size_t i = w ? w->n : 0; i-- > 0;)
		if (strcmp(w->v[i]->tenant, tenant) == 0)
			webhook_remove(w, w->v[i]->id);
}

static json_t *time_json(int64_t ms)
{
	char text[TIMEFMT_LEN];

	return ms ? json_string(timefmt(ms, text)) : json_null();
}

json_t *webhook_json(const struct webhook *h)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	json_t *cts = json_array(), *types = json_array();
	uint64_t now = ev_now_ms();
	struct err ignored;

	for (size_t i = 0; i < h->n_cts; i++)
		json_array_append_new(cts, json_integer(h->cts[i]));
	if (str_list_split(&l, h->types, " ", &ignored) == 0)
		for (size_t i = 0; i < l.n; i++)
			json_array_append_new(types, json_string(l.v[i]));
	return json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:b, s:s, s:I, s:s, s:o, s:o, s:o, s:o, s:s}", "id", h->id, "url", h->url,
			 "types", types, "cts", cts, "tenant", h->tenant, "description", h->description, "enabled", h->enabled,
			 "state", !h->enabled ? "disabled" : h->tries ? "retrying" : "ok", "pending", (json_int_t)h->pending,
			 "last_error", h->error, "last_status", h->status ? json_integer(h->status) : json_null(), "last_success",
			 time_json(h->sent_ms), "next_try", h->tries && h->next_ms > now ?
			 time_json(timefmt_now_ms() + (int64_t)(h->next_ms - now)) : json_null(), "created",
			 time_json(h->created * 1000), "created_by", h->created_by);
}

/* --- the database --- */

int webhook_db_put(sqlite3 *s, const struct webhook *h, struct err *e)
{
	struct buf auto_buf cts = BUF_INIT;

	for (size_t i = 0; i < h->n_cts; i++)
		buf_addf(&cts, "%s%u", i ? " " : "", h->cts[i]);
	if (buf_failed(&cts))
		return err_set(e, ENOMEM, "webhook");
	if (db_exec(s, e, "INSERT INTO webhooks(id, url, types, cts, tenant, secret, description, created_by, created, since, "
			  "enabled) "
			  "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 WHERE ?5 = '' OR EXISTS(SELECT 1 FROM tenants "
			  "WHERE name = ?5) ON CONFLICT(id) DO UPDATE SET url = ?2, types = ?3, cts = ?4, secret = ?6, "
			  "description = ?7, enabled = ?11", "ssssssssiii", h->id, h->url, h->types, buf_str(&cts), h->tenant,
		    h->secret, h->description, h->created_by, h->created, (int64_t)h->since, (int64_t)h->enabled) < 0)
		return -e->code;
	return sqlite3_changes(s) ? 0 : err_say(e, ENOENT, "the tenant has been removed");
}

int webhook_db_delete(sqlite3 *s, const char *id, struct err *e)
{
	if (db_exec(s, e, "DELETE FROM deliveries WHERE hook = ?1", "s", id) < 0)
		return -e->code;
	return db_exec(s, e, "DELETE FROM webhooks WHERE id = ?1", "s", id);
}

static int load_cts(struct webhook *h, const char *text, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	uint64_t id;

	if (str_list_split(&l, text, " ", e) < 0)
		return -e->code;
	h->cts = calloc(l.n + 1, sizeof(*h->cts));
	for (size_t i = 0; h->cts && i < l.n; i++)
		if (num_u64(l.v[i], &id) == 0 && id <= CT_ID_MAX)
			h->cts[h->n_cts++] = (unsigned)id;
	return h->n_cts == l.n && h->cts ? 0 : err_say(e, EBADMSG, "webhook %s: its containers cannot be read", h->id);
}

static int load_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	struct webhook *h = calloc(1, sizeof(*h));

	if (!h)
		return err_set(e, ENOMEM, "webhook");
	str_copy(h->id, sizeof(h->id), db_text(st, 0));
	h->url = strdup(db_text(st, 1));
	h->types = strdup(db_text(st, 2));
	h->secret = strdup(db_text(st, 5));
	h->description = strdup(db_text(st, 6));
	str_copy(h->tenant, sizeof(h->tenant), db_text(st, 4));
	str_copy(h->created_by, sizeof(h->created_by), db_text(st, 7));
	h->created = sqlite3_column_int64(st, 8);
	h->since = (uint64_t)sqlite3_column_int64(st, 9);
	h->enabled = sqlite3_column_int(st, 10) != 0;
	if (!h->url || !h->types || !h->secret || !h->description)
		err_set(e, ENOMEM, "webhook %s", h->id);
	else if (load_cts(h, db_text(st, 3), e) == 0)
		webhook_put(arg, h, e);
	if (e->code)
		webhook_free(h);
	return -e->code;
}

static int count_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	struct webhook *h = webhook_find(arg, db_text(st, 0));

	(void)e;
	if (h)
		h->pending = (uint64_t)sqlite3_column_int64(st, 1);
	return 0;
}

static int seen_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	(void)e;
	*(int64_t *)arg = sqlite3_column_int64(st, 0);
	return 1;
}

/* --- the queue --- */

struct queue_op {
	struct webhooks *w;
	webhook_queued *told;		/* once it is durable, or lost; NULL: nobody waits */
	void *told_arg;
	int64_t seq, now_ms;
	char *body;
	size_t n;
	char ids[][HOOK_ID_LEN + 1];
};

static int queue_work(sqlite3 *s, void *arg, struct err *e)
{
	const struct queue_op *op = arg;

	for (size_t i = 0; i < op->n; i++) {
		if (db_exec(s, e, "INSERT OR IGNORE INTO deliveries(hook, seq, created_ms, body) SELECT ?1, ?2, ?3, ?4 "
				  "WHERE EXISTS(SELECT 1 FROM webhooks WHERE id = ?1)", "siis", op->ids[i], op->seq, op->now_ms,
			    op->body) < 0)
			return -e->code;
	}
	if (op->seq < 0)
		return 0;
	return db_exec(s, e, "INSERT INTO webhook_seen(one, seq) VALUES(1, ?1) "
			     "ON CONFLICT(one) DO UPDATE SET seq = MAX(seq, ?1)", "i", op->seq);
}

static int cut_work(sqlite3 *s, void *arg, struct err *e)
{
	return db_exec(s, e, "DELETE FROM deliveries WHERE hook = ?1 AND id <= (SELECT id FROM deliveries WHERE hook = ?1 "
			     "ORDER BY id DESC LIMIT 1 OFFSET ?2)", "si", (const char *)arg,
		       (int64_t)(HOOK_QUEUE_MAX - HOOK_QUEUE_MAX / 10));
}

static void cut_done(void *arg, const struct err *e)
{
	if (e->code)
		vzd_log_err(LOG_WARNING, e, "webhook");
	free(arg);
}

/* The receiver has been away too long: the oldest tenth goes. */
static void cut(struct webhooks *w, struct webhook *h)
{
	char *id = strdup(h->id);
	struct err e = { 0 };

	vzd_log(LOG_WARNING, "webhook %s: more than %u events wait; the oldest are dropped", h->id, HOOK_QUEUE_MAX);
	h->pending = HOOK_QUEUE_MAX - HOOK_QUEUE_MAX / 10;
	if (!id || db_write(w->d->db, cut_work, id, cut_done, &e) < 0)
		free(id);
}

static void queue_done(void *arg, const struct err *e)
{
	struct queue_op *op = arg;
	struct webhooks *w = op->w;

	if (e->code)
		vzd_log_err(LOG_ERR, e, "an event for webhooks is lost");
	for (size_t i = 0; i < op->n && !e->code; i++) {
		struct webhook *h = webhook_find(w, op->ids[i]);

		if (h && ++h->pending > HOOK_QUEUE_MAX)
			cut(w, h);
	}
	if (op->told)
		op->told(op->told_arg, e);
	free(op->body);
	free(op);
	webhook_later(w);
}

static int queue(struct webhooks *w, struct webhook *const *to, size_t n, int64_t seq, const char *json,
		 webhook_queued *told, void *told_arg, struct err *e)
{
	struct queue_op *op = calloc(1, sizeof(*op) + n * sizeof(op->ids[0]));

	if (!op || !(op->body = strdup(json))) {
		free(op);
		return err_set(e, ENOMEM, "webhooks");
	}
	op->w = w;
	op->told = told;
	op->told_arg = told_arg;
	op->seq = seq;
	op->now_ms = timefmt_now_ms();
	op->n = n;
	for (size_t i = 0; i < n; i++)
		memcpy(op->ids[i], to[i]->id, sizeof(op->ids[i]));
	if (db_write(w->d->db, queue_work, op, queue_done, e) == 0)
		return 0;
	free(op->body);
	free(op);
	return -e->code;
}

int webhook_queue(struct webhooks *w, struct webhook *h, int64_t seq, const char *json, webhook_queued *told, void *told_arg,
		  struct err *e)
{
	return queue(w, &h, 1, seq, json, told, told_arg, e);
}

bool webhook_wants(const struct webhook *h, const char *type, unsigned ctid, const char *owner)
{
	bool match = !*h->types, ct = !h->n_cts;

	if (!h->enabled || (h->tenant[0] && strcmp(h->tenant, owner) != 0))
		return false;
	for (size_t i = 0; i < h->n_cts; i++)
		ct |= h->cts[i] == ctid;
	for (const char *p = h->types; *p && !match; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		match = strncmp(type, p, n) == 0 && (type[n] == '\0' || p[n - 1] == '.');
		p += n;
	}
	return match && ct;
}

/* An alert about a webhook does not go through that webhook: it would breed. */
static bool about_itself(const struct webhook *h, const struct bus_event *ev)
{
	return strcmp(ev->type, "alert") == 0 && strstr(ev->json, h->id);
}

static void on_event(void *arg, const struct bus_event *ev)
{
	struct webhooks *w = arg;
	struct webhook *to[HOOKS_MAX];
	struct err e = { 0 };
	size_t n = 0;

	if (strcmp(ev->type, "reset") == 0) {
		vzd_log(LOG_WARNING, "webhooks: events between two runs of vzd are lost");
		return;
	}
	for (size_t i = 0; i < w->n; i++) {
		struct webhook *h = w->v[i];

		if (ev->seq > h->since && webhook_wants(h, ev->type, ev->ctid, ev->owner ? ev->owner : "") && !about_itself(h, ev))
			to[n++] = h;
	}
	if (n && queue(w, to, n, (int64_t)ev->seq, ev->json, NULL, NULL, &e) < 0)
		vzd_log_err(LOG_ERR, &e, "webhooks");
}

/* --- when --- */

static void due(void *arg)
{
	struct webhooks *w = arg;

	w->timer = NULL;
	webhook_send_due(w);
}

void webhook_later(struct webhooks *w)
{
	uint64_t now = ev_now_ms(), next = UINT64_MAX;
	struct err e = { 0 };

	for (size_t i = 0; i < w->n; i++)
		if (w->v[i]->enabled && w->v[i]->pending && !w->v[i]->flight)
			next = MIN(next, w->v[i]->next_ms);
	ev_del(w->timer);
	w->timer = NULL;
	if (next != UINT64_MAX && w->flights < HOOK_FLIGHT_MAX &&
	    ev_add_timer(w->d->ev, "webhook", next > now ? next - now : 0, 0, due, w, &w->timer, &e) < 0)
		vzd_log_err(LOG_ERR, &e, "webhooks");
}

/* --- open, close --- */

int webhooks_open(struct vzd *d, struct webhooks **ret, struct err *e)
{
	struct webhooks *w = calloc(1, sizeof(*w));
	sqlite3 *s = db_reader(d->db);
	int64_t seen = -1;
	int rc;

	if (!w)
		return err_set(e, ENOMEM, "webhooks");
	w->d = d;
	w->fd = -1;
	w->program = VZ_LIBEXEC "/vz-hook";
	rc = db_each(s, e, load_row, w, "SELECT id, url, types, cts, tenant, secret, description, created_by, created, since, "
					"enabled FROM webhooks", "");
	if (rc >= 0)
		rc = db_each(s, e, count_row, w, "SELECT hook, COUNT(*) FROM deliveries GROUP BY hook", "");
	if (rc >= 0)
		rc = db_each(s, e, seen_row, &seen, "SELECT seq FROM webhook_seen", "");
	/* Without a webhook nothing that happened before is anybody's. */
	if (rc >= 0)
		rc = bus_subscribe(d->bus, NULL, w->n && seen >= 0 ? (uint64_t)seen : UINT64_MAX, on_event, w, &w->sub, e);
	if (rc < 0) {
		webhooks_close(w);
		return -e->code;
	}
	webhook_later(w);
	*ret = w;
	return 0;
}

void webhooks_close(struct webhooks *w)
{
	if (!w)
		return;
	webhook_send_end(w);
	if (w->sub)
		bus_unsubscribe(w->sub);
	db_drain(w->d->db);
	ev_del(w->timer);
	for (size_t i = 0; i < w->n; i++)
		webhook_free(w->v[i]);
	free(w->v);
	free(w);
}
