/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/kv.c: any text without NUL parses, prints back byte for byte, and each of its values can be set and read again. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/kv.h"

static void set_back(const struct kv *from, size_t i)
{
	struct err e = { 0 };
	auto_kv struct kv to = { 0 };
	const char *val = from->v[i].val;
	int r = kv_set(&to, "K", val, i % 2, &e);

	FUZZ_CHECK(r == 0);
	FUZZ_CHECK(!strcmp(kv_get(&to, "K"), val));
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	auto_kv struct kv kv = { 0 };
	auto_buf struct buf out;

	buf_init(&out, (size_t)4 << 20);
	if (kv_parse(&kv, (const char *)data, size, &e) < 0) {
		FUZZ_CHECK(e.code == EINVAL && memchr(data, '\0', size));
		return;
	}
	FUZZ_CHECK(kv_print(&kv, &out, &e) == 0);
	FUZZ_CHECK(out.len == size && (size == 0 || !memcmp(out.s, data, size)));
	for (size_t i = 0; i < kv.n; i++) {
		FUZZ_CHECK((kv.v[i].kind == KV_PAIR) == (kv.v[i].key != NULL));
		if (kv.v[i].kind == KV_PAIR)
			set_back(&kv, i);
	}
	if (kv.n > 0 && kv.v[0].key) {
		auto_free char *key = strdup(kv.v[0].key);

		FUZZ_CHECK(key);
		if (kv_set(&kv, key, "new", false, &e) == 0)
			FUZZ_CHECK(!strcmp(kv_get(&kv, key), "new"));
		kv_unset(&kv, key);
		FUZZ_CHECK(!kv_get(&kv, key));
	}
}
