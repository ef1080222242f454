/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /v1/cts: one, create, change, destroy; the list is in api_ct_list.c. Reading comes from the inventory; changing is a job that
 * runs vzctl. */
#include "vzd/api_ct.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/num.h"
#include "vzd/change.h"
#include "vzd/console.h"
#include "vzd/inv.h"

#define FIRST_ID 101		/* ids up to 100 are reserved, as they have always been */

/* --- words --- */

int ct_word(struct conf_args *a, const char *word, struct err *e)
{
	char **v = reallocarray(a->v, a->n + 2, sizeof(*v));

	if (!v)
		return err_set(e, ENOMEM, "words of a command");
	a->v = v;
	a->v[a->n] = strdup(word);
	if (!a->v[a->n])
		return err_set(e, ENOMEM, "words of a command");
	a->v[++a->n] = NULL;
	return 0;
}

const char *ct_body_text(const struct api_call *c, const char *name)
{
	return json_string_value(json_object_get(c->req.body, name));
}

int ct_words(struct conf_args *a, const char *verb, unsigned ctid, struct err *e)
{
	char id[16];

	str_fmt(id, sizeof(id), "%u", ctid);
	if (ct_word(a, VZCTL, e) < 0 || ct_word(a, verb, e) < 0)
		return -e->code;
	return ct_word(a, id, e);
}

json_t *ct_after(struct api_call *c, int *status)
{
	struct inv_ct *ct;

	(void)status;
	inv_refresh(c->d->inv, c->ctid);
	ct = inv_find(c->d->inv, c->ctid);
	return ct ? json_loads(inv_json(c->d->inv, ct), 0, NULL) : NULL;
}

int ct_job(struct api_call *c, const struct conf_args *a, const char *secret, api_after *after, struct err *e)
{
	const struct inv_ct *ct = inv_find(c->d->inv, c->ctid);
	char resource[32];
	const struct job_spec s = {
		.kind = c->route->op, .ctid = c->ctid, .owner = ct ? ct->owner : c->who->tenant, .principal = c->who->name,
		.argv = (const char *const *)a->v, .secret = secret, .resource = resource, .again = !secret,
	};

	str_fmt(resource, sizeof(resource), "/v1/cts/%u", c->ctid);
	return api_job(c, &s, after, e);
}

static int get_run(struct api_call *c, struct err *e)
{
	char etag[64];
	const char *json;

	(void)e;
	/* the part before the dot is the configuration's: the one that If-Match looks at */
	str_fmt(etag, sizeof(etag), "%s.%" PRIx64, c->ct->etag, c->ct->serial);
	if (api_not_modified(c, etag))
		return 0;
	json = inv_json(c->d->inv, c->ct);
	api_raw(c, 200, "application/json", json, strlen(json));
	return 0;
}

/* --- changes --- */

int ct_bad_property(struct api_call *c, const char *property, const struct err *e)
{
	char pointer[96];

	str_fmt(pointer, sizeof(pointer), "/config/%s", property ? property : "");
	api_problem(c, "invalid-field", 0, e->text,
		    json_pack("{s:[{s:s, s:s, s:s}]}", "errors", "pointer", pointer, "code", "value", "detail", e->text));
	return 0;
}

/* Members that stand beside "config" are parameters, too. */
json_t *ct_config_of(struct api_call *c)
{
	static const char *const beside[] = { "name", "hostname", "description", "owner" };
	json_t *config = json_object_get(c->req.body, "config"), *all = config ? json_copy(config) : json_object();

	for (size_t i = 0; i < ARRAY_SIZE(beside); i++) {
		json_t *v = json_object_get(c->req.body, beside[i]);

		if (v)
			json_object_set(all, beside[i], v);
	}
	return all;
}

static void json_drop(json_t **j)
{
	json_decref(*j);
}

/* If-Match: either form of the tag that a GET gave; the part after the dot is the state's. */
static bool etag_matches(struct api_call *c)
{
	const char *im = c->req.if_match, *dot;
	char config[64];

	if (!im || im[0] != '"' || !(dot = strchr(im, '.')))
		return api_match(c, c->ct->etag, false);
	str_fmt(config, sizeof(config), "%.*s\"", (int)(dot - im), im);
	c->req.if_match = config;
	if (!api_match(c, c->ct->etag, false)) {
		c->req.if_match = im;
		return false;
	}
	c->req.if_match = im;
	return true;
}

static int patch_words(struct api_call *c, struct conf_args *a, struct err *e)
{
	const char *apply = json_string_value(json_object_get(c->req.body, "apply"));

	if (str_eq(apply, "restart") && conf_args_add(a, "setmode", "restart", e) < 0)
		return -e->code;
	return conf_args_add(a, "save", NULL, e);
}

static int patch_run(struct api_call *c, struct err *e)
{
	auto_args struct conf_args a = { .defaults = ct_host_defaults(c->d->host) };
	__attribute__((cleanup(ct_conf_done))) struct ct_conf parsed = { 0 };
	__attribute__((cleanup(json_drop))) json_t *config = ct_config_of(c);
	const char *at = NULL;
	size_t words;

	if (!etag_matches(c))
		return 0;
	if (ct_words(&a, "set", c->ctid, e) < 0)
		return -e->code;
	words = a.n;
	if (conf_json_args(config, false, &a, &parsed, &at, e) < 0)
		return e->code == ENOMEM ? -ENOMEM : ct_bad_property(c, at, e);
	if (a.n == words)
		return get_run(c, e);		/* nothing asked, nothing done */
	if (change_judge(c, c->ctid, NULL, &parsed) < 0)
		return 0;
	return patch_words(c, &a, e) < 0 ? -e->code : ct_job(c, &a, NULL, ct_after, e);
}

static int delete_run(struct api_call *c, struct err *e)
{
	auto_args struct conf_args a = { 0 };
	bool up = c->ct->state != INV_STOPPED && c->ct->state != INV_BROKEN;

	if (!etag_matches(c))
		return 0;
	if (up && !api_q_bool(c, "force", false)) {
		api_problem(c, "conflict-state", VZ_VE_RUNNING, "the container is not stopped: stop it, or say force=true",
			    json_pack("{s:s}", "state", inv_state_names[c->ct->state]));
		return 0;
	}
	if (up && (ct_word(&a, VZ_LIBEXEC "/vz-seq", e) < 0 || ct_words(&a, "stop", c->ctid, e) < 0 ||
		   conf_args_add(&a, "fast", NULL, e) < 0 || ct_word(&a, ";", e) < 0))
		return -e->code;
	return ct_words(&a, "destroy", c->ctid, e) < 0 ? -e->code : ct_job(c, &a, NULL, NULL, e);
}

/* --- create --- */

static unsigned free_id(struct vzd *d)
{
	unsigned id = FIRST_ID;

	for (size_t i = 0; i < inv_count(d->inv); i++) {
		const struct inv_ct *ct = inv_at(d->inv, i);

		if (ct->id > id)
			break;
		if (ct->id == id)
			id++;
	}
	while (job_claims(d->jobs, id) || inv_find(d->inv, id))
		id++;
	return id;
}

/* vzctl create ID --ostemplate T ... [; vzctl set ID --password-stdin] [; vzctl start ID] */
static int create_words(struct api_call *c, struct conf_args *a, const struct conf_args *opts, struct err *e)
{
	bool password = ct_body_text(c, "password"), start = json_is_true(json_object_get(c->req.body, "start"));

	if ((password || start) && ct_word(a, VZ_LIBEXEC "/vz-seq", e) < 0)
		return -e->code;
	if (ct_words(a, "create", c->ctid, e) < 0 || conf_args_add(a, "ostemplate", ct_body_text(c, "template"), e) < 0)
		return -e->code;
	for (size_t i = 0; i < opts->n; i++)
		if (ct_word(a, opts->v[i], e) < 0)
			return -e->code;
	if (password &&
	    (ct_word(a, ";", e) < 0 || ct_words(a, "set", c->ctid, e) < 0 || conf_args_add(a, "password-stdin", NULL, e) < 0))
		return -e->code;
	if (start && (ct_word(a, ";", e) < 0 || ct_words(a, "start", c->ctid, e) < 0))
		return -e->code;
	return 0;
}

int ct_new_id(struct api_call *c)
{
	const json_t *id = json_object_get(c->req.body, "ctid");

	c->ctid = id ? (unsigned)json_integer_value(id) : free_id(c->d);
	if (id && !inv_find(c->d->inv, c->ctid) && (job_claims(c->d->jobs, c->ctid) || consoles_change(c->d->consoles, c->ctid))) {
		api_problem(c, "locked", VZ_LOCKED, "an operation that makes a container of this id is under way: take another id, "
			    "or come again when it has ended", json_pack("{s:i}", "ctid", (int)c->ctid));
		return -1;
	}
	if (!inv_find(c->d->inv, c->ctid))
		return 0;
	api_problem(c, "exists", VZ_FS_PRVT_AREA_EXIST, "there is a container of this id",
		    json_pack("{s:i}", "ctid", (int)c->ctid));
	return -1;
}

json_t *ct_new_after(struct api_call *c, int *status)
{
	*status = 201;
	return ct_after(c, status);
}

static int create_submit(struct api_call *c, const struct conf_args *a, const char *owner, struct err *e)
{
	const char *pw = ct_body_text(c, "password");
	auto_free char *secret = NULL;
	char resource[32];
	struct job_spec s = {
		.kind = c->route->op, .ctid = c->ctid, .owner = owner, .principal = c->who->name,
		.argv = (const char *const *)a->v, .resource = resource,
	};

	if (pw && asprintf(&secret, "root:%s\n", pw) < 0) {
		secret = NULL;
		return err_set(e, ENOMEM, "create");
	}
	s.secret = secret;
	str_fmt(resource, sizeof(resource), "/v1/cts/%u", c->ctid);
	return api_job(c, &s, ct_new_after, e);
}

static int create_run(struct api_call *c, struct err *e)
{
	auto_args struct conf_args a = { 0 }, opts = { 0 };
	__attribute__((cleanup(ct_conf_done))) struct ct_conf parsed = { 0 };
	__attribute__((cleanup(json_drop))) json_t *config = ct_config_of(c);
	auto_free char *wanted = NULL;
	const char *at = NULL, *owner, *said = json_string_value(json_object_get(config, "owner"));

	if (said && !(wanted = strdup(said)))
		return err_set(e, ENOMEM, "create");
	owner = change_owner(c, wanted);
	if (!owner || ct_new_id(c) < 0)
		return 0;
	if (said)
		json_object_del(config, "owner");	/* given below, whoever said it */
	if (conf_json_args(config, true, &opts, &parsed, &at, e) < 0)
		return e->code == ENOMEM ? -ENOMEM : ct_bad_property(c, at, e);
	if (strchr(ct_body_text(c, "template"), '/') && (c->who->tenant[0] || !auth_has(c->who, SCOPE_NODE_WRITE))) {
		api_problem(c, "forbidden", 0, "a template by its path is for administrators of the host", NULL);
		return 0;
	}
	if (change_judge(c, 0, owner, &parsed) < 0 || (*owner && conf_args_add(&opts, "owner", owner, e) < 0))
		return e->code ? -e->code : 0;
	return create_words(c, &a, &opts, e) < 0 ? -e->code : create_submit(c, &a, owner, e);
}

/* The JSON Schema of "config", from the parameters' rows. */
static int schema_run(struct api_call *c, struct err *e)
{
	struct buf auto_buf b = BUF_INIT;

	if (ct_schema_print(&b, e) < 0)
		return -e->code;
	api_raw(c, 200, "application/schema+json", buf_str(&b), b.len);
	return 0;
}

/* --- rows --- */

static const struct api_field patch_body[] = {
	{ .name = "config", .type = API_OBJ,
	  .doc = "Parameters by name, as in Ct.config. null empties a list and sets others to their default." },
	{ .name = "name", .type = API_STR, .max = 64, .doc = "Name; empty takes it away." },
	{ .name = "hostname", .type = API_STR, .max = 255, .doc = "Host name inside." },
	{ .name = "description", .type = API_STR, .max = 1024, .doc = "Free text of one line." },
	{ .name = "owner", .type = API_STR, .max = 32, .doc = "Tenant." },
	{ .name = "apply", .type = API_STR, .one_of = "live restart",
	  .doc = "What a parameter that a running container cannot take does: wait for the next start, or restart it now." },
	{ .name = NULL },
};
static const struct api_field create_body[] = {
	{ .name = "ctid", .type = API_INT, .min = 1, .max = CT_ID_MAX, .doc = "Id; the first free one from 101 when absent." },
	{ .name = "template", .type = API_STR, .required = true, .min = 1, .max = 255, .doc = "OS template." },
	{ .name = "config", .type = API_OBJ, .doc = "Parameters by name, as in Ct.config." },
	{ .name = "name", .type = API_STR, .max = 64, .doc = "Name." },
	{ .name = "hostname", .type = API_STR, .max = 255, .doc = "Host name inside." },
	{ .name = "description", .type = API_STR, .max = 1024, .doc = "Free text of one line." },
	{ .name = "owner", .type = API_STR, .max = 32, .doc = "Tenant; a tenant's token makes its own only." },
	{ .name = "password", .type = API_STR, .min = 1, .max = 255, .doc = "Password of root, set inside and kept nowhere." },
	{ .name = "start", .type = API_BOOL, .doc = "Start it, too." },
	{ .name = NULL },
};
static const struct api_field delete_query[] = {
	{ .name = "force", .type = API_BOOL, .doc = "Stop it at once if it is not stopped." },
	{ .name = NULL },
};

static const struct api_route rows[] = {
	{ "GET", "/v1/cts", "ct.list", SCOPE_CT_READ, API_PAGED, NULL, ct_list_query, "CtPage", "Containers, without `config`.",
	  ct_list_run },
	{ "POST", "/v1/cts", "ct.create", SCOPE_CT_CREATE, API_WRITE | API_JOB, create_body, NULL, "Ct",
	  "Makes a container from a template.", create_run },
	{ "GET", "/v1/schema", "schema.get", SCOPE_NONE, API_TEXT, NULL, NULL, "Text",
	  "JSON Schema of a container's parameters, as installed in ctid.conf.schema.json.", schema_run },
	{ "GET", "/v1/cts/{ct}", "ct.get", SCOPE_CT_READ, API_CT, NULL, NULL, "Ct", "One container.", get_run },
	{ "PATCH", "/v1/cts/{ct}", "ct.set", SCOPE_CT_WRITE, API_CT | API_WRITE | API_JOB, patch_body, NULL, "Ct",
	  "Changes parameters, in the file and, where the kernel can, at once.", patch_run },
	{ "DELETE", "/v1/cts/{ct}", "ct.destroy", SCOPE_CT_DELETE, API_CT | API_WRITE | API_JOB, NULL, delete_query, "Operation",
	  "Destroys a container and its files.", delete_run },
};
const struct api_table api_ct_table = API_TABLE(rows);
