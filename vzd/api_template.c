/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /v1/templates: what the cache holds; building, checking and removing are jobs that run vztmpl. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "templates/tmpl.h"
#include "util/auto.h"
#include "vzd/api_ct.h"
#include "vzd/inv.h"

static unsigned users_of(struct vzd *d, const char *name)
{
	unsigned n = 0;

	for (size_t i = 0; i < inv_count(d->inv); i++)
		n += str_eq(inv_at(d->inv, i)->ostemplate, name);
	return n;
}

/* The lines about what is unusual in it: none before it is unpacked. A name that is no UTF-8 is left out. */
static json_t *unusual(const struct tmpl_info *i)
{
	json_t *list = json_array();

	for (const char *p = i->notes; *p;) {
		size_t n = strcspn(p, "\n");
		json_t *line = json_stringn(p, n);

		json_array_append_new(list, line ? line : json_stringn(p, strcspn(p, "/")));
		p += n + (p[n] == '\n');
	}
	return list;
}

static json_t *tmpl_json(struct api_call *c, const char *name, struct err *e)
{
	struct tmpl_info i = { 0 };
	struct tmpl_origin o = { .kind = "" };
	struct err none = { 0 };
	struct tmpl t;

	if (tmpl_find(vzd_tmpl_dir(c->d), name, &t, e) < 0 || tmpl_info(vzd_tmpl_dir(c->d), &t, &i, e) < 0)
		return NULL;
	if (t.digest[0])
		tmpl_origin(vzd_tmpl_dir(c->d), t.digest, &o, &none);
	return json_pack("{s:s, s:I, s:o, s:b, s:o, s:o, s:i, s:o, s:o}", "name", t.name, "archive_bytes",
			 (json_int_t)i.archive_bytes, "sha256", t.digest[0] ? json_string(t.digest) : json_null(), "unpacked",
			 i.unpacked, "bytes", i.unpacked ? json_integer((json_int_t)i.bytes) : json_null(), "entries",
			 i.unpacked ? json_integer((json_int_t)i.entries) : json_null(), "used_by",
			 (int)users_of(c->d, t.name), "signed_by", o.signed_by[0] ? json_string(o.signed_by) : json_null(),
			 "unusual", unusual(&i));
}

/* Names with a slash are paths; the API knows names only. */
static int plain_name(struct api_call *c, const char *name)
{
	if (name[0] != '.' && name[0] != '-' && !strchr(name, '/'))
		return 0;
	api_problem(c, "invalid-field", 0, "a template's name has no '/' and does not begin with '.' or '-'", NULL);
	return -1;
}

static int list_run(struct api_call *c, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	const char *cursor = api_cursor(c), *last = NULL;
	long long limit = api_q_int(c, "limit", 100);
	json_t *items;

	if (tmpl_list(vzd_tmpl_dir(c->d), &l, e) < 0)
		return -e->code;
	items = json_array();
	for (size_t i = 0; i < l.n; i++) {
		struct err one = { 0 };
		json_t *j;

		if (cursor && strcmp(l.v[i], cursor) <= 0)
			continue;
		if ((long long)json_array_size(items) == limit) {
			api_page(c, items, last);
			return 0;
		}
		j = tmpl_json(c, l.v[i], &one);
		if (j)
			json_array_append_new(items, j);
		last = l.v[i];
	}
	api_page(c, items, NULL);
	return 0;
}

static int get_run(struct api_call *c, struct err *e)
{
	json_t *j;

	if (plain_name(c, c->seg[0]) < 0)
		return 0;
	j = tmpl_json(c, c->seg[0], e);
	if (!j)
		return -e->code;
	api_json(c, 200, j);
	return 0;
}

static int tmpl_job(struct api_call *c, const char *verb, const char *name, api_after *after, struct err *e)
{
	char resource[300];
	auto_args struct conf_args a = { 0 };
	struct job_spec s = { .kind = c->route->op, .owner = c->who->tenant, .principal = c->who->name, .resource = resource,
			      .again = true };

	str_fmt(resource, sizeof(resource), "/v1/templates/%s", name);
	if (ct_word(&a, VZTMPL, e) < 0 || ct_word(&a, verb, e) < 0 || ct_word(&a, name, e) < 0)
		return -e->code;
	s.argv = (const char *const *)a.v;
	return api_job(c, &s, after, e);
}

static int build_run(struct api_call *c, struct err *e)
{
	const char *recipe = json_string_value(json_object_get(c->req.body, "recipe"));

	return plain_name(c, recipe) < 0 ? 0 : tmpl_job(c, "build", recipe, NULL, e);
}

static int verify_run(struct api_call *c, struct err *e)
{
	return plain_name(c, c->seg[0]) < 0 ? 0 : tmpl_job(c, "verify", c->seg[0], NULL, e);
}

static int delete_run(struct api_call *c, struct err *e)
{
	struct tmpl t;

	if (plain_name(c, c->seg[0]) < 0)
		return 0;
	if (tmpl_find(vzd_tmpl_dir(c->d), c->seg[0], &t, e) < 0)
		return -e->code;
	return tmpl_job(c, "rm", c->seg[0], NULL, e);
}

static const struct api_field build_body[] = {
	{ .name = "recipe", .type = API_STR, .required = true, .min = 1, .max = 255, .doc = "Name of a recipe on the host." },
	{ .name = NULL },
};

static const struct api_route rows[] = {
	{ "GET", "/v1/templates", "template.list", SCOPE_TEMPLATE_READ, API_PAGED, NULL, NULL, "TemplatePage",
	  "OS templates in the cache.", list_run },
	{ "GET", "/v1/templates/{template}", "template.get", SCOPE_TEMPLATE_READ, 0, NULL, NULL, "Template",
	  "One OS template.", get_run },
	{ "POST", "/v1/templates", "template.build", SCOPE_TEMPLATE_WRITE, API_WRITE | API_JOB, build_body, NULL, "Operation",
	  "Builds a template from a recipe.", build_run },
	{ "POST", "/v1/templates/{template}/verify", "template.verify", SCOPE_TEMPLATE_WRITE, API_WRITE | API_JOB, NULL, NULL,
	  "Operation", "Reads a template's whole archive and checks it.", verify_run },
	{ "DELETE", "/v1/templates/{template}", "template.remove", SCOPE_TEMPLATE_WRITE, API_WRITE | API_JOB, NULL, NULL,
	  "Operation", "Removes a template from the cache; containers made from it keep what they have.", delete_run },
};
const struct api_table api_template_table = API_TABLE(rows);
