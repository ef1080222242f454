/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a container's files stand on and what is installed in them: another layout, space given back, packages. Jobs of vzctl
 * and vzpkg, which judge; packages are a command inside, so they need the right to run one, and their output is the result.
 */
#include <errno.h>
#include <string.h>

#include "templates/pkg.h"
#include "util/auto.h"
#include "vzd/api_ct.h"
#include "vzd/inv.h"

#define VZPKG VZ_SBINDIR "/vzpkg"

/* -1: it has answered. */
static int must_be(struct api_call *c, bool running)
{
	if ((c->ct->state == INV_RUNNING) == running && (running || c->ct->state == INV_STOPPED))
		return 0;
	api_problem(c, "conflict-state", running ? VZ_VE_NOT_RUNNING : VZ_VE_RUNNING,
		    running ? "Container is not running" : "Container is not stopped: stop it first",
		    json_pack("{s:s}", "state", inv_state_names[c->ct->state]));
	return -1;
}

static int convert_run(struct api_call *c, struct err *e)
{
	auto_args struct conf_args a = { 0 };

	if (must_be(c, false) < 0)
		return 0;
	if (ct_words(&a, "convert", c->ctid, e) < 0 || conf_args_add(&a, "layout", ct_body_text(c, "layout"), e) < 0)
		return -e->code;
	return ct_job(c, &a, NULL, ct_after, e);
}

static int compact_run(struct api_call *c, struct err *e)
{
	auto_args struct conf_args a = { 0 };

	return ct_words(&a, "compact", c->ctid, e) < 0 ? -e->code : ct_job(c, &a, NULL, NULL, e);
}

/* --- packages --- */

static int package_words(struct api_call *c, const char *where, struct conf_args *a, struct err *e)
{
	const json_t *names = json_object_get(c->req.body, "packages"), *name;
	const char *action = ct_body_text(c, "action"), *v[TMPL_PKG_MAX];
	size_t i;

	json_array_foreach(names, i, name)
		v[i] = json_string_value(name);
	if (tmpl_pkg_check(action, v, json_array_size(names), e) < 0)
		return -e->code;
	if (ct_word(a, VZPKG, e) < 0 || ct_word(a, action, e) < 0 || ct_word(a, "--", e) < 0 ||
	    ct_word(a, where, e) < 0)
		return -e->code;
	for (i = 0; i < json_array_size(names); i++)
		if (ct_word(a, v[i], e) < 0)
			return -e->code;
	return 0;
}

/* The guest's package manager has a lock of its own: a start or a stop need not wait for it. */
static int ct_packages_run(struct api_call *c, struct err *e)
{
	char id[16], resource[32];
	auto_args struct conf_args a = { 0 };
	struct job_spec s = { .kind = c->route->op, .ctid = c->ctid, .shared = true, .owner = c->ct->owner,
			      .principal = c->who->name, .resource = resource, .keep_output = true };

	if (must_be(c, true) < 0)
		return 0;
	str_fmt(id, sizeof(id), "%u", c->ctid);
	str_fmt(resource, sizeof(resource), "/v1/cts/%u", c->ctid);
	if (package_words(c, id, &a, e) < 0)
		return -e->code;
	s.argv = (const char *const *)a.v;
	return api_job(c, &s, NULL, e);
}

static int template_packages_run(struct api_call *c, struct err *e)
{
	const char *name = c->seg[0];
	char resource[300];
	auto_args struct conf_args a = { 0 };
	struct job_spec s = { .kind = c->route->op, .owner = c->who->tenant, .principal = c->who->name, .resource = resource,
			      .keep_output = true };

	if (strchr(name, '/') || name[0] == '-' || name[0] == '.' || strspn(name, "0123456789") == strlen(name)) {
		api_problem(c, "invalid-field", VZ_INVALID_PARAMETER_VALUE, "that is no name of a template", NULL);
		return 0;
	}
	str_fmt(resource, sizeof(resource), "/v1/templates/%s", name);
	if (package_words(c, name, &a, e) < 0)
		return -e->code;
	s.argv = (const char *const *)a.v;
	return api_job(c, &s, NULL, e);
}

/* --- rows --- */

static const struct api_field convert_body[] = {
	{ .name = "layout", .type = API_STR, .required = true, .one_of = "overlay dir btrfs image image:ext4 image:xfs",
	  .doc = "The layout wanted." },
	{ .name = NULL },
};
static const struct api_field packages_body[] = {
	{ .name = "action", .type = API_STR, .required = true, .one_of = "install remove update status list",
	  .doc = "status: exit status 2 when updates are pending; update without packages: all." },
	{ .name = "packages", .type = API_LIST, .max = TMPL_PKG_MAX, .doc = "Names, as the guest's package manager has them." },
	{ .name = NULL },
};

#define CHANGE (API_CT | API_WRITE | API_JOB)
static const struct api_route rows[] = {
	{ "POST", "/v1/cts/{ct}/convert", "ct.convert", SCOPE_NODE_WRITE, CHANGE, convert_body, NULL, "Ct",
	  "Gives a stopped container another layout; every file is compared, and the old area is kept.", convert_run },
	{ "POST", "/v1/cts/{ct}/compact", "ct.compact", SCOPE_CT_WRITE, CHANGE, NULL, NULL, "Operation",
	  "Gives blocks that the file system in an image does not use back to the host.", compact_run },
	{ "POST", "/v1/cts/{ct}/packages", "ct.packages", SCOPE_CT_EXEC, CHANGE, packages_body, NULL, "Operation",
	  "Runs the package manager of a running container.", ct_packages_run },
	{ "POST", "/v1/templates/{template}/packages", "template.packages", SCOPE_TEMPLATE_WRITE, API_WRITE | API_JOB,
	  packages_body, NULL, "Operation",
	  "Runs a template's package manager on a copy, which takes its name; containers keep what they stand on.",
	  template_packages_run },
};
const struct api_table api_store_table = API_TABLE(rows);
