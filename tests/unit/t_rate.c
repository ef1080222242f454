/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/rate.c: as many as the burst at once, then one per interval, per key; memory does not grow. */
#include <string.h>

#include "tests/lib/test.h"
#include "vzd/auth_priv.h"

#define SEC 1000000ull

TEST(rate_burst_and_refill)
{
	struct rate *r = rate_new();
	uint64_t key = rate_key(r, "token:a", 7), now = 1000 * SEC, retry;
	unsigned left;

	for (unsigned i = 0; i < 60; i++) {
		CHECK(rate_take(r, key, now, SEC / 20, 60, &retry, &left));
		CHECK_EQ(left, 59 - i);
	}
	CHECK(!rate_take(r, key, now, SEC / 20, 60, &retry, &left));
	CHECK_EQ(retry, SEC / 20);
	CHECK(!rate_take(r, key, now + retry - 1, SEC / 20, 60, &retry, &left));
	CHECK_EQ(retry, 1);
	CHECK(rate_take(r, key, now + SEC / 20, SEC / 20, 60, &retry, &left));
	CHECK(!rate_take(r, key, now + SEC / 20, SEC / 20, 60, &retry, &left));
	now += 3600 * SEC;			/* never more than the burst */
	for (unsigned i = 0; i < 60; i++)
		CHECK(rate_take(r, key, now, SEC / 20, 60, &retry, &left));
	CHECK(!rate_take(r, key, now, SEC / 20, 60, &retry, &left));
	rate_free(r);
}

TEST(rate_sustained)
{
	struct rate *r = rate_new();
	uint64_t key = rate_key(r, "x", 1), retry;
	unsigned left, ok = 0;

	for (uint64_t now = 0; now < 100 * SEC; now += SEC / 1000)	/* 1,000 a second asked for, 20 allowed */
		ok += rate_take(r, key, SEC + now, SEC / 20, 10, &retry, &left);
	CHECK(ok >= 2009 && ok <= 2010);
	rate_free(r);
}

TEST(rate_keys_apart)
{
	struct rate *r = rate_new();
	uint64_t a = rate_key(r, "token:a", 7), b = rate_key(r, "token:b", 7), retry;
	unsigned left;

	CHECK(a != b && a && b);
	CHECK(rate_take(r, a, SEC, SEC, 1, &retry, &left));
	CHECK(!rate_take(r, a, SEC, SEC, 1, &retry, &left));
	CHECK(rate_take(r, b, SEC, SEC, 1, &retry, &left));
	rate_free(r);
}

/* A hundred thousand other keys go by in the time of one refill: whoever is over his limit stays so, nearly always. */
TEST(rate_many_keys)
{
	struct rate *r = rate_new();
	uint64_t now = 100 * SEC, retry, me = rate_key(r, "me", 2);
	unsigned left, passed = 0;

	for (unsigned i = 0; i < 100; i++)
		rate_take(r, me, now, SEC, 100, &retry, &left);
	for (unsigned i = 0; i < 100000; i++) {
		rate_take(r, rate_key(r, &i, sizeof(i)), now + i, SEC, 1, &retry, &left);
		if (i % 100 == 0)
			passed += rate_take(r, me, now + i, SEC, 100, &retry, &left);
	}
	CHECK_EQ(passed, 0);
	rate_free(r);
}
