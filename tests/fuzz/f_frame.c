/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/frame.c: any bytes are a request or refused; any bytes as text or a body make a message that parses. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/err.h"
#include "vzd/frame.h"

static void check_json(struct buf *b)
{
	json_t *j;

	FUZZ_CHECK(!buf_failed(b) && b->len > 1 && b->s[b->len - 1] == '\0');
	FUZZ_CHECK(!memchr(b->s, '\0', b->len - 1));
	j = json_loadb(b->s, b->len - 1, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	FUZZ_CHECK(json_is_object(j));
	json_decref(j);
	buf_reset(b);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct buf auto_buf b = { .cap = 64u << 20 };
	const char *text = (const char *)data;
	struct err e = { 0 };
	struct frame f;

	if (frame_parse(text, size, &f, &e) < 0)
		FUZZ_CHECK(e.code == EBADMSG && f.bad && *e.text);
	else
		FUZZ_CHECK(f.method != FRAME_CALL || (f.rq.verb && f.rq.path));
	frame_error(&b, "org.varlink.service.InvalidParameter", "parameter", e.text);
	check_json(&b);
	frame_done(&f);
	frame_chunk(&b, text, size, size & 1);
	check_json(&b);
	frame_reply(&b, 200, "text/plain", "{\"A\":\"b\"}", text, size, 0, false);
	check_json(&b);
}
