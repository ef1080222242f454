/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_T_AUTH_BOX_H
#define TESTS_UNIT_T_AUTH_BOX_H
/* Tokens and tenants with a real database and a real loop, an inventory made by hand, and calls through the gate. */
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/str.h"
#include "vzd/api.h"
#include "vzd/auth_priv.h"
#include "vzd/db.h"
#include "vzd/inv_priv.h"

struct box {
	struct vzd d;
	struct inv inv;
	struct inv_ct *cts[16];
	char path[256];
	/* the last answer */
	int status;
	char *body, *headers;
	json_t *json;
};

static inline void box_open(struct box *b)
{
	struct err e = { 0 };

	if (!b->d.ev)
		CHECK_OK(ev_open(&b->d.ev, &e), &e);
	str_fmt(b->path, sizeof(b->path), "%s/vzd.db", test_tmp());
	b->inv.d = &b->d;
	b->inv.v = b->cts;
	b->d.inv = &b->inv;
	CHECK_OK(db_open(&b->d, b->path, &b->d.db, &e), &e);
	CHECK_OK(auth_open(&b->d, &b->d.auth, &e), &e);
}

static inline void box_close(struct box *b)
{
	auth_close(b->d.auth);
	db_close(b->d.db);
	b->d.auth = NULL;
	b->d.db = NULL;
}

static inline void box_done(struct box *b)
{
	box_close(b);
	ev_close(b->d.ev);
	free(b->body);
	free(b->headers);
	json_decref(b->json);
	for (size_t i = 0; i < b->inv.n; i++) {
		free(b->cts[i]->owner);
		free(b->cts[i]);
	}
}

static inline struct inv_ct *box_ct(struct box *b, unsigned id, const char *owner, uint64_t mem, enum inv_state state)
{
	struct inv_ct *ct = calloc(1, sizeof(*ct));

	CHECK(ct && b->inv.n < ARRAY_SIZE(b->cts));
	ct->id = id;
	ct->owner = strdup(owner);
	ct->mem_limit = mem;
	ct->swap_limit = ct->disk_limit = ct->inode_limit = NUM_UNLIMITED;
	ct->state = state;
	ct->name = ct->hostname = ct->description = ct->ostemplate = ct->layout = (char *)"";
	b->cts[b->inv.n++] = ct;
	return ct;
}

static inline void box_reply(void *arg, int status, const char *type, const char *headers, const char *body, size_t len,
			     const int *fds, size_t n_fds)
{
	struct box *b = arg;

	(void)type;
	(void)fds;
	(void)n_fds;
	CHECK_EQ(b->status, 0);			/* one answer per call */
	b->status = status;
	b->body = strndup(body ? body : "", len);
	b->headers = strdup(headers ? headers : "");
	b->json = json_loads(b->body, 0, NULL);
}

static inline void box_chunk(void *arg, const char *text, size_t len, bool last)
{
	(void)arg;
	(void)text;
	(void)len;
	(void)last;
}

/* @token NULL: root on the local socket. Returns the status. */
static inline int box_call(struct box *b, const char *token, const char *verb, const char *path, const char *query,
			   const char *body)
{
	struct api_request r = { .verb = verb, .path = path, .query = query, .token = token, .remote = token ? "192.0.2.1" : NULL };
	struct api_sink sink = { box_reply, box_chunk, b };
	struct principal *peer = token ? NULL : principal_ref(b->d.auth->root);
	struct err e = { 0 };

	free(b->body);
	free(b->headers);
	json_decref(b->json);
	b->json = NULL;
	b->body = b->headers = NULL;
	b->status = 0;
	r.body = body ? json_loads(body, 0, NULL) : NULL;
	CHECK(!body || r.body);
	api_enter(&b->d, &r, peer, &sink, NULL);
	for (int i = 0; i < 1000 && !b->status; i++)
		CHECK_OK(ev_turn(b->d.ev, 100, &e), &e);
	json_decref(r.body);
	principal_unref(peer);
	CHECK(b->status);
	return b->status;
}

static inline const char *box_str(const struct box *b, const char *name)
{
	const char *s = json_string_value(json_object_get(b->json, name));

	return s ? s : "";
}

/* Makes a token as root; the caller frees its text. */
static inline char *box_token(struct box *b, const char *body)
{
	CHECK_EQ(box_call(b, NULL, "POST", "/v1/tokens", NULL, body), 201);
	return strdup(box_str(b, "token"));
}

#endif
