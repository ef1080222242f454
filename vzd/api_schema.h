/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_API_SCHEMA_H
#define VZD_API_SCHEMA_H
/*
 * The objects of the API as rows. A property's type is written
 *   string int number bool time object any       time: RFC 3339; object: free members
 *   Name                                          another schema
 *   a|b|c                                         one of these words
 *   @event @scope @slug                           one of the names of that table
 * and may end in [] (list of it) or ? (or null). A leading ~ : may be absent. "XPage" needs no row: a page of X.
 * Bodies and queries are the routes' own fields (api.h); Config is made from the parameters' rows.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct err;

struct api_prop { const char *name, *type, *doc; };	/* ended by a NULL name */
struct api_schema {
	const char *name, *doc;
	const struct api_prop *props;
};
struct api_schema_table { const struct api_schema *v; size_t n; };
extern const struct api_schema_table *const api_schemas[];
extern const size_t api_schemas_n;

/* The whole document; new reference. EINVAL: a row is wrong, which the tests find. */
json_t *openapi_make(struct err *e);
/* components.schemas of it. */
json_t *openapi_schemas(struct err *e);
/* Config as the answers have it; @change: as bodies may give it: also as text, or null to take it away. */
json_t *openapi_config(bool change);
/* The text that GET /v1/openapi.json and `vzd --openapi` give, made once. NULL: it cannot be made, *e says why. */
const char *openapi_text(struct err *e);
const char *openapi_etag(void);			/* of that text; "" before */

#endif
