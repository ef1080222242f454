/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/client_msg.c: what a daemon might answer, and that what we write is read back as it was. */
#include <jansson.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/buf.h"
#include "vzctl/client.h"

static void round_trip(const char *s)
{
	auto_buf struct buf b = BUF_INIT, back = BUF_INIT;
	json_t *j;

	json_text_string(&b, s);
	j = json_loads(buf_str(&b), JSON_DECODE_ANY, NULL);
	FUZZ_CHECK(json_is_string(j));			/* whatever it was: JSON a strict reader takes */
	FUZZ_CHECK(json_text_unquote(b.s, b.len, &back));
	FUZZ_CHECK(strcmp(buf_str(&back), json_string_value(j)) == 0);
	json_decref(j);
}

/* A valid object's members are found as jansson finds them. */
static void members(const char *s, size_t n)
{
	json_t *j = json_loadb(s, n, JSON_REJECT_DUPLICATES, NULL), *v;
	const char *name, *at;
	size_t len;

	json_object_foreach(j, name, v) {
		json_t *again;

		if (!*name || strpbrk(name, "\"\\/") || strspn(name, "abcdefghijklmnopqrstuvwxyz_") != strlen(name))
			continue;
		if (!json_text_member(s, n, name, &at, &len))
			continue;			/* written with escapes */
		again = json_loadb(at, len, JSON_DECODE_ANY, NULL);
		FUZZ_CHECK(again && json_equal(again, v));
		json_decref(again);
	}
	json_decref(j);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *s = strndup((const char *)data, size);
	auto_buf struct buf b = BUF_INIT;
	const char *v;
	size_t n;

	FUZZ_CHECK(s);
	round_trip(s);
	json_text_unquote(s, strlen(s), &b);
	if (json_text_member((const char *)data, size, "parameters", &v, &n))
		FUZZ_CHECK(v >= (const char *)data && v + n <= (const char *)data + size);
	members(s, strlen(s));
}
