/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/api_check.c: any query is checked by every row; what passes has only what the row knows, in its type and range. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "vzd/api_priv.h"

static const struct api_field *known(const struct api_route *r, const char *name)
{
	for (const struct api_field *f = r->query; f && f->name; f++) {
		if (!strcmp(f->name, name))
			return f;
	}
	for (const struct api_field *f = api_paged_fields; (r->flags & API_PAGED) && f->name; f++) {
		if (!strcmp(f->name, name))
			return f;
	}
	return NULL;
}

static void judge(const struct api_route *r, json_t *q)
{
	const char *name;
	json_t *v;

	json_object_foreach(q, name, v) {
		const struct api_field *f = known(r, name);

		FUZZ_CHECK(f);
		FUZZ_CHECK(f->type != API_INT || json_is_integer(v));
		FUZZ_CHECK(f->type != API_BOOL || json_is_boolean(v));
		FUZZ_CHECK(f->type != API_LIST || json_is_array(v));
		FUZZ_CHECK(f->type != API_INT || !f->max || (json_integer_value(v) >= f->min && json_integer_value(v) <= f->max));
		FUZZ_CHECK(f->type != API_STR || !f->max || (long long)json_string_length(v) <= f->max);
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);
	const struct api_route *r;
	size_t i = 0;

	FUZZ_CHECK(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	while ((r = api_route_next(&i))) {
		json_t *q = NULL, *errors = NULL;
		int rc = api_check_query(r, text, &q, &errors);

		FUZZ_CHECK((rc < 0) == (errors != NULL));
		FUZZ_CHECK(rc == 0 || (json_array_size(errors) >= 1 && json_array_size(errors) <= 16));
		if (rc == 0)
			judge(r, q);
		json_decref(q);
		json_decref(errors);
	}
}
