/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/sha256.c: the vectors of FIPS 180-4, and that cutting the input anywhere changes nothing. */
#include "util/sha256.h"

#include <string.h>

#include "tests/lib/test.h"

static const char *of(const void *p, size_t n)
{
	static char hex[65];
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, p, n);
	sha256_hex(&s, hex);
	return hex;
}

TEST(vectors)
{
	static char a[1000000];

	CHECK_STR(of("", 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_STR(of("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_STR(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56),
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(a, 'a', sizeof(a));
	CHECK_STR(of(a, sizeof(a)), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(any_cut)
{
	char text[200], want[65], got[65];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7);
	for (size_t len = 0; len <= sizeof(text); len++) {
		memcpy(want, of(text, len), sizeof(want));
		for (size_t cut = 0; cut <= len; cut++) {
			struct sha256 s;

			sha256_init(&s);
			sha256_add(&s, text, cut);
			sha256_add(&s, text + cut, len - cut);
			sha256_hex(&s, got);
			CHECK_STR(got, want);
		}
	}
}

/* RFC 4231, cases 1, 2 and 6 (a key above the block). */
TEST(hmac)
{
	char key[131], hex[65];

	memset(key, 0x0b, 20);
	sha256_hmac(key, 20, "Hi There", 8, hex);
	CHECK_STR(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	sha256_hmac("Jefe", 4, "what do ya want for nothing?", 28, hex);
	CHECK_STR(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	sha256_hmac(key, sizeof(key), "Test Using Larger Than Block-Size Key - Hash Key First", 54, hex);
	CHECK_STR(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(same)
{
	CHECK(sha256_same("abc", "abc", 3));
	CHECK(!sha256_same("abc", "abd", 3));
	CHECK(!sha256_same("xbc", "abc", 3));
	CHECK(sha256_same("x", "y", 0));
}
