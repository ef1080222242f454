/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/client_msg.c and client.c: JSON as text, and a talk with a server that answers in odd pieces. */
#include "vzctl/client.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/lib/test.h"
#include "util/str.h"

TEST(client_strings)
{
	static const struct { const char *in, *out; } t[] = {
		{ "", "\"\"" }, { "a\"b\\c", "\"a\\\"b\\\\c\"" }, { "\n\t\x7f", "\"\\u000a\\u0009\\u007f\"" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\xff", "\"\xef\xbf\xbd\"" }, { "\xc3", "\"\xef\xbf\xbd\"" }, { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct buf auto_buf b = BUF_INIT;

		json_text_string(&b, t[i].in);
		CHECK_STR(buf_str(&b), t[i].out);
	}
}

TEST(client_unquote)
{
	static const struct { const char *in, *out; } t[] = {
		{ "\"\"", "" }, { "\"a\\n\\\"\\\\\\/b\"", "a\n\"\\/b" }, { "\"\\u00e9\\u20ac\\ud83d\\ude00\"", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\"\\ud83d\"", NULL }, { "\"\\ude00\"", NULL }, { "\"\\u12\"", NULL }, { "\"\\x\"", NULL }, { "\"\\\"", NULL },
		{ "x", NULL }, { "\"", NULL }, { "", NULL }, { "\"\\ud83dxxxxxx\"", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct buf auto_buf b = BUF_INIT;
		bool ok = json_text_unquote(t[i].in, strlen(t[i].in), &b);

		if (ok != (t[i].out != NULL) || (ok && strcmp(buf_str(&b), t[i].out) != 0))
			test_fail(__FILE__, __LINE__, "%s: %s", t[i].in, buf_str(&b));
	}
}

TEST(client_members)
{
	static const char text[] = " { \"a\" : 1 , \"b\":{\"c\":[1,\"}\",{}]}, \"c\\\"\": null,\"s\":\"x\\\"y\", \"t\":true}";
	static const struct { const char *name, *value; } t[] = {
		{ "a", "1" }, { "b", "{\"c\":[1,\"}\",{}]}" }, { "s", "\"x\\\"y\"" }, { "t", "true" }, { "c", NULL }, { "", NULL },
		{ "ab", NULL },
	};
	static const char *const bad[] = { "", "[]", "1", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":[1", "{\"b\":1]}", "{a:1}", "{\"z\":\"x" };
	const char *v;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		bool ok = json_text_member(text, strlen(text), t[i].name, &v, &n);

		if (ok != (t[i].value != NULL) || (ok && (n != strlen(t[i].value) || memcmp(v, t[i].value, n) != 0)))
			test_fail(__FILE__, __LINE__, "%s: %.*s", t[i].name, ok ? (int)n : 0, ok ? v : "");
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!json_text_member(bad[i], strlen(bad[i]), "y", &v, &n));
}

TEST(client_encodes)
{
	struct buf auto_buf q = BUF_INIT, p = BUF_INIT;

	client_query(&q, "a b", "x&y=z");
	client_query(&q, "c", "\xc3\xa9");
	CHECK_STR(buf_str(&q), "a%20b=x%26y%3Dz&c=%C3%A9");
	client_path_seg(&p, "../a/b?c#d");
	CHECK_STR(buf_str(&p), "..%2Fa%2Fb%3Fc%23d");
}

/* A server for one connection: reads up to the NUL, checks it, answers byte by byte or in one go. */
static pid_t serve(const char *path, const char *want, const char *answer, size_t len, bool slow)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char in[4096];
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	CHECK(str_copy(un.sun_path, sizeof(un.sun_path), path) == 0);
	CHECK(s >= 0 && bind(s, (struct sockaddr *)&un, sizeof(un)) == 0 && listen(s, 1) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid) {
		close(s);
		return pid;
	}
	s = accept(s, NULL, NULL);
	while (n < sizeof(in) && (got = read(s, in + n, sizeof(in) - n)) > 0)
		if (memchr(in, '\0', n += (size_t)got))
			break;
	for (size_t i = 0; i < len; i += slow ? 1 : len)
		if (write(s, answer + i, slow ? 1 : len) < 0)
			_exit(3);
	_exit(n == strlen(want) + 1 && strcmp(in, want) == 0 ? 0 : 4);
}

static int status_of(pid_t pid)
{
	int st;

	CHECK(waitpid(pid, &st, 0) == pid);
	return WIFEXITED(st) ? WEXITSTATUS(st) : 99;
}

static void talk(bool slow)
{
	static const char answer[] = "{\"parameters\":{\"status\":201,\"type\":\"application/json\",\"headers\":{\"ETag\":\"\\\"x\\\"\"},"
				     "\"body_length\":9,\"body\":{\"a\":\"}\"}}}";
	const struct client_call call = { .verb = "POST", .path = "/v1/x", .query = "a=b", .token = "t\"", .body = "{\"k\":1}" };
	char path[256];
	struct client *c;
	struct client_answer a;
	struct err e = { 0 };
	pid_t pid;

	str_fmt(path, sizeof(path), "%s/s%d", test_tmp(), slow);
	pid = serve(path, "{\"method\":\"org.vz.Api.Call\",\"parameters\":{\"verb\":\"POST\",\"path\":\"/v1/x\",\"query\":\"a=b\","
			  "\"token\":\"t\\\"\",\"body\":{\"k\":1}}}", answer, sizeof(answer), slow);
	CHECK_OK(client_open(path, &c, &e), &e);
	CHECK_OK(client_call(c, &call, &a, &e), &e);
	CHECK_EQ(a.status, 201);
	CHECK_STR(a.type, "application/json");
	CHECK_STR(a.headers, "{\"ETag\":\"\\\"x\\\"\"}");
	CHECK_STR(buf_str(&a.body), "{\"a\":\"}\"}");
	CHECK(!a.more && !a.n_fds);
	client_answer_done(&a);
	client_close(c);
	CHECK_EQ(status_of(pid), 0);
}

TEST(client_talk)
{
	talk(false);
	talk(true);
}

TEST(client_stream)
{
	static const char answer[] = "{\"parameters\":{\"status\":200,\"type\":\"text/event-stream\"},\"continues\":true}\0"
				     "{\"parameters\":{\"chunk\":\"id: 1\\n\"},\"continues\":true}\0"
				     "{\"parameters\":{\"chunk\":\"\\u20ac\"},\"continues\":true}\0{\"parameters\":{\"exit\":7}}";
	const struct client_call call = { .verb = "GET", .path = "/v1/events", .stream = true };
	struct buf auto_buf b = BUF_INIT;
	char path[256];
	struct client *c;
	struct client_answer a;
	struct err e = { 0 };
	int exit = 0;
	pid_t pid;

	str_fmt(path, sizeof(path), "%s/s", test_tmp());
	pid = serve(path, "{\"method\":\"org.vz.Api.Call\",\"parameters\":{\"verb\":\"GET\",\"path\":\"/v1/events\"},\"more\":true}", answer,
		    sizeof(answer), true);
	CHECK_OK(client_open(path, &c, &e), &e);
	CHECK_OK(client_call(c, &call, &a, &e), &e);
	CHECK(a.more);
	CHECK_EQ(client_next(c, &b, &exit, &e), 1);
	CHECK_EQ(exit, -1);
	CHECK_EQ(client_next(c, &b, &exit, &e), 1);
	CHECK_EQ(client_next(c, &b, &exit, &e), 0);
	CHECK_EQ(exit, 7);
	CHECK_STR(buf_str(&b), "id: 1\n\xe2\x82\xac");
	CHECK_ERR(client_next(c, &b, &exit, &e), ECONNRESET);
	client_answer_done(&a);
	client_close(c);
	CHECK_EQ(status_of(pid), 0);
}

TEST(client_refusals)
{
	static const char *const answers[] = { "", "{}", "{\"parameters\":{}}", "nonsense", "{\"parameters\":{\"status\":\"x\"}}",
					       "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{}}" };
	const struct client_call call = { .verb = "GET", .path = "/" };
	struct client *c;
	struct client_answer a;
	struct err e = { 0 };
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		pid_t pid;

		str_fmt(path, sizeof(path), "%s/r%zu", test_tmp(), i);
		pid = serve(path, "", answers[i], strlen(answers[i]) + 1, false);
		CHECK_OK(client_open(path, &c, &e), &e);
		CHECK(client_call(c, &call, &a, &e) < 0 && e.text[0]);
		client_close(c);
		CHECK_EQ(status_of(pid), 4);
	}
	str_fmt(path, sizeof(path), "%s/none", test_tmp());
	CHECK_ERR(client_open(path, &c, &e), ENOENT);
	CHECK(strstr(e.text, "vzd does not run"));
}
