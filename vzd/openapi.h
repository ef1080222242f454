/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_OPENAPI_H
#define VZD_OPENAPI_H
/* Inside of the description: openapi.c makes the document, openapi_schema.c its schemas. */
#include "vzd/api.h"
#include "vzd/api_schema.h"

json_t *openapi_type(const char *type);			/* the grammar of api_schema.h */
json_t *openapi_field(const struct api_field *f, bool patch);
json_t *openapi_body(const struct api_route *r);
json_t *openapi_words(const char *list, char sep);
json_t *openapi_sample(const struct api_route *r);	/* a body that is right, for the example */

#endif
