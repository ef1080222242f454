/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/api_store.c: which words vzctl and vzpkg get, for whom, and in which state. */
#include "tests/unit/t_api_env.h"

#define LOG BOX "/words"
#define CT "/v1/cts/101"

static struct api_env v;
static struct api_answer a;
static struct principal *root, *acme, *beta, *viewer;
extern const struct api_table api_store_table;
static const struct api_table *const tables[] = { &api_store_table };

static void program(const char *path)
{
	box_put(path, "#!/bin/sh\nfor w in \"${0##*/}\" \"$@\"; do printf '[%s]' \"$w\" >>" LOG "; done\n");
	CHECK_EQ(chmod(path, 0755), 0);
}

static void up(void)
{
	struct err e = { 0 };

	box_init(&v.box, "");
	v.boxed = true;
	CHECK_EQ(mount("box", VZ_SBINDIR, "tmpfs", 0, "mode=755"), 0);
	program(VZ_SBINDIR "/vzctl");
	program(VZ_SBINDIR "/vzpkg");
	CHECK_EQ(mkdir(BOX "/private/101", 0700), 0);
	box_conf(101, "VE_LAYOUT=\"overlay\"\nOWNER=\"acme\"\n");
	api_env_open(&v);
	CHECK_OK(api_route_use(tables, 1, &e), &e);
	CHECK_OK(tenant_put(&v.v.d.auth->tenants, tenant_new("acme", &e), &e), &e);
	root = api_env_who("root", "", scopes_all);
	acme = api_env_who("token:acme", "acme", scopes_tenant);
	beta = api_env_who("token:beta", "beta", scopes_tenant);
	viewer = api_env_who("token:eye", "acme", SCOPE_BIT(SCOPE_CT_READ));
}

static void down(void)
{
	api_answer_done(&a);
	principal_unref(root);
	principal_unref(acme);
	principal_unref(beta);
	principal_unref(viewer);
	api_env_close(&v);
	CHECK_EQ(umount2(VZ_SBINDIR, MNT_DETACH), 0);
}

static int ask(struct principal *who, const char *path, const char *body)
{
	api_answer_done(&a);
	return api_env_do(&v, who, "POST", path, body, &a);
}

static void gives(struct principal *who, const char *path, const char *body, unsigned ctid, const char *words)
{
	uint64_t end = ev_now_ms() + TEST_PATIENCE_MS;

	unlink(LOG);
	CHECK(ask(who, path, body) < 400);
	while ((!box_is_there(LOG) || job_claims(v.v.d.jobs, ctid)) && ev_now_ms() < end)
		CHECK_OK(ev_turn(v.v.d.ev, 10, &v.v.e), &v.v.e);
	CHECK(box_file_is(LOG, words));
}

TEST_ROOT(api_store_words)
{
	up();
	gives(root, CT "/convert", "{\"layout\":\"image:xfs\"}", 101, "[vzctl][convert][101][--layout=image:xfs]");
	gives(acme, CT "/compact", "{}", 101, "[vzctl][compact][101]");
	CHECK_EQ(ask(root, CT "/convert", "{\"layout\":\"zfs\"}"), 400);
	CHECK_EQ(ask(root, CT "/convert", "{}"), 400);
	CHECK_EQ(ask(acme, CT "/convert", "{\"layout\":\"dir\"}"), 403);	/* what the host's disks are, is the host's */
	CHECK_EQ(ask(beta, CT "/compact", "{}"), 404);
	CHECK_EQ(ask(viewer, CT "/compact", "{}"), 403);
	gives(root, "/v1/templates/debian-12/packages", "{\"action\":\"install\",\"packages\":[\"nginx\",\"g++\"]}", 0,
	      "[vzpkg][install][--][debian-12][nginx][g++]");
	down();
}

TEST_ROOT(api_store_packages_refused)
{
	static const char *const bad[] = {
		"{\"action\":\"erase\"}", "{\"action\":\"install\"}", "{\"action\":\"list\",\"packages\":[\"a\"]}",
		"{\"action\":\"install\",\"packages\":[\"-o\"]}", "{\"action\":\"install\",\"packages\":[\"a b\"]}",
		"{\"action\":\"install\",\"packages\":[\"$(id)\"]}", "{\"packages\":[\"a\"]}",
	};

	up();
	unlink(LOG);
	CHECK_EQ(ask(acme, CT "/packages", "{\"action\":\"update\"}"), 409);	/* it is down */
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(ask(root, "/v1/templates/debian-12/packages", bad[i]), 400);
	CHECK_EQ(ask(root, "/v1/templates/101/packages", "{\"action\":\"list\"}"), 400);	/* that would be a container */
	CHECK_EQ(ask(root, "/v1/templates/..%2Fx/packages", "{\"action\":\"list\"}"), 400);
	CHECK_EQ(ask(acme, "/v1/templates/debian-12/packages", "{\"action\":\"update\"}"), 403);
	CHECK_EQ(ask(viewer, CT "/packages", "{\"action\":\"list\"}"), 403);
	CHECK(!box_is_there(LOG));
	down();
}
