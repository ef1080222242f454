/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rates as text and figures. */
#include <errno.h>
#include <string.h>

#include "net/shape_priv.h"
#include "tests/lib/test.h"
#include "util/err.h"

TEST(shape_rates_text)
{
	static const char *const bad[] = { "1", "0:5", "16:5", "eth0:1:", "eth0:1:5/", "1:x", "1:-5", "1:400000001", "1:300000000 1:300000000" };
	struct net_rate v[NET_CLASS_N];
	struct err e = { 0 };

	CHECK_OK(net_rates_parse("eth0:1:1000/2000,eth1:1:500 2:30", v, &e), &e);
	CHECK_EQ(v[1].kbit[NET_SENT], 1500);
	CHECK_EQ(v[1].kbit[NET_RECEIVED], 2500);
	CHECK_EQ(v[2].kbit[NET_SENT], 30);
	CHECK_EQ(v[2].kbit[NET_RECEIVED], 30);
	CHECK_OK(net_rates_parse("", v, &e), &e);
	CHECK_EQ(v[1].kbit[NET_SENT], 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(net_rates_parse(bad[i], v, &e), -EINVAL);
		CHECK(strstr(e.text, "DEVICE:CLASS:KBITS"));
		err_clear(&e);
	}
}

TEST(shape_rates_any)
{
	struct net_rates r = { .burst_kib = 5 };

	CHECK(!net_rates_any(&r));
	r.limit[3].kbit[NET_RECEIVED] = 1;
	CHECK(net_rates_any(&r));
}

TEST(shape_totals_any)
{
	struct net_totals t = { .mpu = 5 };

	CHECK(!net_totals_any(&t));
	t.bandwidth_kbit = 1;
	CHECK(net_totals_any(&t));
	t = (struct net_totals){ .total_kbit[15] = 1 };
	CHECK(net_totals_any(&t));
}

TEST(shape_mask_of)
{
	struct net_rates r = { .rate[1].kbit = { 5, 0 }, .limit[15].kbit = { 0, 7 } };

	CHECK_EQ(shape_mask(&r, NET_SENT), 2);
	CHECK_EQ(shape_mask(&r, NET_RECEIVED), 0x8000);
	CHECK_EQ(shape_mask(NULL, NET_SENT), 0);
}

TEST(rates_small)
{
	static const struct { uint64_t rate, limit; bool small; } t[] = {
		{ 0, 0, false }, { 0, 999999, true }, { 0, 1000000, false }, { 100, 0, true }, { 100, 2000000, false },
	};

	CHECK(!net_rates_small(NULL, NET_SENT));
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct net_rates r = { .rate[2].kbit[NET_SENT] = t[i].rate, .limit[2].kbit[NET_SENT] = t[i].limit };

		CHECK_EQ(net_rates_small(&r, NET_SENT), t[i].small);
		CHECK(!net_rates_small(&r, NET_RECEIVED));
	}
}
