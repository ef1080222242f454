/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/api_snap.c: which words vzctl gets for whom, what is read of the tree, and what a tenant's limit refuses. */
#include "tests/unit/t_api_env.h"

#define LOG BOX "/words"
#define G1 "11111111-2222-4333-8444-555555555555"
#define G2 "22222222-2222-4333-8444-555555555555"
#define TREE "CURRENT=\"" G2 "\"\nGUID=\"" G1 "\"\nDATE=\"1700000000\"\nNAME=\"one\"\n" \
	     "GUID=\"" G2 "\"\nPARENT=\"" G1 "\"\nDATE=\"1700000001\"\nNAME=\"two\"\n"
#define SNAPS "/v1/cts/101/snapshots"

static struct api_env v;
static struct api_answer a;
static struct principal *root, *acme, *beta, *operator;
extern const struct api_table api_snap_table;
static const struct api_table *const tables[] = { &api_snap_table };

static void up(uint64_t limit)
{
	struct err e = { 0 };

	box_init(&v.box, "");
	v.boxed = true;
	CHECK_EQ(mount("box", VZ_SBINDIR, "tmpfs", 0, "mode=755"), 0);
	box_put(VZ_SBINDIR "/vzctl", "#!/bin/sh\nfor w; do printf '[%s]' \"$w\" >>" LOG "; done\n");
	CHECK_EQ(chmod(VZ_SBINDIR "/vzctl", 0755), 0);
	CHECK_EQ(mkdir(BOX "/private/101", 0700), 0);
	CHECK_EQ(mkdir(BOX "/private/101/snap", 0700), 0);
	box_put(BOX "/private/101/snap/snapshots", TREE);
	box_conf(101, "VE_LAYOUT=\"overlay\"\nOWNER=\"acme\"\nIP_ADDRESS=\"10.1.1.1\"\nPHYSPAGES=\"0:65536\"\n");
	api_env_open(&v);
	CHECK_OK(api_route_use(tables, 1, &e), &e);
	CHECK_OK(tenant_put(&v.v.d.auth->tenants, tenant_new("acme", &e), &e), &e);
	tenant_find(&v.v.d.auth->tenants, "acme")->limit[LIMIT_SNAPSHOTS] = limit;
	root = api_env_who("root", "", scopes_all);
	acme = api_env_who("token:acme", "acme", scopes_tenant);
	beta = api_env_who("token:beta", "beta", scopes_tenant);
	operator = api_env_who("token:op", "", scopes_all & ~SCOPE_BIT(SCOPE_NODE_WRITE));
}

static void down(void)
{
	api_answer_done(&a);
	principal_unref(root);
	principal_unref(acme);
	principal_unref(beta);
	principal_unref(operator);
	api_env_close(&v);
	CHECK_EQ(umount2(VZ_SBINDIR, MNT_DETACH), 0);
}

static int ask(struct principal *who, const char *verb, const char *path, const char *body)
{
	api_answer_done(&a);
	return api_env_do(&v, who, verb, path, body, &a);
}

static void gives(struct principal *who, const char *verb, const char *path, const char *body, unsigned ctid, const char *words)
{
	uint64_t end = ev_now_ms() + TEST_PATIENCE_MS;

	unlink(LOG);
	CHECK(ask(who, verb, path, body) < 400);
	while ((!box_is_there(LOG) || job_claims(v.v.d.jobs, ctid)) && ev_now_ms() < end)
		CHECK_OK(ev_turn(v.v.d.ev, 10, &v.v.e), &v.v.e);
	CHECK(box_file_is(LOG, words));
}

TEST_ROOT(api_snap_reads_the_tree)
{
	up(NUM_UNLIMITED);
	CHECK_EQ(ask(acme, "GET", SNAPS, NULL), 200);
	CHECK_EQ(json_array_size(json_object_get(a.body, "items")), 2);
	CHECK_EQ(ask(acme, "GET", SNAPS "/" G2, NULL), 200);
	CHECK_STR(api_answer_str(&a, "parent"), G1);
	CHECK_STR(api_answer_str(&a, "name"), "two");
	CHECK(json_is_true(json_object_get(a.body, "current")));
	CHECK_EQ(ask(acme, "GET", SNAPS "/" G1, NULL), 200);
	CHECK(json_is_null(json_object_get(a.body, "parent")));
	CHECK_EQ(ask(acme, "GET", SNAPS "/33333333-2222-4333-8444-555555555555", NULL), 404);
	CHECK_EQ(ask(acme, "GET", SNAPS "/..", NULL), 400);
	CHECK_EQ(ask(beta, "GET", SNAPS, NULL), 404);
	CHECK_EQ(ask(beta, "POST", SNAPS, "{}"), 404);
	CHECK_EQ(ask(acme, "GET", SNAPS "?limit=1", NULL), 200);
	CHECK_EQ(json_array_size(json_object_get(a.body, "items")), 1);
	CHECK(api_answer_str(&a, "next") != NULL);
	down();
}

TEST_ROOT(api_snap_words)
{
	up(NUM_UNLIMITED);
	gives(acme, "DELETE", SNAPS "/" G1, NULL, 101, "[snapshot-delete][101][--id=" G1 "]");
	gives(acme, "POST", SNAPS "/" G1 "/switch", "{}", 101, "[snapshot-switch][101][--id=" G1 "][--skip-config]");
	gives(operator, "POST", SNAPS "/" G1 "/switch", "{}", 101, "[snapshot-switch][101][--id=" G1 "][--skip-config]");
	gives(root, "POST", SNAPS "/" G1 "/switch", "{}", 101, "[snapshot-switch][101][--id=" G1 "]");
	gives(root, "POST", SNAPS "/" G1 "/switch", "{\"config\":false}", 101,
	      "[snapshot-switch][101][--id=" G1 "][--skip-config]");
	CHECK_EQ(ask(acme, "POST", SNAPS "/" G1 "/switch", "{\"config\":true}"), 403);
	gives(root, "POST", SNAPS "/" G1 "/mount", "{\"target\":\"/mnt\"}", 101, "[snapshot-mount][101][--id=" G1 "][--target=/mnt]");
	CHECK_EQ(ask(root, "POST", SNAPS "/" G1 "/mount", "{\"target\":\"mnt\"}"), 400);
	CHECK_EQ(ask(acme, "POST", SNAPS "/" G1 "/mount", "{\"target\":\"/mnt\"}"), 403);
	CHECK_EQ(ask(operator, "POST", SNAPS "/" G1 "/umount", "{}"), 403);
	down();
}

TEST_ROOT(api_snap_limit_of_a_tenant)
{
	json_t *found;

	up(2);
	CHECK_EQ(ask(acme, "POST", SNAPS, "{\"name\":\"three\"}"), 403);
	CHECK_STR(api_answer_str(&a, "resource"), "snapshots");
	found = json_object_get(a.body, "limit");
	CHECK_EQ(json_integer_value(found), 2);
	CHECK_EQ(json_integer_value(json_object_get(a.body, "used")), 2);
	CHECK_EQ(json_integer_value(json_object_get(a.body, "requested")), 1);
	tenant_find(&v.v.d.auth->tenants, "acme")->limit[LIMIT_SNAPSHOTS] = 3;
	CHECK(ask(acme, "POST", SNAPS, "{\"name\":\"three\"}") < 300);
	down();
}

TEST_ROOT(api_snap_clone)
{
	up(NUM_UNLIMITED);
	gives(acme, "POST", "/v1/cts/101/clone", "{\"ctid\":105,\"mode\":\"full\",\"hostname\":\"www\",\"start\":false}", 105,
	      "[clone][101][105][--full][--no-shared][--hostname=www][--owner=acme]");
	gives(root, "POST", "/v1/cts/101/clone", "{\"ctid\":106,\"owner\":\"\"}", 106, "[clone][101][106][--owner=]");
	CHECK_EQ(ask(acme, "POST", "/v1/cts/101/clone", "{\"owner\":\"beta\"}"), 403);
	CHECK_EQ(ask(acme, "POST", "/v1/cts/101/clone", "{\"ctid\":101}"), 409);
	CHECK_EQ(ask(beta, "POST", "/v1/cts/101/clone", "{}"), 404);
	CHECK_EQ(ask(acme, "POST", "/v1/cts/101/clone", "{\"config\":{\"capability\":[\"sys_admin:on\"]}}"), 403);
	tenant_find(&v.v.d.auth->tenants, "acme")->limit[LIMIT_CTS] = 1;
	auth_quota_answered(v.v.d.auth, "acme", 105, false, true);
	CHECK_EQ(ask(acme, "POST", "/v1/cts/101/clone", "{}"), 403);
	CHECK_STR(api_answer_str(&a, "resource"), "cts");
	tenant_find(&v.v.d.auth->tenants, "acme")->limit[LIMIT_CTS] = NUM_UNLIMITED;
	tenant_find(&v.v.d.auth->tenants, "acme")->limit[LIMIT_MEMORY] = 65536 * 4096ull * 3 / 2;
	CHECK_EQ(ask(acme, "POST", "/v1/cts/101/clone", "{}"), 403);
	CHECK_STR(api_answer_str(&a, "resource"), "memory");
	tenant_find(&v.v.d.auth->tenants, "acme")->limit[LIMIT_IPV4] = 1;
	CHECK(ask(acme, "POST", "/v1/cts/101/clone", "{\"config\":{\"ram\":\"64M\"}}") < 300);	/* has none of the addresses */
	down();
}
