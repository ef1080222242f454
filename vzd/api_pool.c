/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /v1/pools: where this host takes template images from. Reading tells what pools.c has last seen and asks no device, which may
 * hang; attaching, detaching, checking and verifying are jobs that run vzpool, and making an image one that runs vztmpl.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "templates/tmpl.h"
#include "util/auto.h"
#include "vzd/api_ct.h"
#include "vzd/pools.h"
#include "vzd/timefmt.h"

#define VZPOOL VZ_SBINDIR "/vzpool"

static json_t *pool_json(const struct api_call *c, const struct tmpl_pool *p)
{
	const struct pool_seen *s = pools_find(c->d->pools, p->name);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:o}", "name", p->name, "kind", tmpl_pool_kind_names[p->kind],
			 "source", p->source, "path", p->path, "id", p->id, "state", s ? s->state : "unknown",
			 "why", s && s->why[0] ? s->why : NULL, "since", timefmt_json(s ? s->since_ms : 0));
}

static int list_run(struct api_call *c, struct err *e)
{
	auto_free struct tmpl_pool *v = NULL;
	const char *cursor = api_cursor(c), *last = NULL;
	long long limit = api_q_int(c, "limit", 100);
	json_t *items;
	size_t n = 0;

	if (tmpl_pool_list(vzd_tmpl_dir(c->d), &v, &n, e) < 0)
		return -e->code;
	items = json_array();
	for (size_t i = 0; i < n; i++) {
		if (cursor && strcmp(v[i].name, cursor) <= 0)
			continue;
		if ((long long)json_array_size(items) == limit) {
			api_page(c, items, last);
			return 0;
		}
		json_array_append_new(items, pool_json(c, &v[i]));
		last = v[i].name;
	}
	api_page(c, items, NULL);
	return 0;
}

static int get_run(struct api_call *c, struct err *e)
{
	struct tmpl_pool p;

	if (tmpl_pool_get(vzd_tmpl_dir(c->d), c->seg[0], &p, e) < 0)
		return e->code == EINVAL ? (e->code = ENOENT, -ENOENT) : -e->code;
	api_json(c, 200, pool_json(c, &p));
	return 0;
}

/* @word: a list of words, ended by NULL, the first a program. */
static int job(struct api_call *c, const char *resource, const char *const *word, struct err *e)
{
	auto_args struct conf_args a = { 0 };
	struct job_spec s = { .kind = c->route->op, .owner = c->who->tenant, .principal = c->who->name, .resource = resource,
			      .again = true };

	for (; *word; word++)
		if (ct_word(&a, *word, e) < 0)
			return -e->code;
	s.argv = (const char *const *)a.v;
	return api_job(c, &s, NULL, e);
}

static int pool_job(struct api_call *c, const char *verb, struct err *e)
{
	const char *const words[] = { VZPOOL, verb, c->seg[0], NULL };
	struct tmpl_pool p;
	char resource[300];

	if (tmpl_pool_get(vzd_tmpl_dir(c->d), c->seg[0], &p, e) < 0)
		return e->code == EINVAL ? (e->code = ENOENT, -ENOENT) : -e->code;
	str_fmt(resource, sizeof(resource), "/v1/pools/%s", c->seg[0]);
	return job(c, resource, words, e);
}

static const char *body_text(const struct api_call *c, const char *name)
{
	return json_string_value(json_object_get(c->req.body, name));
}

static int attach_run(struct api_call *c, struct err *e)
{
	const char *const words[] = { VZPOOL, "attach", "--", body_text(c, "name"), body_text(c, "source"), NULL };
	char resource[300];

	str_fmt(resource, sizeof(resource), "/v1/pools/%s", body_text(c, "name"));
	return job(c, resource, words, e);
}

static int detach_run(struct api_call *c, struct err *e) { return pool_job(c, "detach", e); }
static int check_run(struct api_call *c, struct err *e) { return pool_job(c, "status", e); }
static int verify_run(struct api_call *c, struct err *e) { return pool_job(c, "verify", e); }

static int image_run(struct api_call *c, struct err *e)
{
	const char *format = body_text(c, "format");
	const char *const words[] = { VZTMPL, "image", "--format", format ? format : "erofs", "--", c->seg[0], NULL };
	char resource[300];
	struct tmpl t;

	if (c->seg[0][0] == '/' || tmpl_find(vzd_tmpl_dir(c->d), c->seg[0], &t, e) < 0)
		return e->code ? -e->code : err_say(e, ENOENT, "no such template");
	str_fmt(resource, sizeof(resource), "/v1/templates/%s", c->seg[0]);
	return job(c, resource, words, e);
}

static const struct api_field attach_body[] = {
	{ .name = "name", .type = API_STR, .required = true, .min = 1, .max = 63, .doc = "The pool's name on this host." },
	{ .name = "source", .type = API_STR, .required = true, .min = 1, .max = 1000,
	  .doc = "A directory, a device below /dev, HOST:/PATH of an NFS export, or nbd://HOST[:PORT]/EXPORT." },
	{ .name = NULL },
};
static const struct api_field image_body[] = {
	{ .name = "format", .type = API_STR, .one_of = "erofs erofs-lz4 squashfs none",
	  .doc = "erofs when absent; none removes it." },
	{ .name = NULL },
};

static const struct api_route rows[] = {
	{ "GET", "/v1/pools", "pool.list", SCOPE_NODE_READ, API_PAGED, NULL, NULL, "PoolPage",
	  "Pools of template images that are attached.", list_run },
	{ "GET", "/v1/pools/{pool}", "pool.get", SCOPE_NODE_READ, 0, NULL, NULL, "Pool", "One attached pool.", get_run },
	{ "POST", "/v1/pools", "pool.attach", SCOPE_NODE_WRITE, API_WRITE | API_JOB, attach_body, NULL, "Operation",
	  "Attaches a pool.", attach_run },
	{ "POST", "/v1/pools/{pool}/check", "pool.check", SCOPE_NODE_WRITE, API_WRITE | API_JOB, NULL, NULL, "Operation",
	  "Asks the pool's device; the operation fails, with the reason, if it is not well.", check_run },
	{ "POST", "/v1/pools/{pool}/verify", "pool.verify", SCOPE_NODE_WRITE, API_WRITE | API_JOB, NULL, NULL, "Operation",
	  "Reads the pool's images and compares their SHA-256.", verify_run },
	{ "DELETE", "/v1/pools/{pool}", "pool.detach", SCOPE_NODE_WRITE, API_WRITE | API_JOB, NULL, NULL, "Operation",
	  "Detaches a pool that no container needs.", detach_run },
	{ "POST", "/v1/templates/{template}/image", "template.image", SCOPE_TEMPLATE_WRITE, API_WRITE | API_JOB, image_body, NULL,
	  "Operation", "Makes a template one read-only file system for containers to stand on.", image_run },
};
const struct api_table api_pool_table = API_TABLE(rows);
