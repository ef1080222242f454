/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The OpenAPI 3.1 description, made from the rows that route and check the requests: nothing in it is written twice. Made
 * once, at the first call for it.
 */
#include "vzd/openapi.h"

#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/sha256.h"
#include "util/str.h"
#include "vzd/api_priv.h"

#define REF "#/components/"

/* --- examples --- */

/* A digest, or another text of which only the length is known. */
static json_t *zeros(size_t n)
{
	char text[129];

	n = MIN(n, sizeof(text) - 1);
	memset(text, '0', n);
	return json_stringn(text, n);
}

static json_t *sample_value(const struct api_field *f)
{
	static const struct { const char *name, *value; } known[] = {
		{ "template", "debian-12-x86_64-minimal" }, { "name", "web1" }, { "hostname", "web1.example.com" },
		{ "description", "shop" }, { "owner", "acme" }, { "tenant", "acme" }, { "password", "correct-horse-9" },
		{ "user", "root" },
		{ "path", "/vz/private/101" }, { "command", "uname -r" }, { "stdin", "a line\n" },
		{ "title", "Acme Ltd." }, { "reason", "unpaid" }, { "expires", "30d" }, { "not_before", "1h" },
		{ "role", "operator" }, { "url", "https://example.com/hook" }, { "index", "https://example.com/vz/index.json" },
		{ "data", "AAAA" }, { "scopes", "ct:read" }, { "cts", "101" }, { "rules", "in accept ssh" },
	};
	const char *text = "x";

	if (f->one_of)
		return json_stringn(f->one_of, strcspn(f->one_of, " "));
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!strcmp(known[i].name, f->name))
			text = known[i].value;
	}
	switch (f->type) {
	case API_STR:
		return strlen(text) < (size_t)MAX(f->min, 0) ? zeros((size_t)f->min) : json_string(text);
	case API_LINES:
		return json_string(text);
	case API_INT:
		return json_integer(!strcmp(f->name, "ctid") ? 101 : f->min > 10 || f->max == 0 ? f->min : MIN(f->max, 10));
	case API_BOOL:
		return json_true();
	case API_LIST:
		return json_pack("[s]", str_eq(text, "x") ? "192.0.2.0/24" : text);
	case API_ARGV:
		return json_pack("[ss]", "uname", "-r");
	case API_OBJ:
		return !strcmp(f->name, "config") ? json_pack("{sb}", "onboot", 1) : json_object();
	case API_TYPE_N:
		break;
	}
	return json_null();
}

/* What is required; nothing is: the first. */
json_t *openapi_sample(const struct api_route *r)
{
	json_t *j = json_object();

	for (const struct api_field *f = r->body; f && f->name; f++) {
		if (f->required)
			json_object_set_new(j, f->name, sample_value(f));
	}
	if (r->body && json_object_size(j) == 0)
		json_object_set_new(j, r->body->name, sample_value(r->body));
	return j;
}

/* --- parameters --- */

static void ref(json_t *list, const char *name)
{
	json_array_append_new(list, json_pack("{ss+}", "$ref", REF "parameters/", name));
}

static void add_query(json_t *list, const struct api_field *f)
{
	bool many = f->type == API_LIST || f->type == API_ARGV;
	json_t *p = json_pack("{ss ss sb so}", "name", f->name, "in", "query", "required", f->required, "schema",
			      openapi_field(f, false));

	if (many) {
		json_object_set_new(p, "style", json_string("form"));
		json_object_set_new(p, "explode", json_false());
	}
	json_array_append_new(list, p);
}

static json_t *parameters(const struct api_route *r)
{
	json_t *list = json_array();

	for (const char *p = strchr(r->path, '{'); p; p = strchr(p + 1, '{')) {
		auto_free char *name = strndup(p + 1, strcspn(p, "}") - 1);

		json_array_append_new(list, json_pack("{ss ss sb ss s{ss si}}", "name", name, "in", "path", "required", 1,
						      "description", name && !strcmp(name, "ct") ? "Id or name of the container." :
						      "Which one.", "schema", "type", "string", "minLength", 1));
	}
	for (const struct api_field *f = r->query; f && f->name; f++)
		add_query(list, f);
	for (const struct api_field *f = api_paged_fields; (r->flags & API_PAGED) && f->name; f++)
		ref(list, f->name);
	if (!strcmp(r->verb, "POST"))
		ref(list, "IdempotencyKey");
	if (r->flags & API_JOB)
		ref(list, "Prefer");
	if (!strcmp(r->verb, "PATCH") || !strcmp(r->verb, "PUT"))
		ref(list, "IfMatch");
	if (r->flags & API_STREAM && !(r->flags & API_FDS))
		ref(list, "LastEventID");
	return list;
}

static json_t *header_param(const char *name, const char *doc, json_t *schema)
{
	return json_pack("{ss ss sb ss so}", "name", name, "in", "header", "required", 0, "description", doc, "schema", schema);
}

static json_t *common_parameters(void)
{
	json_t *all = json_object();

	for (const struct api_field *f = api_paged_fields; f->name; f++) {
		json_t *one = json_array();

		add_query(one, f);
		json_object_set(all, f->name, json_array_get(one, 0));
		json_decref(one);
	}
	json_object_set_new(all, "IdempotencyKey", header_param("Idempotency-Key", "The same key and request within 24 hours are "
			    "one request: the second gets the first one's answer.",
			    json_pack("{ss si si}", "type", "string", "minLength", 1, "maxLength", 255)));
	json_object_set_new(all, "Prefer", header_param("Prefer", "wait=N: answer when it has ended, or after N seconds "
			    "(at most 60) with 202.", json_pack("{ss}", "type", "string")));
	json_object_set_new(all, "IfMatch", header_param("If-Match", "Only if it is still as it was with this ETag; else 412.",
			    json_pack("{ss}", "type", "string")));
	json_object_set_new(all, "LastEventID", header_param("Last-Event-ID", "Goes on after this number.",
			    json_pack("{ss}", "type", "string")));
	return all;
}

/* --- answers --- */

static json_t *content(const char *type, json_t *schema)
{
	return json_pack("{s{so}}", type, "schema", schema);
}

static json_t *answer_schema(const char *name)
{
	return json_pack("{ss+}", "$ref", REF "schemas/", name);
}

static void add_answer(json_t *all, const char *status, const char *doc, json_t *body)
{
	json_t *a = json_pack("{ss}", "description", doc);

	if (body)
		json_object_set_new(a, "content", body);
	json_object_set_new(all, status, a);
}

static void good_answers(json_t *all, const struct api_route *r)
{
	bool named = r->answer && !(r->flags & (API_TEXT | API_STREAM | API_FDS));
	const char *type = r->flags & API_STREAM ? "text/event-stream" : "text/plain";

	if (r->flags & API_FDS)
		add_answer(all, "101", "The connection is a WebSocket from here on.", NULL);
	if (r->flags & API_FDS && r->answer)
		add_answer(all, "201", r->doc, content("application/json", answer_schema(r->answer)));
	if (r->flags & API_FDS)
		return;
	if (r->flags & (API_TEXT | API_STREAM)) {
		add_answer(all, "200", r->doc, content(type, json_pack("{ss}", "type", "string")));
		return;
	}
	if (!named) {
		add_answer(all, "204", "Done.", NULL);
		return;
	}
	add_answer(all, "200", r->doc, content("application/json", answer_schema(r->answer)));
	if (!strcmp(r->verb, "POST"))
		add_answer(all, "201", "It was made: Location.", content("application/json", answer_schema(r->answer)));
	if (r->flags & API_JOB)
		add_answer(all, "202", "It is promised: Location is the operation.", content("application/json",
			   answer_schema("Operation")));
	else if (!strcmp(r->verb, "PUT"))
		add_answer(all, "202", "It is under way.", content("application/json", answer_schema(r->answer)));
	if (!strcmp(r->verb, "GET"))
		add_answer(all, "304", "As If-None-Match has it.", NULL);
}

static bool may_answer(const struct api_route *r, int status)
{
	bool known = r->scope != SCOPE_NONE || (r->flags & API_KNOWN), writes = r->flags & API_WRITE;

	switch (status) {
	case 401:
		return known;
	case 403:
		return known && (r->scope != SCOPE_NONE || writes);
	case 404:
		return strchr(r->path, '{') || writes;
	case 409:
	case 422:
	case 507:
		return writes;
	case 412:
	case 428:
		return !strcmp(r->verb, "PATCH") || !strcmp(r->verb, "PUT");
	case 413:
	case 415:
		return r->body != NULL;
	case 426:
		return r->flags & API_FDS;
	case 405:
		return false;		/* of no route: of the paths */
	default:
		return true;
	}
}

static void problem_answers(json_t *all, const struct api_route *r)
{
	for (size_t i = 0; i < api_problems_n; i++) {
		char status[8];

		if (may_answer(r, api_problems[i].status) && str_fmt(status, sizeof(status), "%d", api_problems[i].status) == 0)
			json_object_set_new(all, status, json_pack("{ss+}", "$ref", REF "responses/Problem", status));
	}
}

/* One for each status: its slugs and what they mean. */
static json_t *common_answers(void)
{
	json_t *all = json_object();

	for (size_t i = 0; i < api_problems_n; i++) {
		auto_buf struct buf doc = BUF_INIT;
		char name[24];

		(void)str_fmt(name, sizeof(name), "Problem%d", api_problems[i].status);
		for (size_t k = 0; k < api_problems_n; k++) {
			if (api_problems[k].status == api_problems[i].status)
				buf_addf(&doc, "%s%s: %s", doc.len ? " " : "", api_problems[k].slug, api_problems[k].doc);
		}
		if (!json_object_get(all, name))
			add_answer(all, name, buf_str(&doc), content(API_PROBLEM_TYPE, answer_schema("Problem")));
	}
	return all;
}

/* --- paths --- */

static json_t *tag_of(const struct api_route *r)
{
	const char *p = strchr(r->path + 1, '/');

	p = p ? p + 1 : "root";
	return json_stringn(p, strcspn(p, "/"));
}

static json_t *route(const struct api_route *r)
{
	json_t *responses = json_object(), *o;

	good_answers(responses, r);
	problem_answers(responses, r);
	o = json_pack("{ss ss s[o] so so}", "operationId", r->op, "summary", r->doc, "tags", tag_of(r), "parameters",
		      parameters(r), "responses", responses);
	if (r->scope != SCOPE_NONE)
		json_object_set_new(o, "x-required-scope", json_string(scope_names[r->scope]));
	else if (!(r->flags & API_KNOWN))
		json_object_set_new(o, "security", json_pack("[{}, {s[]}]", "bearer"));
	if (r->flags & API_LOCAL)
		json_object_set_new(o, "x-local-only", json_true());
	if (r->body)
		json_object_set_new(o, "requestBody", json_pack("{sb s{s{so so}}}", "required", 1, "content", "application/json",
								"schema", openapi_body(r), "example", openapi_sample(r)));
	return o;
}

static json_t *paths(void)
{
	json_t *all = json_object();
	const struct api_route *r;
	size_t i = 0;

	while ((r = api_route_next(&i))) {
		json_t *p = json_object_get(all, r->path);
		char verb[8];

		if (!p) {
			p = json_object();
			json_object_set_new(all, r->path, p);
		}
		(void)str_copy(verb, sizeof(verb), r->verb);
		for (char *c = verb; *c; c++)
			*c = (char)(*c | 0x20);
		json_object_set_new(p, verb, route(r));
	}
	return all;
}

/* XPage: a page of X. */
static int add_pages(json_t *schemas, struct err *e)
{
	const struct api_route *r;
	size_t i = 0;

	while ((r = api_route_next(&i))) {
		auto_free char *of = NULL;

		if (!r->answer || (r->flags & API_TEXT) || json_object_get(schemas, r->answer))
			continue;
		of = strndup(r->answer, str_ends(r->answer, "Page") ? strlen(r->answer) - strlen("Page") : 0);
		if (!of || !json_object_get(schemas, of))
			return err_say(e, EINVAL, "%s %s answers with %s, which has no row in api_schema.c", r->verb, r->path,
				       r->answer);
		json_object_set_new(schemas, r->answer, json_pack("{ss s{s{ss so} so} s[ss]}", "type", "object", "properties",
				    "items", "type", "array", "items", answer_schema(of), "next", openapi_type("string?"),
				    "required", "items", "next"));
	}
	return 0;
}

static json_t *info(void)
{
	return json_pack("{ss ss ss s{ss ss}}", "title", "vz", "version", VZ_VERSION, "description",
			 "Containers of one host. Sizes are bytes, times RFC 3339 in UTC, problems RFC 9457. Clients ignore "
			 "members that they do not know.", "license", "name", "GPL-2.0-or-later", "identifier", "GPL-2.0-or-later");
}

json_t *openapi_make(struct err *e)
{
	json_t *schemas = openapi_schemas(e);

	if (!schemas || add_pages(schemas, e) < 0) {
		json_decref(schemas);
		return NULL;
	}
	return json_pack("{ss so s[{ss}] s[{s[]}] so s{s{so} so so so}}", "openapi", "3.1.0", "info", info(),
			 "servers", "url", "/", "security", "bearer", "paths", paths(), "components", "securitySchemes", "bearer",
			 json_pack("{ss ss ss ss}", "type", "http", "scheme", "bearer", "bearerFormat", "vz1_ID_SECRET",
				   "description", "A token made by POST /v1/tokens or vzadm."),
			 "schemas", schemas, "responses", common_answers(), "parameters", common_parameters());
}

/* --- made once --- */

static char *text;
static char etag[18];

const char *openapi_etag(void)
{
	return etag;
}

const char *openapi_text(struct err *e)
{
	json_t *j = text ? NULL : openapi_make(e);
	struct sha256 s;
	char hex[65];

	if (text)
		return text;
	text = j ? json_dumps(j, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	json_decref(j);
	if (!text) {
		if (!e->code)
			err_set(e, ENOMEM, "openapi.json");
		return NULL;
	}
	sha256_init(&s);
	sha256_add(&s, text, strlen(text));
	sha256_hex(&s, hex);
	(void)str_fmt(etag, sizeof(etag), "o%.16s", hex);
	return text;
}
