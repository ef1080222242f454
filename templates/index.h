/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_INDEX_H
#define TEMPLATES_INDEX_H
/* The index of a template server: index.json, signed as a whole by index.json.sig. Inside templates/. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "templates/tmpl.h"

#define INDEX_TEXT_MAX (8u << 20)
#define INDEX_ITEMS_MAX 2000
#define INDEX_ARCHIVE_MAX (64ull << 30)

struct buf;
struct index_item {
	char name[256], suffix[16];		/* a template's name; ".tar.zst" */
	char url[1024];				/* below the index's own directory, or http(s)://... */
	char sha256[TMPL_DIGEST_LEN + 1], os[64], version[64], arch[32];
	uint64_t size;
	bool deprecated;
};
struct index {
	char id[64];				/* tells one issuer's indexes apart; "" is fine */
	uint64_t serial;
	int64_t expires;			/* seconds since 1970 */
	struct index_item *v;
	size_t n;
};
/* EBADMSG: the text says which item. What is accepted holds no name, URL or number that could do harm. */
int index_parse(const char *text, size_t len, struct index *ret, struct err *e);
int index_print(const struct index *ix, struct buf *b, struct err *e);
void index_done(struct index *ix);
#define auto_index __attribute__((cleanup(index_done)))
bool index_url_ok(const char *url);		/* relative without "..", or http(s) */

#endif
