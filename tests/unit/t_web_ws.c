/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/web_ws.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"

/* What came out, as text: b(first,last)BYTES, t:TEXT, ping:BYTES, pong, close:CODE. */
static struct buf out = { .cap = 1 << 20 };

static void on_binary(void *arg, const uint8_t *p, size_t n, bool first, bool last)
{
	(void)arg;
	buf_addf(&out, "b%d%d", first, last);
	buf_add(&out, p, n);
	buf_addc(&out, ' ');
}

static void on_text(void *arg, const char *s, size_t n)
{
	(void)arg;
	buf_addf(&out, "t:%zu:%s ", n, s);
}

static void on_ping(void *arg, const uint8_t *p, size_t n)
{
	(void)arg;
	buf_adds(&out, "ping:");
	buf_add(&out, p, n);
	buf_addc(&out, ' ');
}

static void on_pong(void *arg)
{
	(void)arg;
	buf_adds(&out, "pong ");
}

static void on_close(void *arg, unsigned code)
{
	(void)arg;
	buf_addf(&out, "close:%u ", code);
}

static const struct ws_events events = { on_binary, on_text, on_ping, on_pong, on_close, NULL };

/* A masked frame behind what is in @b. */
static void frame(struct buf *b, uint8_t first, const void *payload, size_t n)
{
	static const uint8_t mask[4] = { 0x11, 0x22, 0x33, 0x44 };
	uint8_t head[WS_HEAD_MAX];
	size_t len = ws_head(head, WS_BINARY, n);

	head[0] = first;
	head[1] |= 0x80;
	buf_add(b, head, len);
	buf_add(b, mask, sizeof(mask));
	for (size_t i = 0; i < n; i++)
		buf_addc(b, (char)(((const uint8_t *)payload)[i] ^ mask[i & 3]));
}

static unsigned feed(const struct buf *b, size_t step)
{
	struct ws w;
	unsigned code = 0;

	buf_reset(&out);
	ws_init(&w, &events);
	for (size_t at = 0; at < b->len && !code; at += step)
		code = ws_feed(&w, (const uint8_t *)b->s + at, MIN(step, b->len - at));
	return code;
}

static unsigned one(uint8_t first, const char *payload)
{
	auto_buf struct buf b = BUF_INIT;

	frame(&b, first, payload, strlen(payload));
	return feed(&b, b.len);
}

TEST(ws_frames_in_every_cut)
{
	auto_buf struct buf b = BUF_INIT;

	frame(&b, 0x82, "hello", 5);
	frame(&b, 0x01, "te", 2);
	frame(&b, 0x89, "in between", 10);
	frame(&b, 0x80, "xt", 2);
	frame(&b, 0x8a, "", 0);
	frame(&b, 0x82, "", 0);
	frame(&b, 0x88, "\x03\xe8" "bye", 5);
	frame(&b, 0x82, "after the end", 13);
	CHECK_EQ(feed(&b, b.len), 0);
	CHECK_STR(out.s, "b11hello ping:in between t:4:text pong b11 close:1000 ");
	for (size_t step = 1; step < 12; step++)
		CHECK_EQ(feed(&b, step), 0);
	CHECK_EQ(feed(&b, 1), 0);
	CHECK_STR(out.s, "b10h b00e b00l b00l b01o ping:in between t:4:text pong b11 close:1000 ");
}

TEST(ws_fragments_keep_their_first_byte_first)
{
	auto_buf struct buf b = BUF_INIT;

	frame(&b, 0x02, "", 0);
	frame(&b, 0x00, "\001a", 2);
	frame(&b, 0x80, "b", 1);
	CHECK_EQ(feed(&b, b.len), 0);
	CHECK_STR(out.s, "b10\001a b01b ");
}

TEST(ws_long_frames)
{
	auto_buf struct buf b = BUF_INIT;
	auto_free char *big = malloc(WS_FRAME_MAX + 1);

	memset(big, 'x', WS_FRAME_MAX + 1);
	frame(&b, 0x82, big, 126);
	frame(&b, 0x82, big, 65535);
	frame(&b, 0x82, big, WS_FRAME_MAX);
	CHECK_EQ(feed(&b, b.len), 0);
	CHECK(out.len > 126 + 65535 + WS_FRAME_MAX);
	buf_reset(&b);
	frame(&b, 0x82, big, WS_FRAME_MAX + 1);
	CHECK_EQ(feed(&b, b.len), WS_TOO_BIG);
	buf_reset(&b);
	frame(&b, 0x81, big, WS_TEXT_MAX);
	CHECK_EQ(feed(&b, b.len), 0);
	buf_reset(&b);
	frame(&b, 0x81, big, WS_TEXT_MAX + 1);
	CHECK_EQ(feed(&b, b.len), WS_TOO_BIG);
}

TEST(ws_refuses_what_the_standard_forbids)
{
	static const struct { const char *bytes; size_t n; unsigned code; } t[] = {
		{ "\x82\x01x", 3, WS_PROTOCOL },				/* not masked */
		{ "\xc2\x80\0\0\0\0", 6, WS_PROTOCOL },				/* a reserved bit */
		{ "\x83\x80\0\0\0\0", 6, WS_PROTOCOL },				/* unknown kinds */
		{ "\x8b\x80\0\0\0\0", 6, WS_PROTOCOL },
		{ "\x80\x80\0\0\0\0", 6, WS_PROTOCOL },				/* goes on with nothing */
		{ "\x02\x80\0\0\0\0\x82\x80\0\0\0\0", 12, WS_PROTOCOL },	/* begins while another is under way */
		{ "\x09\x80\0\0\0\0", 6, WS_PROTOCOL },				/* a ping in pieces */
		{ "\x89\xfe\0\x7e\0\0\0\0", 8, WS_PROTOCOL },			/* a ping of 126 */
		{ "\x82\xfe\0\x05\0\0\0\0", 8, WS_PROTOCOL },			/* lengths that are not the shortest */
		{ "\x82\xff\0\0\0\0\0\0\0\xff\0\0\0\0", 14, WS_PROTOCOL },
		{ "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14, WS_TOO_BIG },
		{ "\x88\x81\0\0\0\0x", 7, WS_PROTOCOL },			/* half a close code */
		{ "\x88\x82\0\0\0\0\x03\xed", 8, WS_PROTOCOL },			/* 1005 */
		{ "\x88\x82\0\0\0\0\x00\x01", 8, WS_PROTOCOL },
		{ "\x88\x84\0\0\0\0\x03\xe8\xff\xfe", 10, WS_BAD_TEXT },
		{ "\x81\x81\0\0\0\0\xff", 7, WS_BAD_TEXT },
		{ "\x81\x82\0\0\0\0\xc0\x80", 8, WS_BAD_TEXT },			/* a long form */
		{ "\x81\x83\0\0\0\0\xed\xa0\x80", 9, WS_BAD_TEXT },		/* a surrogate */
		{ "\x81\x84\0\0\0\0\xf4\x90\x80\x80", 10, WS_BAD_TEXT },	/* above U+10FFFF */
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct buf b = { .s = (char *)(uintptr_t)t[i].bytes, .len = t[i].n };

		if (feed(&b, b.len) != t[i].code || feed(&b, 1) != t[i].code)
			test_fail(__FILE__, __LINE__, "row %zu: %u", i, feed(&b, b.len));
	}
	CHECK_EQ(one(0x81, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"), 0);
	CHECK_EQ(one(0x88, ""), 0);
	CHECK_STR(out.s, "close:1005 ");
}

TEST(ws_takes_nothing_after_a_mistake)
{
	struct ws w;

	buf_reset(&out);
	ws_init(&w, &events);
	CHECK_EQ(ws_feed(&w, (const uint8_t *)"\x82\x01x", 3), WS_PROTOCOL);
	CHECK_EQ(ws_feed(&w, (const uint8_t *)"\x89\x80\0\0\0\0", 6), 0);
	CHECK_EQ(out.len, 0);
}

TEST(ws_heads)
{
	uint8_t h[WS_HEAD_MAX];

	CHECK_EQ(ws_head(h, WS_BINARY, 125), 2);
	CHECK(!memcmp(h, "\x82\x7d", 2));
	CHECK_EQ(ws_head(h, WS_TEXT, 126), 4);
	CHECK(!memcmp(h, "\x81\x7e\x00\x7e", 4));
	CHECK_EQ(ws_head(h, WS_BINARY, 65535), 4);
	CHECK_EQ(ws_head(h, WS_BINARY, 65536), 10);
	CHECK(!memcmp(h, "\x82\x7f\0\0\0\0\0\1\0\0", 10));
}

/* The example of RFC 6455, 1.3. */
TEST(ws_accept_key)
{
	char got[WS_ACCEPT_LEN + 1];

	CHECK_EQ(ws_accept("dGhlIHNhbXBsZSBub25jZQ==", got), 0);
	CHECK_STR(got, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	CHECK_ERR(ws_accept("", got), EINVAL);
	CHECK_ERR(ws_accept("dGhlIHNhbXBsZSBub25jZQ=", got), EINVAL);
	CHECK_ERR(ws_accept("dGhlIHNhbXBsZSBub25jZQ===", got), EINVAL);
	CHECK_ERR(ws_accept("dGhlIHNhbXBsZSBub25j\nQ==", got), EINVAL);
}
