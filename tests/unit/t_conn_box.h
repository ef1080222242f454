/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_T_CONN_BOX_H
#define TESTS_UNIT_T_CONN_BOX_H
/* A small vzd behind the sockets for tests of conn.c and server.c: loop, database, authorisation, and routes of its own. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/str.h"
#include "vzd/api_priv.h"
#include "vzd/auth.h"
#include "vzd/bus.h"
#include "vzd/db.h"
#include "vzd/inv.h"
#include "vzd/server_priv.h"

static struct err e;
static struct vzd d;
static struct api_call *held;		/* of /t/later, /t/stream and /t/ws */
static int closes, got_fds;

static void on_closed(struct api_call *c)
{
	closes++;
	if (held == c)
		held = NULL;
}

static int now_run(struct api_call *c, struct err *err)
{
	(void)err;
	api_json(c, 200, json_pack("{ss}", "path", c->req.path));
	return 0;
}

static int later_run(struct api_call *c, struct err *err)
{
	(void)err;
	held = c;
	c->on_close = on_closed;
	return 0;
}

static int stream_run(struct api_call *c, struct err *err)
{
	later_run(c, err);
	api_raw(c, 200, "text/event-stream", NULL, 0);
	return 0;
}

static int big_run(struct api_call *c, struct err *err)
{
	size_t n = 5u << 20;
	char *text = malloc(n);

	(void)err;
	CHECK(text);
	memset(text, 'b', n);
	text[0] = text[n - 1] = '"';
	api_raw(c, 200, "application/json", text, n);
	free(text);
	return 0;
}

static int fds_run(struct api_call *c, struct err *err)
{
	(void)err;
	got_fds = (int)c->n_fds;
	for (size_t i = 0; i < c->n_fds; i++)
		CHECK(write(c->fds[i], "x", 1) == 1);
	api_empty(c);
	return 0;
}

static int ws_run(struct api_call *c, struct err *err)
{
	int p[2];

	later_run(c, err);
	CHECK(pipe2(p, O_CLOEXEC) == 0);
	api_fds(c, 101, json_pack("{ss}", "ws", "tty"), p, 2);
	close(p[0]);
	close(p[1]);
	return 0;
}

static const struct api_route box_rows[] = {
	{ .verb = "GET", .path = "/t/now", .op = "t.now", .scope = SCOPE_NONE, .run = now_run },
	{ .verb = "GET", .path = "/t/later", .op = "t.later", .scope = SCOPE_NONE, .run = later_run },
	{ .verb = "GET", .path = "/t/big", .op = "t.big", .scope = SCOPE_NONE, .run = big_run },
	{ .verb = "GET", .path = "/t/stream", .op = "t.stream", .scope = SCOPE_NONE, .flags = API_STREAM, .run = stream_run },
	{ .verb = "GET", .path = "/t/ws", .op = "t.ws", .scope = SCOPE_NONE, .flags = API_STREAM | API_FDS, .run = ws_run },
	{ .verb = "POST", .path = "/t/fds", .op = "t.fds", .scope = SCOPE_NONE, .flags = API_FDS, .run = fds_run },
};
static const struct api_table box_table = API_TABLE(box_rows);
static const struct api_table *const box_tables[] = { &box_table };

static inline void box_open(void)
{
	char path[256];

	CHECK(str_fmt(path, sizeof(path), "%s/vzd.db", test_tmp()) == 0);
	d.conf.group = strdup("no-such-group");
	d.conf.web_user = strdup("no-such-user");
	CHECK_OK(ev_open(&d.ev, &e), &e);
	CHECK_OK(db_open(&d, path, &d.db, &e), &e);
	CHECK_OK(auth_open(&d, &d.auth, &e), &e);
	CHECK_OK(api_route_use(box_tables, 1, &e), &e);
}

static inline void box_close(void)
{
	db_drain(d.db);
	auth_close(d.auth);
	db_close(d.db);
	ev_close(d.ev);
	api_route_done();
	free(d.conf.group);
	free(d.conf.web_user);
}

static inline void box_turn(int n)
{
	for (int i = 0; i < n; i++)
		CHECK_OK(ev_turn(d.ev, 0, &e), &e);
}

static inline void box_put(int fd, const char *text, size_t n)
{
	CHECK(send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n);
}

static inline void box_ask(int fd, const char *verb, const char *path, bool more)
{
	struct buf auto_buf b = BUF_INIT;

	buf_addf(&b, "{\"method\":\"org.vz.Api.Call\",\"parameters\":{\"verb\":\"%s\",\"path\":\"%s\"}%s}", verb, path,
		 more ? ",\"more\":true" : "");
	box_put(fd, buf_str(&b), b.len + 1);
}

/* The next message, turning the loop meanwhile; NULL: the end. Valid until the next one. */
static inline const char *box_get(int fd)
{
	static struct buf b = { .cap = 64u << 20 };

	buf_reset(&b);
	for (int i = 0; i < 20000; i++) {
		char c[65536];
		ssize_t n = recv(fd, c, sizeof(c), MSG_PEEK | MSG_DONTWAIT);
		const char *end = n > 0 ? memchr(c, '\0', (size_t)n) : NULL;

		if (n == 0)
			return NULL;
		if (n < 0) {
			CHECK(errno == EAGAIN || errno == ECONNRESET);
			if (errno == ECONNRESET)
				return NULL;
			CHECK_OK(ev_turn(d.ev, 1, &e), &e);
			continue;
		}
		n = recv(fd, c, end ? (size_t)(end - c) + 1 : (size_t)n, MSG_DONTWAIT);
		buf_add(&b, c, (size_t)n);
		if (end)
			return buf_str(&b);
	}
	test_fail(__FILE__, __LINE__, "no message: '%s'", buf_str(&b));
}

static inline void box_want(int fd, const char *part)
{
	const char *got = box_get(fd);

	if (!got || !strstr(got, part))
		test_fail(__FILE__, __LINE__, "'%s' instead of '%s'", got ? got : "the end", part);
}

static inline void box_end(int fd)
{
	const char *got = box_get(fd);

	if (got)
		test_fail(__FILE__, __LINE__, "'%s' instead of the end", got);
}

#endif
