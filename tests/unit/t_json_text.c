/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/json_text.c */
#include "util/json_text.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"

TEST(json_strings)
{
	static const struct { const char *in, *out; } t[] = {
		{ "", "\"\"" },
		{ "plain text", "\"plain text\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "line\n\ttab\r\x01\x7f", "\"line\\n\\ttab\\u000d\\u0001\\u007f\"" },
		{ "stra\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x98\x80", "\"stra\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x98\x80\"" },
		{ "\xff", "\"\\ufffd\"" },
		{ "\xc3", "\"\\ufffd\"" },				/* cut */
		{ "\xc3(", "\"\\ufffd(\"" },
		{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" },			/* overlong */
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },	/* surrogate */
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
		{ NULL, "null" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_buf struct buf b = BUF_INIT;

		json_str(&b, t[i].in);
		CHECK_STR(buf_str(&b), t[i].out);
	}
}

TEST(json_text_has_a_length)
{
	auto_buf struct buf b = BUF_INIT;

	json_text(&b, "nfs:on", 3);
	json_text(&b, "\xc3\xa9", 1);
	CHECK_STR(buf_str(&b), "\"nfs\"\"\\ufffd\"");
}
