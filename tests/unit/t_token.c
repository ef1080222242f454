/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/token.c, token_new.c: the text of tokens, the table, and that nobody gives what he lacks. */
#include <string.h>
#include <time.h>

#include "tests/lib/test.h"
#include "vzd/auth_priv.h"

#define SECRET "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_0"

TEST(token_text)
{
	static const char *const bad[] = {
		"", "vz1_", "vz1_abcdefghijkl", "vz1_abcdefghijkl_", "vz2_abcdefghijkl_" SECRET, "vz1_abcdefghijkl_" SECRET "x",
		"vz1_ABCDEFGHIJKL_" SECRET, "vz1_abcdefghijkl-" SECRET, "vz1_abcdefghij_l_" SECRET,
		"vz1_abcdefghijkl_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_=", "vz1_abcdefghijkl_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_ ",
		"Vz1_abcdefghijkl_" SECRET, " vz1_abcdefghijkl_" SECRET,
	};
	const char *id = NULL, *secret = NULL;

	CHECK_EQ(strlen(SECRET), TOKEN_SECRET_LEN);
	CHECK(token_split("vz1_abcdefghijkl_" SECRET, &id, &secret));
	CHECK(strncmp(id, "abcdefghijkl", 12) == 0);
	CHECK_STR(secret, SECRET);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (token_split(bad[i], &id, &secret))
			test_fail(__FILE__, __LINE__, "%s", bad[i]);
}

TEST(token_make_one)
{
	struct token a = { 0 }, b = { 0 };
	char ta[TOKEN_LEN + 1], tb[TOKEN_LEN + 1];
	const char *id, *secret;
	uint8_t hash[32];
	struct err e = { 0 };

	CHECK_OK(token_make(&a, ta, &e), &e);
	CHECK_OK(token_make(&b, tb, &e), &e);
	CHECK(strcmp(ta, tb) != 0 && strcmp(a.id, b.id) != 0);
	CHECK(token_split(ta, &id, &secret));
	CHECK(strncmp(id, a.id, TOKEN_ID_LEN) == 0);
	token_hash(secret, hash);
	CHECK(memcmp(hash, a.hash, 32) == 0);
	memcpy(tb, a.id, sizeof(a.id));
	CHECK_OK(token_make(&a, ta, &e), &e);		/* again: another secret, the same id */
	CHECK_STR(a.id, tb);
	CHECK(memcmp(hash, a.hash, 32) != 0);
}

static struct token *made(unsigned i)
{
	struct token *t = calloc(1, sizeof(*t));

	CHECK(t);
	snprintf(t->id, sizeof(t->id), "%012u", i);
	t->description = strdup("");
	return t;
}

static int count(struct token *t, void *arg)
{
	(void)t;
	++*(unsigned *)arg;
	return 0;
}

TEST(token_table_all)
{
	struct token_table tt = { 0 };
	struct err e = { 0 };
	unsigned n = 0;
	char id[TOKEN_ID_LEN + 1];

	CHECK(!token_find(&tt, "000000000000", 12) && !token_remove(&tt, "000000000000"));
	for (unsigned i = 0; i < 1000; i++)
		CHECK_OK(token_insert(&tt, made(i), &e), &e);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "%012u", i);
		CHECK(token_find(&tt, id, 12) && strcmp(token_find(&tt, id, 12)->id, id) == 0);
	}
	CHECK(!token_find(&tt, "000000001000", 12) && !token_find(&tt, "0", 1));
	for (unsigned i = 0; i < 1000; i += 2) {
		snprintf(id, sizeof(id), "%012u", i);
		token_free(token_remove(&tt, id));
		CHECK(!token_find(&tt, id, 12));
	}
	token_each(&tt, count, &n);
	CHECK_EQ(n, 500);
	CHECK_EQ(tt.n, 500);
	token_table_done(&tt);
}

TEST(token_times)
{
	static const struct { const char *in; int64_t out; } t[] = {	/* from 1,000,000,000 */
		{ "30d", 1002592000 }, { "12h", 1000043200 }, { "90m", 1000005400 }, { "1s", 1000000001 }, { "2w", 1001209600 },
		{ "1y", 1031536000 }, { "2027-01-31", 1801353600 }, { "2027-01-31T12:00:00Z", 1801396800 },
		{ "", 0 }, { "d", 0 }, { "-1d", 0 }, { "1", 1 }, { "30 d", 0 }, { "30x", 0 }, { "99999999999d", 0 }, { "200y", 0 },
		{ "2027-13-01", 0 }, { "2027-01-31T12:00:00Zx", 0 }, { "soon", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };
		int64_t got = 0;

		if (token_when(t[i].in, 1000000000, &got, &e) < 0)
			got = 0;
		if (got != t[i].out)
			test_fail(__FILE__, __LINE__, "'%s': %lld", t[i].in, (long long)got);
	}
}

TEST(token_holds)
{
	struct cidr net;
	struct token t = { .not_before = 100, .expires = 200, .from = &net };
	struct err e = { 0 };

	CHECK(!token_in_time(&t, 99) && token_in_time(&t, 100) && token_in_time(&t, 199) && !token_in_time(&t, 200));
	CHECK(token_from_ok(&t, NULL));
	t.n_from = 1;
	CHECK_OK(cidr_parse("192.0.2.0/24", &net, &e), &e);
	CHECK(token_from_ok(&t, "192.0.2.9") && token_from_ok(&t, "::ffff:192.0.2.9"));
	CHECK(!token_from_ok(&t, "192.0.3.9") && !token_from_ok(&t, NULL) && !token_from_ok(&t, "local") && !token_from_ok(&t, ""));
}

/* --- what may be given --- */

static struct auth box(void)
{
	struct err e = { 0 };
	struct auth a = { 0 };

	CHECK_OK(tenant_put(&a.tenants, tenant_new("acme", &e), &e), &e);
	CHECK_OK(tenant_put(&a.tenants, tenant_new("other", &e), &e), &e);
	return a;
}

static int ask(struct auth *a, const struct principal *by, const struct token *by_token, const char *json, struct token **ret,
	       struct err *e)
{
	json_t *j = json_loads(json, 0, NULL);
	int r;

	CHECK(j);
	*e = (struct err){ 0 };
	r = token_from_json(a, by, by_token, j, ret, e);
	json_decref(j);
	return r;
}

TEST(token_by_root)
{
	struct principal root = { .name = "root", .root = true, .scopes = scopes_all };
	struct auth a = box();
	struct err e;
	struct token *t;

	CHECK_OK(ask(&a, &root, NULL, "{\"role\":\"operator\",\"tenant\":\"acme\",\"cts\":[\"101\",\"102\",\"101\"],\"from\":[\"10.0.0.0/8\"],"
		     "\"expires\":\"30d\",\"description\":\"panel\"}", &t, &e), &e);
	CHECK_STR(t->role, "operator");
	CHECK_STR(t->tenant, "acme");
	CHECK_STR(t->created_by, "root");
	CHECK_STR(t->description, "panel");
	CHECK_EQ(t->n_cts, 2);
	CHECK_EQ(t->cts[1], 102);
	CHECK_EQ(t->n_from, 1);
	CHECK_EQ(t->expires - t->created, 30 * 86400);
	CHECK(!(t->scopes & SCOPE_BIT(SCOPE_NODE_READ)) && (t->scopes & SCOPE_BIT(SCOPE_CT_EXEC)));	/* cut to a tenant's */
	token_free(t);
	CHECK_OK(ask(&a, &root, NULL, "{\"scopes\":[\"metrics:read\"]}", &t, &e), &e);
	CHECK_EQ(t->scopes, SCOPE_BIT(SCOPE_METRICS_READ));
	token_free(t);
	tenants_done(&a.tenants);
}

TEST(token_refused)
{
	static const struct { const char *body; int code; const char *text; } t[] = {
		{ "{}", EINVAL, "role: a token needs a role or a list of scopes" },
		{ "{\"role\":\"viewer\",\"scopes\":[\"ct:read\"]}", EINVAL, "scopes: a token has a role or a list of scopes, not both" },
		{ "{\"role\":\"king\"}", EINVAL, "role: there is no role 'king'; roles are viewer, operator, tenant-admin, admin" },
		{ "{\"role\":\"tenant-admin\"}", EINVAL, "tenant: a token of role tenant-admin belongs to a tenant" },
		{ "{\"role\":\"viewer\",\"tenant\":\"nobody\"}", EINVAL, "tenant: there is no tenant 'nobody'" },
		{ "{\"scopes\":[\"ct:fly\"]}", EINVAL, "scopes: there is no scope 'ct:fly'" },
		{ "{\"scopes\":[\"node:read\"],\"tenant\":\"acme\"}", EINVAL, "scopes: node:read means nothing inside a tenant" },
		{ "{\"role\":\"viewer\",\"cts\":[\"x\"]}", EINVAL, "cts: item 0 is no CTID" },
		{ "{\"role\":\"viewer\",\"cts\":[\"0\"]}", EINVAL, "cts: item 0 is no CTID" },
		{ "{\"role\":\"viewer\",\"from\":[\"10.0.0.1/8\"]}", EINVAL, "from: '10.0.0.1/8' has bits behind its prefix" },
		{ "{\"role\":\"viewer\",\"expires\":\"1970-01-02\"}", EINVAL, "expires: it would never be valid" },
		{ "{\"role\":\"viewer\",\"expires\":\"1h\",\"not_before\":\"2h\"}", EINVAL, "expires: it would never be valid" },
		{ "{\"role\":\"viewer\",\"expires\":\"x\"}", EINVAL,
		  "expires: 'x' is no time: 30d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z" },
	};
	struct principal root = { .name = "root", .root = true, .scopes = scopes_all };
	struct auth a = box();
	struct token *tok;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CHECK_ERR(ask(&a, &root, NULL, t[i].body, &tok, &e), t[i].code);
		CHECK_STR(e.text, t[i].text);
	}
	tenants_done(&a.tenants);
}

TEST(token_by_tenant_admin)
{
	struct principal by = { .name = "token:aaaaaaaaaaaa", .tenant = "acme", .scopes = role_find("tenant-admin")->scopes };
	struct token mine = { .id = "aaaaaaaaaaaa", .tenant = "acme" };
	struct auth a = box();
	struct token *t;
	struct err e;

	CHECK_OK(ask(&a, &by, &mine, "{\"role\":\"tenant-admin\"}", &t, &e), &e);
	CHECK_STR(t->tenant, "acme");		/* his own, though not said */
	CHECK_STR(t->created_by, "token:aaaaaaaaaaaa");
	CHECK_EQ(t->scopes & ~by.scopes, 0);
	token_free(t);
	CHECK_ERR(ask(&a, &by, &mine, "{\"role\":\"viewer\",\"tenant\":\"other\"}", &t, &e), EINVAL);
	CHECK_STR(e.text, "tenant: there is no tenant 'other'");	/* as if there were none */
	CHECK_ERR(ask(&a, &by, &mine, "{\"role\":\"viewer\",\"tenant\":\"\"}", &t, &e), EPERM);
	CHECK_ERR(ask(&a, &by, &mine, "{\"scopes\":[\"node:write\"]}", &t, &e), EINVAL);
	CHECK_OK(ask(&a, &by, &mine, "{\"role\":\"admin\"}", &t, &e), &e);	/* all there is inside a tenant */
	CHECK_EQ(t->scopes, scopes_tenant);
	token_free(t);
	tenants_done(&a.tenants);
}

TEST(token_within_maker)
{
	unsigned cts[] = { 101, 102 };
	struct cidr net;
	struct principal by = { .name = "token:aaaaaaaaaaaa", .scopes = SCOPE_BIT(SCOPE_CT_READ) | SCOPE_BIT(SCOPE_TOKEN_WRITE),
				.cts = cts, .n_cts = 2 };
	struct token mine = { .id = "aaaaaaaaaaaa", .expires = (int64_t)time(NULL) + 3600, .from = &net, .n_from = 1 };
	struct auth a = box();
	struct token *t;
	struct err e = { 0 };

	CHECK_OK(cidr_parse("10.0.0.0/8", &net, &e), &e);
	CHECK_ERR(ask(&a, &by, &mine, "{\"scopes\":[\"ct:power\"]}", &t, &e), EPERM);
	CHECK_STR(e.text, "scopes: you cannot give ct:power, which you do not have");
	CHECK_ERR(ask(&a, &by, &mine, "{\"role\":\"viewer\"}", &t, &e), EPERM);
	CHECK_ERR(ask(&a, &by, &mine, "{\"scopes\":[\"ct:read\"],\"cts\":[\"103\"]}", &t, &e), EPERM);
	CHECK_ERR(ask(&a, &by, &mine, "{\"scopes\":[\"ct:read\"],\"from\":[\"0.0.0.0/0\"]}", &t, &e), EPERM);
	CHECK_ERR(ask(&a, &by, &mine, "{\"scopes\":[\"ct:read\"],\"expires\":\"2h\"}", &t, &e), EPERM);
	CHECK_OK(ask(&a, &by, &mine, "{\"scopes\":[\"ct:read\"]}", &t, &e), &e);
	CHECK_EQ(t->n_cts, 2);			/* what was not said is as the maker has it */
	CHECK_EQ(t->n_from, 1);
	CHECK_EQ(t->expires, mine.expires);
	CHECK(token_within(t, &by, &mine));
	t->scopes |= SCOPE_BIT(SCOPE_CT_EXEC);
	CHECK(!token_within(t, &by, &mine));
	t->scopes = SCOPE_BIT(SCOPE_CT_READ);
	t->n_cts = 0;
	CHECK(!token_within(t, &by, &mine));
	t->n_cts = 2;
	t->cts[0] = 999;
	CHECK(!token_within(t, &by, &mine));
	t->cts[0] = 101;
	t->expires = 0;
	CHECK(!token_within(t, &by, &mine));
	t->expires = mine.expires;
	t->n_from = 0;
	CHECK(!token_within(t, &by, &mine));
	t->n_from = 1;
	CHECK(token_within(t, &by, &mine));
	memcpy(by.tenant, "acme", 5);
	CHECK(!token_within(t, &by, &mine));
	token_free(t);
	tenants_done(&a.tenants);
}

TEST(token_no_memory)
{
	struct principal root = { .name = "root", .root = true, .scopes = scopes_all };
	struct auth a = box();
	json_t *j = json_loads("{\"role\":\"operator\",\"cts\":[\"101\"],\"from\":[\"10.0.0.0/8\"],\"expires\":\"1h\"}", 0, NULL);

	EACH_FAULT(FAULT_ALLOC) {
		struct token *t = NULL;
		struct err e = { 0 };
		int r = token_from_json(&a, &root, NULL, j, &t, &e);

		test_fault_off();
		CHECK_EQ(r, test_fault_hit() ? -ENOMEM : 0);
		token_free(t);
	}
	json_decref(j);
	tenants_done(&a.tenants);
}
