/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of requests that must not be done twice. While one is at work its claim is in memory; what is decided is in the
 * database: the job it became, or the answer. An answer that holds a secret is not kept, only where the object is.
 */
#include "vzd/idem.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/sha256.h"
#include "util/str.h"
#include "vzd/db.h"
#include "vzd/timefmt.h"

#define KEY_MAX 255
#define LIFE_MS 86400000LL
#define PRUNE_MS 600000LL

struct idem {
	struct idem *next;
	struct gate_call *g;
	char *principal, *key;
	char hash[65];
	bool by_job;
	/* the answer that is kept back */
	int status;
	char *type, *body, *headers;
	size_t len;
	bool secret;
};
static struct idem *claims;		/* the loop's */

static const char *const sql[] = {
	"CREATE TABLE idem(principal TEXT NOT NULL, key TEXT NOT NULL, hash TEXT NOT NULL, created INTEGER NOT NULL, job TEXT,"
	" status INTEGER, type TEXT, headers TEXT, body TEXT, PRIMARY KEY(principal, key)) WITHOUT ROWID;"
	"CREATE INDEX idem_created ON idem(created);",
};
const struct db_schema idem_schema = { "idem", sql, ARRAY_SIZE(sql) };

static void idem_free(struct idem *i)
{
	free(i->principal);
	free(i->key);
	free(i->type);
	free(i->body);
	free(i->headers);
	free(i);
}

void idem_drop(struct gate_call *g)
{
	struct idem **at = &claims;

	if (!g->idem)
		return;
	while (*at && *at != g->idem)
		at = &(*at)->next;
	if (*at)
		*at = g->idem->next;
	idem_free(g->idem);
	g->idem = NULL;
}

/* --- what a key stands for --- */

static void add_part(struct sha256 *s, const char *text)
{
	sha256_add(s, text ? text : "", text ? strlen(text) + 1 : 1);
}

static int hash_of(const struct gate_call *g, char hash[65], struct err *e)
{
	const struct api_request *r = &g->c.req;
	auto_free char *body = r->body ? json_dumps(r->body, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	struct sha256 s;

	if (r->body && !body)
		return err_set(e, ENOMEM, "request");
	sha256_init(&s);
	add_part(&s, r->verb);
	add_part(&s, r->path);
	add_part(&s, r->query);
	add_part(&s, body);
	sha256_hex(&s, hash);
	return 0;
}

static bool key_ok(const char *key)
{
	size_t n = strlen(key);

	for (const char *p = key; *p; p++) {
		if (*p <= 0x20 || *p >= 0x7f)
			return false;
	}
	return n >= 1 && n <= KEY_MAX;
}

/* --- a key that is known --- */

struct row {
	bool there;
	char hash[65];
	char *job, *type, *headers, *body;
	int status;
};

static void row_done(struct row *r)
{
	free(r->job);
	free(r->type);
	free(r->headers);
	free(r->body);
}

static char *column(sqlite3_stmt *st, int col)
{
	return sqlite3_column_type(st, col) == SQLITE_NULL ? NULL : strdup(db_text(st, col));
}

static int on_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	struct row *r = arg;

	(void)e;
	r->there = true;
	(void)str_copy(r->hash, sizeof(r->hash), db_text(st, 0));
	r->job = column(st, 1);
	r->status = sqlite3_column_int(st, 2);
	r->type = column(st, 3);
	r->headers = column(st, 4);
	r->body = column(st, 5);
	return 1;
}

static int refuse(struct gate_call *g, const char *slug, const char *text)
{
	api_problem(&g->c, slug, 0, text, NULL);
	return -EPROTO;
}

static void replay(struct gate_call *g, const struct row *r)
{
	static const char *const names[] = { "Location", "ETag" };
	json_t *h = r->headers ? json_loads(r->headers, 0, NULL) : NULL;
	const char *at = json_string_value(json_object_get(h, "Location"));

	api_header(&g->c, "Idempotent-Replayed", "true");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *v = json_string_value(json_object_get(h, names[i]));

		if (v)
			api_header(&g->c, names[i], v);
	}
	if (r->job)
		api_job_replay(&g->c, r->job);
	else if (r->status == 204)
		api_empty(&g->c);
	else if (!r->body)
		api_problem(&g->c, "exists", 0, "this key has made it already; its secret was shown once and is not kept",
			    at ? json_pack("{ss}", "resource", at) : NULL);
	else
		api_raw(&g->c, r->status, r->type ? r->type : "application/json", r->body, strlen(r->body));
	json_decref(h);
}

static int known(struct gate_call *g, const char *hash, struct err *e)
{
	struct row r __attribute__((cleanup(row_done))) = { .there = false };
	int64_t since = timefmt_now_ms() - LIFE_MS;

	if (db_each(db_reader(g->c.d->db), e, on_row, &r, "SELECT hash,job,status,type,headers,body FROM idem"
		    " WHERE principal=?1 AND key=?2 AND created>?3", "ssi", g->c.who->name, g->c.req.idempotency_key, since) < 0)
		return -e->code;
	if (!r.there)
		return 0;
	if (strcmp(r.hash, hash) != 0)
		return refuse(g, "key-reused", "this Idempotency-Key came with another request");
	replay(g, &r);
	return -EPROTO;
}

int idem_begin(struct gate_call *g, struct err *e)
{
	const char *key = g->c.req.idempotency_key, *who = g->c.who->name;
	char hash[65];
	struct idem *i;

	if (!key || strcmp(g->c.route->verb, "POST") != 0 || !strcmp(who, "anonymous"))
		return 0;
	if (!key_ok(key))
		return refuse(g, "invalid-field", "an Idempotency-Key has 1 to 255 visible ASCII characters");
	if (hash_of(g, hash, e) < 0)
		return -e->code;
	for (i = claims; i; i = i->next) {
		if (i->g->c.d != g->c.d || strcmp(i->principal, who) != 0 || strcmp(i->key, key) != 0)
			continue;
		if (strcmp(i->hash, hash) != 0)
			return refuse(g, "key-reused", "this Idempotency-Key came with another request");
		api_header(&g->c, "Retry-After", "1");
		return refuse(g, "key-in-progress", "the request with this Idempotency-Key has not ended yet");
	}
	if (known(g, hash, e) < 0)
		return -EPROTO;
	i = calloc(1, sizeof(*i));
	if (!i || !(i->principal = strdup(who)) || !(i->key = strdup(key))) {
		if (i)
			idem_free(i);
		return err_set(e, ENOMEM, "request");
	}
	memcpy(i->hash, hash, sizeof(hash));
	i->g = g;
	i->next = claims;
	claims = i;
	g->idem = i;
	return 0;
}

/* --- writing, in the writer's thread --- */

static int prune(sqlite3 *s, struct err *e)
{
	static int64_t last;
	int64_t now = timefmt_now_ms();

	if (now - last < PRUNE_MS && now >= last)
		return 0;
	last = now;
	return db_exec(s, e, "DELETE FROM idem WHERE created < ?1", "i", now - LIFE_MS);
}

static int with_job(struct sqlite3 *s, const char *id, void *arg, struct err *e)
{
	const struct idem *i = arg;

	if (prune(s, e) < 0)
		return -e->code;
	return db_exec(s, e, "INSERT OR REPLACE INTO idem(principal,key,hash,created,job) VALUES(?1,?2,?3,?4,?5)", "sssis",
		       i->principal, i->key, i->hash, timefmt_now_ms(), id);
}

static int with_answer(sqlite3 *s, void *arg, struct err *e)
{
	const struct idem *i = arg;

	if (prune(s, e) < 0)
		return -e->code;
	return db_exec(s, e, "INSERT OR REPLACE INTO idem(principal,key,hash,created,status,type,headers,body)"
			     " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)", "sssiisss", i->principal, i->key, i->hash, timefmt_now_ms(),
		       (int64_t)i->status, i->type, i->headers, i->secret ? NULL : i->body);
}

void idem_of_job(struct gate_call *g, struct job_spec *s)
{
	if (!g->idem)
		return;
	g->idem->by_job = true;
	s->with = with_job;
	s->with_arg = g->idem;
}

/* --- the answer --- */

static void on_kept(void *arg, const struct err *e)
{
	struct idem *i = arg;
	struct gate_call *g = i->g;

	if (e->code)
		vzd_log_err(LOG_ERR, e, "Idempotency-Key");	/* it was done: the client is told so */
	api_deliver(g, i->status, i->type, i->body, i->len, NULL, 0);
	idem_drop(g);
	api_release(g);
	api_unref(&g->c);
}

static char *copy(const char *p, size_t len)
{
	char *ret = malloc(len + 1);

	if (!ret)
		return NULL;
	if (len > 0)
		memcpy(ret, p, len);
	ret[len] = '\0';
	return ret;
}

bool idem_keep(struct gate_call *g, int status, const char *type, const char *body, size_t len, size_t n_fds)
{
	struct idem *i = g->idem;
	struct err e = { 0 };

	if (!i || i->by_job || status >= 400 || n_fds > 0 || g->c.streaming) {
		idem_drop(g);
		return false;
	}
	i->status = status;
	i->len = len;
	i->secret = g->c.route->flags & API_SECRET;
	i->type = type ? strdup(type) : NULL;
	i->body = body ? copy(body, len) : NULL;
	i->headers = strdup(buf_str(&g->headers));
	if ((body && !i->body) || (type && !i->type) || !i->headers || db_write(g->c.d->db, with_answer, i, on_kept, &e) < 0) {
		vzd_log(LOG_ERR, "request %s: no memory for its Idempotency-Key", g->c.id);
		idem_drop(g);
		return false;
	}
	api_ref(&g->c);
	return true;
}
