/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/timefmt.h"

#include "tests/lib/test.h"

static char text[TIMEFMT_LEN];

TEST(timefmt_prints_utc_with_milliseconds)
{
	CHECK_STR(timefmt(0, text), "1970-01-01T00:00:00.000Z");
	CHECK_STR(timefmt(1795774200123, text), "2026-11-27T10:10:00.123Z");
}

TEST(timefmt_reads_what_it_prints)
{
	int64_t ms;

	CHECK_EQ(timefmt_parse("2026-11-27T10:10:00.123Z", &ms), 0);
	CHECK_EQ(ms, 1795774200123);
}

TEST(timefmt_reads_seconds_offsets_and_numbers)
{
	int64_t ms;

	CHECK_EQ(timefmt_parse("2026-11-27T10:10:00Z", &ms), 0);
	CHECK_EQ(ms, 1795774200000);
	CHECK_EQ(timefmt_parse("2026-11-27T11:10:00+01:00", &ms), 0);
	CHECK_EQ(ms, 1795774200000);
	CHECK_EQ(timefmt_parse("2026-11-27T05:10:00.5-05:00", &ms), 0);
	CHECK_EQ(ms, 1795774200500);
	CHECK_EQ(timefmt_parse("1795774200", &ms), 0);
	CHECK_EQ(ms, 1795774200000);
}

TEST(timefmt_refuses_other_texts)
{
	static const char *const bad[] = { "", "now", "2026-11-27", "2026-11-27T10:10:00", "2026-11-27T10:10:00+1", "-5",
					   "2026-11-27T10:10:00Zx", "99999999999999999999", "2026-13-27T10:10:00Z" };
	int64_t ms = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(timefmt_parse(bad[i], &ms), -EINVAL);
	CHECK_EQ(ms, 7);
}
