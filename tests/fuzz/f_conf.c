/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/conf.c: any configuration text is read without harm, and what was read of it is written and read back the same. */
#include <string.h>

#include "libct/files.h"
#include "tests/fuzz/fuzz.h"
#include "util/buf.h"

static void no_line_break(const struct kv *kv)
{
	for (size_t i = 0; i < kv->n; i++)
		FUZZ_CHECK(kv->v[i].kind == KV_PAIR && !strpbrk(kv->v[i].val, "\n\r"));
}

static void same(const struct ct_conf *a, const struct ct_conf *b)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		if (p->key && ct_conf_row_set(p, base, a))
			FUZZ_CHECK(ct_conf_row_equal(p, base, a, b));
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_conf struct ct_conf c = { 0 }, again = { 0 }, none = { 0 };
	auto_kv struct kv kv = { 0 }, out = { 0 }, parsed = { 0 };
	auto_buf struct buf text;
	struct err e = { 0 };
	bool changed;

	buf_init(&text, (size_t)8 << 20);
	if (size > 65536 || kv_parse(&kv, (const char *)data, size, &e) < 0)
		return;
	FUZZ_CHECK(ct_conf_from_kv(&c, &kv, NULL, "F", &e) == 0);
	FUZZ_CHECK(ct_store_apply(&out, &c, &none, NULL, &changed, &e) == 0);
	no_line_break(&out);
	FUZZ_CHECK(kv_print(&out, &text, &e) == 0);
	FUZZ_CHECK(kv_parse(&parsed, buf_str(&text), text.len, &e) == 0);
	FUZZ_CHECK(ct_conf_from_kv(&again, &parsed, NULL, "F", &e) == 0);
	same(&c, &again);
}
