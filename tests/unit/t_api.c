/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/api.c and api_answer.c: the order of the checks, answers, streams, who frees what. */
#include "tests/unit/t_api_env.h"

static struct api_env v;
static struct api_answer a;
static struct api_call *kept;
static unsigned closed;

static int say(struct api_call *c, struct err *e)
{
	(void)e;
	api_json(c, 200, json_pack("{sI ss?}", "n", (json_int_t)api_q_int(c, "n", 7), "who", c->who->name));
	return 0;
}

static int say_seg(struct api_call *c, struct err *e)
{
	(void)e;
	api_json(c, 200, json_pack("{ss sI}", "seg", c->seg[0], "ctid", (json_int_t)c->ctid));
	return 0;
}

static int fail(struct api_call *c, struct err *e)
{
	err_say(e, EBUSY, "Container already locked");
	(void)c;
	return err_exit(e, VZ_LOCKED);
}

static int break_down(struct api_call *c, struct err *e)
{
	(void)c;
	return err_say(e, EIO, "secret path /root/x");
}

static int tagged(struct api_call *c, struct err *e)
{
	(void)e;
	if (!api_not_modified(c, "v1"))
		api_raw(c, 200, "text/plain", "hello", 5);
	return 0;
}

static int replace(struct api_call *c, struct err *e)
{
	(void)e;
	if (api_match(c, "v1", !strcmp(c->req.verb, "PUT")))
		api_empty(c);
	return 0;
}

static int page(struct api_call *c, struct err *e)
{
	json_t *items = json_array();
	int from = api_cursor(c) ? (int)strtol(api_cursor(c), NULL, 10) + 1 : 0, limit = (int)api_q_int(c, "limit", 2);

	(void)e;
	for (int i = from; i < 5 && i < from + limit; i++)
		json_array_append_new(items, json_pack("{si ss}", "i", i, "t", "x"));
	api_page(c, items, from + limit < 5 ? (const char[]){ (char)('0' + from + limit - 1), '\0' } : NULL);
	return 0;
}

static void on_close(struct api_call *c)
{
	CHECK(c->priv == &closed);
	closed++;
	c->priv = NULL;
	api_unref(c);
}

static int later(struct api_call *c, struct err *e)
{
	(void)e;
	kept = api_ref(c);
	c->priv = &closed;
	c->on_close = on_close;
	return 0;
}

static int stream(struct api_call *c, struct err *e)
{
	api_raw(c, 200, "text/event-stream", NULL, 0);
	return later(c, e);
}

static int twice(struct api_call *c, struct err *e)
{
	(void)e;
	api_ref(c);
	api_empty(c);
	api_empty(c);
	api_unref(c);
	return 0;
}

static const struct api_field q_n[] = { { .name = "n", .type = API_INT, .min = 1, .max = 60 }, { .name = NULL } };
static const struct api_field b_name[] = { { .name = "name", .type = API_STR, .required = true }, { .name = NULL } };
static const struct api_route rows[] = {
	{ "GET", "/v1/open", "open", SCOPE_NONE, 0, NULL, q_n, NULL, "", say },
	{ "GET", "/v1/known", "known", SCOPE_NONE, API_KNOWN, NULL, NULL, NULL, "", say },
	{ "GET", "/v1/read", "read", SCOPE_NODE_READ, 0, NULL, q_n, NULL, "", say },
	{ "POST", "/v1/read", "write", SCOPE_NODE_WRITE, API_WRITE, b_name, NULL, NULL, "", say },
	{ "GET", "/v1/local", "local", SCOPE_NONE, API_LOCAL, NULL, NULL, NULL, "", say },
	{ "GET", "/v1/seg/{x}", "seg", SCOPE_NONE, 0, NULL, NULL, NULL, "", say_seg },
	{ "GET", "/v1/fail", "fail", SCOPE_NONE, 0, NULL, NULL, NULL, "", fail },
	{ "GET", "/v1/broken", "broken", SCOPE_NONE, 0, NULL, NULL, NULL, "", break_down },
	{ "GET", "/v1/tagged", "tagged", SCOPE_NONE, 0, NULL, NULL, NULL, "", tagged },
	{ "PATCH", "/v1/tagged", "patch", SCOPE_NODE_WRITE, API_WRITE, NULL, NULL, NULL, "", replace },
	{ "PUT", "/v1/tagged", "put", SCOPE_NODE_WRITE, API_WRITE, NULL, NULL, NULL, "", replace },
	{ "GET", "/v1/page", "page", SCOPE_NONE, API_PAGED, NULL, NULL, NULL, "", page },
	{ "GET", "/v1/later", "later", SCOPE_NONE, 0, NULL, NULL, NULL, "", later },
	{ "GET", "/v1/stream", "stream", SCOPE_NONE, API_STREAM, NULL, NULL, NULL, "", stream },
	{ "GET", "/v1/twice", "twice", SCOPE_NONE, 0, NULL, NULL, NULL, "", twice },
};
static const struct api_table table = API_TABLE(rows), *const tables[] = { &table };
static struct principal *root, *viewer;

static void up(void)
{
	api_env_open(&v);
	CHECK_OK(api_route_use(tables, 1, &v.v.e), &v.v.e);
	root = api_env_who("root", "", scopes_all);
	viewer = api_env_who("token:viewer", "", SCOPE_BIT(SCOPE_NODE_READ));
}

static void down(void)
{
	api_answer_done(&a);
	principal_unref(root);
	principal_unref(viewer);
	api_env_close(&v);
}

static void asks(struct principal *who, const char *verb, const char *path, const char *body, int status, const char *slug)
{
	char type[64];

	api_answer_done(&a);
	api_env_do(&v, who, verb, path, body, &a);
	if (a.status != status)
		test_fail(__FILE__, __LINE__, "%s %s: %d, wanted %d: %s", verb, path, a.status, status,
			  a.body ? json_dumps(a.body, JSON_ENCODE_ANY) : "");
	CHECK(str_fmt(type, sizeof(type), "/problems/%s", slug ? slug : "") == 0);
	if (slug) {
		CHECK_STR(api_answer_str(&a, "type"), type);
		CHECK_STR(a.type, "application/problem+json");
		CHECK_EQ(json_integer_value(json_object_get(a.body, "status")), status);
		CHECK_STR(api_answer_str(&a, "instance"), api_answer_head(&a, "X-Request-Id"));
	}
}

TEST(api_order_of_checks)
{
	up();
	asks(NULL, "GET", "/v1/open", NULL, 200, NULL);
	CHECK_STR(api_answer_str(&a, "who"), "anonymous");
	CHECK_EQ(strlen(api_answer_head(&a, "X-Request-Id")), 16);
	asks(NULL, "GET", "/v1/nothing?n=bad", NULL, 404, "not-found");
	asks(NULL, "PUT", "/v1/read", NULL, 405, "method-not-allowed");
	CHECK_STR(api_answer_head(&a, "Allow"), "GET, POST");
	asks(NULL, "GET", "/v1/read?n=bad", NULL, 401, "unauthorized");
	CHECK_STR(api_answer_head(&a, "WWW-Authenticate"), "Bearer realm=\"vz\"");
	asks(NULL, "GET", "/v1/known", NULL, 401, "unauthorized");
	asks(viewer, "GET", "/v1/known", NULL, 200, NULL);
	asks(viewer, "POST", "/v1/read", "{\"bad\":1}", 403, "forbidden");
	CHECK_STR(api_answer_str(&a, "required_scope"), "node:write");
	asks(viewer, "GET", "/v1/read?n=bad", NULL, 400, "invalid-field");
	asks(viewer, "GET", "/v1/read?n=61", NULL, 400, "invalid-field");
	CHECK_STR(json_string_value(json_object_get(json_array_get(json_object_get(a.body, "errors"), 0), "pointer")), "?n");
	asks(viewer, "GET", "/v1/read?n=60", NULL, 200, NULL);
	CHECK_EQ(json_integer_value(json_object_get(a.body, "n")), 60);
	asks(root, "POST", "/v1/read", NULL, 400, "invalid-field");
	asks(root, "POST", "/v1/read", "{\"name\":\"x\"}", 200, NULL);
	asks(root, "GET", "/v1/read", "{\"x\":1}", 400, "invalid-field");
	asks(root, "GET", "/v1/local", NULL, 200, NULL);
	asks(NULL, "GET", "/v1/local", NULL, 404, "not-found");
	down();
}

TEST(api_paths)
{
	char path[1500] = "/v1/seg/";

	up();
	asks(root, "GET", "/v1/seg/a%20b", NULL, 200, NULL);
	CHECK_STR(api_answer_str(&a, "seg"), "a b");
	asks(root, "GET", "/v1/seg/a%2fb", NULL, 400, "invalid-field");
	asks(root, "GET", "/v1/seg/..", NULL, 400, "invalid-field");
	asks(root, "GET", "/v1//seg", NULL, 404, "not-found");
	memset(path + 8, 'a', 1200);
	asks(root, "GET", path, NULL, 404, "not-found");
	down();
}

TEST(api_wrong_tokens)
{
	const struct api_sink sink = { api_env_reply, api_env_chunk, &a };
	struct api_request r = { .verb = "GET", .path = "/v1/open", .token = "vz1_nonsense", .remote = "192.0.2.1" };

	up();
	api_enter(&v.v.d, &r, NULL, &sink, NULL);
	CHECK_EQ(a.status, 401);		/* also where none is needed */
	CHECK_STR(api_answer_head(&a, "WWW-Authenticate"), "Bearer realm=\"vz\", error=\"invalid_token\"");
	api_answer_done(&a);
	api_enter(&v.v.d, &r, root, &sink, NULL);	/* a token wins over who the peer is */
	CHECK_EQ(a.status, 401);
	down();
}

TEST(api_rate)
{
	up();
	v.v.d.conf.rate = (struct num_opt){ .v = 1, .set = true };
	v.v.d.conf.burst = (struct num_opt){ .v = 3, .set = true };
	for (int i = 2; i >= 0; i--) {
		asks(viewer, "GET", "/v1/read", NULL, 200, NULL);
		CHECK_EQ(strtol(api_answer_head(&a, "RateLimit-Remaining"), NULL, 10), i);
		CHECK_STR(api_answer_head(&a, "RateLimit-Limit"), "3");
	}
	asks(viewer, "GET", "/v1/read", NULL, 429, "rate-limited");
	CHECK_STR(api_answer_head(&a, "Retry-After"), "1");
	for (int i = 0; i < 10; i++)
		asks(root, "GET", "/v1/read", NULL, 200, NULL);
	CHECK(!api_answer_head(&a, "RateLimit-Limit"));
	down();
}

TEST(api_errors_of_handlers)
{
	up();
	asks(root, "GET", "/v1/fail", NULL, 409, "locked");
	CHECK_STR(api_answer_str(&a, "detail"), "Container already locked");
	CHECK_EQ(json_integer_value(json_object_get(a.body, "code")), 9);
	asks(root, "GET", "/v1/broken", NULL, 500, "internal");
	CHECK(!strstr(api_answer_str(&a, "detail"), "/root/x"));
	CHECK(strstr(api_answer_str(&a, "detail"), api_answer_head(&a, "X-Request-Id")));
	asks(root, "GET", "/v1/twice", NULL, 204, NULL);
	down();
}

static void tag(const char *verb, const char *if_match, const char *if_none, int status)
{
	struct api_request r = { .verb = verb, .path = "/v1/tagged", .if_match = if_match, .if_none_match = if_none };

	api_answer_done(&a);
	api_env_ask(&v, root, &r, &a);
	if (a.status != status)
		test_fail(__FILE__, __LINE__, "%s %s %s: %d", verb, if_match ? if_match : "-", if_none ? if_none : "-", a.status);
}

TEST(api_entity_tags)
{
	up();
	tag("GET", NULL, NULL, 200);
	CHECK_STR(api_answer_head(&a, "ETag"), "\"v1\"");
	CHECK_STR(json_string_value(a.body), "hello");
	tag("GET", NULL, "\"v1\"", 304);
	tag("GET", NULL, "W/\"v1\"", 304);
	tag("GET", NULL, "\"v0\", \"v1\"", 304);
	tag("GET", NULL, "*", 304);
	tag("GET", NULL, "\"v0\"", 200);
	tag("GET", NULL, "v1", 200);
	tag("GET", NULL, "\"v1", 200);
	tag("PATCH", NULL, NULL, 204);
	tag("PATCH", "\"v1\"", NULL, 204);
	tag("PATCH", "*", NULL, 204);
	tag("PATCH", "\"v0\"", NULL, 412);
	CHECK_STR(api_answer_str(&a, "current_etag"), "v1");
	tag("PATCH", "W/\"v1\"", NULL, 412);	/* strong comparison */
	tag("PUT", NULL, NULL, 428);
	tag("PUT", "\"v1\"", NULL, 204);
	down();
}

TEST(api_pages)
{
	char path[100] = "/v1/page?limit=2";
	int seen = 0, pages = 0;

	up();
	for (;;) {
		asks(root, "GET", path, NULL, 200, NULL);
		seen += (int)json_array_size(json_object_get(a.body, "items"));
		pages++;
		if (!api_answer_str(&a, "next"))
			break;
		CHECK(str_fmt(path, sizeof(path), "/v1/page?limit=2&cursor=%s", api_answer_str(&a, "next")) == 0);
	}
	CHECK_EQ(seen, 5);
	CHECK_EQ(pages, 3);
	asks(root, "GET", "/v1/page?cursor=%21", NULL, 400, "invalid-field");
	asks(root, "GET", "/v1/page?cursor=AAAA", NULL, 400, "invalid-field");
	asks(root, "GET", "/v1/page?fields=t", NULL, 200, NULL);
	CHECK_EQ(json_object_size(json_array_get(json_object_get(a.body, "items"), 0)), 1);
	down();
}

TEST(api_client_leaves)
{
	const struct api_sink sink = { api_env_reply, api_env_chunk, &a };
	struct api_request r = { .verb = "GET", .path = "/v1/later" };
	struct api_call *c = NULL;

	up();
	api_enter(&v.v.d, &r, root, &sink, &c);
	CHECK(c && c == kept && a.n == 0);
	api_ref(c);
	api_client_left(c);
	CHECK_EQ(closed, 1);
	api_empty(c);			/* too late: goes nowhere */
	CHECK_EQ(a.n, 0);
	api_unref(c);
	api_enter(&v.v.d, &r, root, &sink, &c);
	c->on_close = NULL;
	api_empty(c);
	api_unref(kept);
	CHECK_EQ(a.n, 1);
	down();
}

TEST(api_streams)
{
	const struct api_sink sink = { api_env_reply, api_env_chunk, &a };
	struct api_request r = { .verb = "GET", .path = "/v1/stream" };
	struct api_call *c = NULL;

	up();
	api_enter(&v.v.d, &r, root, &sink, &c);
	CHECK(c && a.n == 1 && a.status == 200);
	api_chunk(c, "data: 1\n\n", 9, false);
	CHECK_STR(a.chunk, "data: 1\n\n");
	c->on_close = NULL;
	api_chunk(c, "end", 3, true);
	CHECK(a.last && a.chunks == 2);
	api_unref(kept);
	api_answer_done(&a);
	api_enter(&v.v.d, &r, root, &sink, &c);
	api_client_left(c);
	CHECK_EQ(closed, 1);
	down();
}

TEST(api_descriptors)
{
	const struct api_sink sink = { api_env_reply, api_env_chunk, &a };
	int p[2], fds[2];
	struct api_request r = { .verb = "GET", .path = "/v1/open", .fds = fds, .n_fds = 2 };

	up();
	CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
	memcpy(fds, p, sizeof(p));
	api_enter(&v.v.d, &r, root, &sink, NULL);
	CHECK_EQ(a.status, 400);
	CHECK(fcntl(p[0], F_GETFD) < 0 && fcntl(p[1], F_GETFD) < 0);	/* closed with the call */
	down();
}

TEST(api_out_of_memory)
{
	struct api_request r = { .verb = "GET", .path = "/v1/page", .query = "limit=2&fields=t" };

	up();
	asks(root, "GET", "/v1/open", NULL, 200, NULL);	/* what is made once is made */
	EACH_FAULT(FAULT_ALLOC) {
		api_answer_done(&a);
		api_env_ask(&v, root, &r, &a);
		test_fault_off();
		CHECK(a.n == 1 && (a.status == 200 || a.status >= 400));
	}
	down();
}
