/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_T_API_ENV_H
#define TESTS_UNIT_T_API_ENV_H
/* Requests to the gate of a small vzd, and what comes back. With a box (root) there are containers, too. */
#include "tests/unit/t_ct_box.h"
#include "tests/unit/t_job_env.h"
#include "vzd/api_priv.h"
#include "vzd/auth_priv.h"
#include "vzd/bus.h"
#include "vzd/claims.h"
#include "vzd/inv.h"

struct api_env { struct job_env v; struct box box; bool boxed; };

struct api_answer {
	unsigned n, chunks;		/* answers: must be 1 */
	int status;
	char type[64], chunk[256];
	json_t *headers, *body;		/* body: a JSON string when it is no JSON */
	bool last, done;
};

static inline void api_env_reply(void *arg, int status, const char *type, const char *headers, const char *body, size_t len,
				 const int *fds, size_t n_fds)
{
	struct api_answer *a = arg;

	(void)fds;
	(void)n_fds;
	a->n++;
	a->done = true;
	a->status = status;
	(void)str_copy(a->type, sizeof(a->type), type ? type : "");
	a->headers = json_loads(headers, 0, NULL);
	CHECK(a->headers != NULL);
	if (body && strstr(a->type, "json")) {
		a->body = json_loadb(body, len, 0, NULL);
		CHECK(a->body != NULL);
	} else if (body) {
		a->body = json_stringn(body, len);
		CHECK(a->body != NULL);
	}
}

static inline void api_env_chunk(void *arg, const char *text, size_t len, bool last)
{
	struct api_answer *a = arg;

	a->chunks++;
	a->last |= last;
	(void)str_fmt(a->chunk, sizeof(a->chunk), "%.*s", (int)MIN(len, (size_t)200), text);
}

static inline void api_answer_done(struct api_answer *a)
{
	json_decref(a->headers);
	json_decref(a->body);
	*a = (struct api_answer){ .n = 0 };
}

static inline void api_env_open(struct api_env *v)
{
	struct err *e = &v->v.e;
	struct vzd *d = &v->v.d;

	job_env_start(&v->v, 4);
	d->host = v->box.host;
	CHECK_OK(bus_open(d, &d->bus, e), e);
	if (v->boxed)
		CHECK_OK(inv_open(d, &d->inv, e), e);
	CHECK_OK(auth_open(d, &d->auth, e), e);
	d->started_ms = ev_now_ms();
}

static inline void api_env_close(struct api_env *v)
{
	struct vzd *d = &v->v.d;

	auth_close(d->auth);
	jobs_close(d->jobs);
	claims_done(d);
	inv_close(d->inv);
	bus_close(d->bus);
	db_close(d->db);
	ev_close(d->ev);
	*d = (struct vzd){ .ev = NULL };
	if (v->boxed)
		box_done(&v->box);
	api_route_done();
}

static inline struct principal *api_env_who(const char *name, const char *tenant, uint32_t scopes)
{
	struct err e = { 0 };
	struct principal *p = principal_new(scopes, "192.0.2.7", &e);

	CHECK(p != NULL);
	CHECK(str_copy(p->name, sizeof(p->name), name) == 0 && str_copy(p->tenant, sizeof(p->tenant), tenant) == 0);
	p->root = !strcmp(name, "root");
	return p;
}

/* One request; waits for its answer. */
static inline void api_env_ask(struct api_env *v, struct principal *who, const struct api_request *r, struct api_answer *a)
{
	const struct api_sink sink = { api_env_reply, api_env_chunk, a };
	struct api_call *call = NULL;

	*a = (struct api_answer){ .n = 0 };
	api_enter(&v->v.d, r, who, &sink, &call);
	CHECK(!call == a->done || a->type[0]);
	job_env_until(&v->v, &a->done);
	CHECK_EQ(a->n, 1);
}

static inline int api_env_do(struct api_env *v, struct principal *who, const char *verb, const char *path, const char *body,
			     struct api_answer *a)
{
	char p[2000];
	char *q;
	struct api_request r = { .verb = verb, .path = p, .body = body ? json_loads(body, 0, NULL) : NULL };

	CHECK(!body || r.body);
	CHECK(str_copy(p, sizeof(p), path) == 0);
	q = strchr(p, '?');
	if (q) {
		*q++ = '\0';
		r.query = q;
	}
	api_env_ask(v, who, &r, a);
	json_decref(r.body);
	return a->status;
}

static inline const char *api_answer_str(const struct api_answer *a, const char *name)
{
	return json_string_value(json_object_get(a->body, name));
}

static inline const char *api_answer_head(const struct api_answer *a, const char *name)
{
	return json_string_value(json_object_get(a->headers, name));
}

#endif
