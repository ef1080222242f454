/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that callers send to be let in or to let others in: tokens, prefixes, times, scopes, bodies of new tokens. */
#include <jansson.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzd/auth_priv.h"

static void one_cidr(const char *s)
{
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };
	struct cidr c, again;

	if (cidr_parse(s, &c, &e) < 0) {
		FUZZ_CHECK(e.code > 0 && e.text[0]);
		return;
	}
	cidr_print(&c, &b);
	FUZZ_CHECK(cidr_parse(buf_str(&b), &again, &e) == 0);
	FUZZ_CHECK(memcmp(&c, &again, sizeof(c)) == 0 && cidr_has(&c, c.addr) && cidr_within(&c, &again));
}

static void one_token(const char *s)
{
	const char *id, *secret;
	uint8_t hash[32];

	if (!token_split(s, &id, &secret))
		return;
	FUZZ_CHECK(strlen(s) == TOKEN_LEN && strlen(secret) == TOKEN_SECRET_LEN);
	token_hash(secret, hash);
}

/* Whatever is asked for, nobody gets more than who asks. */
static void one_body(const char *s)
{
	struct principal by = { .name = "token:aaaaaaaaaaaa", .scopes = SCOPE_BIT(SCOPE_CT_READ) | SCOPE_BIT(SCOPE_TOKEN_WRITE) };
	struct token mine = { .id = "aaaaaaaaaaaa", .expires = 4000000000 }, *t;
	json_t *j = json_loads(s, 0, NULL);
	struct auth a = { 0 };
	struct err e = { 0 };

	if (!json_is_object(j)) {
		json_decref(j);
		return;
	}
	if (token_from_json(&a, &by, &mine, j, &t, &e) == 0) {
		FUZZ_CHECK(token_within(t, &by, &mine));
		json_decref(token_json(t));
		token_free(t);
	} else {
		FUZZ_CHECK(e.code > 0 && e.text[0]);
	}
	json_decref(j);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_free char *s = strndup((const char *)data, size);
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };
	int64_t when;
	uint32_t v, again;

	FUZZ_CHECK(s);
	one_token(s);
	one_cidr(s);
	one_body(s);
	if (token_when(s, 1000000000, &when, &e) == 0)
		FUZZ_CHECK(when > 0);
	if (scopes_parse(s, &v, &e) == 0) {
		FUZZ_CHECK((v & ~scopes_all) == 0);
		scopes_print(v, &b);
		FUZZ_CHECK(scopes_parse(buf_str(&b), &again, &e) == 0 && v == again);
	}
}
