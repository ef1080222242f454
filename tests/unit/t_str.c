/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/str.c */
#include "util/str.h"

#include <string.h>

#include "tests/lib/test.h"

static struct err e;

TEST(split)
{
	auto_call(str_list_clear) struct str_list l = { 0 };

	CHECK_OK(str_list_split(&l, "  a b\tc  ", " \t", &e), &e);
	CHECK_EQ(l.n, 3);
	CHECK_STR(l.v[2], "c");
	CHECK_STR(l.v[3], NULL);
	CHECK_OK(str_list_split(&l, "d,,e", ",", &e), &e);
	CHECK_EQ(l.n, 5);
	CHECK(str_list_has(&l, "e") && !str_list_has(&l, ""));
}

TEST(empty_is_set)
{
	auto_call(str_list_clear) struct str_list l = { 0 }, copy = { 0 };

	CHECK_OK(str_list_split(&l, " ", " ", &e), &e);
	CHECK(l.set && l.n == 0);
	CHECK(!str_list_equal(&l, &copy));
	CHECK_OK(str_list_copy(&copy, &l, &e), &e);
	CHECK(str_list_equal(&l, &copy));
}

TEST(copy_and_delete)
{
	auto_call(str_list_clear) struct str_list l = { 0 }, copy = { 0 };

	CHECK_OK(str_list_split(&l, "a b a c a", " ", &e), &e);
	CHECK_OK(str_list_add(&copy, "old", &e), &e);
	CHECK_OK(str_list_copy(&copy, &l, &e), &e);
	str_list_del(&l, "a");
	CHECK_EQ(l.n, 2);
	CHECK_STR(l.v[0], "b");
	CHECK_STR(l.v[2], NULL);
	CHECK_EQ(copy.n, 5);
	CHECK(!str_list_equal(&l, &copy));
	str_list_del(&copy, "none");
	CHECK_EQ(copy.n, 5);
	str_list_clear(&copy);
	CHECK(!copy.set && !copy.v);
	str_list_del(&copy, "a");
}

TEST(tests_of_strings)
{
	CHECK(str_eq(NULL, NULL) && str_eq("a", "a"));
	CHECK(!str_eq("a", NULL) && !str_eq(NULL, "") && !str_eq("a", "b"));
	CHECK(str_starts("abc", "ab") && str_starts("a", "") && !str_starts("a", "ab"));
	CHECK(str_ends("abc", "bc") && str_ends("a", "") && !str_ends("c", "bc"));
	CHECK(str_has_ctrl("a\nb") && str_has_ctrl("\x7f") && !str_has_ctrl("a b\xc3\xa4"));
}

TEST(trim)
{
	char a[] = " \t a b \r\n", b[] = "   ", c[] = "x";

	CHECK_STR(str_trim(a), "a b");
	CHECK_STR(str_trim(b), "");
	CHECK_STR(str_trim(c), "x");
}

TEST(bounded_copies)
{
	char d[4];

	CHECK_EQ(str_copy(d, sizeof(d), "abc"), 0);
	CHECK_STR(d, "abc");
	CHECK_EQ(str_copy(d, sizeof(d), "abcd"), -ENAMETOOLONG);
	CHECK_STR(d, "abc");
	CHECK_EQ(str_copy(d, 0, "a"), -ENAMETOOLONG);
	CHECK_EQ(str_fmt(d, sizeof(d), "%d", 123), 0);
	CHECK_EQ(str_fmt(d, sizeof(d), "%d", 4567), -ENAMETOOLONG);
	CHECK_STR(d, "456");
}

TEST(no_memory)
{
	EACH_FAULT(FAULT_ALLOC) {
		auto_call(str_list_clear) struct str_list l = { 0 }, copy = { 0 };
		int a, b = 0;

		test_fault_off();
		CHECK_OK(str_list_add(&copy, "old", &e), &e);
		test_fault_on();
		a = str_list_split(&l, "a b c", " ", &e);
		if (a == 0)
			b = str_list_copy(&copy, &l, &e);
		test_fault_off();
		CHECK_EQ(a < 0 || b < 0, test_fault_hit());
		if (test_fault_hit()) {
			CHECK_EQ(e.code, ENOMEM);
			CHECK_STR(copy.v[0], "old");
		}
	}
}
