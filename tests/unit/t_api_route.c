/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/api_route.c: paths as clients may write them, and the rows themselves. */
#include <string.h>

#include "tests/lib/test.h"
#include "util/str.h"
#include "vzd/api_priv.h"

static int run(struct api_call *c, struct err *e)
{
	(void)c;
	(void)e;
	return 0;
}

static const struct api_route rows[] = {
	{ "GET", "/v1", "root", SCOPE_NONE, 0, NULL, NULL, NULL, "", run },
	{ "GET", "/v1/cts", "list", SCOPE_NONE, 0, NULL, NULL, NULL, "", run },
	{ "POST", "/v1/cts", "add", SCOPE_NONE, 0, NULL, NULL, NULL, "", run },
	{ "GET", "/v1/cts/{ct}", "get", SCOPE_NONE, API_CT, NULL, NULL, NULL, "", run },
	{ "GET", "/v1/cts/{ct}/snaps/{snap}", "snap", SCOPE_NONE, API_CT, NULL, NULL, NULL, "", run },
	{ "GET", "/v1/{other}/{ct}/odd", "odd", SCOPE_NONE, API_CT, NULL, NULL, NULL, "", run },
	{ "GET", "/v1/cts/all/odd", "all", SCOPE_NONE, 0, NULL, NULL, NULL, "", run },
};
static const struct api_table table = API_TABLE(rows), *const tables[] = { &table };

static void finds(const char *verb, const char *path, const char *op, const char *seg0, const char *seg1, int ct)
{
	struct api_found f;
	struct err e = { 0 };
	char copy[200];
	char *seg[API_SEGS_MAX];
	size_t n;

	CHECK(str_copy(copy, sizeof(copy), path) == 0);
	CHECK_OK(api_path_split(copy, seg, &n, &e), &e);
	CHECK_OK(api_route_find(api_verb_of(verb), seg, n, &f, &e), &e);
	CHECK_STR(f.route ? f.route->op : NULL, op);
	if (!op)
		return;
	if (seg0)
		CHECK_STR(f.seg[0], seg0);
	if (seg1)
		CHECK_STR(f.seg[1], seg1);
	CHECK_EQ(f.ct_seg, ct);
}

TEST(route_find)
{
	struct err e = { 0 };

	CHECK_OK(api_route_use(tables, 1, &e), &e);
	finds("GET", "/v1", "root", NULL, NULL, -1);
	finds("HEAD", "/v1/cts", "list", NULL, NULL, -1);
	finds("POST", "/v1/cts", "add", NULL, NULL, -1);
	finds("PUT", "/v1/cts", NULL, NULL, NULL, -1);
	finds("BREW", "/v1/cts", NULL, NULL, NULL, -1);
	finds("GET", "/v1/cts/101", "get", "101", NULL, 0);
	finds("GET", "/v1/cts/all", "get", "all", NULL, 0);
	finds("GET", "/v1/cts/web%20one", "get", "web one", NULL, 0);
	finds("GET", "/v1/cts/101/snaps/a-b", "snap", "101", "a-b", 0);
	finds("GET", "/v1/cts/all/odd", "all", NULL, NULL, -1);
	finds("GET", "/v1/cts/all/snaps/x", "snap", "all", "x", 0);	/* the literal leads nowhere */
	finds("GET", "/v1/x/7/odd", "odd", "x", "7", 1);
	finds("GET", "/v1/cts/7/odd", "odd", "cts", "7", 1);
	finds("GET", "/v2", NULL, NULL, NULL, -1);
	finds("GET", "/v1/cts/101/snaps", NULL, NULL, NULL, -1);
	finds("GET", "/V1/cts", NULL, NULL, NULL, -1);
	api_route_done();
}

TEST(route_tricks)
{
	static const struct { const char *path; int code; } t[] = {
		{ "", ENOENT }, { "v1", ENOENT }, { "/", ENOENT }, { "//v1", ENOENT }, { "/v1/", ENOENT }, { "/v1//cts", ENOENT },
		{ "/v1/cts/..", EINVAL }, { "/v1/cts/.", EINVAL }, { "/v1/cts/%2e%2e", EINVAL }, { "/v1/cts/%2E./x", EINVAL },
		{ "/v1/cts/a%2fb", EINVAL }, { "/v1/cts/a%5cb", EINVAL }, { "/v1/cts/%00", EINVAL }, { "/v1/cts/1%0a", EINVAL },
		{ "/v1/cts/%7f", EINVAL }, { "/v1/cts/%", EINVAL }, { "/v1/cts/%4", EINVAL }, { "/v1/cts/%zz", EINVAL },
		{ "/v1/cts/%ff", EINVAL }, { "/v1/cts/%c0%ae", EINVAL }, { "/v1/cts/%ed%a0%80", EINVAL }, { "/v1/\x01", EINVAL },
		{ "/1/2/3/4/5/6/7/8/9/10/11/12/13", ENOENT }, { "/v1/cts/caf%c3%a9", 0 }, { "/v1/cts/%252e", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };
		char copy[200];
		char *seg[API_SEGS_MAX];
		size_t n;

		CHECK(str_copy(copy, sizeof(copy), t[i].path) == 0);
		if (api_path_split(copy, seg, &n, &e) != -t[i].code)
			test_fail(__FILE__, __LINE__, "%s: %d", t[i].path, e.code);
	}
}

TEST(route_rows_twice_are_refused)
{
	static const struct api_route twice[] = {
		{ "GET", "/v1/a/{x}", "one", SCOPE_NONE, 0, NULL, NULL, NULL, "", run },
		{ "GET", "/v1/a/{y}", "two", SCOPE_NONE, 0, NULL, NULL, NULL, "", run },
	};
	static const struct api_table bad = API_TABLE(twice), *const bads[] = { &bad };
	struct err e = { 0 };

	CHECK_ERR(api_route_use(bads, 1, &e), EINVAL);
	CHECK(strstr(e.text, "/v1/a/{y}"));
	api_route_done();
}

static bool row_ok(const struct api_route *r)
{
	bool ct = strstr(r->path, "{ct}") != NULL, writes = strcmp(r->verb, "GET") != 0;

	if (!r->run || !r->doc || !*r->doc || !r->op || !*r->op || r->doc[strlen(r->doc) - 1] != '.')
		return false;
	if (r->scope == SCOPE_NONE && writes && !(r->flags & API_KNOWN))
		return false;
	return ct == !!(r->flags & API_CT) && writes == !!(r->flags & API_WRITE) && (writes || !r->body);
}

/* The rows of all modules: what a reader of any of them relies on. */
TEST(route_rows)
{
	const struct api_route *r, *o;
	struct err e = { 0 };
	size_t i = 0, k;

	CHECK_OK(api_route_use(api_tables, api_tables_n, &e), &e);
	while ((r = api_route_next(&i))) {
		if (!row_ok(r))
			test_fail(__FILE__, __LINE__, "%s %s: flags, scope or text", r->verb, r->path);
		for (const struct api_field *f = r->body; f && f->name; f++)
			CHECK(f->doc && *f->doc && f->type < API_TYPE_N && f->min <= MAX(f->max, f->min));
		for (const struct api_field *f = r->query; f && f->name; f++)
			CHECK(f->doc && *f->doc && f->type != API_OBJ);
		k = 0;
		while ((o = api_route_next(&k)) && o != r) {
			if (!strcmp(o->op, r->op))
				test_fail(__FILE__, __LINE__, "two operations are called %s", r->op);
		}
	}
	CHECK(i > 40);
	api_route_done();
}
