/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one gate: the order of checks that every request passes, whatever socket it came by. What exists but is not the
 * caller's is not found, in the same words as what does not exist. The steps' work is in api_route.c, api_check.c and auth.c.
 */
#include "vzd/api.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/str.h"
#include "vzd/api_priv.h"
#include "vzd/claims.h"
#include "vzd/counters.h"
#include "vzd/idem.h"
#include "vzd/inv.h"

/* --- the call --- */

static void new_id(char id[17])
{
	static uint64_t state;
	uint64_t z;

	if (!state && getrandom(&state, sizeof(state), GRND_NONBLOCK) != sizeof(state))
		state = ev_now_ms();
	z = state += 0x9e3779b97f4a7c15u;	/* splitmix64: unique, no secret */
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	for (int i = 15; i >= 0; i--, z >>= 4)
		id[i] = "0123456789abcdef"[z & 15];
	id[16] = '\0';
}

static size_t text_len(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

/* Copies *s behind the call and makes it point there. */
static void text_move(const char **s, char **at)
{
	size_t len = text_len(*s);

	if (!*s)
		return;
	memcpy(*at, *s, len);
	*s = *at;
	*at += len;
}

static void fds_close(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

static struct gate_call *call_new(struct vzd *d, const struct api_request *r, const struct api_sink *sink)
{
	struct api_request q = *r;
	const char **const all[] = { &q.verb, &q.path, &q.query, &q.token, &q.remote, &q.if_match, &q.if_none_match,
				     &q.idempotency_key, &q.prefer, &q.accept, &q.last_event_id };
	struct gate_call *g;
	size_t len = 0;
	char *at;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		len += text_len(*all[i]);
	g = malloc(sizeof(*g) + len + text_len(q.path));
	if (!g)
		return NULL;
	memset(g, 0, sizeof(*g));
	g->began_us = count_now();
	at = g->text + text_len(q.path);	/* first: the path that is split */
	memcpy(g->text, q.path, text_len(q.path));
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		text_move(all[i], &at);
	g->body = json_incref(q.body);
	g->sink = *sink;
	g->held = true;
	buf_init(&g->headers, 16384);
	g->c.d = d;
	g->c.req = q;
	g->c.refs = 1;
	for (size_t i = 0; i < q.n_fds && i < ARRAY_SIZE(g->c.fds); i++)
		g->c.fds[g->c.n_fds++] = q.fds[i];
	g->c.req.fds = g->c.fds;
	new_id(g->c.id);
	return g;
}

static void closed(struct api_call *c)
{
	void (*fn)(struct api_call *) = c->on_close;

	c->on_close = NULL;
	if (fn)
		fn(c);
}

struct api_call *api_ref(struct api_call *c)
{
	c->refs++;
	return c;
}

void api_unref(struct api_call *c)
{
	struct gate_call *g = gate_of(c);

	if (--c->refs > 0)
		return;
	c->refs = 1;			/* on_close may hold and drop it */
	closed(c);
	idem_drop(g);
	fds_close(c->fds, c->n_fds);
	json_decref(g->body);
	json_decref(c->query);
	principal_unref(c->who);
	buf_done(&g->headers);
	free(g->cursor);
	free(g);
}

void api_client_left(struct api_call *c)
{
	struct gate_call *g = gate_of(c);

	g->gone = true;
	closed(c);
	api_release(g);
}

/* --- the steps: 0 goes on, < 0 has answered or has set e --- */

struct pass {
	struct gate_call *g;
	struct principal *peer;
	struct api_found found;
};

/* Answers with a problem; the value tells the gate to stop. */
static int stop(struct gate_call *g, const char *slug, const char *detail, json_t *extra)
{
	api_problem(&g->c, slug, 0, detail, extra);
	return -EPROTO;
}

static int not_allowed(struct pass *p)
{
	char allow[64] = "";

	for (int v = 0; v < VERB_N; v++) {
		if (!p->found.verbs[v])
			continue;
		if (allow[0])
			strncat(allow, ", ", sizeof(allow) - strlen(allow) - 1);
		strncat(allow, api_verbs[v], sizeof(allow) - strlen(allow) - 1);
	}
	api_header(&p->g->c, "Allow", allow);
	return stop(p->g, "method-not-allowed", "this path does not know the method", NULL);
}

static int step_route(struct pass *p, struct err *e)
{
	struct api_call *c = &p->g->c;
	char *seg[API_SEGS_MAX];
	size_t n;

	if (strlen(c->req.path) > API_PATH_MAX)
		return err_say(e, ENOENT, "the path is too long");
	if (api_path_split(p->g->text, seg, &n, e) < 0 || api_route_find(api_verb_of(c->req.verb), seg, n, &p->found, e) < 0)
		return -e->code;
	if (!p->found.verbs)
		return err_say(e, ENOENT, "there is no such path");
	if (!p->found.route)
		return not_allowed(p);
	if ((p->found.route->flags & API_LOCAL) && !p->peer)
		return err_say(e, ENOENT, "there is no such path");
	c->route = p->found.route;
	memcpy(c->seg, p->found.seg, sizeof(c->seg));
	if (c->n_fds > 0 && !(c->route->flags & API_FDS))
		return err_say(e, EINVAL, "this request takes no descriptors");
	return 0;
}

static struct principal *anonymous(const char *remote)
{
	struct principal *who = calloc(1, sizeof(*who));

	if (!who)
		return NULL;
	who->refs = 1;
	(void)str_copy(who->name, sizeof(who->name), "anonymous");
	(void)str_copy(who->remote, sizeof(who->remote), remote ? remote : "");
	return who;
}

static void number_header(struct api_call *c, const char *name, unsigned long long v)
{
	char text[24];

	(void)str_fmt(text, sizeof(text), "%llu", v);
	api_header(c, name, text);
}

/* METRICS_LISTEN is the administrator's word that /metrics needs no token at that address; vzweb says what came by it. Were
 * vzweb an attacker, he would learn what that address tells anybody. */
static bool is_scraper(const struct api_call *c)
{
	const char *listen = c->d->conf.metrics_listen;

	return listen && *listen && c->req.remote && !strcmp(c->req.remote, API_SCRAPER) && !strcmp(c->route->path, "/metrics");
}

static int step_caller(struct pass *p, struct err *e)
{
	struct api_call *c = &p->g->c;

	if (c->req.token) {
		c->who = auth_token(c->d->auth, c->req.token, c->req.remote, e);
		if (!c->who && e->code == EUSERS)
			number_header(c, "Retry-After", AUTH_RETRY_S);
		if (!c->who && e->code != EACCES)
			return -e->code;
	} else if (p->peer) {
		c->who = principal_ref(p->peer);
	} else if ((c->route->scope == SCOPE_NONE && !(c->route->flags & API_KNOWN)) || is_scraper(c)) {
		c->who = anonymous(c->req.remote);
		if (!c->who)
			return err_set(e, ENOMEM, "request");
		c->who->scopes = is_scraper(c) ? 1u << SCOPE_METRICS_READ : 0;
	}
	if (c->who)
		return 0;
	api_header(c, "WWW-Authenticate", c->req.token ? "Bearer realm=\"vz\", error=\"invalid_token\"" : "Bearer realm=\"vz\"");
	return stop(p->g, "unauthorized", c->req.token ? e->text : "this needs a token: Authorization: Bearer vz1_...", NULL);
}

static int step_rate(struct pass *p, struct err *e)
{
	struct api_call *c = &p->g->c;
	unsigned retry = 1, left = 0;
	bool ok = auth_rate(c->d->auth, c->who, &retry, &left);

	(void)e;
	if (!c->who->root) {
		if (c->d->conf.burst.set)
			number_header(c, "RateLimit-Limit", c->d->conf.burst.v);
		number_header(c, "RateLimit-Remaining", ok ? left : 0);
	}
	if (ok)
		return 0;
	number_header(c, "RateLimit-Reset", retry);
	number_header(c, "Retry-After", retry);
	return stop(p->g, "rate-limited", "too many requests", NULL);
}

static int step_object(struct pass *p, struct err *e)
{
	struct api_call *c = &p->g->c;
	struct inv_ct *ct;

	if (c->route->flags & API_WRITE)
		claims_expire(c->d);
	if (!(c->route->flags & API_CT))
		return 0;
	ct = inv_find_text(c->d->inv, c->seg[p->found.ct_seg]);
	if (!ct || !auth_sees(c->who, ct))
		return err_say(e, ENOENT, "there is no container '%s'", c->seg[p->found.ct_seg]);
	c->ct = ct;
	c->ctid = ct->id;
	return 0;
}

static int step_scope(struct pass *p, struct err *e)
{
	struct api_call *c = &p->g->c;
	enum scope s = c->route->scope;

	(void)e;
	if (s == SCOPE_NONE || auth_has(c->who, s))
		return 0;
	return stop(p->g, "forbidden", c->who && c->who->suspended ? "the tenant is suspended: it may look, not change" :
		    "the token lacks a scope that this needs",
		    json_pack("{ss}", "required_scope", scope_names[s]));
}

static int step_input(struct pass *p, struct err *e)
{
	struct api_call *c = &p->g->c;
	json_t *errors = NULL;

	(void)e;
	if (api_check_query(c->route, c->req.query, &c->query, &errors) < 0)
		return stop(p->g, "invalid-field", "the query is wrong", json_pack("{so}", "errors", errors));
	if (api_check_body(c->route, c->req.body, &errors) < 0)
		return stop(p->g, "invalid-field", "the body is wrong", json_pack("{so}", "errors", errors));
	if (api_q_str(c, "cursor", NULL) && (c->route->flags & API_PAGED) && !api_cursor(c))
		return stop(p->g, "invalid-field", "the cursor is not one of ours", NULL);
	return 0;
}

static int step_idem(struct pass *p, struct err *e)
{
	return idem_begin(p->g, e);
}

static int step_run(struct pass *p, struct err *e)
{
	struct api_call *c = &p->g->c;
	int r = c->route->run(c, e);

	c->ct = NULL;
	return r;
}

typedef int step_fn(struct pass *p, struct err *e);
static step_fn *const steps[] = { step_route, step_caller, step_rate, step_object, step_scope, step_input,
				  step_idem, step_run };

static void no_memory(const struct api_request *r, const struct api_sink *sink)
{
	static const char text[] = "{\"type\":\"/problems/vzd-down\",\"title\":\"Not available\",\"status\":503,"
				   "\"detail\":\"out of memory\"}";

	fds_close(r->fds, r->n_fds);
	sink->reply(sink->arg, 503, API_PROBLEM_TYPE, "{\"Retry-After\":\"2\"}", text, sizeof(text) - 1, NULL, 0);
}

void api_enter(struct vzd *d, const struct api_request *r, struct principal *peer, const struct api_sink *sink,
	       struct api_call **ret)
{
	struct pass p = { .g = call_new(d, r, sink), .peer = peer };
	struct err e = { 0 };
	int done = 0;

	if (ret)
		*ret = p.g ? &p.g->c : NULL;	/* an answer at once asks it whether more follows */
	if (!p.g) {
		no_memory(r, sink);
		return;
	}
	api_ref(&p.g->c);		/* until here is past its last look at it */
	for (size_t i = 0; i < ARRAY_SIZE(steps) && done == 0; i++)
		done = steps[i](&p, &e);
	if (done < 0 && !p.g->c.answered)
		api_problem_err(&p.g->c, &e);
	if (ret && !p.g->held)
		*ret = NULL;
	api_unref(&p.g->c);
}
