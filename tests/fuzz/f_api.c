/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzd/api.c with every row there is, whose handlers only answer. Input: VERB PATH, a line each for the headers a client
 * may send (key, tag, preference, token), then a JSON body. Exactly one answer comes, it is right by what was sent, and
 * nothing is left. The first byte says who asks.
 */
#include <string.h>
#include <fcntl.h>

#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/path.h"
#include "util/str.h"
#include "vzd/api_priv.h"
#include "vzd/auth_priv.h"
#include "vzd/db.h"

#define ROWS_MAX 200

struct answer { unsigned n; int status; };

static struct vzd d;
static struct api_route rows[ROWS_MAX];
static struct api_table table = { .v = rows };
static const struct api_table *const tables[] = { &table };
static char dir[] = "/tmp/vz-fuzz-api.XXXXXX";

static void reply(void *arg, int status, const char *type, const char *headers, const char *body, size_t len, const int *fds,
		  size_t n_fds)
{
	struct answer *a = arg;
	json_t *h = json_loads(headers, 0, NULL), *b;

	(void)fds;
	FUZZ_CHECK(h && json_object_get(h, "X-Request-Id") && n_fds == 0);
	json_decref(h);
	a->n++;
	a->status = status;
	if (!body)
		return;
	b = json_loadb(body, len, 0, NULL);
	FUZZ_CHECK(b && type);
	FUZZ_CHECK(status < 400 || json_integer_value(json_object_get(b, "status")) == status);
	json_decref(b);
}

static int say(struct api_call *c, struct err *e)
{
	(void)e;
	FUZZ_CHECK(c->who && (c->route->scope == SCOPE_NONE || auth_has(c->who, c->route->scope)));
	for (const char *p = strchr(c->route->path, '{'); p; p = strchr(p + 1, '{'))
		FUZZ_CHECK(c->seg[0] && !strchr(c->seg[0], '/') && strcmp(c->seg[0], "..") != 0);
	if (api_not_modified(c, "tag") || !api_match(c, "tag", !strcmp(c->route->verb, "PUT")))
		return 0;
	FUZZ_CHECK(api_prefer_wait(c) >= 0 && api_prefer_wait(c) <= API_WAIT_MAX);
	if (c->route->flags & API_PAGED)
		api_page(c, json_pack("[{ss}]", "a", "b"), api_cursor(c));
	else
		api_empty(c);
	return 0;
}

static void drop(void)
{
	auth_close(d.auth);
	db_close(d.db);
	ev_close(d.ev);
	api_route_done();
}

static void up(void)
{
	auto_close int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct api_route *r;
	struct err e = { 0 };
	char path[64];
	size_t i = 0;

	while ((r = api_route_next(&i))) {
		FUZZ_CHECK(table.n < ROWS_MAX);
		rows[table.n] = *r;
		rows[table.n].run = say;
		rows[table.n++].flags &= ~(API_CT | API_WRITE | API_STREAM);	/* no inventory, no audit */
	}
	d.conf.rate = (struct num_opt){ .v = 0, .set = true };
	FUZZ_CHECK(mkdtemp(dir) && str_fmt(path, sizeof(path), "%s/db/vzd.db", dir) == 0);
	FUZZ_CHECK(ev_open(&d.ev, &e) == 0 && db_open(&d, path, &d.db, &e) == 0 && auth_open(&d, &d.auth, &e) == 0);
	FUZZ_CHECK(path_rmtree(tmp, dir + strlen("/tmp/"), &e) == 0);	/* what is open stays; no process has to tidy up */
	FUZZ_CHECK(api_route_use(tables, 1, &e) == 0);
	atexit(drop);
}

/* The next line of *@at, NULL: empty or none. */
static const char *line(char **at)
{
	char *s = *at, *end = s + strcspn(s, "\n");

	*at = *end ? end + 1 : end;
	*end = '\0';
	return *s ? s : NULL;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);
	struct answer a = { 0 };
	const struct api_sink sink = { .reply = reply, .arg = &a };
	struct principal *who;
	struct api_request r;
	struct err e = { 0 };
	char *at = text + 1, *path, *query;

	FUZZ_CHECK(text);
	if (!d.ev)
		up();
	if (size < 2)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	who = *text & 1 ? NULL : principal_new(*text & 2 ? scopes_read : scopes_all, "local", &e);
	r = (struct api_request){ .verb = line(&at) };
	path = r.verb ? strchr(r.verb, ' ') : NULL;
	if (path)
		*path++ = '\0';
	r.path = path ? path : "";
	query = path ? strchr(path, '?') : NULL;
	if (query)
		*query++ = '\0';
	r.query = query;
	r.idempotency_key = NULL;	/* goes to the database: t_idem.c */
	r.if_match = line(&at);
	r.if_none_match = line(&at);
	r.prefer = line(&at);
	r.token = line(&at);
	r.verb = r.verb ? r.verb : "";
	r.body = json_loads(at, 0, NULL);
	api_enter(&d, &r, who, &sink, NULL);
	FUZZ_CHECK(a.n == 1 && a.status >= 200 && a.status < 600);
	FUZZ_CHECK(who || a.status != 403);
	json_decref(r.body);
	principal_unref(who);
}
