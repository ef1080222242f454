/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/recipe.c: whatever recipe.conf says, what is accepted cannot be more than a plain argument. */
#include <string.h>

#include "templates/tmpl_priv.h"
#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/kv.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	static const char *const keys[] = { "NAME", "ARCH", "SUITE", "PACKAGES", "VARIANT", "ZSTD_LEVEL" };
	auto_kv struct kv kv = { 0 };
	struct err e = { 0 };

	if (size > 65536 || kv_parse(&kv, (const char *)data, size, &e) < 0)
		return;
	if (tmpl_recipe_check(&kv, "DIR", &e) < 0) {
		FUZZ_CHECK(e.code == EINVAL && e.text[0]);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *v = kv_get(&kv, keys[i]);

		FUZZ_CHECK(!v || !strpbrk(v, "$`\"'\\;&|<>(){}*?!#\n\t/"));
	}
	FUZZ_CHECK(kv_get(&kv, "NAME") && !strchr(kv_get(&kv, "NAME"), '/'));
}
