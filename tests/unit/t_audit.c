/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/audit.c and api_audit.c: every change leaves a row, old ones go, pages and filters find them, nobody sees another's. */
#include "tests/unit/t_auth_box.h"

static size_t items(const struct box *b)
{
	return json_array_size(json_object_get(b->json, "items"));
}

static const char *item(const struct box *b, size_t i, const char *name)
{
	const char *s = json_string_value(json_object_get(json_array_get(json_object_get(b->json, "items"), i), name));

	return s ? s : "";
}

static int put_rows(sqlite3 *s, void *arg, struct err *e)
{
	for (int64_t i = 0; i < (int64_t)(intptr_t)arg; i++)
		if (db_exec(s, e, "INSERT INTO audit(time, principal, tenant, remote, verb, path, result, job, detail) "
				  "VALUES(?1, 'token:x', ?2, '', 'POST', '/v1/cts', 202, 'j1', '')", "is", i * 1000,
			    i % 2 ? "acme" : "other") < 0)
			return -e->code;
	return 0;
}

TEST(audit_rows)
{
	static struct box b;
	struct principal p = { .name = "token:abc", .tenant = "acme", .remote = "192.0.2.1" };

	box_open(&b);
	auth_audit(b.d.auth, &p, "POST", "/v1/cts", 202, "j0001", "create");
	auth_audit(b.d.auth, NULL, "DELETE", "/v1/cts/1\x1b[2J\n", 404, NULL, NULL);
	db_drain(b.d.db);
	CHECK_EQ(box_call(&b, NULL, "GET", "/v1/audit", NULL, NULL), 200);
	CHECK_EQ(items(&b), 2);
	CHECK_STR(item(&b, 0, "path"), "/v1/cts/1?[2J?");	/* no control of anybody's terminal */
	CHECK_STR(item(&b, 1, "principal"), "token:abc");
	CHECK_STR(item(&b, 1, "remote"), "192.0.2.1");
	CHECK_STR(item(&b, 1, "operation"), "j0001");
	CHECK_STR(item(&b, 1, "detail"), "create");
	CHECK_EQ(box_call(&b, NULL, "GET", "/v1/audit", "principal=token:abc&verb=POST&path=/v1/c", NULL), 200);
	CHECK_EQ(items(&b), 1);
	CHECK_EQ(box_call(&b, NULL, "GET", "/v1/audit", "path=/v1/tenants", NULL), 200);
	CHECK_EQ(items(&b), 0);
	CHECK_EQ(box_call(&b, NULL, "GET", "/v1/audit", "from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z", NULL), 200);
	CHECK_EQ(items(&b), 0);
	CHECK_EQ(box_call(&b, NULL, "GET", "/v1/audit", "from=yesterday", NULL), 400);
	CHECK_EQ(box_call(&b, NULL, "GET", "/v1/audit", "verb=GET", NULL), 400);
	box_done(&b);
}

TEST(audit_pages)
{
	static struct box b;
	struct err e = { 0 };
	char query[128];
	unsigned seen = 0, pages = 0;

	box_open(&b);
	CHECK_OK(db_write_sync(b.d.db, put_rows, (void *)45000, &e), &e);
	str_copy(query, sizeof(query), "limit=500&tenant=acme");
	for (;;) {
		CHECK_EQ(box_call(&b, NULL, "GET", "/v1/audit", query, NULL), 200);
		for (size_t i = 0; i < items(&b); i++)
			CHECK_STR(item(&b, i, "tenant"), "acme");
		seen += (unsigned)items(&b);
		pages++;
		if (!json_is_string(json_object_get(b.json, "next")))
			break;
		str_fmt(query, sizeof(query), "limit=500&tenant=acme&cursor=%s", box_str(&b, "next"));
	}
	CHECK_EQ(seen, 22500);
	CHECK(pages >= 45);
	/* nothing matches: short answers, and an end */
	str_copy(query, sizeof(query), "tenant=nobody");
	for (pages = 0; pages < 9; pages++) {
		CHECK_EQ(box_call(&b, NULL, "GET", "/v1/audit", query, NULL), 200);
		CHECK_EQ(items(&b), 0);
		if (!json_is_string(json_object_get(b.json, "next")))
			break;
		str_fmt(query, sizeof(query), "tenant=nobody&cursor=%s", box_str(&b, "next"));
	}
	CHECK_EQ(pages, 2);
	box_done(&b);
}

static int count(sqlite3_stmt *st, void *arg, struct err *e)
{
	(void)e;
	*(int64_t *)arg = sqlite3_column_int64(st, 0);
	return 0;
}

TEST(audit_is_cut)
{
	static struct box b;
	struct err e = { 0 };
	int64_t n = 0;

	box_open(&b);
	CHECK_OK(db_write_sync(b.d.db, put_rows, (void *)3000, &e), &e);	/* of 1970: too old */
	auth_audit(b.d.auth, NULL, "POST", "/v1/x", 200, NULL, NULL);
	db_drain(b.d.db);
	CHECK(db_each(db_reader(b.d.db), &e, count, &n, "SELECT COUNT(*) FROM audit", "") >= 0);
	CHECK_EQ(n, 1);
	b.d.conf.audit_rows = (struct num_opt){ .v = 100, .set = true };
	for (unsigned i = 0; i < 600; i++)
		auth_audit(b.d.auth, NULL, "POST", "/v1/x", 200, NULL, NULL);
	db_drain(b.d.db);
	CHECK(db_each(db_reader(b.d.db), &e, count, &n, "SELECT COUNT(*) FROM audit", "") >= 0);
	CHECK(n >= 100 && n < 100 + 256);
	box_done(&b);
}

TEST(audit_of_a_tenant)
{
	static struct box b;
	char *text;

	box_open(&b);
	CHECK_EQ(box_call(&b, NULL, "POST", "/v1/tenants", NULL, "{\"name\":\"acme\"}"), 201);
	text = box_token(&b, "{\"role\":\"tenant-admin\",\"tenant\":\"acme\"}");
	CHECK_EQ(box_call(&b, text, "POST", "/v1/tokens", NULL, "{\"role\":\"viewer\"}"), 201);
	db_drain(b.d.db);
	CHECK_EQ(box_call(&b, text, "GET", "/v1/audit", "tenant=other", NULL), 200);	/* his own, whatever he asks */
	CHECK_EQ(items(&b), 1);
	CHECK_STR(item(&b, 0, "path"), "/v1/tokens");
	free(text);
	box_done(&b);
}
