/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers: status, headers, body, pages, entity tags. One per call; what comes after the client has left goes nowhere. */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/b64.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/api_priv.h"
#include "vzd/ask.h"
#include "vzd/counters.h"
#include "vzd/idem.h"

#define JSON_TYPE "application/json"

/* --- headers --- */

void api_header(struct api_call *c, const char *name, const char *value)
{
	struct buf *b = &gate_of(c)->headers;

	buf_addc(b, b->len ? ',' : '{');
	buf_addf(b, "\"%s\":\"", name);
	for (const char *p = value; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			continue;		/* a header is one line */
		if (*p == '"' || *p == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *p);
	}
	buf_addc(b, '"');
}

/* --- sending --- */

void api_release(struct gate_call *g)
{
	if (!g->held)
		return;
	g->held = false;
	api_unref(&g->c);
}

void api_send(struct gate_call *g, int status, const char *type, const char *body, size_t len, const int *fds, size_t n)
{
	struct api_call *c = &g->c;
	const struct api_route *r = c->route;

	if (c->answered) {
		vzd_log(LOG_ERR, "request %s (%s) was answered twice", c->id, r ? r->op : "no route");
		return;
	}
	c->answered = true;
	count_api(r ? r->op : NULL, status, count_now() - g->began_us);
	c->streaming = status == 101 || (r && (r->flags & API_STREAM) && status == 200);
	if (c->promised[0] && (status >= 400 || g->job[0]))
		auth_quota_answered(c->d->auth, c->promised, c->ctid, status < 400, c->promised_anew);
	api_header(c, "X-Request-Id", c->id);
	buf_addc(&g->headers, '}');
	if (r && (r->flags & API_WRITE) && c->who)
		auth_audit(c->d->auth, c->who, c->req.verb, c->req.path, status, g->job[0] ? g->job : NULL,
			   g->note[0] ? g->note : NULL);
	if (idem_keep(g, status, type, body, len, n))
		return;
	api_deliver(g, status, type, body, len, fds, n);
	if (!c->streaming || g->gone)
		api_release(g);
}

void api_deliver(struct gate_call *g, int status, const char *type, const char *body, size_t len, const int *fds, size_t n)
{
	if (!g->gone)
		g->sink.reply(g->sink.arg, status, type, buf_failed(&g->headers) ? "{}" : buf_str(&g->headers), body, len, fds, n);
}

void api_raw(struct api_call *c, int status, const char *type, const char *text, size_t len)
{
	api_send(gate_of(c), status, type, text, len, NULL, 0);
}

void api_empty(struct api_call *c)
{
	api_send(gate_of(c), 204, NULL, NULL, 0, NULL, 0);
}

void api_json(struct api_call *c, int status, json_t *j)
{
	api_fds(c, status, j, NULL, 0);
}

void api_fds(struct api_call *c, int status, json_t *j, const int *fds, size_t n)
{
	auto_free char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	json_decref(j);
	if (!text) {
		api_problem(c, "internal", 0, "the answer could not be written", NULL);
		return;
	}
	api_send(gate_of(c), status, JSON_TYPE, text, strlen(text), fds, n);
}

void api_chunk(struct api_call *c, const char *text, size_t len, bool last)
{
	struct gate_call *g = gate_of(c);

	if (!g->gone && c->streaming)
		g->sink.chunk(g->sink.arg, text, len, last);
	if (last) {
		c->streaming = false;
		api_release(g);
	}
}

/* --- entity tags --- */

/* Is @etag in the list of a header? @weak: W/"x" counts as well. */
static bool etag_in(const char *list, const char *etag, bool weak)
{
	size_t len = strlen(etag);

	if (!strcmp(list, "*"))
		return true;
	for (const char *p = strchr(list, '"'); p; p = strchr(p, '"')) {
		bool w = p - list >= 2 && !strncmp(p - 2, "W/", 2);
		const char *end = strchr(++p, '"');

		if (!end)
			return false;
		if ((weak || !w) && (size_t)(end - p) == len && !memcmp(p, etag, len))
			return true;
		p = end + 1;
	}
	return false;
}

static void etag_header(struct api_call *c, const char *etag)
{
	char quoted[80];

	if (str_fmt(quoted, sizeof(quoted), "\"%s\"", etag) == 0)
		api_header(c, "ETag", quoted);
}

bool api_not_modified(struct api_call *c, const char *etag)
{
	etag_header(c, etag);
	if (!c->req.if_none_match || !etag_in(c->req.if_none_match, etag, true))
		return false;
	api_send(gate_of(c), 304, NULL, NULL, 0, NULL, 0);
	return true;
}

bool api_match(struct api_call *c, const char *etag, bool required)
{
	if (!c->req.if_match && !required)
		return true;
	if (!c->req.if_match) {
		etag_header(c, etag);
		api_problem(c, "precondition-required", 0, "this replaces the whole: say in If-Match which state it was made from",
			    json_pack("{ss}", "current_etag", etag));
		return false;
	}
	if (etag_in(c->req.if_match, etag, false))
		return true;
	etag_header(c, etag);
	api_problem(c, "precondition-failed", 0, "it has been changed since: read it again",
		    json_pack("{ss}", "current_etag", etag));
	return false;
}

int api_prefer_wait(const struct api_call *c)
{
	const char *p = c->req.prefer ? strstr(c->req.prefer, "wait=") : NULL;
	char digits[8] = "";
	uint64_t n;

	if (!p || (p > c->req.prefer && !strchr(" ,;", p[-1])))
		return 0;
	p += strlen("wait=");
	if (strspn(p, "0123456789") >= sizeof(digits))
		return API_WAIT_MAX;
	memcpy(digits, p, strspn(p, "0123456789"));
	if (num_u64(digits, &n) < 0)
		return 0;
	return n > API_WAIT_MAX ? API_WAIT_MAX : (int)n;
}

/* --- pages --- */

/* Opaque to clients: base64url of the last item's key. NULL: out of memory. */
static char *cursor_make(const char *key)
{
	auto_buf struct buf b = BUF_INIT;

	b64_add(&b, key, strlen(key), true);
	return buf_take(&b);
}

/* NULL: not one of ours. */
static char *cursor_read(const char *text)
{
	auto_buf struct buf b = BUF_INIT;

	if (b64_parse(&b, text, true) < 0 || memchr(buf_str(&b), '\0', b.len) || str_has_ctrl(buf_str(&b)))
		return NULL;
	return buf_take(&b);
}

const char *api_cursor(struct api_call *c)
{
	struct gate_call *g = gate_of(c);
	const char *text = api_q_str(c, "cursor", NULL);

	if (text && !g->cursor)
		g->cursor = cursor_read(text);
	return g->cursor;
}

static json_t *trimmed(json_t *item, const json_t *fields)
{
	json_t *ret = json_object(), *f;
	size_t i;

	json_array_foreach(fields, i, f) {
		json_t *v = json_object_get(item, json_string_value(f));

		if (v)
			json_object_set(ret, json_string_value(f), v);
	}
	return ret;
}

void api_page(struct api_call *c, json_t *items, const char *next)
{
	const json_t *fields = json_object_get(c->query, "fields");
	auto_free char *cursor = next ? cursor_make(next) : NULL;
	json_t *item;
	size_t i;

	if (fields) {
		json_array_foreach(items, i, item)
			json_array_set_new(items, i, trimmed(item, fields));
	}
	api_json(c, 200, json_pack("{so ss?}", "items", items, "next", cursor));
}

void api_page_raw(struct api_call *c, const char *items, size_t len, const char *next)
{
	auto_free char *cursor = next ? cursor_make(next) : NULL;
	struct buf b __attribute__((cleanup(buf_done)));

	buf_init(&b, len + 1024);
	buf_adds(&b, "{\"items\":[");
	buf_add(&b, items, len);
	if (cursor)
		buf_addf(&b, "],\"next\":\"%s\"}", cursor);
	else
		buf_adds(&b, "],\"next\":null}");
	if (buf_failed(&b))
		api_problem(c, "internal", 0, "the page could not be written", NULL);
	else
		api_send(gate_of(c), 200, JSON_TYPE, b.s, b.len, NULL, 0);
}

/* --- what a program says --- */

static void on_asked(void *arg, const struct buf *out, const struct err *err)
{
	struct api_call *c = arg;
	json_t *j = err ? NULL : json_loadb(out->s ? out->s : "", out->len, 0, NULL);

	if (j)
		api_json(c, 200, j);
	else
		api_problem(c, "internal", 0, err ? err->text : "what the program says cannot be read", NULL);
	api_unref(c);
}

int api_ask(struct api_call *c, const char *const *words, size_t max, struct err *e)
{
	if (ask_run(c->d, words, max, on_asked, api_ref(c), e) == 0)
		return 0;
	api_unref(c);
	return -e->code;
}
