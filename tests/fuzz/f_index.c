/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/index.c: whatever an index says, what is accepted names no path or URL that leads elsewhere, and prints again. */
#include <string.h>

#include "templates/index.h"
#include "templates/tmpl_priv.h"
#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_index struct index ix = { 0 }, again = { 0 };
	auto_buf struct buf b = { .cap = INDEX_TEXT_MAX };
	struct err e = { 0 };

	if (index_parse((const char *)data, size, &ix, &e) < 0) {
		FUZZ_CHECK(e.code && e.text[0] && !ix.v && !str_has_ctrl(e.text));
		return;
	}
	for (size_t i = 0; i < ix.n; i++) {
		const struct index_item *it = &ix.v[i];

		FUZZ_CHECK(tmpl_name_ok(it->name) && tmpl_is_digest(it->sha256) && it->size && it->size <= INDEX_ARCHIVE_MAX);
		FUZZ_CHECK(it->url[0] != '/' && it->url[0] != '.' && !strstr(it->url, "/../") && !str_has_ctrl(it->url));
		FUZZ_CHECK(str_ends(it->url, it->suffix) && it->suffix[0] == '.');
	}
	FUZZ_CHECK(index_print(&ix, &b, &e) == 0 && index_parse(buf_str(&b), b.len, &again, &e) == 0);
	FUZZ_CHECK(again.n == ix.n && again.serial == ix.serial && again.expires == ix.expires);
}
