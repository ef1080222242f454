/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/api_check.c: what a body and a query may be. */
#include <string.h>

#include "tests/lib/test.h"
#include "util/str.h"
#include "vzd/api_priv.h"

static const struct api_field body[] = {
	{ .name = "name", .type = API_STR, .required = true, .min = 1, .max = 8 },
	{ .name = "n", .type = API_INT, .min = -5, .max = 10 },
	{ .name = "big", .type = API_INT },
	{ .name = "on", .type = API_BOOL },
	{ .name = "word", .type = API_STR, .one_of = "up down" },
	{ .name = "list", .type = API_LIST, .max = 2 },
	{ .name = "argv", .type = API_ARGV, .min = 1, .max = 3 },
	{ .name = "text", .type = API_LINES },
	{ .name = "obj", .type = API_OBJ },
	{ .name = NULL },
};
static const struct api_route post = { .verb = "POST", .path = "/x", .body = body };
static const struct api_route patch = { .verb = "PATCH", .path = "/x", .body = body };
static const struct api_route none = { .verb = "POST", .path = "/x" };

/* "pointer code" of each error, separated by blanks. */
static void is(const struct api_route *r, const char *text, const char *want)
{
	json_t *j = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL, *errors = NULL, *v;
	auto_buf struct buf got = BUF_INIT;
	size_t i;

	CHECK(!text || j);
	CHECK_EQ(api_check_body(r, j, &errors), *want ? -EINVAL : 0);
	json_array_foreach(errors, i, v) {
		CHECK(*json_string_value(json_object_get(v, "detail")));
		buf_addf(&got, "%s%s %s", i ? " " : "", json_string_value(json_object_get(v, "pointer")),
			 json_string_value(json_object_get(v, "code")));
	}
	CHECK_STR(buf_str(&got), want);
	json_decref(errors);
	json_decref(j);
}

TEST(check_bodies)
{
	is(&post, "{\"name\":\"a\"}", "");
	is(&post, "{\"name\":\"a\",\"n\":-5,\"big\":9007199254740991,\"on\":false,\"word\":\"up\",\"list\":[],\"argv\":[\"a\\nb\"],"
		  "\"text\":\"a\\n\\tb\",\"obj\":{\"x\":[1]}}", "");
	is(&post, NULL, "/name required");
	is(&post, "{}", "/name required");
	is(&post, "[]", " type");
	is(&post, "7", " type");
	is(&post, "{\"name\":\"\"}", "/name length");
	is(&post, "{\"name\":\"123456789\"}", "/name length");
	is(&post, "{\"name\":\"a\\u0007\"}", "/name characters");
	is(&post, "{\"name\":\"a\\nb\"}", "/name characters");
	is(&post, "{\"name\":7}", "/name type");
	is(&post, "{\"name\":null}", "/name type");
	is(&post, "{\"name\":\"a\",\"n\":11}", "/n range");
	is(&post, "{\"name\":\"a\",\"n\":1.5}", "/n type");
	is(&post, "{\"name\":\"a\",\"n\":\"1\"}", "/n type");
	is(&post, "{\"name\":\"a\",\"n\":true}", "/n type");
	is(&post, "{\"name\":\"a\",\"big\":9007199254740992}", "/big range");
	is(&post, "{\"name\":\"a\",\"on\":1}", "/on type");
	is(&post, "{\"name\":\"a\",\"word\":\"u\"}", "/word value");
	is(&post, "{\"name\":\"a\",\"word\":\"up down\"}", "/word value");
	is(&post, "{\"name\":\"a\",\"list\":[\"a\",\"b\",\"c\"]}", "/list length");
	is(&post, "{\"name\":\"a\",\"list\":[\"a\",7]}", "/list type");
	is(&post, "{\"name\":\"a\",\"list\":[\"a\\n\"]}", "/list characters");
	is(&post, "{\"name\":\"a\",\"argv\":[]}", "/argv length");
	is(&post, "{\"name\":\"a\",\"text\":\"a\\u0001\"}", "/text characters");
	is(&post, "{\"name\":\"a\",\"obj\":[]}", "/obj type");
	is(&post, "{\"name\":\"a\",\"more\":1,\"a/b~c\":2}", "/more unknown /a~1b~0c unknown");
	is(&post, "{\"n\":99,\"on\":\"x\"}", "/n range /on type /name required");
	is(&none, NULL, "");
	is(&none, "{}", "");
	is(&none, "{\"a\":1}", "/a unknown");
	is(&patch, "{\"name\":\"a\",\"n\":null,\"word\":null}", "");
	is(&patch, "{\"name\":null}", "/name type");
	is(&post, "{\"name\":\"a\",\"n\":null}", "/n type");
}

TEST(check_errors_have_an_end)
{
	json_t *j = json_pack("{ss}", "name", "a"), *errors = NULL;

	for (int i = 0; i < 100; i++) {
		char name[8];

		str_fmt(name, sizeof(name), "x%d", i);
		json_object_set_new(j, name, json_true());
	}
	CHECK_ERR(api_check_body(&post, j, &errors), EINVAL);
	CHECK_EQ(json_array_size(errors), 16);
	json_decref(errors);
	json_decref(j);
}

static const struct api_field query[] = {
	{ .name = "q", .type = API_STR, .max = 10 },
	{ .name = "n", .type = API_INT, .min = 1, .max = 60 },
	{ .name = "on", .type = API_BOOL },
	{ .name = "l", .type = API_LIST },
	{ .name = NULL },
};
static const struct api_route get = { .verb = "GET", .path = "/x", .query = query };
static const struct api_route paged = { .verb = "GET", .path = "/x", .query = query, .flags = API_PAGED };

static void asks(const struct api_route *r, const char *text, const char *want)
{
	json_t *q = NULL, *errors = NULL;
	auto_free char *got = NULL;

	if (api_check_query(r, text, &q, &errors) == 0) {
		got = q ? json_dumps(q, JSON_COMPACT | JSON_SORT_KEYS) : strdup("-");
	} else {
		auto_buf struct buf b = BUF_INIT;

		buf_addf(&b, "%s %s", json_string_value(json_object_get(json_array_get(errors, 0), "pointer")),
			 json_string_value(json_object_get(json_array_get(errors, 0), "code")));
		got = buf_take(&b);
	}
	CHECK_STR(got, want);
	json_decref(q);
	json_decref(errors);
}

TEST(check_queries)
{
	asks(&get, NULL, "-");
	asks(&get, "", "-");
	asks(&get, "q=a+b%26c", "{\"q\":\"a b&c\"}");
	asks(&get, "q=", "{\"q\":\"\"}");
	asks(&get, "q", "{\"q\":\"\"}");
	asks(&get, "&q=1&", "{\"q\":\"1\"}");
	asks(&get, "q=a=b", "{\"q\":\"a=b\"}");
	asks(&get, "n=7&on=true&l=a,b,,c", "{\"l\":[\"a\",\"b\",\"c\"],\"n\":7,\"on\":true}");
	asks(&get, "on=0", "{\"on\":false}");
	asks(&get, "on=yes", "?on type");
	asks(&get, "n=61", "?n range");
	asks(&get, "n=", "?n type");
	asks(&get, "n=7x", "?n type");
	asks(&get, "n=99999999999999999999", "?n type");
	asks(&get, "n=1&n=2", "?n duplicate");
	asks(&get, "x=1", "?x unknown");
	asks(&get, "=1", "? unknown");
	asks(&get, "limit=5", "?limit unknown");
	asks(&get, "q=%00", " characters");
	asks(&get, "q=%0a", " characters");
	asks(&get, "q=%ff", " characters");
	asks(&get, "q=%f", " characters");
	asks(&get, "q=12345678901", "?q length");
	asks(&paged, "limit=5&cursor=abc&fields=a,b", "{\"cursor\":\"abc\",\"fields\":[\"a\",\"b\"],\"limit\":5}");
	asks(&paged, "limit=0", "?limit range");
	asks(&paged, "limit=1001", "?limit range");
	asks(&paged, "fields=", "?fields length");
}
