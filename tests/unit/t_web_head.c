/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>
#include <string.h>

#include "tests/lib/test.h"
#include "vzd/web_priv.h"

TEST(web_head_bearer_tokens)
{
	static const struct { const char *auth, *token; } t[] = {
		{ "Bearer vz1_abc_DEF-123", "vz1_abc_DEF-123" }, { "bearer x", "x" }, { "Bearer   x", "x" }, { "BEARER a+/=~.", "a+/=~." },
		{ NULL, NULL }, { "", NULL }, { "Bearer", NULL }, { "Bearer ", NULL }, { "Basic dXNlcjpwYXNz", NULL }, { "Bearerx", NULL },
		{ "Bearer a b", NULL }, { "Bearer a\"", NULL }, { "Bearer a,b", NULL }, { "Bearer \t", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct web_head h = { .auth = t[i].auth };
		size_t n = 0;
		const char *got = web_head_token(&h, &n);

		CHECK_STR(got, t[i].token);
		CHECK_EQ(n, got ? strlen(got) : 0);
	}
}

TEST(web_head_long_token)
{
	char auth[400] = "Bearer ";
	struct web_head h = { .auth = auth };
	size_t n;

	memset(auth + 7, 'a', 256);
	CHECK(web_head_token(&h, &n));
	auth[7 + 256] = 'a';
	CHECK(!web_head_token(&h, &n));
}

TEST(web_head_lists)
{
	CHECK(web_head_has("upgrade", "Upgrade"));
	CHECK(web_head_has("keep-alive, Upgrade", "upgrade"));
	CHECK(web_head_has(" a ,\tb\t, c", "b"));
	CHECK(web_head_has(",,vz.tty.v1", "vz.tty.v1"));
	CHECK(!web_head_has("vz.tty.v11", "vz.tty.v1"));
	CHECK(!web_head_has("keep-alive upgrade", "upgrade"));
	CHECK(!web_head_has("", "upgrade"));
	CHECK(!web_head_has(NULL, "upgrade"));
}

TEST(web_head_content_type)
{
	CHECK(web_head_json("application/json"));
	CHECK(web_head_json("Application/JSON; charset=utf-8"));
	CHECK(web_head_json("application/merge-patch+json"));
	CHECK(!web_head_json("application/jsonx"));
	CHECK(!web_head_json("application/x-www-form-urlencoded"));
	CHECK(!web_head_json(""));
	CHECK(!web_head_json(NULL));
}

TEST(web_head_origin)
{
	static const struct { const char *host, *origin; bool same; } t[] = {
		{ "vz.example:8443", NULL, true }, { "vz.example:8443", "https://vz.example:8443", true }, { "VZ.example", "https://vz.example", true },
		{ "vz.example", "https://evil.example", false }, { "vz.example", "https://vz.example.evil.example", false },
		{ "vz.example:8443", "https://vz.example", false }, { "vz.example", "null", false }, { "vz.example", "", false },
		{ NULL, "https://vz.example", false }, { "", "https://", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct web_head h = { .host = t[i].host, .origin = t[i].origin };

		CHECK_EQ(web_head_same_origin(&h), t[i].same);
	}
}

TEST(web_bodies)
{
	static const char *const bad[] = { "1", "\"x\"", "null", "{", "{}x", "{\"a\":1,\"a\":2}", "{\"a\":NaN}", "{\"a\":\"\xff\"}", "{\"a\":'b'}",
					   "{\"a\":1}, \"token\":\"stolen\"}", "{\"a\":\"\\u0000\"}", "{}}", "{\"a\":9223372036854775808}" };
	char deep[2 * WEB_BODY_DEPTH + 5];
	struct err e = { 0 };

	CHECK_OK(web_body_check("{\"a\":[1,2,{\"b\":\"[[[{{\\\"\"}]}", 27, &e), &e);
	CHECK_OK(web_body_check("[]", 2, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (web_body_check(bad[i], strlen(bad[i]), &e) != -EINVAL)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	}
	CHECK_ERR(web_body_check("{\"a\":1}\0", 8, &e), EINVAL);
	memset(deep, '[', WEB_BODY_DEPTH);
	memset(deep + WEB_BODY_DEPTH, ']', WEB_BODY_DEPTH);
	CHECK_OK(web_body_check(deep, (size_t)2 * WEB_BODY_DEPTH, &e), &e);
	memset(deep, '[', WEB_BODY_DEPTH + 1);
	memset(deep + WEB_BODY_DEPTH + 1, ']', WEB_BODY_DEPTH + 1);
	CHECK_ERR(web_body_check(deep, (size_t)2 * WEB_BODY_DEPTH + 2, &e), EINVAL);
}

/* What vzd's parser makes of it is what was put in. */
TEST(web_message_to_vzd)
{
	static const char body[] = "{ \"x\" : 1.50 }";
	struct web_head h = { .auth = "Bearer tok", .if_match = "\"c1\"", .prefer = "wait=5\t", .accept = "a\\b", .last_event_id = "7",
			      .idempotency_key = "k", .if_none_match = "*" };
	struct web_msg m = { .verb = "POST", .path = "/v1/cts/a%22b", .query = "a=\"&b=\\", .remote = "192.0.2.1", .body = body,
			     .body_len = sizeof(body) - 1, .head = &h, .more = true };
	auto_buf struct buf b = BUF_INIT;
	json_t *j, *p;

	web_msg_put(&b, &m);
	CHECK_EQ(b.s[b.len - 1], '\0');
	CHECK_EQ(strlen(b.s), b.len - 1);
	j = json_loads(b.s, JSON_REJECT_DUPLICATES, NULL);
	CHECK(j);
	CHECK_STR(json_string_value(json_object_get(j, "method")), "org.vz.Api.Call");
	CHECK(json_is_true(json_object_get(j, "more")));
	p = json_object_get(j, "parameters");
	CHECK_EQ(json_object_size(p), 12);
	CHECK_STR(json_string_value(json_object_get(p, "verb")), "POST");
	CHECK_STR(json_string_value(json_object_get(p, "path")), "/v1/cts/a%22b");
	CHECK_STR(json_string_value(json_object_get(p, "query")), "a=\"&b=\\");
	CHECK_STR(json_string_value(json_object_get(p, "remote")), "192.0.2.1");
	CHECK_STR(json_string_value(json_object_get(p, "token")), "tok");
	CHECK_STR(json_string_value(json_object_get(p, "if_match")), "\"c1\"");
	CHECK_STR(json_string_value(json_object_get(p, "if_none_match")), "*");
	CHECK_STR(json_string_value(json_object_get(p, "prefer")), "wait=5 ");
	CHECK_STR(json_string_value(json_object_get(p, "accept")), "a\\b");
	CHECK_STR(json_string_value(json_object_get(p, "last_event_id")), "7");
	CHECK_STR(json_string_value(json_object_get(p, "idempotency_key")), "k");
	CHECK(strstr(b.s, "\"body\":{ \"x\" : 1.50 }}"));
	json_decref(j);
}

TEST(web_message_without_the_rest)
{
	struct web_head h = { .auth = "Basic x" };
	struct web_msg m = { .verb = "GET", .path = "/", .head = &h };
	auto_buf struct buf b = BUF_INIT;

	web_msg_put(&b, &m);
	CHECK_STR(b.s, "{\"method\":\"org.vz.Api.Call\",\"parameters\":{\"verb\":\"GET\",\"path\":\"/\"}}");
}
