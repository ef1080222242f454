/* SPDX-License-Identifier: GPL-2.0-or-later */
/* templates/sign.c: no text that is read as a key or a signature does more than fail; none fits by chance. */
#include <string.h>

#include "templates/sign.h"
#include "tests/fuzz/fuzz.h"
#include "util/err.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct sign_key k = { .name = "" };
	struct sign_sig s;
	struct err e = { 0 };
	int key = sign_key_parse((const char *)data, size, &k, &e);

	FUZZ_CHECK(key == 0 || (e.code && e.text[0]));
	e = (struct err){ 0 };
	if (sign_sig_parse((const char *)data, size, &s, &e) < 0) {
		FUZZ_CHECK(e.code && e.text[0]);
		return;
	}
	FUZZ_CHECK(key < 0);		/* one is longer than the other */
	FUZZ_CHECK(sign_check(&k, &s, "text", 4, &e) < 0);
}
