/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is calling, and what he may. Opens the tables of tokens and tenants, makes principals of callers, tells those who
 * serve streams when somebody's rights have ended. Rights of a token: token_new.c; limits: tenant_quota.c.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/sha256.h"
#include "util/str.h"
#include "vzd/auth_priv.h"
#include "vzd/db.h"

#define RATE 100u		/* requests per second and principal, unless vzd.conf says otherwise */
#define BURST 200u
#define WRONG_US (AUTH_RETRY_S * 1000000ull)
#define WRONG_BURST 20u
#define FLUSH_MS 60000u		/* last_used: to the database after so long */
#define EXPIRY_MAX_MS 3600000	/* the wall clock may be set: look at it at least this often */

struct auth_watch {
	struct auth *a;
	struct auth_watch *prev, *next;
	void (*fn)(void *arg);
	void *arg;
};

static const char *const auth_sql[] = {
	"CREATE TABLE tokens(id TEXT PRIMARY KEY, hash TEXT NOT NULL, role TEXT NOT NULL, scopes TEXT NOT NULL,"
	" tenant TEXT NOT NULL, cts TEXT NOT NULL, cidrs TEXT NOT NULL, not_before INTEGER NOT NULL, expires INTEGER NOT NULL,"
	" created INTEGER NOT NULL, rotated INTEGER NOT NULL, last_used INTEGER NOT NULL, created_by TEXT NOT NULL,"
	" description TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE tenants(name TEXT PRIMARY KEY, title TEXT NOT NULL, limits TEXT NOT NULL, suspended INTEGER NOT NULL,"
	" stop_pending INTEGER NOT NULL, reason TEXT NOT NULL, created INTEGER NOT NULL, suspended_at INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE TABLE audit(id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, principal TEXT NOT NULL,"
	" tenant TEXT NOT NULL, remote TEXT NOT NULL, verb TEXT NOT NULL, path TEXT NOT NULL, result INTEGER NOT NULL,"
	" job TEXT NOT NULL, detail TEXT NOT NULL);"
	"CREATE INDEX audit_time ON audit(time)",
};
const struct db_schema auth_schema = { "auth", auth_sql, ARRAY_SIZE(auth_sql) };

/* --- callers --- */

struct principal *auth_peer(struct auth *a, uid_t uid, gid_t gid, pid_t pid, struct err *e)
{
	const char *group = a->d->conf.group ? a->d->conf.group : "vz";
	struct principal *p;

	if (uid == 0)
		return principal_ref(a->root);
	if (!principal_in_group(group, gid, pid)) {
		err_say(e, EACCES, "uid %u is neither root nor in the group %s", (unsigned)uid, group);
		return NULL;
	}
	p = principal_new(role_find("operator")->scopes, "local", e);
	if (p)
		str_fmt(p->name, sizeof(p->name), "uid:%u", (unsigned)uid);
	return p;
}

static struct principal *of_token(struct auth *a, const struct token *t, const char *remote, struct err *e)
{
	struct principal *p = principal_new(t->scopes, remote ? remote : "local", e);

	if (!p)
		return NULL;
	str_fmt(p->name, sizeof(p->name), "token:%s", t->id);
	str_copy(p->tenant, sizeof(p->tenant), t->tenant);
	p->gen = t->gen;
	p->suspended = auth_tenant_suspended(a, t->tenant);
	if (p->suspended)
		p->scopes &= scopes_read;
	if (!t->n_cts)
		return p;
	p->cts = malloc(t->n_cts * sizeof(*p->cts));
	if (!p->cts) {
		principal_unref(p);
		err_set(e, ENOMEM, "caller");
		return NULL;
	}
	memcpy(p->cts, t->cts, t->n_cts * sizeof(*p->cts));
	p->n_cts = t->n_cts;
	return p;
}

/* --- tokens --- */

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Addresses of one IPv6 network are one guesser. */
static uint64_t remote_key(const struct auth *a, const char *remote)
{
	uint8_t addr[16];
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	if (!remote || cidr_addr(remote, addr) < 0)
		return rate_key(a->wrong, "local", 5);
	return rate_key(a->wrong, addr, memcmp(addr, mapped, sizeof(mapped)) ? 8 : sizeof(addr));
}

static struct principal *wrong_token(struct auth *a, const char *remote, struct err *e)
{
	uint64_t retry_us;
	unsigned left;

	if (!rate_take(a->wrong, remote_key(a, remote), now_us(), WRONG_US, WRONG_BURST, &retry_us, &left)) {
		err_say(e, EUSERS, "too many wrong tokens from this address; try again in %u s", AUTH_RETRY_S);
		return NULL;
	}
	vzd_log(LOG_NOTICE, "auth: wrong token from %s", remote ? remote : "local");
	err_say(e, EACCES, "this token is not valid");
	return NULL;
}

static void flush_due(void *arg)
{
	struct auth *a = arg;

	a->flush = NULL;
	auth_flush_used(a);
}

static void mark_used(struct auth *a, struct token *t, int64_t now)
{
	struct err e = { 0 };

	if (now / 60 == t->last_used / 60)
		return;
	t->last_used = now / 60 * 60;
	t->used = true;
	if (!a->flush && ev_add_timer(a->d->ev, "auth used", FLUSH_MS, 0, flush_due, a, &a->flush, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "auth");
}

struct principal *auth_token(struct auth *a, const char *token, const char *remote, struct err *e)
{
	int64_t now = (int64_t)time(NULL);
	const char *id, *secret;
	uint8_t hash[32];
	struct token *t;
	bool ok;

	if (!token_split(token, &id, &secret))
		return wrong_token(a, remote, e);
	t = token_find(&a->tokens, id, TOKEN_ID_LEN);
	ok = t != NULL;
	if (!t)
		t = &a->nobody;
	token_hash(secret, hash);
	ok &= sha256_same(hash, t->hash, sizeof(hash));
	ok &= token_in_time(t, now);
	ok &= token_from_ok(t, remote);
	ok &= !t->tenant[0] || auth_tenant_exists(a, t->tenant);
	if (!ok)
		return wrong_token(a, remote, e);
	mark_used(a, t, now);
	if (!t->who || strcmp(t->who->remote, remote ? remote : "local") != 0) {
		struct principal *p = of_token(a, t, remote, e);

		if (!p)
			return NULL;
		principal_unref(t->who);
		t->who = p;
	}
	return principal_ref(t->who);
}

struct token *auth_token_of(struct auth *a, const struct principal *p)
{
	return str_starts(p->name, "token:") ? token_find(&a->tokens, p->name + 6, strlen(p->name + 6)) : NULL;
}

/* --- decisions --- */

bool auth_rate(struct auth *a, const struct principal *p, unsigned *retry_s, unsigned *left)
{
	const struct vzd_conf *c = &a->d->conf;
	uint64_t per_s = c->rate.set ? c->rate.v : RATE, burst = c->burst.set ? c->burst.v : BURST, retry_us;
	bool ok;

	*retry_s = 0;
	*left = (unsigned)MIN(burst, (uint64_t)UINT32_MAX);
	if (p->root || per_s == 0)
		return true;
	ok = rate_take(a->rate, rate_key(a->rate, p->name, strlen(p->name)), now_us(), MAX(1000000 / per_s, 1u),
		       (unsigned)MAX(MIN(burst, (uint64_t)1000000), (uint64_t)1), &retry_us, left);
	*retry_s = (unsigned)((retry_us + 999999) / 1000000);
	return ok;
}

bool auth_tenant_exists(struct auth *a, const char *tenant)
{
	return *tenant && tenant_find(&a->tenants, tenant);
}

bool auth_tenant_suspended(struct auth *a, const char *tenant)
{
	const struct tenant *t = tenant && *tenant ? tenant_find(&a->tenants, tenant) : NULL;

	return t && t->suspended;
}

int auth_check(struct auth *a, const struct principal *p, struct err *e)
{
	const struct token *t;

	if (!str_starts(p->name, "token:"))
		return 0;
	t = auth_token_of(a, p);
	if (!t || t->gen != p->gen || !token_in_time(t, (int64_t)time(NULL)) ||
	    (t->tenant[0] && (!auth_tenant_exists(a, t->tenant) || auth_tenant_suspended(a, t->tenant) != p->suspended)))
		return err_say(e, EACCES, "this token is no longer valid");
	return 0;
}

/* --- changes --- */

int auth_watch(struct auth *a, void (*fn)(void *arg), void *arg, struct auth_watch **ret, struct err *e)
{
	struct auth_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return err_set(e, ENOMEM, "watch on tokens");
	*w = (struct auth_watch){ .a = a, .fn = fn, .arg = arg, .next = a->watches };
	if (a->watches)
		a->watches->prev = w;
	a->watches = w;
	*ret = w;
	return 0;
}

void auth_unwatch(struct auth_watch *w)
{
	if (!w)
		return;
	if (w->a->cursor == w)
		w->a->cursor = w->next;
	if (w->prev)
		w->prev->next = w->next;
	else
		w->a->watches = w->next;
	if (w->next)
		w->next->prev = w->prev;
	free(w);
}

struct expiry { int64_t now, next; };

static int next_expiry(struct token *t, void *arg)
{
	struct expiry *x = arg;

	principal_unref(t->who);
	t->who = NULL;
	if (t->expires > x->now && (!x->next || t->expires < x->next))
		x->next = t->expires;
	return 0;
}

static void expiry_due(void *arg)
{
	struct auth *a = arg;

	a->expiry = NULL;
	auth_changed(a);
}

void auth_changed(struct auth *a)
{
	struct expiry x = { .now = (int64_t)time(NULL) };
	struct err e = { 0 };

	token_each(&a->tokens, next_expiry, &x);
	ev_del(a->expiry);
	a->expiry = NULL;
	if (x.next && ev_add_timer(a->d->ev, "auth expiry", (uint64_t)MIN((x.next - x.now) * 1000, (int64_t)EXPIRY_MAX_MS), 0,
				   expiry_due, a, &a->expiry, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "auth");
	for (struct auth_watch *w = a->watches; w; w = a->cursor) {
		a->cursor = w->next;
		w->fn(w->arg);
	}
	a->cursor = NULL;
}

/* --- last_used --- */

struct used { size_t n; struct { char id[TOKEN_ID_LEN + 1]; int64_t at; } v[]; };

static int used_work(sqlite3 *s, void *arg, struct err *e)
{
	const struct used *u = arg;

	for (size_t i = 0; i < u->n; i++)
		if (db_exec(s, e, "UPDATE tokens SET last_used = ?2 WHERE id = ?1", "si", u->v[i].id, u->v[i].at) < 0)
			return -e->code;
	return 0;
}

static void used_done(void *arg, const struct err *e)
{
	if (e->code)
		vzd_log_err(LOG_WARNING, e, "last use of tokens");
	free(arg);
}

static int used_add(struct token *t, void *arg)
{
	struct used *u = arg;

	if (t->used) {
		str_copy(u->v[u->n].id, sizeof(u->v[u->n].id), t->id);
		u->v[u->n++].at = t->last_used;
		t->used = false;
	}
	return 0;
}

void auth_flush_used(struct auth *a)
{
	struct used *u = calloc(1, sizeof(*u) + a->tokens.n * sizeof(u->v[0]));
	struct err e = { 0 };

	if (!u)
		return;
	token_each(&a->tokens, used_add, u);
	if (!u->n || db_write(a->d->db, used_work, u, used_done, &e) < 0)
		free(u);
	if (e.code)
		vzd_log_err(LOG_WARNING, &e, "last use of tokens");
}

/* --- open, close --- */

/* One row that cannot be read is one token or tenant that does not work, not a daemon that does not start. */
static int load_token(sqlite3_stmt *st, void *arg, struct err *e)
{
	if (token_row(st, arg, e) == 0)
		return 0;
	if (e->code == ENOMEM)
		return -e->code;
	vzd_log_err(LOG_ERR, e, "token left out");
	err_clear(e);
	return 0;
}

static int load_tenant(sqlite3_stmt *st, void *arg, struct err *e)
{
	if (tenant_row(st, arg, e) == 0)
		return 0;
	if (e->code == ENOMEM)
		return -e->code;
	vzd_log_err(LOG_ERR, e, "tenant left out");
	err_clear(e);
	return 0;
}

static int load(struct auth *a, struct err *e)
{
	sqlite3 *s = db_reader(a->d->db);
	int rc = db_each(s, e, load_tenant, &a->tenants, tenant_select, "");

	if (rc >= 0)
		rc = db_each(s, e, load_token, &a->tokens, token_select, "");
	return rc < 0 ? rc : 0;
}

int auth_open(struct vzd *d, struct auth **ret, struct err *e)
{
	struct auth *a = calloc(1, sizeof(*a));

	if (!a)
		return err_set(e, ENOMEM, "tokens");
	a->d = d;
	a->submit = job_submit;
	a->rate = rate_new();
	a->wrong = rate_new();
	a->root = principal_new(scopes_all, "local", e);
	if (!a->rate || !a->wrong || !a->root || load(a, e) < 0) {
		if (!e->code)
			err_set(e, ENOMEM, "tokens");
		auth_close(a);
		return -e->code;
	}
	str_copy(a->root->name, sizeof(a->root->name), "root");
	a->root->root = true;
	auth_changed(a);
	if (auth_sweep(a, e) < 0) {
		auth_close(a);
		return -e->code;
	}
	*ret = a;
	return 0;
}

void auth_close(struct auth *a)
{
	if (!a)
		return;
	auth_flush_used(a);
	if (a->d->db)
		db_drain(a->d->db);
	ev_del(a->flush);
	ev_del(a->expiry);
	ev_del(a->sweep);
	for (struct auth_watch *w = a->watches, *next; w; w = next) {
		next = w->next;
		free(w);
	}
	token_table_done(&a->tokens);
	tenants_done(&a->tenants);
	free(a->holds.v);
	rate_free(a->rate);
	rate_free(a->wrong);
	principal_unref(a->root);
	free(a);
}
