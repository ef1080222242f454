/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON schemas (2020-12) from rows: the objects of api_schema.c, the fields of bodies and queries, a container's parameters. */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/api_priv.h"
#include "vzd/bus.h"
#include "vzd/conf_json.h"
#include "vzd/openapi.h"

#define REF "#/components/schemas/"

json_t *openapi_words(const char *list, char sep)
{
	json_t *a = json_array();
	const char seps[] = { sep, '\0' };

	for (const char *p = list; *p; ) {
		size_t n = strcspn(p, seps);

		if (n > 0)
			json_array_append_new(a, json_stringn(p, n));
		p += n + (p[n] != '\0');
	}
	return a;
}

static json_t *names_of(const char *table)
{
	json_t *a = json_array();

	if (!strcmp(table, "@event")) {
		for (size_t i = 0; i < bus_types_n; i++)
			json_array_append_new(a, json_string(bus_types[i].name));
	} else if (!strcmp(table, "@scope")) {
		for (int i = 0; i < SCOPE_NONE; i++)
			json_array_append_new(a, json_string(scope_names[i]));
	} else if (!strcmp(table, "@slug")) {
		for (size_t i = 0; i < api_problems_n; i++)
			json_array_append_new(a, json_string(api_problems[i].slug));
	}
	return a;
}

static json_t *base(const char *t)
{
	static const struct { const char *word, *type; } plain[] = {
		{ "string", "string" }, { "int", "integer" }, { "number", "number" }, { "bool", "boolean" }, { "object", "object" },
	};
	char ref[80];

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		if (!strcmp(t, plain[i].word))
			return json_pack("{ss}", "type", plain[i].type);
	}
	if (!strcmp(t, "time"))
		return json_pack("{ss ss}", "type", "string", "format", "date-time");
	if (!strcmp(t, "any"))
		return json_object();
	if (*t == '@')
		return json_pack("{ss so}", "type", "string", "enum", names_of(t));
	if (*t >= 'A' && *t <= 'Z' && str_fmt(ref, sizeof(ref), REF "%s", t) == 0)
		return json_pack("{ss}", "$ref", ref);
	return json_pack("{ss so}", "type", "string", "enum", openapi_words(t, '|'));
}

static json_t *or_null(json_t *s)
{
	json_t *type = json_object_get(s, "type"), *words = json_object_get(s, "enum");

	if (!type)
		return json_pack("{s[o{ss}]}", "anyOf", s, "type", "null");
	json_array_append_new(words, json_null());		/* no enum: does nothing */
	json_object_set_new(s, "type", json_pack("[Os]", type, "null"));
	return s;
}

/* The grammar of api_schema.h: from the end inwards. */
json_t *openapi_type(const char *type)
{
	size_t n = strlen(type);
	bool null = n > 1 && type[n - 1] == '?', list = n > 2 && !memcmp(type + n - 2, "[]", 2);
	auto_free char *inner = NULL;

	if (!null && !list)
		return base(type);
	inner = strndup(type, n - (null ? 1 : 2));
	if (!inner)
		return NULL;
	return null ? or_null(openapi_type(inner)) : json_pack("{ss so}", "type", "array", "items", openapi_type(inner));
}

static void describe(json_t *s, const char *doc)
{
	if (doc && *doc)
		json_object_set_new(s, "description", json_string(doc));
}

static json_t *schema_of(const struct api_schema *row)
{
	json_t *props = json_object(), *required = json_array(), *s;

	for (const struct api_prop *p = row->props; p->name; p++) {
		bool absent = *p->type == '~';
		json_t *v = openapi_type(p->type + absent);

		describe(v, p->doc);
		json_object_set_new(props, p->name, v);
		if (!absent)
			json_array_append_new(required, json_string(p->name));
	}
	s = json_pack("{ss so so}", "type", "object", "properties", props, "required", required);
	describe(s, row->doc);
	return s;
}

/* --- fields of bodies and queries --- */

static void bounds(json_t *s, const char *min_name, const char *max_name, long long min, long long max)
{
	if (min)
		json_object_set_new(s, min_name, json_integer(min));
	json_object_set_new(s, max_name, json_integer(max));
}

json_t *openapi_field(const struct api_field *f, bool patch)
{
	long long most = f->type == API_STR ? API_STR_MAX : API_LINES_MAX;
	json_t *s = NULL;

	switch (f->type) {
	case API_STR:
	case API_LINES:
		s = json_pack("{ss}", "type", "string");
		bounds(s, "minLength", "maxLength", f->min, f->max ? f->max : most);
		if (f->one_of)
			json_object_set_new(s, "enum", openapi_words(f->one_of, ' '));
		break;
	case API_INT:
		s = json_pack("{ss}", "type", "integer");
		if (f->min || f->max)
			json_object_update_new(s, json_pack("{sI sI}", "minimum", (json_int_t)f->min, "maximum",
							    (json_int_t)f->max));
		break;
	case API_BOOL:
		s = json_pack("{ss}", "type", "boolean");
		break;
	case API_LIST:
	case API_ARGV:
		s = json_pack("{ss s{ss}}", "type", "array", "items", "type", "string");
		if (f->one_of)
			json_object_set_new(json_object_get(s, "items"), "enum", openapi_words(f->one_of, ' '));
		bounds(s, "minItems", "maxItems", f->min, f->max ? f->max : API_LIST_MAX);
		break;
	case API_OBJ:
		s = openapi_type(!strcmp(f->name, "config") ? "ConfigChange" : "object");
		break;
	case API_TYPE_N:
		break;
	}
	if (patch && !f->required)
		s = or_null(s);
	describe(s, f->doc);
	return s;
}

json_t *openapi_body(const struct api_route *r)
{
	json_t *props = json_object(), *required = json_array(), *s;
	bool patch = !strcmp(r->verb, "PATCH");

	for (const struct api_field *f = r->body; f && f->name; f++) {
		json_object_set_new(props, f->name, openapi_field(f, patch));
		if (f->required)
			json_array_append_new(required, json_string(f->name));
	}
	s = json_pack("{ss so sb}", "type", "object", "properties", props, "additionalProperties", 0);
	if (json_array_size(required))
		json_object_set(s, "required", required);
	json_decref(required);
	return s;
}

/* --- a container's parameters --- */

static json_t *param_schema(const struct param *p, bool change)
{
	static const char *const types[] = {
		[CONF_JSON_BOOL] = "bool", [CONF_JSON_INT] = "int", [CONF_JSON_LIST] = "string[]", [CONF_JSON_TEXT] = "string",
	};
	enum conf_json_kind kind = conf_json_kind(p);
	json_t *s = openapi_type(types[kind]);

	if (change && kind != CONF_JSON_TEXT)
		s = json_pack("{s[o{ss}{ss}]}", "anyOf", s, "type", "string", "type", "null");
	else if (change)
		s = or_null(s);
	else if (kind == CONF_JSON_INT)
		s = json_pack("{s[o{ss}]}", "anyOf", s, "type", "string");	/* "unlimited", or above 2^53 */
	describe(s, p->man);
	if (p->def)
		json_object_set_new(s, "x-default", json_string(p->def));
	if (p->flags & (PARAM_LIVE | PARAM_RESTART | PARAM_FIXED))
		json_object_set_new(s, "x-applies", json_string(p->flags & PARAM_LIVE ? "live" : p->flags & PARAM_RESTART ?
								 "restart" : "stopped"));
	if (p->flags & PARAM_KEPT)
		json_object_set_new(s, "x-only-stored", json_true());
	return s;
}

json_t *openapi_config(bool change)
{
	json_t *props = json_object(), *s;
	char name[64];

	for (size_t g = 0; g < ct_param_groups_n; g++) {
		for (size_t i = 0; i < ct_param_groups[g].n; i++) {
			const struct param *p = &ct_param_groups[g].rows[i];

			if (conf_json_name(p, name) && (change || p->key) && !json_object_get(props, name))
				json_object_set_new(props, name, param_schema(p, change));
		}
	}
	s = json_pack("{ss so sb}", "type", "object", "properties", props, "additionalProperties", 0);
	describe(s, change ? "Parameters to change, by the names of Config. Each also takes the text of vzctl's option; "
			     "null empties a list." : "Parameters of a container as ctid.conf(5) has them, keys in lower case.");
	return s;
}

json_t *openapi_schemas(struct err *e)
{
	json_t *all = json_object();

	for (size_t t = 0; t < api_schemas_n; t++) {
		for (size_t i = 0; i < api_schemas[t]->n; i++) {
			const struct api_schema *row = &api_schemas[t]->v[i];

			if (json_object_get(all, row->name)) {
				json_decref(all);
				err_say(e, EINVAL, "two schemas are called %s", row->name);
				return NULL;
			}
			json_object_set_new(all, row->name, schema_of(row));
		}
	}
	json_object_set_new(all, "Config", openapi_config(false));
	json_object_set_new(all, "ConfigChange", openapi_config(true));
	return all;
}
