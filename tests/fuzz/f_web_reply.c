/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/web_reply.c: any bytes are cut or refused; what is cut lies inside the message and cannot split an HTTP response. */
#include <errno.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/err.h"
#include "vzd/web_reply.h"

static void check_text(const struct web_text *t, const char *s, size_t n)
{
	if (!t->s)
		return;
	FUZZ_CHECK(t->s >= s && t->s + t->len <= s + n);
}

static void check_line(const char *v, const char *s, size_t n)
{
	FUZZ_CHECK(v >= s && v + strlen(v) < s + n);
	FUZZ_CHECK(!strpbrk(v, "\r\n"));
}

void fuzz_one(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);
	struct err e = { 0 };
	struct web_reply r;

	FUZZ_CHECK(s);
	memcpy(s, data, size);
	s[size] = '\0';
	if (web_reply_cut(s, size, &r, &e) < 0) {
		FUZZ_CHECK(e.code == EBADMSG && !r.body.s && !r.n_headers);
		free(s);
		return;
	}
	check_text(&r.body, s, size);
	check_text(&r.text, s, size);
	check_text(&r.chunk, s, size);
	FUZZ_CHECK(!r.text.s || strlen(r.text.s) == r.text.len);
	FUZZ_CHECK(!r.chunk.s || strlen(r.chunk.s) == r.chunk.len);
	FUZZ_CHECK(r.status == 0 || (r.status >= 100 && r.status < 600));
	FUZZ_CHECK(r.n_headers <= WEB_REPLY_HEADERS);
	for (size_t i = 0; i < r.n_headers; i++) {
		check_line(r.headers[i].name, s, size);
		check_line(r.headers[i].value, s, size);
	}
	if (r.type)
		check_line(r.type, s, size);
	free(s);
}
