/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/pools.c: what vzpool health says, and when that is news. */
#include "vzd/pools.h"

#include <string.h>

#include "tests/lib/test.h"

static int line(const char *s, struct pool_seen *ret)
{
	return pools_line(s, strlen(s), ret);
}

TEST(lines)
{
	struct pool_seen s;

	CHECK_EQ(line("web\tok\t", &s), 0);
	CHECK_STR(s.name, "web");
	CHECK_STR(s.state, "ok");
	CHECK_STR(s.why, "");
	CHECK_EQ(line("web\tlost\tread /dev/nbd0: Input/output error\twith a tab", &s), 0);
	CHECK_STR(s.why, "read /dev/nbd0: Input/output error\twith a tab");
	CHECK(line("", &s) < 0);
	CHECK(line("web\tok", &s) < 0);
	CHECK(line("\tok\t", &s) < 0);
	CHECK(line("web\tnew\t", &s) < 0);
	CHECK(line("web\ta state that is longer than any\t", &s) < 0);
}

TEST(news)
{
	const struct pool_seen ok = { .name = "a", .state = "ok" }, lost = { .name = "a", .state = "lost" },
			       hung = { .name = "a", .state = "hung" };

	CHECK_EQ(pools_compare(NULL, &ok), POOLS_SAME);
	CHECK_EQ(pools_compare(NULL, &lost), POOLS_LOST);
	CHECK_EQ(pools_compare(&ok, &hung), POOLS_LOST);
	CHECK_EQ(pools_compare(&hung, &lost), POOLS_SAME);
	CHECK_EQ(pools_compare(&lost, &ok), POOLS_BACK);
	CHECK(!pools_find(NULL, "a"));
}
