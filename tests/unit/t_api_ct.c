/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/api_ct.c: which words vzctl gets, by a vzctl of the test's own, and the forms of If-Match. */
#include "tests/unit/t_api_env.h"

#define LOG BOX "/words"

static struct api_env v;
static struct api_answer a;
static struct principal *root, *acme;
extern const struct api_table api_ct_table;
static const struct api_table *const tables[] = { &api_ct_table };

static void up(void)
{
	struct err e = { 0 };

	box_init(&v.box, "");
	v.boxed = true;
	CHECK_EQ(mount("box", VZ_SBINDIR, "tmpfs", 0, "mode=755"), 0);
	box_put(VZ_SBINDIR "/vzctl", "#!/bin/sh\nfor w; do printf '[%s]' \"$w\" >>" LOG "; done\n");
	CHECK_EQ(chmod(VZ_SBINDIR "/vzctl", 0755), 0);
	CHECK_EQ(mkdir(BOX "/private/101", 0700), 0);
	box_conf(101, "OWNER=\"acme\"\n");
	api_env_open(&v);
	CHECK_OK(api_route_use(tables, 1, &e), &e);
	CHECK_OK(tenant_put(&v.v.d.auth->tenants, tenant_new("acme", &e), &e), &e);
	root = api_env_who("root", "", scopes_all);
	acme = api_env_who("token:acme", "acme", scopes_tenant);
}

static void down(void)
{
	api_answer_done(&a);
	principal_unref(root);
	principal_unref(acme);
	api_env_close(&v);
	CHECK_EQ(umount2(VZ_SBINDIR, MNT_DETACH), 0);
}

static void gives(struct principal *who, const char *verb, const char *path, const char *body, const char *words)
{
	uint64_t end = ev_now_ms() + TEST_PATIENCE_MS;

	unlink(LOG);
	api_answer_done(&a);
	api_env_do(&v, who, verb, path, body, &a);
	CHECK(a.status < 400);
	while ((!box_is_there(LOG) || job_claims(v.v.d.jobs, v.boxed ? 101 : 0)) && ev_now_ms() < end)
		CHECK_OK(ev_turn(v.v.d.ev, 10, &v.v.e), &v.v.e);
	CHECK(box_file_is(LOG, words));
}

TEST_ROOT(api_ct_words_of_a_change)
{
	up();
	gives(root, "PATCH", "/v1/cts/101", "{\"hostname\":\"www\",\"config\":{\"ram\":\"512M\"}}",
	      "[set][101][--ram=512M][--hostname=www][--save]");
	gives(acme, "PATCH", "/v1/cts/101", "{\"description\":\"--skiplock\",\"apply\":\"restart\"}",
	      "[set][101][--description=--skiplock][--setmode=restart][--save]");
	gives(root, "PATCH", "/v1/cts/101", "{\"owner\":\"\"}", "[set][101][--owner=][--save]");
	gives(root, "DELETE", "/v1/cts/101", NULL, "[destroy][101]");
	down();
}

static int patch(const char *if_match)
{
	struct api_request r = { .verb = "PATCH", .path = "/v1/cts/101", .if_match = if_match, .body = json_object() };

	api_answer_done(&a);
	api_env_ask(&v, root, &r, &a);
	json_decref(r.body);
	return a.status;
}

TEST_ROOT(api_ct_forms_of_if_match)
{
	char text[200], etag[64], config[64];

	up();
	CHECK_EQ(api_env_do(&v, root, "GET", "/v1/cts/101", NULL, &a), 200);
	CHECK(str_copy(etag, sizeof(etag), api_answer_head(&a, "ETag")) == 0);
	CHECK(etag[0] == '"' && strchr(etag, '.'));
	str_fmt(config, sizeof(config), "%.*s", (int)(strchr(etag, '.') - etag - 1), etag + 1);
	CHECK_EQ(patch(NULL), 200);
	CHECK_EQ(patch(etag), 200);
	CHECK_EQ(patch("*"), 200);
	str_fmt(text, sizeof(text), "\"%s\"", config);
	CHECK_EQ(patch(text), 200);
	str_fmt(text, sizeof(text), "\"%s.999\"", config);	/* another state of the same configuration */
	CHECK_EQ(patch(text), 200);
	str_fmt(text, sizeof(text), "\"x\", \"%s\"", config);
	CHECK_EQ(patch(text), 200);
	CHECK_EQ(patch("\"c0000000000000000\""), 412);
	CHECK_EQ(patch("\"c0000000000000000.1\""), 412);
	CHECK_EQ(patch("\""), 412);
	CHECK_EQ(patch(""), 412);
	str_fmt(text, sizeof(text), "W/\"%s\"", config);	/* weak: never the same for a change */
	CHECK_EQ(patch(text), 412);
	box_conf(101, "OWNER=\"acme\"\nHOSTNAME=\"new\"\n");
	inv_refresh(v.v.d.inv, 101);
	CHECK_EQ(patch(etag), 412);
	down();
}

TEST_ROOT(api_ct_create_refuses)
{
	up();
	CHECK_EQ(api_env_do(&v, root, "POST", "/v1/cts", "{\"ctid\":101,\"template\":\"x\"}", &a), 409);
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, acme, "POST", "/v1/cts", "{\"template\":\"/x.tar\"}", &a), 403);
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, acme, "POST", "/v1/cts", "{\"template\":\"x\",\"config\":{\"owner\":\"other\"}}", &a), 403);
	api_answer_done(&a);
	CHECK_EQ(api_env_do(&v, root, "POST", "/v1/cts", "{\"template\":\"x\",\"config\":{\"owner\":\"nobody\"}}", &a), 400);
	down();
}
