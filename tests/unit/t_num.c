/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/num.c against spec: value syntax. */
#include "util/num.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"

#define GIB (1ull << 30)

TEST(u64)
{
	static const struct { const char *s; int r; uint64_t v; } t[] = {
		{ "0", 0, 0 }, { "007", 0, 7 }, { "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 }, { "99999999999999999999999999999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 }, { "-1", -EINVAL, 0 }, { "+1", -EINVAL, 0 }, { " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 }, { "0x1", -EINVAL, 0 }, { "1.0", -EINVAL, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t v = 0;

		CHECK_EQ(num_u64(t[i].s, &v), t[i].r);
		CHECK_EQ(v, t[i].v);
	}
}

TEST(i64)
{
	int64_t v = 1;

	CHECK_EQ(num_i64("-9223372036854775808", &v), 0);
	CHECK_EQ(v, INT64_MIN);
	CHECK_EQ(num_i64("9223372036854775807", &v), 0);
	CHECK_EQ(v, INT64_MAX);
	CHECK_EQ(num_i64("9223372036854775808", &v), -ERANGE);
	CHECK_EQ(num_i64("-9223372036854775809", &v), -ERANGE);
	CHECK_EQ(num_i64("-", &v), -EINVAL);
	CHECK_EQ(num_i64("--1", &v), -EINVAL);
	CHECK_EQ(v, INT64_MAX);
}

TEST(sizes)
{
	static const struct { const char *s; enum num_unit unit; int r; uint64_t v; } t[] = {
		{ "512", NUM_BYTES, 0, 512 }, { "512", NUM_PAGES, 0, 512 }, { "512", NUM_KIB, 0, 512 },
		{ "512m", NUM_BYTES, 0, GIB / 2 }, { "512M", NUM_PAGES, 0, GIB / 2 / 4096 },
		{ "512M", NUM_KIB, 0, GIB / 2 / 1024 }, { "1T", NUM_BYTES, 0, GIB * 1024 },
		{ "100P", NUM_BYTES, 0, 409600 }, { "100P", NUM_PAGES, 0, 100 }, { "100p", NUM_KIB, 0, 400 },
		{ "5000B", NUM_BYTES, 0, 5000 }, { "5000b", NUM_PAGES, 0, 1 }, { "1023B", NUM_KIB, 0, 0 },
		{ "2.2G", NUM_BYTES, 0, 2362232012 }, { "2.2G", NUM_PAGES, 0, 576716 }, { "0.5K", NUM_BYTES, 0, 512 },
		{ "1.9999999999999999999999999K", NUM_BYTES, 0, 2047 }, { "0.0009765625M", NUM_BYTES, 0, 1024 },
		{ "unlimited", NUM_BYTES, 0, NUM_UNLIMITED }, { "unlimited", NUM_ITEMS, 0, NUM_UNLIMITED },
		{ "9223372036854775807", NUM_BYTES, 0, NUM_UNLIMITED }, { "9223372036854775807", NUM_PAGES, 0, NUM_UNLIMITED },
		{ "9223372036854775808", NUM_PAGES, -ERANGE, NUM_UNLIMITED },
		{ "8388608T", NUM_BYTES, -ERANGE, NUM_UNLIMITED }, { "8388608T", NUM_PAGES, 0, 1ull << 51 },
		{ "99999999999999999999999999999999999999999999T", NUM_PAGES, -ERANGE, NUM_UNLIMITED },
		{ "7", NUM_ITEMS, 0, 7 }, { "7K", NUM_ITEMS, -EINVAL, 1 }, { "7B", NUM_ITEMS, -EINVAL, 1 },
		{ "1.5", NUM_BYTES, -EINVAL, 1 }, { "1.0", NUM_PAGES, -EINVAL, 1 }, { "1MB", NUM_BYTES, -EINVAL, 1 },
		{ "1.M", NUM_BYTES, -EINVAL, 1 }, { ".5M", NUM_BYTES, -EINVAL, 1 }, { "M", NUM_BYTES, -EINVAL, 1 },
		{ "", NUM_BYTES, -EINVAL, 1 }, { "-1", NUM_BYTES, -EINVAL, 1 }, { "1E", NUM_BYTES, -EINVAL, 1 },
		{ "1 M", NUM_BYTES, -EINVAL, 1 }, { "1.2.3M", NUM_BYTES, -EINVAL, 1 }, { "Unlimited", NUM_BYTES, -EINVAL, 1 },
		{ "unlimitedM", NUM_BYTES, -EINVAL, 1 }, { "unlimite", NUM_BYTES, -EINVAL, 1 }, { "1,5M", NUM_BYTES, -EINVAL, 1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t v = 1;
		int r = num_size(t[i].s, t[i].unit, &v);

		if (r != t[i].r || v != t[i].v)
			test_fail(__FILE__, __LINE__, "%s: %d %llu", t[i].s, r, (unsigned long long)v);
	}
}

TEST(pairs)
{
	static const struct { const char *s; int r; uint64_t bar, lim; } t[] = {
		{ "5", 0, 5, 5 }, { "5:7", 0, 5, 7 }, { "0:unlimited", 0, 0, NUM_UNLIMITED },
		{ "unlimited:unlimited", 0, NUM_UNLIMITED, NUM_UNLIMITED }, { "1K:2M", 0, 1024, 2097152 },
		{ "1.5K:2", 0, 1536, 2 }, { "9223372036854775808:1", -ERANGE, NUM_UNLIMITED, 1 },
		{ "1:9223372036854775808", -ERANGE, 1, NUM_UNLIMITED },
		{ "5:", -EINVAL, 0, 0 }, { ":5", -EINVAL, 0, 0 }, { "5:6:7", -EINVAL, 0, 0 }, { "", -EINVAL, 0, 0 },
		{ ":", -EINVAL, 0, 0 }, { "9223372036854775808:x", -EINVAL, 0, 0 }, { "1.5:2", -EINVAL, 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct num_pair p = { 0 };

		CHECK_EQ(num_pair(t[i].s, NUM_BYTES, &p), t[i].r);
		CHECK_EQ(p.set, t[i].r != -EINVAL);
		CHECK_EQ(p.bar, t[i].bar);
		CHECK_EQ(p.lim, t[i].lim);
	}
}

TEST(print)
{
	static const struct { struct num_pair p; const char *s; } t[] = {
		{ { .bar = 5, .lim = 5 }, "5" }, { { .bar = 5, .lim = 6 }, "5:6" },
		{ { .bar = 0, .lim = NUM_UNLIMITED }, "0:unlimited" },
		{ { .bar = NUM_UNLIMITED, .lim = NUM_UNLIMITED }, "unlimited" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_buf struct buf b = BUF_INIT;

		num_pair_print(&b, &t[i].p);
		CHECK_STR(buf_str(&b), t[i].s);
	}
}

TEST(cpulist)
{
	static const struct { const char *s; unsigned max; int r; uint64_t m0, m1; } t[] = {
		{ "0-2,7", 128, 0, 0x87, 0 }, { "all", 65, 0, UINT64_MAX, 1 }, { "63-64", 128, 0, 1ull << 63, 1 },
		{ "0", 1, 0, 1, 0 }, { "1", 1, -ERANGE, 0, 0 }, { "3-1", 8, -EINVAL, 0, 0 }, { "", 8, -EINVAL, 0, 0 },
		{ "1,", 8, -EINVAL, 2, 0 }, { ",1", 8, -EINVAL, 0, 0 }, { "1-", 8, -EINVAL, 0, 0 },
		{ "a", 8, -EINVAL, 0, 0 }, { "0-99999999999999999999999", 8, -ERANGE, 0, 0 }, { "1 2", 8, -EINVAL, 2, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t mask[2] = { 0 };

		CHECK_EQ(num_cpulist(t[i].s, mask, t[i].max), t[i].r);
		CHECK_EQ(mask[0], t[i].m0);
		CHECK_EQ(mask[1], t[i].m1);
	}
	CHECK_EQ(num_cpulist("0", (uint64_t[1]){ 0 }, 0), -ERANGE);
	CHECK_EQ(num_cpulist("0", (uint64_t[1]){ 0 }, 4097), -ERANGE);
}
