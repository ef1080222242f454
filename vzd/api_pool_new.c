/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is done where a pool is written: an empty one made, images put in, taken out, collected. The pool is one that this host
 * has attached by its directory. Each is a job that runs vzpool, which judges.
 */
#include <errno.h>
#include <string.h>

#include "templates/tmpl.h"
#include "util/auto.h"
#include "vzd/api_ct.h"

#define VZPOOL VZ_SBINDIR "/vzpool"

static int words(struct conf_args *a, const char *const *w, struct err *e)
{
	for (; *w; w++)
		if (ct_word(a, *w, e) < 0)
			return -e->code;
	return 0;
}

static int submit(struct api_call *c, const struct conf_args *a, const char *pool, bool output, struct err *e)
{
	char resource[300];
	const struct job_spec s = { .kind = c->route->op, .owner = c->who->tenant, .principal = c->who->name,
				    .resource = resource, .keep_output = output, .argv = (const char *const *)a->v };

	str_fmt(resource, sizeof(resource), "/v1/pools%s%s", *pool ? "/" : "", pool);
	return api_job(c, &s, NULL, e);
}

/* 1: *ret is the directory; 0: it has answered. */
static int directory(struct api_call *c, struct tmpl_pool *p, struct err *e)
{
	if (tmpl_pool_get(vzd_tmpl_dir(c->d), c->seg[0], p, e) < 0)
		return e->code == EINVAL ? (e->code = ENOENT, -ENOENT) : -e->code;
	if (p->source[0] == '/' && !str_starts(p->source, "/dev/"))
		return 1;
	api_problem(c, "conflict-state", 0, "this host only reads the pool: it is written where its directory is", NULL);
	return 0;
}

static int create_run(struct api_call *c, struct err *e)
{
	const char *dir = ct_body_text(c, "directory");
	bool alone = json_is_true(json_object_get(c->req.body, "alone"));
	auto_args struct conf_args a = { 0 };

	if (dir[0] != '/') {
		api_problem(c, "invalid-field", 0, "directory: a full path on this host", NULL);
		return 0;
	}
	return words(&a, (const char *const[]){ VZPOOL, "create", alone ? "--alone" : "--", alone ? "--" : dir, alone ? dir : NULL,
						NULL }, e) < 0 ? -e->code : submit(c, &a, "", false, e);
}

static int used_run(struct api_call *c, struct err *e)
{
	auto_args struct conf_args a = { 0 };

	return words(&a, (const char *const[]){ VZPOOL, "used", NULL }, e) < 0 ? -e->code : submit(c, &a, "", true, e);
}

static int images_run(struct api_call *c, struct err *e)
{
	struct tmpl_pool p;
	auto_args struct conf_args a = { 0 };

	if (tmpl_pool_get(vzd_tmpl_dir(c->d), c->seg[0], &p, e) < 0)
		return e->code == EINVAL ? (e->code = ENOENT, -ENOENT) : -e->code;
	return words(&a, (const char *const[]){ VZPOOL, "list", "--", p.name, NULL }, e) < 0 ? -e->code
	       : submit(c, &a, p.name, true, e);
}

static int add_run(struct api_call *c, struct err *e)
{
	const char *format = ct_body_text(c, "format"), *name = ct_body_text(c, "template");
	struct tmpl_pool p;
	struct tmpl t;
	auto_args struct conf_args a = { 0 };
	int rc = directory(c, &p, e);

	if (rc <= 0)
		return rc;
	if (name[0] == '/' || tmpl_find(vzd_tmpl_dir(c->d), name, &t, e) < 0)
		return e->code ? -e->code : err_say(e, ENOENT, "no such template");
	return words(&a, (const char *const[]){ VZPOOL, "add", "--format", format ? format : "erofs", "--", p.source, name, NULL },
		     e) < 0 ? -e->code : submit(c, &a, p.name, false, e);
}

static int remove_run(struct api_call *c, struct err *e)
{
	bool data = api_q_bool(c, "data", false);
	struct tmpl_pool p;
	auto_args struct conf_args a = { 0 };
	int rc = directory(c, &p, e);

	if (rc <= 0)
		return rc;
	if (words(&a, (const char *const[]){ VZPOOL, "rm", NULL }, e) < 0 || (data && ct_word(&a, "--data", e) < 0))
		return -e->code;
	return words(&a, (const char *const[]){ "--", p.source, c->seg[1], NULL }, e) < 0 ? -e->code
	       : submit(c, &a, p.name, false, e);
}

/* As --keep DIGEST. 1; or it has answered. */
static int keep(struct api_call *c, struct conf_args *a, struct err *e)
{
	const json_t *used = json_object_get(c->req.body, "used"), *v;
	size_t i;

	json_array_foreach(used, i, v) {
		const char *digest = json_string_value(v);

		if (strlen(digest) != TMPL_DIGEST_LEN || strspn(digest, "0123456789abcdef") != TMPL_DIGEST_LEN) {
			api_problem(c, "invalid-field", 0, "used: digests, 64 hexadecimal digits each", NULL);
			return 0;
		}
		if (ct_word(a, "--keep", e) < 0 || ct_word(a, digest, e) < 0)
			return -e->code;
	}
	return 1;
}

static int gc_run(struct api_call *c, struct err *e)
{
	bool alone = json_is_true(json_object_get(c->req.body, "alone"));
	bool dry = json_is_true(json_object_get(c->req.body, "dry_run"));
	struct tmpl_pool p;
	auto_args struct conf_args a = { 0 };
	int rc = directory(c, &p, e);

	if (rc <= 0)
		return rc;
	if (!alone && !json_object_get(c->req.body, "used")) {
		api_problem(c, "invalid-field", 0, "used: what all nodes that have this pool stand on (POST /v1/pools/used there), "
			    "or alone if only this host has it", NULL);
		return 0;
	}
	if (words(&a, (const char *const[]){ VZPOOL, "gc", "--alone", NULL }, e) < 0 || (dry && ct_word(&a, "--dry-run", e) < 0))
		return -e->code;
	rc = keep(c, &a, e);
	if (rc <= 0)
		return rc;
	return words(&a, (const char *const[]){ "--", p.source, NULL }, e) < 0 ? -e->code : submit(c, &a, p.name, true, e);
}

static const struct api_field create_body[] = {
	{ .name = "directory", .type = API_STR, .required = true, .min = 2, .max = 1000, .doc = "An empty one, by its full path." },
	{ .name = "alone", .type = API_BOOL, .doc = "No other node will ever have this pool." },
	{ .name = NULL },
};
static const struct api_field add_body[] = {
	{ .name = "template", .type = API_STR, .required = true, .min = 1, .max = 255, .doc = "A template of this host." },
	{ .name = "format", .type = API_STR, .one_of = "erofs erofs-lz4 squashfs", .doc = "erofs when absent." },
	{ .name = NULL },
};
static const struct api_field remove_query[] = {
	{ .name = "data", .type = API_BOOL, .doc = "The image too: no node may stand on it any more." },
	{ .name = NULL },
};
static const struct api_field gc_body[] = {
	{ .name = "used", .type = API_LIST, .max = 700,
	  .doc = "Digests that pool.used gave, of all nodes that have this pool; this one is asked anyway." },
	{ .name = "alone", .type = API_BOOL, .doc = "No other node has it: used may be absent." },
	{ .name = "dry_run", .type = API_BOOL, .doc = "Only say what would be removed." },
	{ .name = NULL },
};

#define CHANGE (API_WRITE | API_JOB)
static const struct api_route rows[] = {
	{ "POST", "/v1/pools/create", "pool.create", SCOPE_NODE_WRITE, CHANGE, create_body, NULL, "Operation",
	  "Makes an empty directory a pool.", create_run },
	{ "POST", "/v1/pools/used", "pool.used", SCOPE_NODE_WRITE, CHANGE, NULL, NULL, "Operation",
	  "What this node's containers stand on, for pool.gc where the pool is written.", used_run },
	{ "POST", "/v1/pools/{pool}/list", "pool.images", SCOPE_NODE_WRITE, CHANGE, NULL, NULL, "Operation",
	  "What is in the pool, read from its device.", images_run },
	{ "POST", "/v1/pools/{pool}/images", "pool.image.add", SCOPE_NODE_WRITE, CHANGE, add_body, NULL, "Operation",
	  "Puts the image of a template into the pool.", add_run },
	{ "DELETE", "/v1/pools/{pool}/images/{template}", "pool.image.remove", SCOPE_NODE_WRITE, CHANGE, NULL, remove_query,
	  "Operation", "Offers it no longer; containers made from it keep it.", remove_run },
	{ "POST", "/v1/pools/{pool}/gc", "pool.gc", SCOPE_NODE_WRITE, CHANGE, gc_body, NULL, "Operation",
	  "Removes images without a name that no node stands on.", gc_run },
};
const struct api_table api_pool_new_table = API_TABLE(rows);
