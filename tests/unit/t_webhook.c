/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/webhook.c, webhook_send.c, api_webhook.c: with a vz-hook that answers as it is told to. */
#include "vzd/webhook_priv.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/t_auth_box.h"
#include "util/fio.h"
#include "vzd/bus.h"

/* Answers with the statuses in the file "plan", one a call, then 200; writes what came to "log". */
static const char program[] =
	"#!/usr/bin/python3\n"
	"import socket, struct, os\n"
	"d = os.path.dirname(os.path.abspath(__file__))\n"
	"s = socket.socket(fileno=3)\n"
	"while True:\n"
	"    c = s.recv(131072)\n"
	"    if not c: break\n"
	"    f = [x.decode() for x in c.split(b'\\0')]\n"
	"    try: plan = open(d + '/plan').read().split()\n"
	"    except OSError: plan = []\n"
	"    st = int(plan.pop(0)) if plan else 200\n"
	"    open(d + '/plan', 'w').write(' '.join(map(str, plan)))\n"
	"    open(d + '/log', 'a').write('%s %s %s %s|%s\\n' % (st, f[1], f[3], f[4], f[5]))\n"
	"    open(d + '/sign', 'w').write(f[2])\n"
	"    if st == 999: os._exit(3)\n"
	"    s.send(struct.pack('<qi116s', int(f[0]), 0 if st == 0 else st, b'no route' if st == 0 else b''))\n";

static void put_file(const char *name, const char *text, mode_t mode)
{
	char path[256];
	int fd;

	str_fmt(path, sizeof(path), "%s/%s", test_tmp(), name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	CHECK(fd >= 0 && fio_write_all(fd, text, strlen(text)) == 0);
	close(fd);
}

static const char *get_file(const char *name)
{
	static struct buf b = BUF_INIT;
	struct err e = { 0 };
	char path[256];

	buf_reset(&b);
	str_fmt(path, sizeof(path), "%s/%s", test_tmp(), name);
	return fio_read_at(AT_FDCWD, path, &b, &e) < 0 ? "" : buf_str(&b);
}

static char prog_path[256];

static void hooks_open(struct box *b)
{
	struct err e = { 0 };

	box_open(b);
	CHECK_OK(bus_open(&b->d, &b->d.bus, &e), &e);
	CHECK_OK(webhooks_open(&b->d, &b->d.webhooks, &e), &e);
	if (!prog_path[0]) {
		str_fmt(prog_path, sizeof(prog_path), "%s/hook", test_tmp());
		put_file("hook", program, 0755);
	}
	b->d.webhooks->program = prog_path;
}

static void hooks_close(struct box *b)
{
	struct err e = { 0 };

	webhooks_close(b->d.webhooks);
	b->d.webhooks = NULL;
	CHECK_OK(ev_turn(b->d.ev, 0, &e), &e);	/* what the bus has put off */
	bus_close(b->d.bus);
	b->d.bus = NULL;
}

static void turn_for(struct box *b, unsigned ms)
{
	TURN_FOR(b->d.ev, ms);
}

/* Until "log" has @n lines. */
static void turn_until(struct box *b, unsigned n)
{
	struct err e = { 0 };

	for (unsigned i = 0; i < 4000; i++) {
		unsigned lines = 0;

		for (const char *s = get_file("log"); (s = strchr(s, '\n')); s++)
			lines++;
		if (lines >= n) {
			turn_for(b, 50);
			return;
		}
		CHECK_OK(ev_turn(b->d.ev, 10, &e), &e);
	}
	test_fail(__FILE__, __LINE__, "log: %s", get_file("log"));
}

static char *add(struct box *b, const char *token, const char *body)
{
	CHECK_EQ(box_call(b, token, "POST", "/v1/webhooks", NULL, body), 201);
	return strdup(box_str(b, "id"));
}

static struct webhook *one(struct box *b)
{
	CHECK_EQ(b->d.webhooks->n, 1);
	return b->d.webhooks->v[0];
}

TEST(webhook_signs)
{
	char out[128];

	webhook_signature("0123456789abcdef", 1700000000, "{\"seq\":1}", out);
	/* python3: hmac.new(b"0123456789abcdef", b'1700000000.{"seq":1}', "sha256").hexdigest() */
	CHECK_STR(out, "t=1700000000,v1=e08bda826cf051c0f1f919531cf4fec45eca56a374d4a56a26f82fcfb9101386");
}

TEST(webhook_backs_off)
{
	static const uint64_t mid[] = { 10000, 30000, 90000, 270000, 810000, 2430000, 7290000, 21600000, 21600000 };

	for (unsigned i = 0; i < ARRAY_SIZE(mid); i++) {
		for (uint32_t r = 0; r < 1000; r++) {
			uint64_t ms = webhook_backoff_ms(i + 1, r * 4294967u);

			CHECK(ms >= mid[i] - mid[i] / 5 && ms <= mid[i] + mid[i] / 5);
		}
	}
	CHECK(webhook_backoff_ms(2, 0) != webhook_backoff_ms(2, 12345));
}

TEST(webhook_matches)
{
	unsigned cts[] = { 101 };
	struct webhook h = { .types = (char *)"ct. job.done", .enabled = true };

	CHECK(webhook_wants(&h, "ct.started", 101, "") && webhook_wants(&h, "job.done", 0, "acme"));
	CHECK(!webhook_wants(&h, "job.failed", 0, "") && !webhook_wants(&h, "job.done.x", 0, "") && !webhook_wants(&h, "ct", 0, ""));
	h.cts = cts;
	h.n_cts = 1;
	CHECK(webhook_wants(&h, "ct.started", 101, "") && !webhook_wants(&h, "ct.started", 102, "") && !webhook_wants(&h, "job.done", 0, ""));
	memcpy(h.tenant, "acme", 5);
	CHECK(webhook_wants(&h, "ct.started", 101, "acme") && !webhook_wants(&h, "ct.started", 101, "") &&
	      !webhook_wants(&h, "ct.started", 101, "acme2"));
	h.enabled = false;
	CHECK(!webhook_wants(&h, "ct.started", 101, "acme"));
}

TEST(webhook_delivers)
{
	static struct box b;
	char *id;

	hooks_open(&b);
	id = add(&b, NULL, "{\"url\":\"https://example.com/x\",\"types\":[\"ct.\"]}");
	CHECK_EQ(strlen(box_str(&b, "secret")), 43);
	bus_emit(b.d.bus, "ct.started", 101, "", NULL);
	bus_emit(b.d.bus, "job.done", 0, "", NULL);
	bus_emit(b.d.bus, "ct.stopped", 101, "", json_pack("{s:s}", "reason", "asked"));
	turn_until(&b, 2);
	CHECK(strstr(get_file("log"), "\"type\":\"ct.started\""));
	CHECK(strstr(get_file("log"), "\"type\":\"ct.stopped\"") > strstr(get_file("log"), "\"type\":\"ct.started\""));
	CHECK(!strstr(get_file("log"), "job.done"));
	CHECK(strncmp(get_file("sign"), "t=", 2) == 0 && strstr(get_file("sign"), ",v1="));
	UNTIL(b.d.ev, one(&b)->pending == 0);
	CHECK_EQ(box_call(&b, NULL, "GET", "/v1/webhooks", NULL, NULL), 200);
	CHECK(!strstr(b.body, "secret") && strstr(b.body, "\"state\":\"ok\"") && strstr(b.body, id));
	free(id);
	hooks_close(&b);
	box_done(&b);
}

TEST(webhook_retries)
{
	static struct box b;
	uint64_t sent;
	char *id;

	hooks_open(&b);
	put_file("plan", "500 0 302 200", 0644);
	id = add(&b, NULL, "{\"url\":\"https://example.com/x\"}");
	sent = ev_now_ms();
	bus_emit(b.d.bus, "ct.started", 101, "", NULL);
	turn_until(&b, 1);
	UNTIL(b.d.ev, one(&b)->tries);
	CHECK_STR(one(&b)->error, "HTTP status 500");
	CHECK_EQ(one(&b)->tries, 1);
	CHECK(one(&b)->next_ms > sent + 7000 && one(&b)->next_ms < ev_now_ms() + 12500);
	for (unsigned n = 2; n <= 4; n++) {	/* not waited for: tried when it is changed */
		one(&b)->next_ms = 0;
		webhook_later(b.d.webhooks);
		turn_until(&b, n);
		UNTIL(b.d.ev, one(&b)->tries == (n < 4 ? n : 0));
		if (n == 2)
			CHECK_STR(one(&b)->error, "no route");
		if (n == 3)
			CHECK_STR(one(&b)->error, "HTTP status 302: redirects are not followed");
	}
	UNTIL(b.d.ev, one(&b)->pending == 0);
	free(id);
	hooks_close(&b);
	box_done(&b);
}

/* vz-hook dies with a delivery in its hands: it is sent again. Likewise when vzd ends: from the database. */
TEST(webhook_at_least_once)
{
	static struct box b;
	char *id;

	hooks_open(&b);
	put_file("plan", "999", 0644);
	id = add(&b, NULL, "{\"url\":\"https://example.com/x\"}");
	bus_emit(b.d.bus, "ct.started", 101, "", NULL);
	turn_until(&b, 1);
	UNTIL(b.d.ev, str_eq(one(&b)->error, "vz-hook ended"));
	CHECK_EQ(one(&b)->pending, 1);
	hooks_close(&b);
	box_close(&b);
	hooks_open(&b);
	CHECK_EQ(one(&b)->pending, 1);
	turn_until(&b, 2);
	CHECK(strstr(get_file("log"), "200 https://example.com/x"));
	UNTIL(b.d.ev, one(&b)->pending == 0);
	hooks_close(&b);
	box_close(&b);
	hooks_open(&b);				/* and not a third time */
	turn_for(&b, 300);
	CHECK_EQ(one(&b)->pending, 0);
	CHECK(!strstr(strchr(strchr(get_file("log"), '\n') + 1, '\n') + 1, "\n"));
	free(id);
	hooks_close(&b);
	box_done(&b);
}

static int age(sqlite3 *s, void *arg, struct err *e)
{
	(void)arg;
	return db_exec(s, e, "UPDATE deliveries SET created_ms = created_ms - 86400001", "");
}

static unsigned alerts;

static void on_alert(void *arg, const struct bus_event *ev)
{
	CHECK(strstr(ev->json, arg));
	alerts++;
}

TEST(webhook_gives_up)
{
	static struct box b;
	const struct bus_filter f = { .types = "alert" };
	struct bus_sub *sub;
	struct err e = { 0 };
	char *id;

	hooks_open(&b);
	put_file("plan", "500 500 500", 0644);
	id = add(&b, NULL, "{\"url\":\"https://example.com/x\"}");
	CHECK_OK(bus_subscribe(b.d.bus, &f, UINT64_MAX, on_alert, id, &sub, &e), &e);
	bus_emit(b.d.bus, "ct.started", 101, "", NULL);
	turn_until(&b, 1);
	CHECK_OK(db_write_sync(b.d.db, age, NULL, &e), &e);
	one(&b)->next_ms = 0;
	webhook_later(b.d.webhooks);
	turn_until(&b, 2);
	UNTIL(b.d.ev, alerts && one(&b)->pending == 0);
	turn_for(&b, 200);
	CHECK_EQ(alerts, 1);
	CHECK_EQ(one(&b)->pending, 0);		/* the alert about itself is not queued */
	bus_unsubscribe(sub);
	free(id);
	hooks_close(&b);
	box_done(&b);
}

TEST(webhook_rights)
{
	static struct box b;
	char *acme, *viewer, *beta, *id, path[64];

	hooks_open(&b);
	CHECK_EQ(box_call(&b, NULL, "POST", "/v1/tenants", NULL, "{\"name\":\"acme\"}"), 201);
	CHECK_EQ(box_call(&b, NULL, "POST", "/v1/tenants", NULL, "{\"name\":\"beta\"}"), 201);
	acme = box_token(&b, "{\"role\":\"tenant-admin\",\"tenant\":\"acme\"}");
	beta = box_token(&b, "{\"role\":\"tenant-admin\",\"tenant\":\"beta\"}");
	viewer = box_token(&b, "{\"role\":\"viewer\",\"tenant\":\"acme\"}");
	CHECK_EQ(box_call(&b, viewer, "POST", "/v1/webhooks", NULL, "{\"url\":\"https://example.com\"}"), 403);
	id = add(&b, acme, "{\"url\":\"https://example.com/acme\",\"secret\":\"my own secret, long\"}");
	CHECK_STR(box_str(&b, "tenant"), "acme");
	CHECK(!strstr(b.body, "my own secret"));
	str_fmt(path, sizeof(path), "/v1/webhooks/%s", id);
	CHECK_EQ(box_call(&b, beta, "GET", path, NULL, NULL), 404);
	CHECK_EQ(box_call(&b, beta, "DELETE", path, NULL, NULL), 404);
	CHECK_EQ(box_call(&b, beta, "PATCH", path, NULL, "{\"enabled\":false}"), 404);
	CHECK_EQ(box_call(&b, acme, "POST", "/v1/webhooks", NULL, "{\"url\":\"https://x/\",\"tenant\":\"beta\"}"), 400);
	CHECK_EQ(box_call(&b, acme, "POST", "/v1/webhooks", NULL, "{\"url\":\"file:///etc/passwd\"}"), 400);
	CHECK_EQ(box_call(&b, acme, "POST", "/v1/webhooks", NULL, "{\"url\":\"https://x/\",\"types\":[\"cow.\"]}"), 400);
	CHECK_EQ(box_call(&b, acme, "POST", "/v1/webhooks", NULL, "{\"url\":\"https://x/\",\"secret\":\"short\"}"), 400);
	bus_emit(b.d.bus, "ct.started", 101, "beta", NULL);
	bus_emit(b.d.bus, "ct.started", 102, "acme", NULL);
	bus_emit(b.d.bus, "host.started", 0, "", NULL);
	turn_until(&b, 1);
	turn_for(&b, 200);
	CHECK(strstr(get_file("log"), "102") && !strstr(get_file("log"), "101") && !strstr(get_file("log"), "host."));
	CHECK_EQ(box_call(&b, acme, "PATCH", path, NULL, "{\"enabled\":false,\"description\":\"later\"}"), 200);
	CHECK_STR(box_str(&b, "state"), "disabled");
	CHECK_EQ(box_call(&b, acme, "POST", path, NULL, NULL), 405);
	CHECK_EQ(box_call(&b, NULL, "DELETE", "/v1/tenants/acme", NULL, NULL), 204);
	CHECK_EQ(b.d.webhooks->n, 0);
	free(acme);
	free(beta);
	free(viewer);
	free(id);
	hooks_close(&b);
	box_done(&b);
}

TEST(webhook_can_be_tried)
{
	static struct box b;
	char *id, path[64];

	hooks_open(&b);
	id = add(&b, NULL, "{\"url\":\"https://example.com/x\",\"types\":[\"host.\"]}");
	str_fmt(path, sizeof(path), "/v1/webhooks/%s/test", id);
	CHECK_EQ(box_call(&b, NULL, "POST", path, NULL, NULL), 202);
	turn_until(&b, 1);
	CHECK(strstr(get_file("log"), "\"type\":\"test\""));
	path[strlen(path) - 5] = '\0';
	CHECK_EQ(box_call(&b, NULL, "DELETE", path, NULL, NULL), 204);
	CHECK_EQ(b.d.webhooks->n, 0);
	free(id);
	hooks_close(&b);
	box_done(&b);
}
