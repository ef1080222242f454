/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/api_ct_list.c: who sees what, in which order, and pages that neither skip nor repeat while containers come and go. */
#include <time.h>

#include "tests/unit/t_api_env.h"

static struct api_env v;
static struct api_answer a;
static struct principal *root, *acme;
extern const struct api_table api_ct_table;
static const struct api_table *const tables[] = { &api_ct_table };

static void add(unsigned id, const char *conf)
{
	char path[64];

	str_fmt(path, sizeof(path), BOX "/private/%u", id);
	mkdir(path, 0700);
	box_conf(id, conf);
}

static void up(void)
{
	struct err e = { 0 };

	box_init(&v.box, "");
	v.boxed = true;
	add(101, "NAME=\"web\"\nHOSTNAME=\"b.example\"\nPHYSPAGES=\"0:3000\"\nOWNER=\"acme\"\nOSTEMPLATE=\"debian-12\"\n");
	add(102, "NAME=\"db\"\nHOSTNAME=\"a.example\"\nPHYSPAGES=\"0:2000\"\nOSTEMPLATE=\"alpine\"\nDESCRIPTION=\"The Base\"\n");
	add(103, "NAME=\"web2\"\nHOSTNAME=\"b.example\"\nPHYSPAGES=\"0:2000\"\nOWNER=\"acme\"\nOSTEMPLATE=\"debian-13\"\n");
	add(104, "NAME=\"cache\"\nHOSTNAME=\"c.example\"\nOSTEMPLATE=\"alpine\"\n");
	api_env_open(&v);
	CHECK_OK(api_route_use(tables, 1, &e), &e);
	root = api_env_who("root", "", scopes_all);
	acme = api_env_who("token:acme", "acme", scopes_tenant);
}

static void down(void)
{
	api_answer_done(&a);
	principal_unref(root);
	principal_unref(acme);
	api_env_close(&v);
}

/* The ids of one page, "101 102"; @cursor: of the page before, replaced by this one's. */
static const char *page(struct principal *who, const char *query, char cursor[600])
{
	static char ids[200];
	struct buf auto_buf b = BUF_INIT;
	const char *next;
	json_t *item;
	char path[1000];
	size_t i;

	str_fmt(path, sizeof(path), "/v1/cts?%s%s%s", query, cursor && *cursor ? "&cursor=" : "", cursor ? cursor : "");
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, who, "GET", path, NULL, &a), 200);
	json_array_foreach(json_object_get(a.body, "items"), i, item)
		buf_addf(&b, "%s%lld", i ? " " : "", (long long)json_integer_value(json_object_get(item, "ctid")));
	next = api_answer_str(&a, "next");
	if (cursor)
		CHECK(str_copy(cursor, 600, next ? next : "") == 0);
	CHECK(str_copy(ids, sizeof(ids), buf_str(&b)) == 0);
	return ids;
}

TEST_ROOT(api_ct_list_filters)
{
	static const struct { const char *query, *ids; } t[] = {
		{ "limit=10", "101 102 103 104" }, { "owner=acme", "101 103" }, { "name=web*", "101 103" },
		{ "template=debian-*", "101 103" }, { "hostname=a*", "102" }, { "state=stopped", "101 102 103 104" },
		{ "state=running", "" }, { "q=BASE", "102" }, { "q=03", "103" }, { "q=exam&owner=acme&name=web", "101" },
		{ "name=%5Bdw%5D*", "101 102 103" }, { "owner=", "102 104" },
	};

	up();
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		CHECK_STR(page(root, t[i].query, NULL), t[i].ids);
	CHECK_STR(page(acme, "limit=10", NULL), "101 103");
	CHECK_STR(page(acme, "owner=other", NULL), "");
	CHECK_STR(page(acme, "q=02", NULL), "");
	CHECK(!json_object_get(json_array_get(json_object_get(a.body, "items"), 0), "config"));
	down();
}

TEST_ROOT(api_ct_list_orders)
{
	static const struct { const char *sort, *ids; } t[] = {
		{ "ctid", "101 102 103 104" }, { "-ctid", "104 103 102 101" }, { "name", "104 102 101 103" },
		{ "-name", "103 101 102 104" }, { "hostname", "102 101 103 104" }, { "-hostname", "104 103 101 102" },
		{ "memory", "102 103 101 104" }, { "-memory", "104 101 103 102" }, { "state", "101 102 103 104" },
		{ "-state", "104 103 102 101" },
	};

	up();
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct buf auto_buf all = BUF_INIT;
		char query[64], cursor[600] = "";

		str_fmt(query, sizeof(query), "sort=%s", t[i].sort);
		CHECK_STR(page(root, query, NULL), t[i].ids);
		str_fmt(query, sizeof(query), "sort=%s&limit=1", t[i].sort);
		do
			buf_addf(&all, "%s%s", all.len ? " " : "", page(root, query, cursor));
		while (*cursor && all.len < 100);
		CHECK_STR(buf_str(&all), t[i].ids);
	}
	down();
}

/* The one that the cursor stands on goes: the page after it is what would have followed. */
TEST_ROOT(api_ct_list_goes_on_where_one_is_gone)
{
	static const struct { const char *sort, *first; unsigned gone; const char *rest; } t[] = {
		{ "ctid", "101 102", 102, "103 104" },
		{ "-ctid", "104 103", 103, "102 101" },
		{ "name", "104 102", 102, "101 103" },
		{ "-hostname", "104 103", 103, "101 102" },
		{ "memory", "102 103", 103, "101 104" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		char query[64], cursor[600] = "", path[64];

		up();
		str_fmt(query, sizeof(query), "limit=2&sort=%s", t[i].sort);
		CHECK_STR(page(root, query, cursor), t[i].first);
		str_fmt(path, sizeof(path), CT_CONF_DIR "/%u.conf", t[i].gone);
		CHECK_EQ(unlink(path), 0);
		inv_refresh(v.v.d.inv, t[i].gone);
		CHECK(!inv_find(v.v.d.inv, t[i].gone));
		CHECK_STR(page(root, query, cursor), t[i].rest);
		CHECK_STR(cursor, "");
		down();
	}
}

TEST_ROOT(api_ct_list_refuses_what_it_did_not_make)
{
	up();
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, root, "GET", "/v1/cts?cursor=%21", NULL, &a), 400);
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, root, "GET", "/v1/cts?cursor=YWJj", NULL, &a), 400);	/* abc */
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, root, "GET", "/v1/cts?sort=owner", NULL, &a), 400);
	down();
}

/* A pattern made to cost time costs none. */
TEST_ROOT(api_ct_list_pattern_is_no_bomb)
{
	char name[256], query[300];
	struct buf auto_buf conf = BUF_INIT;
	uint64_t t0;

	memset(name, 'a', 250);
	name[250] = '\0';
	up();
	buf_addf(&conf, "HOSTNAME=\"%s\"\n", name);
	add(105, buf_str(&conf));
	inv_refresh(v.v.d.inv, 105);
	str_fmt(query, sizeof(query), "hostname=%s", "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b");
	t0 = ev_now_ms();
	CHECK_STR(page(root, query, NULL), "");
	CHECK(ev_now_ms() - t0 < 30000);	/* tried one by one it would be years */
	down();
}
