/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP through the library's seam: the input is what a client sends to vzweb's own plain daemon, in this process, with a vzd
 * that takes every message apart. Whatever comes, each message to vzd is one valid JSON object with the members it should
 * have, the client gets HTTP or nothing, and no connection is left over.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzd/web_priv.h"

#define TURNS 40
#define PEERS 16

static struct web w;
static struct sockaddr_un front = { .sun_family = AF_UNIX }, back = { .sun_family = AF_UNIX };
static socklen_t front_len = sizeof(front);
static int vzd = -1, peers[PEERS];
static struct buf got[PEERS];

static void stop(void)
{
	unlink(back.sun_path);
}

static void start(void)
{
	struct err e = { 0 };

	if (w.ev)
		return;
	snprintf(back.sun_path, sizeof(back.sun_path), "/tmp/.fuzz-web-%d", (int)getpid());
	atexit(stop);
	vzd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	FUZZ_CHECK(bind(vzd, (struct sockaddr *)&back, sizeof(back)) == 0 && listen(vzd, 64) == 0);
	for (size_t i = 0; i < PEERS; i++) {
		peers[i] = -1;
		got[i].cap = (size_t)4 << 20;
	}
	w.opts = (struct web_opts){ .listen_fd = -1, .metrics_fd = -1, .cert_fd = -1, .key_fd = -1, .lock_fd = -1, .max_conns = 100 };
	w.opts.unix_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	FUZZ_CHECK(bind(w.opts.unix_fd, (struct sockaddr *)&front, sizeof(front.sun_family)) == 0);
	FUZZ_CHECK(listen(w.opts.unix_fd, 64) == 0 && getsockname(w.opts.unix_fd, (struct sockaddr *)&front, &front_len) == 0);
	FUZZ_CHECK(ev_open(&w.ev, &e) == 0 && up_open(w.ev, back.sun_path, &w.up, &e) == 0 && web_edges_open(&w, &e) == 0);
}

/* --- vzd --- */

static bool known(const char *name)
{
	static const char names[] = " verb path query remote token if_match if_none_match idempotency_key prefer accept last_event_id body ";
	char word[64];

	snprintf(word, sizeof(word), " %s ", name);
	return strstr(names, word);
}

static void check_message(const char *s, size_t n)
{
	json_t *j = json_loadb(s, n, JSON_REJECT_DUPLICATES, NULL), *p = json_object_get(j, "parameters"), *v;
	const char *name, *path;

	FUZZ_CHECK(j && p);
	FUZZ_CHECK(!strcmp(json_string_value(json_object_get(j, "method")), "org.vz.Api.Call"));
	FUZZ_CHECK(json_object_size(j) == (json_object_get(j, "more") ? 3u : 2u));
	json_object_foreach(p, name, v) {
		FUZZ_CHECK(known(name));
		FUZZ_CHECK(json_is_string(v) || !strcmp(name, "body"));
	}
	path = json_string_value(json_object_get(p, "path"));
	FUZZ_CHECK(path && path[0] == '/');
	json_decref(j);
}

static void answer(int fd, const char *msg)
{
	static const char one[] = "{\"parameters\":{\"status\":200,\"type\":\"application/json\",\"headers\":{\"ETag\":\"\\\"x\\\"\"},"
		"\"body_length\":2,\"body\":{}}}";
	static const char stream[] = "{\"parameters\":{\"status\":200,\"type\":\"text/event-stream\"},\"continues\":true}\0"
		"{\"parameters\":{\"chunk\":\"data: 1\\n\\n\"}}";
	bool more = strstr(msg, ",\"more\":true}");
	ssize_t n = send(fd, more ? stream : one, more ? sizeof(stream) : sizeof(one), MSG_NOSIGNAL);

	(void)n;
}

static void play_vzd(void)
{
	char chunk[65536];

	for (size_t i = 0; i < PEERS; i++) {
		ssize_t n;
		char *end;

		if (peers[i] < 0)
			peers[i] = accept4(vzd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (peers[i] < 0)
			return;
		n = recv(peers[i], chunk, sizeof(chunk), 0);
		if (n > 0)
			buf_add(&got[i], chunk, (size_t)n);
		while (got[i].len && (end = memchr(got[i].s, '\0', got[i].len))) {
			size_t len = (size_t)(end - got[i].s);

			check_message(got[i].s, len);
			answer(peers[i], got[i].s);
			memmove(got[i].s, end + 1, got[i].len - len - 1);
			got[i].len -= len + 1;
		}
		if (n == 0) {
			close(peers[i]);
			peers[i] = -1;
			buf_reset(&got[i]);
		}
	}
}

/* --- the client --- */

static void turns(int n)
{
	struct err e = { 0 };

	for (int i = 0; i < n; i++) {
		FUZZ_CHECK(ev_turn(w.ev, 0, &e) == 0);
		play_vzd();
	}
}

/* False: the connection has ended. */
static bool hear(int fd, struct buf *b)
{
	char chunk[16384];
	ssize_t n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (n > 0)
		buf_add(b, chunk, (size_t)n);
	return n > 0 || (n < 0 && errno == EAGAIN);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_buf struct buf b = { .cap = (size_t)4 << 20 };
	size_t at = 0;
	int fd;

	start();
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FUZZ_CHECK(connect(fd, (struct sockaddr *)&front, front_len) == 0);
	turns(2);
	for (int i = 0; i < TURNS; i++) {
		ssize_t n = at < size ? send(fd, data + at, size - at, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

		at += n > 0 ? (size_t)n : 0;
		turns(1);
		if (!hear(fd, &b))
			break;
	}
	FUZZ_CHECK(b.len == 0 || (b.len >= 9 && !memcmp(b.s, "HTTP/1.1 ", 9)));
	close(fd);
	for (int i = 0; i < 100 && w.conns; i++)
		turns(1);
	FUZZ_CHECK(w.conns == 0);
}
