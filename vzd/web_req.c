/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request: looked at, sent to vzd, answered with what vzd says. While vzd works the connection is suspended. A request
 * that is refused here still has its body read, if that is short: else the client would not see the answer.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/api.h"
#include "vzd/vzd.h"
#include "vzd/web_priv.h"

/* --- answers made here --- */

/* Each as vzd's own table (api_problem.c) has it. */
const struct web_problem web_problems[] = {
	{ "invalid-json", 400, "Not JSON" },
	{ "invalid-field", 400, "Invalid input" },
	{ "forbidden", 403, "Not allowed" },
	{ "not-found", 404, "Not found" },
	{ "payload-too-large", 413, "Too large" },
	{ "unsupported-media-type", 415, "Unsupported media type" },
	{ "upgrade-required", 426, "Upgrade required" },
	{ "internal", 500, "Internal error" },
	{ "vzd-down", 503, "Not available" },
};
const size_t web_problems_n = ARRAY_SIZE(web_problems);

static const struct web_problem *find_problem(const char *slug)
{
	for (size_t i = 0; i < web_problems_n; i++) {
		if (str_eq(web_problems[i].slug, slug))
			return &web_problems[i];
	}
	return find_problem("internal");
}

static void header(struct MHD_Response *r, const char *name, const char *value)
{
	MHD_add_response_header(r, name, value);
}

void web_headers(struct web_req *q, struct MHD_Response *r)
{
	(void)q;
	header(r, "X-Content-Type-Options", "nosniff");
	header(r, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
}

static void answer(struct web_req *q, int status, struct MHD_Response *r)
{
	q->status = status;
	q->response = r;
}

static void problem(struct web_req *q, const char *slug, const char *detail)
{
	const struct web_problem *p = find_problem(slug);
	json_t *j = json_pack("{s:s+, s:s, s:i, s:s, s:s}", "type", "/problems/", p->slug, "title", p->title, "status", p->status,
			      "detail", detail, "instance", q->id);
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	struct MHD_Response *r;

	json_decref(j);
	if (!text)
		return;
	r = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (!r) {
		free(text);
		return;
	}
	header(r, "Content-Type", "application/problem+json");
	header(r, "Cache-Control", "no-store");
	header(r, "X-Request-Id", q->id);
	web_headers(q, r);
	if (p->status == 503)
		header(r, "Retry-After", "1");
	if (p->status == 426) {
		header(r, "Upgrade", "websocket");
		header(r, "Sec-WebSocket-Version", "13");
	}
	answer(q, p->status, r);
}

/* --- begin and end --- */

static void make_id(struct web *w, char id[17])
{
	static const char digits[] = "0123456789abcdef";
	uint64_t v = ++w->ids * 0x9e3779b97f4a7c15u;

	for (int i = 0; i < 16; i++, v >>= 4)
		id[i] = digits[v & 15];
	id[16] = '\0';
}

static void on_reply(struct up_call *c, const struct web_reply *r, const char *why, const int *fds, size_t n_fds);
static void put_request(struct up_call *c, struct buf *b);

void *web_req_begin(void *cls, const char *uri, struct MHD_Connection *mc)
{
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	size_t n = strlen(uri);
	struct web_req *q = calloc(1, sizeof(*q) + n + 1);

	if (!q)
		return NULL;
	q->edge = cls;
	q->web = q->edge->web;
	q->mc = mc;
	q->conn = i ? i->socket_context : NULL;
	memcpy(q->line, uri, n + 1);
	q->path = q->line;
	q->query = strchr(q->line, '?');
	if (q->query)
		*q->query++ = '\0';
	q->call.put = put_request;
	q->call.reply = on_reply;
	buf_init(&q->body, WEB_BODY_MAX);
	make_id(q->web, q->id);
	return q;
}

void web_req_end(void *cls, struct MHD_Connection *mc, void **con_cls, enum MHD_RequestTerminationCode code)
{
	struct web_req *q = *con_cls;

	(void)cls;
	(void)mc;
	(void)code;
	if (!q)
		return;
	*con_cls = NULL;
	ev_del(q->watch);
	up_cancel(q->web->up, &q->call);
	web_stream_close(q);
	web_console_free(q->console);
	if (q->response)
		MHD_destroy_response(q->response);
	buf_done(&q->body);
	if (q->conn)
		web_age(q->conn, AGE_READ);
	free(q);
}

void web_req_resume(struct web_req *q)
{
	if (!q->suspended)
		return;
	q->suspended = false;
	MHD_resume_connection(q->mc);
	web_kick(q->edge);
}

/* --- what vzd says --- */

static void take_headers(struct MHD_Response *resp, const struct web_reply *r, bool *has_id, bool *has_cache)
{
	for (size_t i = 0; i < r->n_headers; i++) {
		const char *name = r->headers[i].name;

		if (!strcasecmp(name, "Content-Length") || !strcasecmp(name, "Connection") ||
		    !strcasecmp(name, "Transfer-Encoding"))
			continue;
		*has_id |= !strcasecmp(name, "X-Request-Id");
		*has_cache |= !strcasecmp(name, "Cache-Control");
		header(resp, name, r->headers[i].value);
	}
}

static void finish(struct web_req *q, const struct web_reply *r, struct MHD_Response *resp)
{
	bool has_id = false, has_cache = false;

	if (!resp)
		return;
	take_headers(resp, r, &has_id, &has_cache);
	if (!has_id)
		header(resp, "X-Request-Id", q->id);
	if (!has_cache)
		header(resp, "Cache-Control", "no-store");
	web_headers(q, resp);
	answer(q, r->status, resp);
}

static void whole_answer(struct web_req *q, const struct web_reply *r)
{
	const struct web_text *t = r->body.s ? &r->body : &r->text;
	struct MHD_Response *resp;

	resp = MHD_create_response_from_buffer(t->len, t->s ? t->s : (void *)"", MHD_RESPMEM_MUST_COPY);
	if (resp && t->s)
		header(resp, "Content-Type", r->type ? r->type : "application/json");
	finish(q, r, resp);
}

static void begin_stream(struct web_req *q, const struct web_reply *r)
{
	struct MHD_Response *resp = web_stream_open(q);
	const char *type = r->type ? r->type : "text/plain";

	if (resp) {
		header(resp, "Content-Type", type);
		header(resp, "X-Accel-Buffering", "no");
		if (str_starts(type, "text/event-stream"))
			web_stream_events(q);
	}
	finish(q, r, resp);
	web_stream_put(q, r->chunk.s, r->chunk.len);
	if (q->web->stopping)
		web_stream_end(q, false);
}

static void close_fds(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

/* The handshake's answer; false: it was a problem. */
static bool handshake(struct web_req *q, const char *protocol, struct buf *b)
{
	char accept[WS_ACCEPT_LEN + 1];

	if (!protocol || (q->head.ws_protocol && !web_head_has(q->head.ws_protocol, protocol))) {
		problem(q, "invalid-field", "this needs the WebSocket subprotocol that its manual names");
		return false;
	}
	if (ws_accept(q->head.ws_key, accept) < 0) {
		problem(q, "invalid-field", "Sec-WebSocket-Key is not 16 bytes in base64");
		return false;
	}
	buf_addf(b, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		 "Sec-WebSocket-Accept: %s\r\nX-Request-Id: %s\r\n", accept, q->id);
	if (q->head.ws_protocol)
		buf_addf(b, "Sec-WebSocket-Protocol: %s\r\n", protocol);
	buf_adds(b, "\r\n");
	return !buf_failed(b);
}

static void begin_console(struct web_req *q, const struct web_reply *r, const int *fds, size_t n)
{
	const char *kind = r->ws ? r->ws : "";
	auto_buf struct buf head = BUF_INIT;
	struct err e = { 0 };

	if (!handshake(q, web_console_protocol(kind), &head)) {
		close_fds(fds, n);
		return;
	}
	ev_del(take_ptr(q->watch));		/* the console watches the same descriptor */
	if (web_console_open(q, kind, fds, n, &head, &e) == 0)
		return;
	vzd_log(LOG_ERR, "vzweb: %s", e.text);
	problem(q, "internal", "vzd handed over no terminal");
}

static void first_message(struct web_req *q, const struct web_reply *r, const int *fds, size_t n_fds)
{
	if (r->status == MHD_HTTP_SWITCHING_PROTOCOLS && q->upgrade) {
		begin_console(q, r, fds, n_fds);
		return;
	}
	close_fds(fds, n_fds);
	if (r->status == MHD_HTTP_SWITCHING_PROTOCOLS)
		problem(q, "upgrade-required", "this is a WebSocket: ask with Upgrade: websocket");
	else if (r->status == 0 || r->status < 200)
		problem(q, "internal", "vzd's answer has no status");
	else if (r->continues)
		begin_stream(q, r);
	else
		whole_answer(q, r);
}

static int exit_of(const struct web_reply *r)
{
	json_t *j = r->chunk.s ? json_loadb(r->chunk.s, r->chunk.len, 0, NULL) : NULL;
	json_t *code = json_object_get(j, "exit");
	int ret = r->has_exit ? r->exit : json_is_integer(code) ? (int)json_integer_value(code) : -1;

	json_decref(j);
	return ret;
}

/* Chunks of a stream, the end of a terminal. */
static void later_message(struct web_req *q, const struct web_reply *r)
{
	if (q->console && !r)
		web_console_lost(q->console);
	else if (q->console && !r->continues)
		web_console_exit(q->console, exit_of(r));
	if (q->console)
		return;
	if (r)
		web_stream_put(q, r->chunk.s, r->chunk.len);
	if (!r || !r->continues)
		web_stream_end(q, !r);
}

static void on_reply(struct up_call *c, const struct web_reply *r, const char *why, const int *fds, size_t n_fds)
{
	struct web_req *q = (struct web_req *)(void *)c;

	if (q->console || q->stream) {
		close_fds(fds, n_fds);
		later_message(q, r);
		return;
	}
	if (q->response)		/* refused here meanwhile */
		return;
	if (r)
		first_message(q, r, fds, n_fds);
	else
		problem(q, "vzd-down", why);
	if (!q->console)
		web_req_resume(q);
}

/* --- what the client says --- */

static bool is_visible(const char *s)
{
	for (; *s; s++) {
		if (*s <= ' ' || *s >= 0x7f)
			return false;
	}
	return true;
}

static bool is_verb(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return s[n] == '\0' && n > 0 && n <= 16;
}

static bool wants_websocket(struct web_req *q)
{
	return q->head.upgrade && web_head_has(q->head.upgrade, "websocket") && web_head_has(q->head.connection, "upgrade");
}

static const char *head_fault(const struct web_req *q, const char *version)
{
	if (!is_verb(q->verb))
		return "the method is none";
	if (q->path[0] != '/' || !is_visible(q->path) || (q->query && !is_visible(q->query)))
		return "the path has bytes that must be percent-encoded";
	if (strlen(q->path) > WEB_PATH_MAX || (q->query && strlen(q->query) > WEB_PATH_MAX))
		return "the path is too long";
	if (q->head.twice)
		return "a header that may come once came twice";
	if (q->head.odd)
		return "a header is too long or has bytes beyond ASCII";
	if (q->head.length && q->head.coding)
		return "Content-Length and Transfer-Encoding exclude each other";
	if (!q->head.host && !strcmp(version, "HTTP/1.1"))
		return "there is no Host header";
	return NULL;
}

/* Bytes of body that are announced; UINT64_MAX: chunked. */
static uint64_t announced(const struct web_req *q)
{
	uint64_t n = 0;

	if (q->head.coding)
		return UINT64_MAX;
	return q->head.length && num_u64(q->head.length, &n) < 0 ? UINT64_MAX - 1 : n;
}

static void check_websocket(struct web_req *q)
{
	if (!web_head_same_origin(&q->head))
		problem(q, "forbidden", "a page of another origin may not open this");
	else if (!q->head.ws_version || strcmp(q->head.ws_version, "13"))
		problem(q, "upgrade-required", "Sec-WebSocket-Version must be 13");
	else if (!q->head.ws_key)
		problem(q, "invalid-field", "there is no Sec-WebSocket-Key");
	else
		q->upgrade = true;
}

static void check_head(struct web_req *q, const char *version)
{
	const char *fault = head_fault(q, version);
	uint64_t length = announced(q);

	if (fault)
		problem(q, "invalid-field", fault);
	else if (q->edge->metrics && (strcmp(q->path, "/metrics") || strcmp(q->verb, "GET")))
		problem(q, "not-found", "only GET /metrics is here");
	else if (length > WEB_BODY_MAX && length != UINT64_MAX)
		problem(q, "payload-too-large", "a body may have 65536 bytes");
	else if (length > 0 && !web_head_json(q->head.type))
		problem(q, "unsupported-media-type", "a body must be application/json");
	else if (wants_websocket(q))
		check_websocket(q);
	else if (str_ends(q->path, "/console") && !strcmp(q->verb, "GET"))
		problem(q, "upgrade-required", "this is a WebSocket: ask with Upgrade: websocket");
}

static enum MHD_Result queue_answer(struct web_req *q)
{
	struct MHD_Response *r = take_ptr(q->response);
	enum MHD_Result ret;

	q->stage = REQ_DONE;
	if (!r)
		return MHD_NO;
	web_age(q->conn, q->stream ? AGE_BUSY : AGE_WRITE);
	ret = MHD_queue_response(q->mc, (unsigned)q->status, r);
	MHD_destroy_response(r);
	return ret;
}

static enum MHD_Result on_head(struct web_req *q, const char *method, const char *version)
{
	q->stage = REQ_BODY;
	q->head_only = !strcmp(method, "HEAD");
	q->verb = q->head_only ? "GET" : method;
	web_age(q->conn, AGE_READ);
	web_head_read(q->mc, &q->head);
	check_head(q, version);
	/* A long body is not read: that costs the connection. */
	if (q->response && announced(q) > WEB_DISCARD_MAX)
		return queue_answer(q);
	return MHD_YES;
}

static enum MHD_Result on_body(struct web_req *q, const char *p, size_t n)
{
	q->seen += n;
	if (q->seen > WEB_DISCARD_MAX)
		return MHD_NO;
	if (!q->response && q->seen <= WEB_BODY_MAX)
		buf_add(&q->body, p, n);
	return MHD_YES;
}

static enum up_lane lane_of(const struct web_req *q)
{
	const char *query = q->query ? q->query : "";

	if (q->upgrade || str_ends(q->path, "/events") || strstr(query, "follow=") ||
	    (q->head.accept && strstr(q->head.accept, "text/event-stream")))
		return UP_STREAM;
	if (!strcmp(q->verb, "GET") && !q->head.prefer && !strstr(query, "wait="))
		return UP_FAST;
	return UP_OWN;
}

static void put_request(struct up_call *c, struct buf *b)
{
	struct web_req *q = (struct web_req *)(void *)c;
	struct web_msg m = {
		.verb = q->verb, .path = q->path, .query = q->query, .head = &q->head,
		.remote = q->edge->metrics && !q->head.auth ? API_SCRAPER : q->conn->remote,
		.body = q->body.len ? q->body.s : NULL, .body_len = q->body.len, .more = c->lane == UP_STREAM,
	};

	web_msg_put(b, &m);
}

/* The client of a stream has closed its end. */
static void on_gone(void *arg, uint32_t events)
{
	struct web_req *q = arg;

	(void)events;
	ev_del(take_ptr(q->watch));
	up_cancel(q->web->up, &q->call);
	web_stream_end(q, true);
	web_req_resume(q);		/* without an answer: the connection is closed */
}

static enum MHD_Result forward(struct web_req *q)
{
	q->stage = REQ_SENT;
	q->call.lane = lane_of(q);
	q->call.again = !strcmp(q->verb, "GET") && !q->upgrade;		/* a ticket is good for once */
	web_age(q->conn, AGE_BUSY);
	if (q->call.lane == UP_STREAM && web_watch(q->conn, "client", on_gone, q, &q->watch) < 0)
		return MHD_NO;
	MHD_suspend_connection(q->mc);
	q->suspended = true;
	up_send(q->web->up, &q->call);
	return MHD_YES;
}

static enum MHD_Result on_whole(struct web_req *q)
{
	struct err e = { 0 };

	if (!q->response && (q->seen > WEB_BODY_MAX || buf_failed(&q->body)))
		problem(q, "payload-too-large", "a body may have 65536 bytes");
	else if (!q->response && q->body.len && web_body_check(q->body.s, q->body.len, &e) < 0)
		problem(q, "invalid-json", e.text);
	return q->response ? queue_answer(q) : forward(q);
}

enum MHD_Result web_req_handle(void *cls, struct MHD_Connection *mc, const char *url, const char *method, const char *version,
			       const char *upload, size_t *upload_size, void **con_cls)
{
	struct web_req *q = *con_cls;
	enum MHD_Result ret;

	(void)cls;
	(void)mc;
	(void)url;
	if (!q || !q->conn)
		return MHD_NO;
	switch (q->stage) {
	case REQ_NEW:
		return on_head(q, method, version);
	case REQ_BODY:
		if (*upload_size == 0)
			return on_whole(q);
		ret = on_body(q, upload, *upload_size);
		*upload_size = 0;
		return ret;
	case REQ_SENT:
		return queue_answer(q);
	case REQ_DONE:
		break;
	}
	return MHD_NO;
}
