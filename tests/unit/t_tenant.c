/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/tenant.c and tenant_quota.c: names, limits, and what counts against them. */
#include <sys/resource.h>

#include "tests/unit/t_auth_box.h"

#define MIB (1024ull * 1024)
#define GIB (1024 * MIB)

TEST(tenant_names)
{
	CHECK(tenant_name_ok("acme") && tenant_name_ok("a") && tenant_name_ok("7-up") &&
	      tenant_name_ok("abcdefghijklmnopqrstuvwxyz012345"));
	CHECK(!tenant_name_ok("") && !tenant_name_ok("-a") && !tenant_name_ok("Acme") && !tenant_name_ok("a b") &&
	      !tenant_name_ok("a/b") && !tenant_name_ok("../a") && !tenant_name_ok("abcdefghijklmnopqrstuvwxyz0123456"));
}

TEST(tenant_table)
{
	static const char *const names[] = { "m", "a", "z", "b", "y" };
	struct tenants ts = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		CHECK_OK(tenant_put(&ts, tenant_new(names[i], &e), &e), &e);
	CHECK_OK(tenant_put(&ts, tenant_new("m", &e), &e), &e);
	CHECK_EQ(ts.n, 5);
	CHECK_STR(ts.v[0]->name, "a");
	CHECK_STR(ts.v[4]->name, "z");
	CHECK(tenant_find(&ts, "m") && !tenant_find(&ts, "c") && !tenant_find(&ts, ""));
	tenant_remove(&ts, "m");
	tenant_remove(&ts, "c");
	CHECK(!tenant_find(&ts, "m") && tenant_find(&ts, "y"));
	tenants_done(&ts);
}

static int patch(struct tenant *t, const char *json, struct err *e)
{
	json_t *j = json_loads(json, 0, NULL);
	int r;

	*e = (struct err){ 0 };
	r = tenant_patch(t, j, e);
	json_decref(j);
	return r;
}

TEST(tenant_patches)
{
	struct err e = { 0 };
	struct tenant *t = tenant_new("acme", &e);

	CHECK_OK(patch(t, "{\"title\":\"Acme Ltd\",\"limits\":{\"cts\":10,\"memory\":1073741824}}", &e), &e);
	CHECK_STR(t->title, "Acme Ltd");
	CHECK_EQ(t->limit[LIMIT_CTS], 10);
	CHECK_EQ(t->limit[LIMIT_MEMORY], 1073741824);
	CHECK_OK(patch(t, "{\"limits\":{\"cts\":null,\"ipv4\":0}}", &e), &e);
	CHECK(t->limit[LIMIT_CTS] == NUM_UNLIMITED && t->limit[LIMIT_IPV4] == 0);
	CHECK_EQ(t->limit[LIMIT_MEMORY], 1073741824);
	CHECK_ERR(patch(t, "{\"limits\":{\"cows\":1}}", &e), EINVAL);
	CHECK_STR(e.text, "limits: there is no limit 'cows'");
	CHECK_ERR(patch(t, "{\"limits\":{\"cts\":-1}}", &e), EINVAL);
	CHECK_ERR(patch(t, "{\"limits\":{\"cts\":\"1\"}}", &e), EINVAL);
	CHECK_ERR(patch(t, "{\"limits\":[]}", &e), EINVAL);
	CHECK_ERR(patch(t, "{\"title\":\"a\\nb\"}", &e), EINVAL);
	tenant_free(t);
}

/* --- quota --- */

static struct auth quota_box(struct box *b)
{
	struct err e = { 0 };
	struct auth a = { .d = &b->d };
	struct tenant *t = tenant_new("acme", &e);

	b->inv.v = b->cts;
	b->d.inv = &b->inv;
	t->limit[LIMIT_CTS] = 3;
	t->limit[LIMIT_MEMORY] = 4 * GIB;
	t->limit[LIMIT_DISK] = 100 * GIB;
	t->limit[LIMIT_IPV4] = 2;
	CHECK_OK(tenant_put(&a.tenants, t, &e), &e);
	box_ct(b, 101, "acme", GIB, INV_RUNNING)->n_ip4 = 1;
	box_ct(b, 102, "acme", GIB, INV_STOPPED);
	box_ct(b, 103, "other", 64 * GIB, INV_RUNNING);
	return a;
}

static void quota_done(struct box *b, struct auth *a)
{
	tenants_done(&a->tenants);
	free(a->holds.v);
	for (size_t i = 0; i < b->inv.n; i++) {
		free(b->cts[i]->owner);
		free(b->cts[i]);
	}
}

TEST(quota_of_create)
{
	static struct box b;
	struct auth a = quota_box(&b);
	struct err e = { 0 };
	json_t *detail = NULL;

	CHECK_OK(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 1, .memory = 2 * GIB, .ip4 = 1 }, NULL, &detail, &e), &e);
	CHECK(!detail);
	CHECK_ERR(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 1, .memory = 2 * GIB + 1 }, NULL, &detail, &e), EDQUOT);
	CHECK_STR(e.text, "tenant acme: memory: limit 4294967296, used 2147483648, requested 2147483649");
	CHECK_STR(json_string_value(json_object_get(detail, "resource")), "memory");
	CHECK_EQ(json_integer_value(json_object_get(detail, "limit")), 4294967296);
	CHECK_EQ(json_integer_value(json_object_get(detail, "used")), 2147483648);
	json_decref(detail);
	CHECK_ERR(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 2 }, NULL, NULL, &e), EDQUOT);
	CHECK_ERR(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 1, .ip4 = 2 }, NULL, NULL, &e), EDQUOT);
	CHECK_ERR(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 1, .disk = NUM_UNLIMITED }, NULL, NULL, &e), EDQUOT);
	CHECK_STR(e.text, "tenant acme: disk: limit 107374182400, used 0, requested no limit");
	CHECK_OK(auth_quota(&a, "", &(struct inv_sum){ .cts = 1000 }, NULL, NULL, &e), &e);	/* nobody's */
	CHECK_ERR(auth_quota(&a, "nobody", &(struct inv_sum){ .cts = 1 }, NULL, NULL, &e), ENOENT);
	tenant_find(&a.tenants, "acme")->suspended = true;
	CHECK_ERR(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 1 }, NULL, NULL, &e), EPERM);
	CHECK_STR(e.text, "tenant acme is suspended");
	quota_done(&b, &a);
}

TEST(quota_of_change)
{
	static struct box b;
	struct auth a = quota_box(&b);
	struct inv_ct *ct = b.cts[0], *strange = b.cts[2];
	struct err e = { 0 };

	/* 101 has 1 GiB: it may have the 2 that are left besides */
	CHECK_OK(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 1, .memory = 3 * GIB, .ip4 = 2 }, ct, NULL, &e), &e);
	CHECK_ERR(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 1, .memory = 3 * GIB + 1 }, ct, NULL, &e), EDQUOT);
	/* a limit that was lowered stops growth, not shrinking */
	tenant_find(&a.tenants, "acme")->limit[LIMIT_MEMORY] = GIB;
	CHECK_OK(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 1, .memory = GIB / 2 }, ct, NULL, &e), &e);
	CHECK_OK(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 1, .memory = GIB, .ip4 = 2 }, ct, NULL, &e), &e);
	CHECK_ERR(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 1, .memory = GIB + 1 }, ct, NULL, &e), EDQUOT);
	/* given to this tenant: all of it is new */
	CHECK_ERR(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 1, .memory = 64 * GIB }, strange, NULL, &e), EDQUOT);
	/* the owner of 103 is no tenant vzd knows: nothing to compare with */
	CHECK_OK(auth_quota(&a, "other", &(struct inv_sum){ .cts = 1, .memory = 65 * GIB }, strange, NULL, &e), &e);
	quota_done(&b, &a);
}

TEST(quota_holds)
{
	static struct box b;
	struct auth a = quota_box(&b);
	struct inv_sum one = { .cts = 1, .memory = GIB };
	struct err e = { 0 };

	CHECK_OK(auth_quota(&a, "acme", &one, NULL, NULL, &e), &e);
	CHECK_EQ(auth_quota_hold(&a, "acme", 104, &one, &e), 1);
	CHECK_ERR(auth_quota(&a, "acme", &one, NULL, NULL, &e), EDQUOT);	/* the third is promised */
	auth_quota_answered(&a, "beta", 104, false, true);
	CHECK_ERR(auth_quota(&a, "acme", &one, NULL, NULL, &e), EDQUOT);	/* another's promise is another's */
	auth_quota_answered(&a, "acme", 104, false, true);
	CHECK_OK(auth_quota(&a, "acme", &one, NULL, NULL, &e), &e);
	CHECK_EQ(auth_quota_hold(&a, "acme", 104, &one, &e), 1);
	CHECK_EQ(auth_quota_hold(&a, "acme", 104, &one, &e), 0);		/* once more: still one */
	CHECK_EQ(a.holds.n, 1);
	auth_quota_answered(&a, "acme", 104, false, false);	/* the second is refused: the first has its promise */
	CHECK_ERR(auth_quota(&a, "acme", &one, NULL, NULL, &e), EDQUOT);
	auth_quota_answered(&a, "acme", 104, false, true);
	CHECK_OK(auth_quota(&a, "acme", &one, NULL, NULL, &e), &e);
	CHECK_EQ(auth_quota_hold(&a, "acme", 104, &one, &e), 1);
	box_ct(&b, 104, "acme", GIB, INV_STOPPED);				/* there it is: counted once */
	CHECK_ERR(auth_quota(&a, "acme", &one, NULL, NULL, &e), EDQUOT);
	CHECK_STR(e.text, "tenant acme: cts: limit 3, used 3, requested 1");
	CHECK_EQ(a.holds.n, 0);
	/* a change that is on its way: 104 will have 2 GiB */
	CHECK_EQ(auth_quota_hold(&a, "acme", 104, &(struct inv_sum){ .cts = 1, .memory = 2 * GIB }, &e), 1);
	CHECK_ERR(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 1, .memory = GIB + 1 }, b.cts[1], NULL, &e), EDQUOT);
	CHECK_OK(auth_quota(&a, "acme", &(struct inv_sum){ .cts = 1, .memory = 2 * GIB }, b.cts[3], NULL, &e), &e);
	quota_done(&b, &a);
}
