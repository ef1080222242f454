/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/policy_reclaim.c: who gives, and how much. That the kernel takes it: t_cg_mem.c, tests/vm/cases. */
#include "vzd/policy.h"

#include <string.h>

#include "tests/lib/test.h"

#define MIB (1ull << 20)

TEST(idle_first)
{
	struct victim v[] = {
		{ .ctid = 1, .used = 4000 * MIB }, { .ctid = 2, .used = 400 * MIB, .idle = true },
		{ .ctid = 3, .used = 800 * MIB, .idle = true }, { .ctid = 4, .used = 8000 * MIB },
	};

	CHECK_EQ(reclaim_plan(v, 4, 256 * MIB), 2);
	CHECK_EQ(v[0].ctid, 3);
	CHECK_EQ(v[0].take, 200 * MIB);
	CHECK_EQ(v[1].ctid, 2);
	CHECK_EQ(v[1].take, 56 * MIB);
	CHECK_EQ(v[2].take + v[3].take, 0);
}

TEST(busy_when_nobody_is_idle)
{
	struct victim v[] = { { .ctid = 1, .used = 400 * MIB }, { .ctid = 2, .used = 800 * MIB } };

	CHECK_EQ(reclaim_plan(v, 2, 256 * MIB), 2);
	CHECK(v[0].ctid == 2 && v[0].take == 200 * MIB && v[1].take == 56 * MIB);
}

TEST(guarantee_stays)
{
	struct victim v[] = {
		{ .ctid = 1, .used = 800 * MIB, .guarantee = 800 * MIB, .idle = true },
		{ .ctid = 2, .used = 500 * MIB, .guarantee = 900 * MIB, .idle = true },
		{ .ctid = 3, .used = 500 * MIB, .guarantee = 100 * MIB, .idle = true },
		{ .ctid = 4, .used = 10 * MIB, .idle = true },		/* not worth the while */
	};

	CHECK_EQ(reclaim_plan(v, 4, 1000 * MIB), 1);
	CHECK(v[0].ctid == 3 && v[0].take == 100 * MIB);
	for (int i = 1; i < 4; i++)
		CHECK_EQ(v[i].take, 0);
}

TEST(bounded)
{
	struct victim v[100];
	uint64_t sum = 0;

	for (unsigned i = 0; i < 100; i++)
		v[i] = (struct victim){ .ctid = i, .used = 100 * MIB };
	CHECK_EQ(reclaim_plan(v, 100, 10000 * MIB), RECLAIM_VICTIMS);
	for (unsigned i = 0; i < 100; i++)
		sum += v[i].take;
	CHECK_EQ(sum, RECLAIM_VICTIMS * 25 * MIB);
	CHECK_EQ(reclaim_plan(v, 0, 100), 0);
}
