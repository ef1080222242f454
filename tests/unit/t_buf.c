/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/buf.c */
#include "util/buf.h"

#include <string.h>

#include "tests/lib/test.h"

TEST(build)
{
	auto_buf struct buf b = BUF_INIT;

	CHECK_STR(buf_str(&b), "");
	buf_adds(&b, "ab");
	buf_addc(&b, 'c');
	buf_add(&b, "d\0e", 3);
	buf_addf(&b, "%d", 42);
	CHECK_EQ(b.len, 8);
	CHECK(!memcmp(b.s, "abcd\0e42", 9));
	CHECK(!buf_failed(&b));
}

TEST(numbers)
{
	auto_buf struct buf b = BUF_INIT;

	buf_addu(&b, 0);
	buf_addc(&b, ' ');
	buf_addu(&b, 1234567890);
	buf_addc(&b, ' ');
	buf_addu(&b, UINT64_MAX);
	CHECK_STR(buf_str(&b), "0 1234567890 18446744073709551615");
}

TEST(formatted_text_grows_once_and_keeps_the_cap)
{
	auto_buf struct buf b;

	buf_init(&b, 70);
	buf_adds(&b, "x");			/* 64 bytes of room now */
	buf_addf(&b, "%062d", 7);
	CHECK_EQ(b.len, 63);
	buf_addf(&b, "%07d", 8);		/* exactly the cap, in new memory */
	CHECK(!buf_failed(&b) && b.len == 70 && !strcmp(b.s + 63, "0000008"));
	buf_addf(&b, "%d", 9);			/* there is memory, but not below the cap */
	CHECK(buf_failed(&b) && b.len == 70 && !strcmp(b.s + 63, "0000008"));
}

TEST(cap_is_exact_and_sticks)
{
	auto_buf struct buf b;

	buf_init(&b, 4);
	buf_adds(&b, "abcd");
	CHECK(!buf_failed(&b));
	buf_addc(&b, 'e');
	CHECK(buf_failed(&b));
	buf_adds(&b, "");
	CHECK_STR(buf_str(&b), "abcd");
	CHECK(!buf_take(&b));
	buf_reset(&b);
	CHECK(!buf_failed(&b));
	CHECK_STR(buf_str(&b), "");
	buf_addf(&b, "%s", "12345");
	CHECK(buf_failed(&b));
	CHECK_STR(buf_str(&b), "");
}

TEST(huge_lengths_do_not_wrap)
{
	auto_buf struct buf b;

	buf_init(&b, (size_t)-1);
	buf_adds(&b, "abc");
	buf_add(&b, "x", (size_t)-2);
	CHECK(buf_failed(&b));
}

TEST(take)
{
	struct buf b = BUF_INIT;
	auto_free char *s = buf_take(&b);
	auto_free char *t = NULL;

	CHECK_STR(s, "");
	buf_adds(&b, "again");
	t = buf_take(&b);
	CHECK_STR(t, "again");
	CHECK_STR(buf_str(&b), "");
	CHECK_EQ(b.len, 0);
}

TEST(grows)
{
	auto_buf struct buf b = BUF_INIT;

	for (int i = 0; i < 10000; i++)
		buf_addf(&b, "%04d", i);
	CHECK_EQ(b.len, 40000);
	CHECK(!memcmp(b.s + 4 * 9876, "9876", 4));
}

TEST(no_memory)
{
	EACH_FAULT(FAULT_ALLOC) {
		struct buf b = BUF_INIT;
		auto_free char *s = NULL;

		for (int i = 0; i < 100; i++)
			buf_addf(&b, "%d,", i);
		s = buf_take(&b);
		test_fault_off();
		CHECK_EQ(s == NULL, test_fault_hit());
		CHECK_EQ(buf_failed(&b), test_fault_hit());
		buf_done(&b);
	}
}
