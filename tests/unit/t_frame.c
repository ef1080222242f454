/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/frame.c */
#include "vzd/frame.h"

#include <string.h>

#include "tests/lib/test.h"

static struct err e;

static int parse(struct frame *f, const char *text)
{
	err_clear(&e);
	return frame_parse(text, strlen(text), f, &e);
}

TEST(a_whole_request)
{
	struct frame f;

	CHECK_OK(parse(&f, "{\"method\":\"org.vz.Api.Call\",\"more\":true,\"parameters\":{\"verb\":\"PATCH\",\"path\":\"/v1/cts/101\","
			   "\"query\":\"a=b\",\"token\":\"t\",\"remote\":\"192.0.2.1\",\"if_match\":\"\\\"x\\\"\",\"if_none_match\":\"n\","
			   "\"idempotency_key\":\"k\",\"prefer\":\"wait=3\",\"accept\":\"a/b\",\"last_event_id\":\"7\","
			   "\"body\":{\"ram\":[1,{\"x\":null}]}}}"), &e);
	CHECK_EQ(f.method, FRAME_CALL);
	CHECK(f.more);
	CHECK_STR(f.rq.verb, "PATCH");
	CHECK_STR(f.rq.path, "/v1/cts/101");
	CHECK_STR(f.rq.query, "a=b");
	CHECK_STR(f.rq.token, "t");
	CHECK_STR(f.rq.remote, "192.0.2.1");
	CHECK_STR(f.rq.if_match, "\"x\"");
	CHECK_STR(f.rq.if_none_match, "n");
	CHECK_STR(f.rq.idempotency_key, "k");
	CHECK_STR(f.rq.prefer, "wait=3");
	CHECK_STR(f.rq.accept, "a/b");
	CHECK_STR(f.rq.last_event_id, "7");
	CHECK(json_is_object(f.rq.body) && json_object_size(f.rq.body) == 1);
	frame_done(&f);
	CHECK_OK(parse(&f, "{\"parameters\":{\"path\":\"/\",\"verb\":\"GET\"},\"method\":\"org.vz.Api.Call\"}"), &e);
	CHECK(!f.more && !f.rq.body && !f.rq.query && !f.rq.token);
	frame_done(&f);
}

TEST(other_methods)
{
	static const struct { const char *text; enum frame_method m; } t[] = {
		{ "{\"method\":\"org.varlink.service.GetInfo\"}", FRAME_INFO },
		{ "{\"method\":\"org.varlink.service.GetInfo\",\"parameters\":{}}", FRAME_INFO },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"org.vz.Api\"}}",
		  FRAME_DESCRIBE },
		{ "{\"method\":\"org.vz.Api.Other\"}", FRAME_UNKNOWN }, { "{\"method\":\"\"}", FRAME_UNKNOWN },
	};
	struct frame f;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CHECK_OK(parse(&f, t[i].text), &e);
		CHECK_EQ(f.method, t[i].m);
		frame_done(&f);
	}
}

TEST(wrong_ones_are_refused_with_the_reason)
{
	static const struct { const char *text, *why; } t[] = {
		{ "", "message: " }, { "{", "message: " }, { "GET / HTTP/1.1", "message: " }, { "[]", "message: is not an object" },
		{ "{\"method\":1}", "method: is unknown, or of the wrong type" }, { "{\"parameters\":{}}", "method: is missing" },
		{ "{\"method\":\"org.vz.Api.Call\"}", "parameters: are missing" },
		{ "{\"method\":\"org.vz.Api.Call\",\"parameters\":[]}", "parameters: " },
		{ "{\"method\":\"org.vz.Api.Call\",\"parameters\":{}}", "verb: is missing" },
		{ "{\"method\":\"org.vz.Api.Call\",\"parameters\":{\"verb\":\"GET\"}}", "path: is missing" },
		{ "{\"method\":\"org.vz.Api.Call\",\"parameters\":{\"verb\":7,\"path\":\"/\"}}", "verb: is not a string" },
		{ "{\"method\":\"org.vz.Api.Call\",\"parameters\":{\"verb\":\"GET\",\"path\":\"/\",\"x\":\"\"}}", "x: there is no such" },
		{ "{\"method\":\"a\",\"method\":\"b\"}", "message: duplicate" },
		{ "{\"method\":\"a\",\"oneway\":true}", "oneway: is unknown" },
		{ "{\"method\":\"a\",\"more\":1}", "more: is unknown, or of" },
		{ "{\"method\":\"a\"} x", "message: " }, { "{\"method\":\"\\u0000\"}", "message: " },
		{ "{\"method\":\"a\",\"parameters\":{\"a\":1e999}}", "message: " },
		{ "{\"method\":\"\xff\"}", "message: " },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"a\"}}", "interface: " },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\"}", "interface: " },
	};
	struct frame f;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CHECK_ERR(parse(&f, t[i].text), EBADMSG);
		CHECK(f.bad);
		if (strncmp(e.text, t[i].why, strlen(t[i].why)) != 0)
			test_fail(__FILE__, __LINE__, "%s: %s", t[i].text, e.text);
		frame_done(&f);
	}
}

static void nested(struct buf *b, int depth)
{
	buf_adds(b, "{\"method\":\"a\",\"parameters\":{\"b\":");
	for (int i = 2; i < depth; i++)
		buf_addc(b, '[');
	for (int i = 2; i < depth; i++)
		buf_addc(b, ']');
	buf_adds(b, ",\"brackets in strings\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[\"}}");
}

TEST(depth_and_size)
{
	struct buf auto_buf ok = BUF_INIT, deep = BUF_INIT, big = { .cap = 4 << 20 };
	struct frame f;

	nested(&ok, FRAME_DEPTH);
	nested(&deep, FRAME_DEPTH + 1);
	CHECK_OK(parse(&f, buf_str(&ok)), &e);
	frame_done(&f);
	CHECK_ERR(parse(&f, buf_str(&deep)), EBADMSG);
	CHECK_STR(e.text, "message: is nested too deep");
	frame_done(&f);
	buf_adds(&big, "{\"method\":\"a\",\"parameters\":{\"b\":\"");
	while (big.len < FRAME_MAX - 3)
		buf_addc(&big, 'x');
	buf_adds(&big, "\"}}");
	CHECK_EQ(big.len, FRAME_MAX);
	CHECK_OK(parse(&f, buf_str(&big)), &e);
	frame_done(&f);
	buf_addc(&big, ' ');
	CHECK_ERR(parse(&f, buf_str(&big)), EBADMSG);
	CHECK_STR(e.text, "message: is longer than 1 MiB");
	frame_done(&f);
}

TEST(many_values)
{
	for (unsigned n = FRAME_VALUES - 2; n <= FRAME_VALUES - 1; n++) {
		struct buf auto_buf b = { .cap = 4 << 20 };
		struct frame f;

		buf_adds(&b, "{\"method\":\"a\",\"parameters\":{\"b\":[1");
		for (unsigned i = 1; i <= n; i++)	/* two more commas stand around the list */
			buf_adds(&b, ",1");
		buf_adds(&b, "],\",,,,\":\",,,\"}}");
		if (n == FRAME_VALUES - 2)
			CHECK_OK(parse(&f, buf_str(&b)), &e);
		else
			CHECK_ERR(parse(&f, buf_str(&b)), EBADMSG);
		frame_done(&f);
	}
	CHECK_STR(e.text, "message: has too many values");
}

static void check_message(const struct buf *b, const char *want)
{
	json_error_t je;
	json_t *j = json_loads(buf_str(b), JSON_REJECT_DUPLICATES, &je);

	CHECK_EQ(b->len, strlen(want) + 1);
	CHECK_STR(buf_str(b), want);
	CHECK(j);
	json_decref(j);
}

TEST(answers)
{
	struct buf auto_buf b = BUF_INIT;

	frame_reply(&b, 200, "application/json", "{\"ETag\":\"\\\"x\\\"\"}", "{\"a\":1}", 7, 0, false);
	check_message(&b, "{\"parameters\":{\"status\":200,\"type\":\"application/json\",\"headers\":{\"ETag\":\"\\\"x\\\"\"},"
			  "\"body_length\":7,\"body\":{\"a\":1}}}");
	buf_reset(&b);
	frame_reply(&b, 404, "application/problem+json", "{}", "{}", 2, 0, false);
	check_message(&b, "{\"parameters\":{\"status\":404,\"type\":\"application/problem+json\",\"headers\":{},"
			  "\"body_length\":2,\"body\":{}}}");
	buf_reset(&b);
	frame_reply(&b, 204, NULL, NULL, NULL, 0, 0, false);
	check_message(&b, "{\"parameters\":{\"status\":204}}");
	buf_reset(&b);
	frame_reply(&b, 200, "text/plain", NULL, "a\n\"", 3, 0, false);
	check_message(&b, "{\"parameters\":{\"status\":200,\"type\":\"text/plain\",\"text\":\"a\\n\\\"\"}}");
	buf_reset(&b);
	frame_reply(&b, 200, "text/event-stream", NULL, NULL, 0, 0, true);
	check_message(&b, "{\"parameters\":{\"status\":200,\"type\":\"text/event-stream\"},\"continues\":true}");
	buf_reset(&b);
	frame_reply(&b, 101, "application/json", NULL, "{\"ws\":\"tty\"}", 12, 1, true);
	check_message(&b, "{\"parameters\":{\"status\":101,\"fds\":1,\"ws\":\"tty\"},\"continues\":true}");
	buf_reset(&b);
	frame_chunk(&b, "id: 1\n", 6, false);
	check_message(&b, "{\"parameters\":{\"chunk\":\"id: 1\\n\"},\"continues\":true}");
	buf_reset(&b);
	frame_chunk(&b, "", 0, true);
	check_message(&b, "{\"parameters\":{\"chunk\":\"\"}}");
	buf_reset(&b);
	frame_raw(&b, "{\"exit\":7}", 10, true);
	check_message(&b, "{\"parameters\":{\"exit\":7}}");
	buf_reset(&b);
	frame_raw(&b, NULL, 0, true);
	check_message(&b, "{\"parameters\":{}}");
	buf_reset(&b);
	frame_error(&b, "org.vz.Api.Refused", "detail", "a \"b\"");
	check_message(&b, "{\"error\":\"org.vz.Api.Refused\",\"parameters\":{\"detail\":\"a \\\"b\\\"\"}}");
}

TEST(answers_about_the_service_are_json)
{
	struct buf auto_buf b = BUF_INIT;
	json_t *j;

	frame_info(&b);
	j = json_loads(buf_str(&b), 0, NULL);
	CHECK_STR(json_string_value(json_object_get(json_object_get(j, "parameters"), "product")), "vzd");
	json_decref(j);
	buf_reset(&b);
	frame_describe(&b);
	j = json_loads(buf_str(&b), 0, NULL);
	CHECK(strstr(json_string_value(json_object_get(json_object_get(j, "parameters"), "description")), "interface org.vz.Api\n"));
	json_decref(j);
}

TEST(any_bytes_become_a_string)
{
	static const struct { const char *in, *out; } t[] = {
		{ "", "\"\"" }, { "plain", "\"plain\"" }, { "a\tb\r\n", "\"a\\tb\\r\\n\"" }, { "\x01\x7f", "\"\\u0001\x7f\"" },
		{ "\\\"", "\"\\\\\\\"\"" }, { "\xc3\xa4", "\"\xc3\xa4\"" }, { "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" },
		{ "\xff", "\"\xef\xbf\xbd\"" }, { "\xc3", "\"\xef\xbf\xbd\"" }, { "\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, { "a\xc3(b", "\"a\xef\xbf\xbd(b\"" },
		{ "\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct buf auto_buf b = BUF_INIT;

		frame_string(&b, t[i].in, strlen(t[i].in));
		CHECK_STR(buf_str(&b), t[i].out);
	}
	for (int c = 0; c < 256; c++) {
		struct buf auto_buf b = BUF_INIT;
		const char s[2] = { 'x', (char)c };
		json_t *j;

		frame_string(&b, s, 2);
		j = json_loads(buf_str(&b), JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		CHECK(json_is_string(j) && json_string_value(j)[0] == 'x');
		json_decref(j);
	}
}
