/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /v1/cts: list, one, create, change, destroy. Reading comes from the inventory; changing is a job that runs vzctl. */
#include "vzd/api_ct.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/num.h"
#include "vzd/change.h"
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

/* --- list --- */

static bool wild(const char *pattern, const char *text)
{
	return !pattern || fnmatch(pattern, text, 0) == 0;
}

static bool has_text(const struct inv_ct *ct, const char *q)
{
	char id[16];

	str_fmt(id, sizeof(id), "%u", ct->id);
	return strstr(id, q) || strcasestr(ct->name, q) || strcasestr(ct->hostname, q) || strcasestr(ct->description, q);
}

static bool matches(const struct api_call *c, const struct inv_ct *ct)
{
	const char *state = api_q_str(c, "state", NULL), *owner = api_q_str(c, "owner", NULL), *q = api_q_str(c, "q", NULL);

	return auth_sees(c->who, ct) && (!state || str_eq(state, inv_state_names[ct->state])) &&
	       (!owner || str_eq(owner, ct->owner)) && wild(api_q_str(c, "template", NULL), ct->ostemplate) &&
	       wild(api_q_str(c, "name", NULL), ct->name) && wild(api_q_str(c, "hostname", NULL), ct->hostname) &&
	       (!q || has_text(ct, q));
}

/* The end of the value that begins at @p, in compact JSON of ours. */
static const char *value_end(const char *p)
{
	int depth = 0;

	for (; *p; p++) {
		if (*p == '"') {
			for (p++; *p && *p != '"'; p++)
				p += *p == '\\' && p[1];
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (depth-- == 0)
				return p;
		} else if (*p == ',' && depth == 0) {
			return p;
		}
		if (!*p)
			break;
	}
	return p;
}

static bool wanted(const json_t *fields, const char *name, size_t n)
{
	const json_t *f;
	size_t i;

	json_array_foreach(fields, i, f)
		if (json_string_length(f) == n && !memcmp(json_string_value(f), name, n))
			return true;
	return false;
}

/* The members of @json that @fields names, copied as they stand: no text is parsed into a tree and printed again. */
static void add_trimmed(struct buf *b, const char *json, const json_t *fields)
{
	const char *p = json + 1, *sep = "";

	buf_addc(b, '{');
	while (*p == '"') {
		const char *name = p + 1, *colon = strchr(name, '"') + 1, *end = value_end(colon + 1);

		if (wanted(fields, name, (size_t)(colon - 1 - name))) {
			buf_adds(b, sep);
			buf_add(b, p, (size_t)(end - p));
			sep = ",";
		}
		p = *end == ',' ? end + 1 : end;
	}
	buf_addc(b, '}');
}

/* ,"config":{...}} is the end of a Ct's text: lists leave it out. */
static void add_brief(struct buf *b, const char *json)
{
	const char *at = strstr(json, ",\"config\":{");

	for (const char *more = at; more; more = strstr(more + 1, ",\"config\":{"))
		at = more;	/* the last one: a description may hold the same text, escaped quotes excepted */
	buf_add(b, json, at ? (size_t)(at - json) : strlen(json));
	if (at)
		buf_addc(b, '}');
}

static void send_list(struct api_call *c, struct inv_ct **v, size_t n, const char *next)
{
	const json_t *fields = json_object_get(c->query, "fields");
	struct buf auto_buf b = { .cap = 16u << 20 };

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(&b, ',');
		if (fields)
			add_trimmed(&b, inv_json(c->d->inv, v[i]), fields);
		else
			add_brief(&b, inv_json(c->d->inv, v[i]));
	}
	api_page_raw(c, buf_str(&b), b.len, next);
}

static int (*const no_sort)(const void *, const void *) = NULL;

#define CT_OF(p) (*(struct inv_ct *const *)(p))

static int by_id(const struct inv_ct *a, const struct inv_ct *b)
{
	return (a->id > b->id) - (a->id < b->id);
}

static int by_name(const void *a, const void *b)
{
	int d = strcmp(CT_OF(a)->name, CT_OF(b)->name);

	return d ? d : by_id(CT_OF(a), CT_OF(b));
}

static int by_hostname(const void *a, const void *b)
{
	int d = strcmp(CT_OF(a)->hostname, CT_OF(b)->hostname);

	return d ? d : by_id(CT_OF(a), CT_OF(b));
}

static int by_state(const void *a, const void *b)
{
	int d = (int)CT_OF(a)->state - (int)CT_OF(b)->state;

	return d ? d : by_id(CT_OF(a), CT_OF(b));
}

static int by_memory(const void *a, const void *b)
{
	uint64_t x = CT_OF(a)->mem_limit, y = CT_OF(b)->mem_limit;

	return x == y ? by_id(CT_OF(a), CT_OF(b)) : x < y ? -1 : 1;
}

static void sort_list(struct inv_ct **v, size_t n, const char *key)
{
	static const struct { const char *key; int (*cmp)(const void *, const void *); } keys[] = {
		{ "ctid", no_sort }, { "name", by_name }, { "hostname", by_hostname }, { "state", by_state },
		{ "memory", by_memory },
	};
	bool down = *key == '-';

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (n && keys[i].cmp && str_eq(keys[i].key, key + down))
			qsort(v, n, sizeof(struct inv_ct *), keys[i].cmp);
	for (size_t i = 0; down && i < n / 2; i++)
		SWAP(v[i], v[n - 1 - i]);
}

/* The place after the cursor's container; when that is gone, after where it stood by id. */
static size_t place_after(struct inv_ct **v, size_t n, const char *cursor, bool by_ctid)
{
	uint64_t id;

	if (!cursor || num_u64(cursor, &id) < 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (v[i]->id == id)
			return i + 1;
	for (size_t i = 0; by_ctid && i < n; i++)
		if (v[i]->id > id)
			return i;
	return by_ctid ? n : 0;
}

static int list_run(struct api_call *c, struct err *e)
{
	const char *sort = api_q_str(c, "sort", "ctid");
	size_t limit = (size_t)api_q_int(c, "limit", 100), n = 0, at;
	auto_free struct inv_ct **v = calloc(inv_count(c->d->inv) + 1, sizeof(*v));
	char next[16];

	if (!v)
		return err_set(e, ENOMEM, "list");
	for (size_t i = 0; i < inv_count(c->d->inv); i++)
		if (matches(c, inv_at(c->d->inv, i)))
			v[n++] = inv_at(c->d->inv, i);
	sort_list(v, n, sort);
	at = place_after(v, n, api_cursor(c), str_eq(sort, "ctid"));
	limit = MIN(limit, n - at);
	if (limit)
		str_fmt(next, sizeof(next), "%u", v[at + limit - 1]->id);
	send_list(c, v + at, limit, at + limit < n ? next : NULL);
	return 0;
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

static int bad_property(struct api_call *c, const char *property, const struct err *e)
{
	char pointer[96];

	str_fmt(pointer, sizeof(pointer), "/config/%s", property ? property : "");
	api_problem(c, "invalid-field", 0, e->text,
		    json_pack("{s:[{s:s, s:s, s:s}]}", "errors", "pointer", pointer, "code", "value", "detail", e->text));
	return 0;
}

/* Members that stand beside "config" are parameters, too. */
static json_t *config_of(struct api_call *c)
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
	__attribute__((cleanup(conf_args_done))) struct conf_args a = { 0 };
	__attribute__((cleanup(ct_conf_done))) struct ct_conf parsed = { 0 };
	__attribute__((cleanup(json_drop))) json_t *config = config_of(c);
	const char *at = NULL;
	size_t words;

	if (!etag_matches(c))
		return 0;
	if (ct_words(&a, "set", c->ctid, e) < 0)
		return -e->code;
	words = a.n;
	if (conf_json_args(config, false, &a, &parsed, &at, e) < 0)
		return e->code == ENOMEM ? -ENOMEM : bad_property(c, at, e);
	if (a.n == words)
		return get_run(c, e);		/* nothing asked, nothing done */
	if (change_judge(c, c->ctid, NULL, &parsed) < 0)
		return 0;
	return patch_words(c, &a, e) < 0 ? -e->code : ct_job(c, &a, NULL, ct_after, e);
}

static int delete_run(struct api_call *c, struct err *e)
{
	__attribute__((cleanup(conf_args_done))) struct conf_args a = { 0 };
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

static const char *body_text(const struct api_call *c, const char *name)
{
	return json_string_value(json_object_get(c->req.body, name));
}

/* vzctl create ID --ostemplate T ... [; vzctl set ID --password-stdin] [; vzctl start ID] */
static int create_words(struct api_call *c, struct conf_args *a, const struct conf_args *opts, struct err *e)
{
	bool password = body_text(c, "password"), start = json_is_true(json_object_get(c->req.body, "start"));

	if ((password || start) && ct_word(a, VZ_LIBEXEC "/vz-seq", e) < 0)
		return -e->code;
	if (ct_words(a, "create", c->ctid, e) < 0 || conf_args_add(a, "ostemplate", body_text(c, "template"), e) < 0)
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

static int create_id(struct api_call *c)
{
	const json_t *id = json_object_get(c->req.body, "ctid");

	c->ctid = id ? (unsigned)json_integer_value(id) : free_id(c->d);
	if (!inv_find(c->d->inv, c->ctid))
		return 0;
	api_problem(c, "exists", VZ_FS_PRVT_AREA_EXIST, "there is a container of this id",
		    json_pack("{s:i}", "ctid", (int)c->ctid));
	return -1;
}

static json_t *create_after(struct api_call *c, int *status)
{
	*status = 201;
	return ct_after(c, status);
}

static int create_submit(struct api_call *c, const struct conf_args *a, const char *owner, struct err *e)
{
	const char *pw = body_text(c, "password");
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
	return api_job(c, &s, create_after, e);
}

static int create_run(struct api_call *c, struct err *e)
{
	__attribute__((cleanup(conf_args_done))) struct conf_args a = { 0 }, opts = { 0 };
	__attribute__((cleanup(ct_conf_done))) struct ct_conf parsed = { 0 };
	__attribute__((cleanup(json_drop))) json_t *config = config_of(c);
	const char *at = NULL, *owner = change_owner(c, body_text(c, "owner"));

	if (!owner || create_id(c) < 0)
		return 0;
	json_object_del(config, "owner");
	if (conf_json_args(config, true, &opts, &parsed, &at, e) < 0)
		return e->code == ENOMEM ? -ENOMEM : bad_property(c, at, e);
	if (strchr(body_text(c, "template"), '/') && (c->who->tenant[0] || !auth_has(c->who, SCOPE_NODE_WRITE))) {
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

static const struct api_field list_query[] = {
	{ .name = "state", .type = API_STR, .one_of = "stopped mounted running frozen starting stopping broken",
	  .doc = "Only containers in this state." },
	{ .name = "owner", .type = API_STR, .max = 32, .doc = "Only those of this tenant." },
	{ .name = "template", .type = API_STR, .max = 255, .doc = "Shell pattern of the template's name." },
	{ .name = "name", .type = API_STR, .max = 255, .doc = "Shell pattern of the name." },
	{ .name = "hostname", .type = API_STR, .max = 255, .doc = "Shell pattern of the host name." },
	{ .name = "q", .type = API_STR, .max = 255, .doc = "Text in id, name, host name or description." },
	{ .name = "sort", .type = API_STR, .one_of = "ctid -ctid name -name hostname -hostname state -state memory -memory",
	  .doc = "Order; - for descending." },
	{ .name = NULL },
};
static const struct api_field patch_body[] = {
	{ .name = "config", .type = API_OBJ, .doc = "Parameters by name, as in Ct.config; null takes one away." },
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
	{ "GET", "/v1/cts", "ct.list", SCOPE_CT_READ, API_PAGED, NULL, list_query, "CtPage", "Containers, without `config`.",
	  list_run },
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
