/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /v1/network/classes: which networks are of which class of traffic. Replaced as a whole by a job that runs vznetcfg, which
 * looks at If-Match again under its lock, and then vznetstat -l, so that what runs counts by it.
 */
#include <errno.h>

#include "libct/classfile.h"
#include "util/buf.h"
#include "vzd/api_ct.h"

#define ROWS_MAX 1024

static json_t *classes_json(const struct ct_classes *cl)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < cl->rows.n; i++)
		json_array_append_new(rows, json_string(cl->rows.v[i]));
	return json_pack("{s:o, s:b}", "classes", rows, "default", cl->usual);
}

static int classes_get(struct api_call *c, struct err *e)
{
	__attribute__((cleanup(ct_classes_done))) struct ct_classes cl = { 0 };

	if (ct_classes_load(&cl, e) < 0)
		return -e->code;
	if (!api_not_modified(c, cl.tag))
		api_json(c, 200, classes_json(&cl));
	return 0;
}

static json_t *classes_after(struct api_call *c, int *status)
{
	__attribute__((cleanup(ct_classes_done))) struct ct_classes cl = { 0 };
	struct err e = { 0 };

	(void)c;
	(void)status;
	return ct_classes_load(&cl, &e) < 0 ? NULL : classes_json(&cl);
}

static int put_words(struct api_call *c, const char *tag, struct conf_args *a, struct err *e)
{
	const json_t *rows = json_object_get(c->req.body, "classes"), *item;
	size_t i;

	if (ct_word(a, VZ_LIBEXEC "/vz-seq", e) < 0 || ct_word(a, VZ_SBINDIR "/vznetcfg", e) < 0 || ct_word(a, "class", e) < 0 ||
	    ct_word(a, json_array_size(rows) ? "set" : "reset", e) < 0 || (tag && conf_args_add(a, "if-match", tag, e) < 0))
		return -e->code;
	json_array_foreach(rows, i, item) {
		if (ct_word(a, json_string_value(item), e) < 0)
			return -e->code;
	}
	return ct_word(a, ";", e) < 0 || ct_word(a, VZ_SBINDIR "/vznetstat", e) < 0 ? -e->code : ct_word(a, "-l", e);
}

static int classes_put(struct api_call *c, struct err *e)
{
	__attribute__((cleanup(ct_classes_done))) struct ct_classes cl = { 0 };
	__attribute__((cleanup(str_list_clear))) struct str_list rows = { 0 };
	struct job_spec s = { .kind = c->route->op, .owner = c->who->tenant, .principal = c->who->name,
			      .resource = "/v1/network/classes" };
	const json_t *item;
	auto_args struct conf_args a = { 0 };
	size_t i;

	json_array_foreach(json_object_get(c->req.body, "classes"), i, item) {
		if (str_list_add(&rows, json_string_value(item), e) < 0)
			return -e->code;
	}
	if (ct_classes_check(&rows, e) < 0) {
		api_problem(c, "invalid-field", 0, e->text, NULL);
		return 0;
	}
	if (ct_classes_load(&cl, e) < 0 && (e->code != EINVAL || c->req.if_match))
		return -e->code;		/* one that is wrong by now can be put right */
	err_clear(e);
	if (!api_match(c, cl.tag, false))
		return 0;
	s.argv = put_words(c, c->req.if_match ? cl.tag : NULL, &a, e) < 0 ? NULL : (const char *const *)a.v;
	return s.argv ? api_job(c, &s, classes_after, e) : -e->code;
}

static const struct api_field put_body[] = {
	{ .name = "classes", .type = API_LIST, .required = true, .max = ROWS_MAX,
	  .doc = "Each \"CLASS NETWORK\", classes 0 to 15; all there are from then on. Empty: everything is class 1." },
	{ .name = NULL },
};

static const struct api_route rows[] = {
	{ "GET", "/v1/network/classes", "network.classes.get", SCOPE_NODE_READ, 0, NULL, NULL, "NetworkClasses",
	  "Which networks are of which class of traffic.", classes_get },
	{ "PUT", "/v1/network/classes", "network.classes.put", SCOPE_NODE_WRITE, API_WRITE | API_JOB, put_body, NULL,
	  "NetworkClasses", "Replaces the networks of all classes, for what runs, too.", classes_put },
};
const struct api_table api_class_table = API_TABLE(rows);
