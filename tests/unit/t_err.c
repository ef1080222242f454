/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/err.c */
#include "util/err.h"

#include <string.h>

#include "tests/lib/test.h"

TEST(set)
{
	struct err e = { 0 };

	CHECK_EQ(err_set(&e, ENOENT, "open %s", "x"), -ENOENT);
	CHECK_EQ(e.code, ENOENT);
	CHECK_STR(e.text, "open x: No such file or directory");
	CHECK_EQ(err_set(&e, 4095, "y"), -4095);
	CHECK_STR(e.text, "y: error 4095");
	CHECK_EQ(err_set(&e, 0, "z"), -EIO);
	CHECK_EQ(err_set(&e, EPERM, "%s", ""), -EPERM);
	CHECK_STR(e.text, "Operation not permitted");
}

TEST(say_trims)
{
	struct err e = { 0 };

	CHECK_EQ(err_say(&e, EINVAL, "bad thing\n\n"), -EINVAL);
	CHECK_STR(e.text, "bad thing");
	err_say(&e, EINVAL, "Unknown field: %s", "");
	CHECK_STR(e.text, "Unknown field:");
}

TEST(add)
{
	struct err e = { 0 };

	err_say(&e, EBUSY, "inner");
	CHECK_EQ(err_add(&e, "outer %d", 1), -EBUSY);
	CHECK_STR(e.text, "outer 1: inner");
	err_clear(&e);
	CHECK_EQ(err_add(&e, "alone"), -EIO);
	CHECK_STR(e.text, "alone");
}

TEST(add_its_own_text)
{
	struct err e = { 0 };

	err_say(&e, EBUSY, "a");
	err_add(&e, "b");
	CHECK_STR(e.text, "b: a");
}

TEST(long_text_keeps_the_reason)
{
	struct err e = { 0 };
	char big[2000];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&e, ENOSPC, "%s", big);
	CHECK(strlen(e.text) < sizeof(e.text));
	CHECK(strstr(e.text, "xx: No space left on device"));
	err_add(&e, "ctx");
	CHECK(!strncmp(e.text, "ctx: xxx", 8));
	CHECK(strstr(e.text, "xx...xx"));
	CHECK(strstr(e.text, "xx: No space left on device"));
	err_add(&e, "%s", big);
	CHECK_EQ(strlen(e.text), sizeof(e.text) - 1);
	CHECK(strstr(e.text, "xx: No space left on device"));
	for (int i = 0; i < 20; i++)
		err_add(&e, "context %d", i);
	CHECK(!strncmp(e.text, "context 19: context 18: ", 24));
	CHECK_EQ(strlen(e.text), sizeof(e.text) - 1);
	CHECK(strstr(e.text, "xx: No space left on device"));
}

TEST(exit_is_set_once)
{
	struct err e = { 0 };

	err_say(&e, EBUSY, "a");
	CHECK_EQ(err_exit(&e, 9), -EBUSY);
	err_exit(&e, 21);
	CHECK_EQ(e.exit, 9);
	err_clear(&e);
	CHECK_EQ(e.exit + e.code + e.text[0], 0);
}
