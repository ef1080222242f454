/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/api_backup.c: who sees which archive, which words the tools get, and the limit; by tools of the test's own. */
#include "tests/unit/t_api_env.h"

#define LOG BOX "/words"
#define ASKED BOX "/asked"
#define A "vzdump-openvz-101-2026_11_27-10_00_00.tar.zst"
#define B "vzdump-openvz-101-2026_11_28-10_00_00.tar.zst"
#define C "vzdump-openvz-101-2026_11_29-10_00_00.tar.zst"
#define ITEM(name, sealed, owner) "{\"name\":\"" name "\",\"ctid\":101,\"created\":1,\"size\":5,\"kind\":\"whole\",\"bytes\":9," \
	"\"files\":2,\"builds_on\":null,\"sealed\":" sealed ",\"owner\":" owner ",\"problem\":null}"
#define LIST "[" ITEM(C, "false", "null") "," ITEM(B, "true", "\"beta\"") "," ITEM(A, "true", "\"acme\"") "]"

static struct api_env v;
static struct api_answer a;
static struct principal *root, *acme, *beta;
extern const struct api_table api_backup_table, api_restore_table;
static const struct api_table *const tables[] = { &api_backup_table, &api_restore_table };

static void tool(const char *name, const char *script)
{
	char path[200], text[3000];

	str_fmt(path, sizeof(path), VZ_SBINDIR "/%s", name);
	str_fmt(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	box_put(path, text);
	CHECK_EQ(chmod(path, 0755), 0);
}

static void up(void)
{
	struct err e = { 0 };

	box_init(&v.box, "");
	v.boxed = true;
	CHECK_EQ(mount("box", VZ_SBINDIR, "tmpfs", 0, "mode=755"), 0);
	tool("vzctl", "for w; do printf '[%s]' \"$w\" >>" LOG "; done");
	tool("vzdump", "case $* in *--owners*) echo '{\"acme\": 1, \"beta\": 1}';; --list*) for w; do printf '[%s]' \"$w\" >>" ASKED "; done;"
	     " cat <<X\n" LIST "\nX\n;; *) for w; do printf '[%s]' \"$w\" >>" LOG "; done;; esac");
	tool("vzrestore", "case $* in *--config*) echo 'DISKSPACE=\"1048576:1048576\"'; echo 'PHYSPAGES=\"0:65536\"';; "
	     "*) for w; do printf '[%s]' \"$w\" >>" LOG "; done;; esac");
	CHECK_EQ(mkdir(BOX "/private/101", 0700), 0);
	box_conf(101, "OWNER=\"acme\"\n");
	api_env_open(&v);
	CHECK_OK(api_route_use(tables, 2, &e), &e);
	CHECK_OK(tenant_put(&v.v.d.auth->tenants, tenant_new("acme", &e), &e), &e);
	CHECK_OK(tenant_put(&v.v.d.auth->tenants, tenant_new("beta", &e), &e), &e);
	root = api_env_who("root", "", scopes_all);
	acme = api_env_who("token:acme", "acme", scopes_tenant);
	beta = api_env_who("token:beta", "beta", scopes_tenant);
}

static void down(void)
{
	api_answer_done(&a);
	principal_unref(root);
	principal_unref(acme);
	principal_unref(beta);
	api_env_close(&v);
	CHECK_EQ(umount2(VZ_SBINDIR, MNT_DETACH), 0);
}

static int ask(struct principal *who, const char *verb, const char *path, const char *body)
{
	api_answer_done(&a);
	return api_env_do(&v, who, verb, path, body, &a);
}

static void gives(struct principal *who, const char *verb, const char *path, const char *body, const char *words)
{
	uint64_t end = ev_now_ms() + TEST_PATIENCE_MS;

	unlink(LOG);
	CHECK(ask(who, verb, path, body) < 400);
	while (!(box_is_there(LOG) && box_file_is(LOG, words)) && ev_now_ms() < end)
		CHECK_OK(ev_turn(v.v.d.ev, 10, &v.v.e), &v.v.e);
	CHECK(box_file_is(LOG, words));
}

static size_t seen(struct principal *who)
{
	CHECK_EQ(ask(who, "GET", "/v1/backups", NULL), 200);
	return json_array_size(json_object_get(a.body, "items"));
}

TEST_ROOT(api_backup_who_sees_what)
{
	up();
	CHECK_EQ(seen(root), 3);
	CHECK_EQ(seen(acme), 1);
	CHECK_EQ(seen(beta), 1);
	CHECK_EQ(ask(acme, "GET", "/v1/backups/" A, NULL), 200);
	CHECK_STR(api_answer_str(&a, "owner"), "acme");
	CHECK_STR(api_answer_str(&a, "created"), "1970-01-01T00:00:01.000Z");
	CHECK_EQ(ask(acme, "GET", "/v1/backups/" B, NULL), 404);
	CHECK_EQ(ask(acme, "DELETE", "/v1/backups/" B, NULL), 404);
	CHECK_EQ(ask(acme, "POST", "/v1/backups/" C "/restore", "{\"ctid\":150}"), 404);
	CHECK_EQ(ask(beta, "POST", "/v1/backups/" A "/check", "{}"), 404);
	CHECK_EQ(ask(beta, "POST", "/v1/cts/101/backups", "{}"), 404);
	CHECK_EQ(ask(root, "GET", "/v1/backups/passwd", NULL), 404);
	CHECK(ask(root, "GET", "/v1/backups/..%2f" A, NULL) >= 400);
	CHECK_EQ(ask(root, "GET", "/v1/backups?limit=2", NULL), 200);
	CHECK(api_answer_str(&a, "next") != NULL);
	down();
}

/* What the loop has to read is a page, whatever lies in the directory. */
TEST_ROOT(api_backup_asks_for_a_page)
{
	up();
	CHECK_EQ(ask(acme, "GET", "/v1/backups?limit=2", NULL), 200);
	CHECK(box_file_is(ASKED, "[--list][--json][--owner][acme][--limit][3]"));
	unlink(ASKED);
	CHECK_EQ(ask(root, "GET", "/v1/backups?ctid=101", NULL), 200);
	CHECK(box_file_is(ASKED, "[--list][--json][--limit][101][101]"));
	unlink(ASKED);
	CHECK_EQ(ask(root, "GET", "/v1/backups/" B, NULL), 200);
	CHECK(box_file_is(ASKED, "[--list][--json][--named][" B "][--limit][101][101]"));
	down();
}

TEST_ROOT(api_backup_words)
{
	up();
	gives(acme, "POST", "/v1/cts/101/backups", "{\"incremental\":true,\"mode\":\"stop\",\"level\":5}",
	      "[backup][101][--stop][--incremental][--level=5]");
	gives(acme, "POST", "/v1/backups/" A "/check", "{}", "[--check][" BOX "/dump/" A "]");
	gives(root, "DELETE", "/v1/backups/" C, NULL, "[--remove][" BOX "/dump/" C "]");
	gives(acme, "POST", "/v1/backups/" A "/restore", "{\"ctid\":150,\"layout\":\"dir\"}",
	      "[--no-trust][" BOX "/dump/" A "][150][--layout=dir][--owner=acme]");
	gives(root, "POST", "/v1/backups/" B "/restore", "{\"ctid\":151}", "[" BOX "/dump/" B "][151][--owner=beta]");
	gives(root, "POST", "/v1/backups/" C "/restore", "{\"ctid\":152}", "[" BOX "/dump/" C "][152]");
	CHECK_EQ(ask(root, "POST", "/v1/backups/" C "/restore", "{\"ctid\":153,\"owner\":\"beta\"}"), 422);
	CHECK_EQ(ask(root, "POST", "/v1/backups/" A "/restore", "{\"ctid\":101}"), 409);
	CHECK_EQ(ask(acme, "POST", "/v1/backups/" A "/restore", "{\"ctid\":154,\"owner\":\"beta\"}"), 403);
	down();
}

TEST_ROOT(api_backup_limits)
{
	struct tenant *t;

	up();
	t = tenant_find(&v.v.d.auth->tenants, "acme");
	t->limit[LIMIT_BACKUPS] = 1;
	CHECK_EQ(ask(acme, "POST", "/v1/cts/101/backups", "{}"), 403);
	CHECK_STR(api_answer_str(&a, "resource"), "backups");
	CHECK_EQ(json_integer_value(json_object_get(a.body, "limit")), 1);
	CHECK_EQ(json_integer_value(json_object_get(a.body, "used")), 1);
	CHECK_EQ(json_integer_value(json_object_get(a.body, "requested")), 1);
	CHECK_EQ(ask(root, "POST", "/v1/cts/101/backups", "{}"), 403);	/* it is the tenant's, whoever makes it */
	t->limit[LIMIT_MEMORY] = 128 << 20;	/* the archive's configuration says 256 MiB */
	CHECK_EQ(ask(acme, "POST", "/v1/backups/" A "/restore", "{\"ctid\":150}"), 403);
	CHECK_STR(api_answer_str(&a, "resource"), "memory");
	CHECK_EQ(ask(acme, "POST", "/v1/backups/" A "/restore", "{\"ctid\":150,\"config\":{\"ram\":\"64M\",\"swap\":\"0\"}}"), 403);
	CHECK_EQ(json_integer_value(json_object_get(a.body, "requested")), 64 << 20);
	t->limit[LIMIT_MEMORY] = NUM_UNLIMITED;
	CHECK_EQ(ask(acme, "POST", "/v1/backups/" A "/restore", "{\"ctid\":150}"), 202);
	down();
}
