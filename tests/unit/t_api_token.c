/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/api_token.c and api_tenant.c through the gate: who may ask for what, and what is answered. */
#include "tests/unit/t_auth_box.h"

static size_t items(const struct box *b)
{
	return json_array_size(json_object_get(b->json, "items"));
}

static struct box *two_tenants(struct box *b)
{
	box_open(b);
	CHECK_EQ(box_call(b, NULL, "POST", "/v1/tenants", NULL, "{\"name\":\"acme\",\"title\":\"Acme\",\"limits\":{\"cts\":2}}"), 201);
	CHECK_EQ(box_call(b, NULL, "POST", "/v1/tenants", NULL, "{\"name\":\"beta\"}"), 201);
	return b;
}

TEST(api_token_life)
{
	static struct box b;
	char *text, path[64];

	box_open(&b);
	text = box_token(&b, "{\"role\":\"viewer\",\"description\":\"graphs\"}");
	CHECK(strstr(b.headers, "\"Location\":\"/v1/tokens/"));
	CHECK_EQ(strlen(text), TOKEN_LEN);
	CHECK_EQ(box_call(&b, text, "GET", "/v1/token", NULL, NULL), 200);
	CHECK_STR(box_str(&b, "role"), "viewer");
	CHECK_STR(box_str(&b, "remote"), "192.0.2.1");
	CHECK_EQ(box_call(&b, text, "GET", "/v1/tokens", NULL, NULL), 403);
	CHECK_STR(box_str(&b, "required_scope"), "token:write");
	CHECK_EQ(box_call(&b, NULL, "GET", "/v1/tokens", NULL, NULL), 200);
	CHECK_EQ(items(&b), 1);
	CHECK(!strstr(b.body, text) && !strstr(b.body, text + 17) && !strstr(b.body, "hash"));
	str_fmt(path, sizeof(path), "/v1/tokens/%.12s", text + 4);
	CHECK_EQ(box_call(&b, NULL, "GET", path, NULL, NULL), 200);
	CHECK_STR(box_str(&b, "description"), "graphs");
	CHECK(!json_object_get(b.json, "token"));
	CHECK_EQ(box_call(&b, NULL, "DELETE", path, NULL, NULL), 204);
	CHECK_EQ(box_call(&b, NULL, "DELETE", path, NULL, NULL), 404);
	CHECK_EQ(box_call(&b, text, "GET", "/v1/token", NULL, NULL), 401);
	CHECK_EQ(box_call(&b, NULL, "GET", "/v1/token", NULL, NULL), 200);
	CHECK_STR(box_str(&b, "principal"), "root");
	free(text);
	box_done(&b);
}

TEST(api_token_pages)
{
	static struct box b;
	char query[128] = "limit=3";
	unsigned n = 0, pages = 0;

	box_open(&b);
	for (unsigned i = 0; i < 10; i++)
		free(box_token(&b, "{\"role\":\"viewer\"}"));
	do {
		CHECK_EQ(box_call(&b, NULL, "GET", "/v1/tokens", query, NULL), 200);
		n += (unsigned)items(&b);
		pages++;
		str_fmt(query, sizeof(query), "limit=3&cursor=%s", box_str(&b, "next"));
	} while (*box_str(&b, "next"));
	CHECK_EQ(n, 10);
	CHECK_EQ(pages, 4);
	box_done(&b);
}

/* Who revokes a token may want what it made gone as well: it may have been stolen. */
TEST(api_token_made_by)
{
	static struct box b;
	char *first, *second, *third, *other, path[64];

	two_tenants(&b);
	first = box_token(&b, "{\"role\":\"tenant-admin\",\"tenant\":\"acme\"}");
	CHECK_EQ(box_call(&b, first, "POST", "/v1/tokens", NULL, "{\"role\":\"tenant-admin\"}"), 201);
	second = strdup(box_str(&b, "token"));
	CHECK_EQ(box_call(&b, second, "POST", "/v1/tokens", NULL, "{\"role\":\"viewer\"}"), 201);
	third = strdup(box_str(&b, "token"));
	other = box_token(&b, "{\"role\":\"tenant-admin\",\"tenant\":\"acme\"}");
	str_fmt(path, sizeof(path), "/v1/tokens/%.12s", first + 4);
	CHECK_EQ(box_call(&b, NULL, "DELETE", path, "created=true", NULL), 204);
	CHECK_EQ(box_call(&b, first, "GET", "/v1/token", NULL, NULL), 401);
	CHECK_EQ(box_call(&b, second, "GET", "/v1/token", NULL, NULL), 401);
	CHECK_EQ(box_call(&b, third, "GET", "/v1/token", NULL, NULL), 401);
	CHECK_EQ(box_call(&b, other, "GET", "/v1/token", NULL, NULL), 200);
	box_close(&b);
	box_open(&b);
	CHECK_EQ(b.d.auth->tokens.n, 1);
	free(first);
	free(second);
	free(third);
	free(other);
	box_done(&b);
}

TEST(api_token_across_tenants)
{
	static struct box b;
	char *acme, *beta, *weak, path[64];

	two_tenants(&b);
	acme = box_token(&b, "{\"role\":\"tenant-admin\",\"tenant\":\"acme\"}");
	beta = box_token(&b, "{\"role\":\"tenant-admin\",\"tenant\":\"beta\"}");
	weak = box_token(&b, "{\"scopes\":[\"token:write\"],\"tenant\":\"acme\"}");
	str_fmt(path, sizeof(path), "/v1/tokens/%.12s", beta + 4);
	CHECK_EQ(box_call(&b, acme, "GET", path, NULL, NULL), 404);
	CHECK_EQ(box_call(&b, acme, "DELETE", path, NULL, NULL), 404);
	str_fmt(path, sizeof(path), "/v1/tokens/%.12s/rotate", beta + 4);
	CHECK_EQ(box_call(&b, acme, "POST", path, NULL, NULL), 404);
	CHECK_EQ(box_call(&b, beta, "GET", "/v1/token", NULL, NULL), 200);
	CHECK_EQ(box_call(&b, acme, "GET", "/v1/tokens", NULL, NULL), 200);
	CHECK_EQ(items(&b), 2);
	CHECK_EQ(box_call(&b, acme, "POST", "/v1/tokens", NULL, "{\"role\":\"viewer\",\"tenant\":\"beta\"}"), 400);
	CHECK_EQ(box_call(&b, acme, "POST", "/v1/tokens", NULL, "{\"scopes\":[\"node:write\"]}"), 400);
	/* rotating a stronger one would be a way up */
	str_fmt(path, sizeof(path), "/v1/tokens/%.12s/rotate", acme + 4);
	CHECK_EQ(box_call(&b, weak, "POST", path, NULL, NULL), 403);
	CHECK_EQ(box_call(&b, weak, "POST", "/v1/tokens", NULL, "{\"role\":\"viewer\"}"), 403);
	CHECK_EQ(box_call(&b, weak, "POST", "/v1/tokens", NULL, "{\"scopes\":[\"token:write\"]}"), 201);
	free(acme);
	free(beta);
	free(weak);
	box_done(&b);
}

static int insert(sqlite3 *s, void *arg, struct err *e)
{
	return token_db_insert(s, arg, e);
}

/* The tenant, or the maker, goes while a token is on its way: no row may be left for whoever has the name next. */
TEST(api_token_of_no_tenant)
{
	static struct box b;
	struct err e = { 0 };
	struct token t = { .id = "aaaaaaaaaaaa", .tenant = "gone", .created_by = "root", .description = (char *)"" };

	box_open(&b);
	CHECK_ERR(db_write_sync(b.d.db, insert, &t, &e), ENOENT);
	t.tenant[0] = '\0';
	str_copy(t.created_by, sizeof(t.created_by), "token:bbbbbbbbbbbb");
	CHECK_ERR(db_write_sync(b.d.db, insert, &t, &e), ENOENT);
	str_copy(t.created_by, sizeof(t.created_by), "root");
	CHECK_OK(db_write_sync(b.d.db, insert, &t, &e), &e);
	box_done(&b);
}

TEST(api_tenant_life)
{
	static struct box b;
	char *text;

	two_tenants(&b);
	CHECK_EQ(box_call(&b, NULL, "POST", "/v1/tenants", NULL, "{\"name\":\"acme\"}"), 409);
	CHECK_EQ(box_call(&b, NULL, "POST", "/v1/tenants", NULL, "{\"name\":\"Bad Name\"}"), 400);
	CHECK_EQ(box_call(&b, NULL, "POST", "/v1/tenants", NULL, "{}"), 400);
	CHECK_EQ(box_call(&b, NULL, "PATCH", "/v1/tenants/acme", NULL, "{\"limits\":{\"cts\":null,\"memory\":5}}"), 200);
	CHECK(json_is_null(json_object_get(json_object_get(b.json, "limits"), "cts")));
	CHECK_EQ(json_integer_value(json_object_get(json_object_get(b.json, "limits"), "memory")), 5);
	CHECK_STR(box_str(&b, "title"), "Acme");
	CHECK_EQ(box_call(&b, NULL, "PATCH", "/v1/tenants/acme", NULL, "{\"limits\":{\"cows\":1}}"), 400);
	CHECK_EQ(box_call(&b, NULL, "PATCH", "/v1/tenants/nobody", NULL, "{}"), 404);
	CHECK_EQ(box_call(&b, NULL, "GET", "/v1/tenants", "limit=1", NULL), 200);
	CHECK_EQ(items(&b), 1);
	CHECK(*box_str(&b, "next"));
	text = box_token(&b, "{\"role\":\"viewer\",\"tenant\":\"beta\"}");
	box_ct(&b, 101, "beta", 1, INV_STOPPED);
	CHECK_EQ(box_call(&b, NULL, "DELETE", "/v1/tenants/beta", NULL, NULL), 409);
	b.cts[0]->owner[0] = '\0';
	CHECK_EQ(box_call(&b, NULL, "DELETE", "/v1/tenants/beta", NULL, NULL), 204);
	CHECK_EQ(box_call(&b, text, "GET", "/v1/token", NULL, NULL), 401);
	CHECK_EQ(box_call(&b, NULL, "POST", "/v1/tenants", NULL, "{\"name\":\"beta\"}"), 201);
	CHECK_EQ(box_call(&b, text, "GET", "/v1/token", NULL, NULL), 401);	/* not for the next one of that name */
	free(text);
	box_done(&b);
}

TEST(api_tenant_itself)
{
	static struct box b;
	char *acme;

	two_tenants(&b);
	acme = box_token(&b, "{\"role\":\"tenant-admin\",\"tenant\":\"acme\"}");
	CHECK_EQ(box_call(&b, acme, "GET", "/v1/tenants", NULL, NULL), 200);
	CHECK_EQ(items(&b), 1);
	CHECK_EQ(box_call(&b, acme, "GET", "/v1/tenants/acme", NULL, NULL), 200);
	CHECK_EQ(box_call(&b, acme, "GET", "/v1/tenants/beta", NULL, NULL), 404);
	CHECK_EQ(box_call(&b, acme, "PATCH", "/v1/tenants/acme", NULL, "{\"limits\":{\"cts\":null}}"), 403);
	CHECK_EQ(box_call(&b, acme, "PATCH", "/v1/tenants/beta", NULL, "{}"), 404);
	CHECK_EQ(box_call(&b, acme, "POST", "/v1/tenants", NULL, "{\"name\":\"gamma\"}"), 403);
	CHECK_EQ(box_call(&b, acme, "DELETE", "/v1/tenants/acme", NULL, NULL), 403);
	CHECK_EQ(box_call(&b, acme, "PUT", "/v1/tenants/acme/suspended", NULL, "{\"suspended\":true}"), 403);
	CHECK_EQ(box_call(&b, NULL, "PUT", "/v1/tenants/acme/suspended", NULL, "{\"suspended\":true,\"reason\":\"unpaid\"}"), 200);
	CHECK_STR(box_str(&b, "reason"), "unpaid");
	CHECK_EQ(box_call(&b, acme, "GET", "/v1/tenants/acme", NULL, NULL), 200);
	CHECK_EQ(box_call(&b, acme, "POST", "/v1/tokens", NULL, "{\"role\":\"viewer\"}"), 403);
	CHECK_STR(box_str(&b, "detail"), "the tenant is suspended: it may look, not change");
	free(acme);
	box_done(&b);
}
