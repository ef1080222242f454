/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of traffic, which a power failure may have cut: what is taken prints and reads back as the same. */
#include <string.h>

#include "libct/traffic_file.h"
#include "tests/fuzz/fuzz.h"
#include "util/buf.h"
#include "util/err.h"

void fuzz_one(const uint8_t *data, size_t len)
{
	static struct traffic_file f, g;
	struct buf b = BUF_INIT, c = BUF_INIT;
	struct err e = { 0 };
	char s[4096];

	if (len >= sizeof(s))
		return;
	memcpy(s, data, len);
	s[len] = '\0';
	if (traffic_file_parse(s, &f, &e) < 0)
		return;
	traffic_file_print(&f, &b);
	FUZZ_CHECK(traffic_file_parse(buf_str(&b), &g, &e) == 0);
	traffic_file_print(&g, &c);
	FUZZ_CHECK(!strcmp(buf_str(&b), buf_str(&c)));
	buf_done(&b);
	buf_done(&c);
}
