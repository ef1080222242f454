/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/num.c and the types of util/param.c: what is accepted prints as text that is accepted as the same value. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/num.h"
#include "util/param.h"

static const enum num_unit units[] = { NUM_ITEMS, NUM_BYTES, NUM_PAGES, NUM_KIB };
static const struct param_type *const types[] = {
	&param_u64, &param_yesno, &param_str, &param_list, &param_listc, &param_ub_items, &param_ub_bytes,
	&param_ub_pages, &param_dq_blocks, &param_dq_inodes,
};

static void check_pair(const char *s, enum num_unit unit)
{
	auto_buf struct buf b = BUF_INIT;
	struct num_pair p = { 0 }, again = { 0 };

	if (num_pair(s, unit, &p) == -EINVAL)
		return;
	FUZZ_CHECK(p.set && p.bar <= NUM_UNLIMITED && p.lim <= NUM_UNLIMITED);
	num_pair_print(&b, &p);
	FUZZ_CHECK(num_pair(buf_str(&b), unit, &again) == 0);
	FUZZ_CHECK(p.bar == again.bar && p.lim == again.lim);
}

static void check_type(const char *s, const struct param_type *t)
{
	static const struct param plain;
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };
	auto_free void *a = calloc(1, t->size), *again = calloc(1, t->size);

	FUZZ_CHECK(a && again);
	if (t->parse(&plain, s, PARAM_FILE, a, &e) == 0) {
		t->print(&plain, a, &b);
		FUZZ_CHECK(t->is_set(a));
		FUZZ_CHECK(t->parse(&plain, buf_str(&b), PARAM_FILE, again, &e) == 0);
		FUZZ_CHECK(t->equal(a, again));
	} else {
		FUZZ_CHECK(e.code > 0 && e.text[0]);
	}
	t->done(a);
	t->done(again);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *s = strndup((const char *)data, size);
	uint64_t mask[2], v;
	int64_t i;

	FUZZ_CHECK(s);
	for (size_t k = 0; k < ARRAY_SIZE(units); k++)
		check_pair(s, units[k]);
	for (size_t k = 0; k < ARRAY_SIZE(types); k++)
		check_type(s, types[k]);
	if (num_u64(s, &v) == 0 && v <= INT64_MAX)
		FUZZ_CHECK(num_i64(s, &i) == 0 && (uint64_t)i == v);
	num_cpulist(s, mask, 128);
}
