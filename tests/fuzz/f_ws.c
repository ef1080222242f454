/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/web_ws.c: what comes out of a stream of frames does not depend on how the network cuts it. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/auto.h"
#include "util/buf.h"
#include "vzd/web_ws.h"

static void on_binary(void *arg, const uint8_t *p, size_t n, bool first, bool last)
{
	struct buf *b = arg;

	if (first)
		buf_addc(b, 'B');
	buf_add(b, p, n);
	if (last)
		buf_addc(b, 'E');
}

static void on_text(void *arg, const char *s, size_t n)
{
	FUZZ_CHECK(n <= WS_TEXT_MAX && s[n] == '\0' && ws_utf8(s, n));
	buf_addc(arg, 'T');
	buf_add(arg, s, n);
}

static void on_ping(void *arg, const uint8_t *p, size_t n)
{
	FUZZ_CHECK(n <= WS_CONTROL_MAX);
	buf_addc(arg, 'P');
	buf_add(arg, p, n);
}

static void on_pong(void *arg)
{
	buf_addc(arg, 'O');
}

static void on_close(void *arg, unsigned code)
{
	FUZZ_CHECK(code >= 1000 && code < 5000);
	buf_addf(arg, "C%u", code);
}

static unsigned run(const uint8_t *p, size_t n, size_t step, struct buf *b)
{
	struct ws_events on = { on_binary, on_text, on_ping, on_pong, on_close, b };
	unsigned code = 0;
	struct ws w;

	ws_init(&w, &on);
	for (size_t at = 0; at < n && !code; at += step)
		code = ws_feed(&w, p + at, MIN(step, n - at));
	FUZZ_CHECK(code == 0 || (code >= 1002 && code <= 1011));
	FUZZ_CHECK(!code || w.closed);
	return code;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	auto_buf struct buf whole = { .cap = 4 << 20 }, cut = { .cap = 4 << 20 };
	unsigned a = run(data, size, size ? size : 1, &whole);
	unsigned b = run(data, size, size ? 1 + data[0] % 7 : 1, &cut);

	/* A mistake may be seen before all of a bad frame's payload is there: then nothing of it has come out either way. */
	FUZZ_CHECK(a == b);
	FUZZ_CHECK(whole.len == cut.len && (whole.len == 0 || !memcmp(whole.s, cut.s, whole.len)));
}
