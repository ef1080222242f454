/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/overquota.c: the note as text. What it does: tests/integration/accounting_quota.sh. */
#include <string.h>

#include "libct/overquota.h"
#include "tests/lib/test.h"

TEST(overquota_text)
{
	static const char *const bad[] = { "", "202611", "202611 5 4", "x 5 4 stop", "5 5 4 stop", "202611 5 4 " };
	struct ct_overquota o = { .month = 7 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!ct_overquota_parse(bad[i], &o));
	CHECK_EQ(o.month, 7);
	CHECK(ct_overquota_parse("202611 18446744073709551615 10240 throttle\n", &o));
	CHECK_EQ(o.month, 202611);
	CHECK(o.used == UINT64_MAX && o.quota == 10240);
	CHECK_STR(o.action, "throttle");
}
