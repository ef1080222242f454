/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/traffic_clock.h"

#include <time.h>

#include "tests/lib/test.h"

#define NOV 1794700000ll	/* 2026-11-15 */

TEST(traffic_clock_now)
{
	struct traffic_clock c;

	traffic_clock_read(&c);
	CHECK(c.wall_s >= NOV - 86400 * 365 && c.up_s > 0 && c.boot[0] && c.floor_s > 0);
}

TEST(traffic_clock_months)
{
	struct traffic_clock c = { .wall_s = NOV, .floor_s = NOV - 86400 * 31 };

	CHECK_EQ(traffic_clock_month(&c), 202611);
	c.wall_s = 1000;
	CHECK(!traffic_clock_plausible(&c));
	CHECK_EQ(traffic_clock_month(&c), 202610);
	c.synced = true;			/* then the file's time is wrong */
	c.wall_s = NOV - 86400 * 62;
	CHECK(traffic_clock_plausible(&c));
	CHECK_EQ(traffic_clock_month(&c), 202609);
}

TEST(traffic_clock_sure)
{
	struct traffic_clock c = { .wall_s = NOV, .up_s = 50, .boot = "one" };
	struct traffic_steady s = { 0 };

	CHECK(!traffic_clock_sure(&c, &s));
	c.wall_s += TRAFFIC_STEADY_S + 300;	/* slewed a little */
	c.up_s += TRAFFIC_STEADY_S;
	CHECK(traffic_clock_sure(&c, &s));
	c.wall_s += 86400;			/* set */
	CHECK(!traffic_clock_sure(&c, &s));
	c.wall_s += TRAFFIC_STEADY_S;
	c.up_s += TRAFFIC_STEADY_S;
	CHECK(traffic_clock_sure(&c, &s));
	c.boot[0] = 't';			/* booted */
	c.up_s = 10;
	CHECK(!traffic_clock_sure(&c, &s));
	c.synced = true;
	CHECK(traffic_clock_sure(&c, &s));
}
