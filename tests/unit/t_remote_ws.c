/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/remote_ws.c: frames out of whatever pieces the connection brings. */
#include <errno.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/err.h"
#include "vzctl/remote.h"

static struct rws w;
static struct err e;
static int op;
static const uint8_t *p;
static size_t n;

static void begin(void)
{
	rws_close(&w);
	buf_init(&w.in, 1u << 22);
	err_clear(&e);
}

static int next(void)
{
	return rws_next(&w, &op, &p, &n, &e);
}

static void put(const void *data, size_t len)
{
	buf_add(&w.in, data, len);
}

TEST(remote_ws_frame_in_pieces)
{
	static const char whole[] = "\x82\x05\x01hell\x81\x0d{\"exit\":null}";

	for (size_t cut = 0; cut < sizeof(whole) - 1; cut++) {
		size_t frames = 0;

		begin();
		put(whole, cut);
		while (next() > 0)
			frames++;
		CHECK_EQ(frames, cut >= 7);
		put(whole + cut, sizeof(whole) - 1 - cut);
		while (next() > 0)
			frames++;
		CHECK_EQ(frames, 2);
		CHECK_EQ(op, RWS_TEXT);
		CHECK_EQ(n, 13);
		CHECK(memcmp(p, "{\"exit\":null}", n) == 0);
		CHECK_EQ(w.at, sizeof(whole) - 1);
	}
	begin();
	CHECK_EQ(next(), 0);
	rws_close(&w);
}

TEST(remote_ws_long_frames)
{
	static char data[70000];
	static const uint8_t mid[] = { 0x82, 126, 0x01, 0x00 }, big[] = { 0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70 };

	begin();
	put(mid, sizeof(mid));
	put(data, 255);
	CHECK_EQ(next(), 0);
	put(data, 1);
	CHECK_EQ(next(), 1);
	CHECK_EQ(n, 256);
	put(big, 9);		/* cut within its length */
	CHECK_EQ(next(), 0);
	put(big + 9, 1);
	put(data, sizeof(data));
	CHECK_EQ(next(), 1);
	CHECK_EQ(n, sizeof(data));
	rws_close(&w);
}

/* What would be misread, or waited for for ever, is said. */
TEST(remote_ws_what_is_no_frame_of_vzds)
{
	static const struct { const char *bytes; size_t n; } t[] = {
		{ "\x02\x01x", 3 },				/* the first of several pieces */
		{ "\x80\x01x", 3 },				/* a further one */
		{ "\xc2\x01x", 3 },				/* an extension's */
		{ "\x82\x81\x01\x02\x03\x04x", 7 },		/* masked: only clients do */
		{ "\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x01", 10 },	/* longer than any */
		{ "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10 },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		begin();
		put(t[i].bytes, t[i].n);
		CHECK_EQ(next(), -EPROTO);
	}
	rws_close(&w);
}
