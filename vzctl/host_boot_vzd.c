/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting the containers of a boot through vzd, when it runs: it knows START_AFTER, START_DELAY and the host's memory policy, and
 * goes on when this process is killed. What it says is printed in the words of vzhost boot.
 */
#include <string.h>
#include <time.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/client.h"
#include "vzctl/host_boot.h"

#define LOOK_MS 200

static int ask(struct client *c, const char *verb, const char *body, struct client_answer *a)
{
	struct client_call call = { .verb = verb, .path = "/v1/node/autostart", .body = body };
	struct err e = { 0 };

	return client_call(c, &call, a, &e) == 0 && (a->status == 200 || a->status == 202) ? 0 : -1;
}

static uint64_t number(const struct buf *b, const char *name)
{
	char digits[16];
	const char *v;
	uint64_t ret;
	size_t n;

	if (!json_text_member(buf_str(b), b->len, name, &v, &n) || n >= sizeof(digits))
		return 0;
	str_fmt(digits, sizeof(digits), "%.*s", (int)n, v);
	return num_u64(digits, &ret) == 0 ? ret : 0;
}

/* {"ctid":101,"error":"..."} in the list of those that failed. */
static void say_one(struct host_call *c, const struct buf *b, unsigned id)
{
	struct buf auto_buf text = BUF_INIT;
	char key[32];
	const char *at, *v;
	size_t n;

	str_fmt(key, sizeof(key), "{\"ctid\":%u,", id);
	at = strstr(buf_str(b), key);
	ui_sayf(&c->ui, 0, "Container %u start: [%s]", id, at ? "FAILED" : "OK");
	if (at && json_text_member(at, strlen(at), "error", &v, &n) && json_text_unquote(v, n, &text))
		ui_sayf(&c->ui, -1, "Container %u: %s", id, buf_str(&text));
}

bool boot_by_vzd(struct host_call *c, const unsigned *ids, size_t n)
{
	struct client_answer a = { 0 };
	struct buf auto_buf body = BUF_INIT;
	struct client *vzd = NULL;
	struct err e = { 0 };
	int rc;

	if (client_open(NULL, &vzd, &e) < 0)
		return false;
	buf_adds(&body, "{\"ctids\":[");
	for (size_t i = 0; i < n; i++)
		buf_addf(&body, "%s\"%u\"", i ? "," : "", ids[i]);
	buf_adds(&body, "]}");
	rc = ask(vzd, "POST", buf_str(&body), &a);
	if (rc < 0) {
		client_answer_done(&a);
		client_close(vzd);
		return false;
	}
	while (rc == 0 && number(&a.body, "waiting") + number(&a.body, "starting") > 0) {
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
		client_answer_done(&a);
		a = (struct client_answer){ 0 };
		rc = ask(vzd, "GET", NULL, &a);
	}
	if (rc < 0)
		ui_say(&c->ui, -1, 0, "vzd went away; the next one goes on with the start of containers");
	for (size_t i = 0; rc == 0 && i < n; i++)
		say_one(c, &a.body, ids[i]);
	client_answer_done(&a);
	client_close(vzd);
	return true;
}
