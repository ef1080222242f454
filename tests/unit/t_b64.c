/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "tests/lib/test.h"
#include "util/b64.h"
#include "util/buf.h"

TEST(b64_vectors)
{
	static const struct { const char *in, *plain, *url; } t[] = {	/* RFC 4648, 10 */
		{ "", "", "" }, { "f", "Zg==", "Zg" }, { "fo", "Zm8=", "Zm8" }, { "foo", "Zm9v", "Zm9v" },
		{ "foob", "Zm9vYg==", "Zm9vYg" }, { "fooba", "Zm9vYmE=", "Zm9vYmE" }, { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
		{ "\xff\xef\xbe", "/+++", "_---" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		for (int url = 0; url < 2; url++) {
			auto_buf struct buf b = BUF_INIT, back = BUF_INIT;

			b64_add(&b, t[i].in, strlen(t[i].in), url);
			CHECK_STR(buf_str(&b), url ? t[i].url : t[i].plain);
			CHECK_EQ(b64_parse(&back, buf_str(&b), url), 0);
			CHECK_STR(buf_str(&back), t[i].in);
		}
	}
}

TEST(b64_zeroes)
{
	auto_buf struct buf b = BUF_INIT, back = BUF_INIT;

	b64_add(&b, "\0\0\1", 3, false);
	CHECK_STR(buf_str(&b), "AAAB");
	CHECK_EQ(b64_parse(&back, "AAAB", false), 0);
	CHECK_EQ(back.len, 3);
	CHECK(!memcmp(back.s, "\0\0\1", 3));
}

TEST(b64_refuses)
{
	static const struct { const char *in; bool url; } t[] = {
		{ "A", false }, { "A", true }, { "AAAAA", true }, { "Zg", false }, { "Zg=", false }, { "Zg==", true }, { "Zh==", false },
		{ "Zh", true }, { "Z g=", false }, { "Zm9v\n", true }, { "====", false }, { "_---", false }, { "/+++", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_buf struct buf b = BUF_INIT;

		CHECK_ERR(b64_parse(&b, t[i].in, t[i].url), EINVAL);
	}
}
