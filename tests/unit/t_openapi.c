/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/openapi.c, openapi_schema.c, api_schema.c: rows become a document. An outside validator reads it in tests/api. */
#include <string.h>

#include "tests/lib/test.h"
#include "vzd/api_priv.h"
#include "vzd/openapi.h"

static void type_is(const char *type, const char *want)
{
	json_t *j = openapi_type(type);
	auto_free char *text = json_dumps(j, JSON_COMPACT);

	CHECK_STR(text, want);
	json_decref(j);
}

TEST(openapi_types)
{
	type_is("string", "{\"type\":\"string\"}");
	type_is("int?", "{\"type\":[\"integer\",\"null\"]}");
	type_is("string[]", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}");
	type_is("string[]?", "{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\"}}");
	type_is("int?[]", "{\"type\":\"array\",\"items\":{\"type\":[\"integer\",\"null\"]}}");
	type_is("time", "{\"type\":\"string\",\"format\":\"date-time\"}");
	type_is("Ct", "{\"$ref\":\"#/components/schemas/Ct\"}");
	type_is("Ct?", "{\"anyOf\":[{\"$ref\":\"#/components/schemas/Ct\"},{\"type\":\"null\"}]}");
	type_is("a|b c|d", "{\"type\":\"string\",\"enum\":[\"a\",\"b c\",\"d\"]}");
	type_is("a|b?", "{\"type\":[\"string\",\"null\"],\"enum\":[\"a\",\"b\",null]}");
	type_is("any", "{}");
}

static void body_is(const struct api_route *r, const char *want)
{
	json_t *j = openapi_body(r);
	auto_free char *text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);

	CHECK_STR(text, want);
	json_decref(j);
}

TEST(openapi_bodies)
{
	static const struct api_field f[] = {
		{ .name = "n", .type = API_INT, .required = true, .min = 1, .max = 9 },
		{ .name = "w", .type = API_STR, .one_of = "on off", .doc = "Word." },
		{ .name = NULL },
	};
	const struct api_route post = { .verb = "POST", .body = f }, patch = { .verb = "PATCH", .body = f };

	body_is(&post, "{\"additionalProperties\":false,\"properties\":{\"n\":{\"maximum\":9,\"minimum\":1,\"type\":\"integer\"},"
		"\"w\":{\"description\":\"Word.\",\"enum\":[\"on\",\"off\"],\"maxLength\":4096,\"type\":\"string\"}},"
		"\"required\":[\"n\"],\"type\":\"object\"}");
	body_is(&patch, "{\"additionalProperties\":false,\"properties\":{\"n\":{\"maximum\":9,\"minimum\":1,\"type\":\"integer\"},"
		"\"w\":{\"description\":\"Word.\",\"enum\":[\"on\",\"off\",null],\"maxLength\":4096,"
		"\"type\":[\"string\",\"null\"]}},\"required\":[\"n\"],\"type\":\"object\"}");
}

/* Every reference leads somewhere; every schema is used. */
static void walk_refs(const json_t *j, const json_t *doc, json_t *seen)
{
	const char *key, *at = json_string_value(json_object_get(j, "$ref"));
	const json_t *to = doc;
	json_t *v;
	size_t i;

	json_array_foreach(j, i, v)
		walk_refs(v, doc, seen);
	json_object_foreach((json_t *)(uintptr_t)j, key, v)
		walk_refs(v, doc, seen);
	if (!at)
		return;
	CHECK(!strncmp(at, "#/", 2));
	json_object_set_new(seen, at, json_true());
	for (const char *p = at + 2; *p; ) {
		char name[80];
		size_t n = strcspn(p, "/");

		CHECK(n < sizeof(name));
		memcpy(name, p, n);
		name[n] = '\0';
		to = json_object_get(to, name);
		if (!to)
			test_fail(__FILE__, __LINE__, "%s leads nowhere", at);
		p += n + (p[n] == '/');
	}
}

TEST(openapi_document)
{
	struct err e = { 0 };
	json_t *doc = openapi_make(&e), *seen = json_object(), *v, *schemas;
	const struct api_route *r;
	const char *name;
	size_t i = 0, ops = 0;

	CHECK(doc != NULL);
	walk_refs(doc, doc, seen);
	schemas = json_object_get(json_object_get(doc, "components"), "schemas");
	json_object_foreach(schemas, name, v) {
		char ref[120];

		snprintf(ref, sizeof(ref), "#/components/schemas/%s", name);
		if (!json_object_get(seen, ref) && strcmp(name, "Event") != 0)
			test_fail(__FILE__, __LINE__, "nothing uses the schema %s", name);
	}
	while ((r = api_route_next(&i))) {
		json_t *p = json_object_get(json_object_get(doc, "paths"), r->path), *errors = NULL, *sample;
		char verb[8];

		snprintf(verb, sizeof(verb), "%s", r->verb);
		for (char *c = verb; *c; c++)
			*c = (char)(*c | 0x20);
		p = json_object_get(p, verb);
		CHECK_STR(json_string_value(json_object_get(p, "operationId")), r->op);
		sample = openapi_sample(r);
		if (api_check_body(r, r->body ? sample : NULL, &errors) < 0)
			test_fail(__FILE__, __LINE__, "%s: the example: %s", r->op, json_dumps(errors, 0));
		json_decref(sample);
	}
	json_object_foreach(json_object_get(doc, "paths"), name, v)
		ops += json_object_size(v);
	CHECK_EQ(ops, i);
	json_decref(seen);
	json_decref(doc);
}

TEST(openapi_text_is_made_once)
{
	struct err e = { 0 };
	const char *a = openapi_text(&e), *b = openapi_text(&e);

	CHECK(a && a == b);
	CHECK(strlen(a) > 20000 && strlen(a) < 900000);	/* one message between vzd and vzweb */
	CHECK_EQ(strlen(openapi_etag()), 17);
}

TEST(openapi_config_has_every_parameter)
{
	json_t *c = openapi_config(false), *w = openapi_config(true), *p = json_object_get(c, "properties");

	CHECK(json_object_get(p, "onboot") && json_object_get(p, "ip_address") && json_object_get(p, "physpages"));
	CHECK(!json_object_get(p, "userpasswd"));
	CHECK(json_object_get(json_object_get(w, "properties"), "userpasswd"));
	CHECK(json_object_size(p) > 60);
	json_decref(c);
	json_decref(w);
}
