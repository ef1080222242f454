/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/table.c */
#include "util/table.h"

#include "tests/lib/test.h"

TEST(names)
{
	static const char *const t[] = { "zero", NULL, "two" };

	CHECK_EQ(table_find(t, 3, "zero"), 0);
	CHECK_EQ(table_find(t, 3, "two"), 2);
	CHECK_EQ(table_find(t, 3, "one"), -1);
	CHECK_EQ(table_find(t, 3, NULL), -1);
	CHECK_EQ(table_find(t, 2, "two"), -1);
	CHECK_STR(table_name(t, 3, 2), "two");
	CHECK_STR(table_name(t, 3, 1), NULL);
	CHECK_STR(table_name(t, 3, 3), NULL);
	CHECK_STR(table_name(t, 3, -1), NULL);
}
