/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/web_reply.h"

#include <string.h>

#include "tests/lib/test.h"

static char copy[4096];

static int cut(const char *s, struct web_reply *r)
{
	struct err e = { 0 };
	size_t n = strlen(s);

	memcpy(copy, s, n + 1);
	return web_reply_cut(copy, n, r, &e);
}

TEST(web_reply_takes_the_body_as_it_is)
{
	struct web_reply r;

	CHECK_EQ(cut("{\"parameters\":{\"status\":200,\"type\":\"application/json\",\"headers\":{\"ETag\":\"\\\"c12ab\\\"\",\"X\":\"\"},"
		     "\"body_length\":17,\"body\":{\"a\": \"}}\\u0000\"}}}", &r), 0);
	CHECK_EQ(r.status, 200);
	CHECK_STR(r.type, "application/json");
	CHECK_EQ(r.n_headers, 2);
	CHECK_STR(r.headers[0].name, "ETag");
	CHECK_STR(r.headers[0].value, "\"c12ab\"");
	CHECK_STR(r.headers[1].value, "");
	CHECK_EQ(r.body.len, 17);
	CHECK(!memcmp(r.body.s, "{\"a\": \"}}\\u0000\"}", 17));
	CHECK(!r.continues);
}

TEST(web_reply_texts_and_chunks_are_decoded)
{
	struct web_reply r;

	CHECK_EQ(cut("{\"parameters\":{\"status\":200,\"text\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u20ac\\ud83d\\ude00\"}}", &r), 0);
	CHECK_STR(r.text.s, "a\"\\/\b\f\n\r\t\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	CHECK_EQ(r.text.len, 18);
	CHECK_EQ(cut(" { \"parameters\" : { \"chunk\" : \"id: 1\\n\\n\" } , \"continues\" : true } ", &r), 0);
	CHECK_STR(r.chunk.s, "id: 1\n\n");
	CHECK(r.continues);
	CHECK_EQ(r.status, 0);
	CHECK_EQ(cut("{\"parameters\":{\"chunk\":\"\"}}", &r), 0);
	CHECK_STR(r.chunk.s, "");
	CHECK(!r.continues);
}

TEST(web_reply_descriptors_exit_and_errors)
{
	struct web_reply r;

	CHECK_EQ(cut("{\"parameters\":{\"status\":101,\"ws\":\"exec\",\"fds\":3},\"continues\":true}", &r), 0);
	CHECK_EQ(r.status, 101);
	CHECK_STR(r.ws, "exec");
	CHECK_EQ(r.fds, 3);
	CHECK_EQ(cut("{\"parameters\":{\"exit\":-1}}", &r), 0);
	CHECK(r.has_exit);
	CHECK_EQ(r.exit, -1);
	CHECK_EQ(cut("{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":[1,{\"x\":\"]\"}]}}", &r), 0);
	CHECK_STR(r.error, "org.varlink.service.InvalidParameter");
	CHECK_EQ(cut("{\"parameters\":{\"new\":{\"a\":[1,\"\\\"\"]},\"other\":null,\"status\":204}}", &r), 0);
	CHECK_EQ(r.status, 204);
	CHECK_EQ(cut("{}", &r), 0);
}

TEST(web_reply_refuses_what_makes_no_sense)
{
	static const char *const bad[] = {
		"", " ", "{", "}", "[]", "null", "{\"parameters\":{}", "{\"parameters\":{}}}", "{\"parameters\":{}}x",
		"{\"parameters\":{\"status\":\"200\"}}", "{\"parameters\":{\"status\":99}}", "{\"parameters\":{\"status\":600}}",
		"{\"parameters\":{\"status\":2000000000000000000000}}", "{\"parameters\":{\"status\":}}",
		/* lengths that do not fit what is there */
		"{\"parameters\":{\"body_length\":1,\"body\":{}}}", "{\"parameters\":{\"body_length\":3,\"body\":{}}}",
		"{\"parameters\":{\"body_length\":0,\"body\":}}", "{\"parameters\":{\"body\":{}}}",
		"{\"parameters\":{\"body_length\":-1,\"body\":{}}}", "{\"parameters\":{\"body_length\":2,\"body\":{},\"x\":1}}",
		/* headers that would split a response */
		"{\"parameters\":{\"headers\":{\"A\":\"b\\r\\nC: d\"}}}", "{\"parameters\":{\"headers\":{\"A\\n\":\"b\"}}}",
		"{\"parameters\":{\"headers\":{\"\":\"b\"}}}", "{\"parameters\":{\"headers\":{\"A:\":\"b\"}}}",
		"{\"parameters\":{\"headers\":{\"A\":1}}}", "{\"parameters\":{\"type\":\"text/plain\\r\\nX: y\"}}",
		/* strings */
		"{\"parameters\":{\"text\":\"a}}", "{\"parameters\":{\"text\":\"\\x\"}}", "{\"parameters\":{\"text\":\"\\u12\"}}",
		"{\"parameters\":{\"text\":\"\\u0000\"}}", "{\"parameters\":{\"text\":\"\\ud83d\"}}",
		"{\"parameters\":{\"text\":\"\\ud83d\\u0041\"}}", "{\"parameters\":{\"text\":\"\\ude00\"}}", "{\"parameters\":{\"text\":\"\\",
		"{\"parameters\":{\"x\":\"\\", "{\"parameters\":{\"x\":}}", "{\"parameters\":{\"continues\"}}", "{\"continues\":truth}",
		"{\"parameters\":{\"fds\":17}}",
	};
	struct web_reply r;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (cut(bad[i], &r) != -EBADMSG)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
		CHECK(!r.body.s && !r.n_headers && !r.status);
	}
}

TEST(web_reply_has_a_limit_of_headers)
{
	char s[2048] = "{\"parameters\":{\"headers\":{";
	struct web_reply r;
	size_t n = strlen(s);

	for (int i = 0; i < WEB_REPLY_HEADERS; i++)
		n += (size_t)snprintf(s + n, sizeof(s) - n, "\"A\":\"b\"%s", i < WEB_REPLY_HEADERS - 1 ? "," : "");
	snprintf(s + n, sizeof(s) - n, "}}}");
	CHECK_EQ(cut(s, &r), 0);
	CHECK_EQ(r.n_headers, WEB_REPLY_HEADERS);
	snprintf(s + n, sizeof(s) - n, ",\"A\":\"b\"}}}");
	CHECK_ERR(cut(s, &r), EBADMSG);
}
