/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/usage_query.c: the same sum at every step, however the time is cut. */
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"
#include "vzd/db.h"
#include "vzd/usage_priv.h"

#define JAN1 1704067200ll	/* 2024-01-01, a leap year */

static sqlite3 *fill(void)
{
	auto_free void *sum = calloc(1, sizeof(*((struct u_batch *)0)->sum));
	struct u_batch b = { .n_sum = 1 };
	struct err e = { 0 };
	sqlite3 *s;

	CHECK_EQ(sqlite3_open(":memory:", &s), SQLITE_OK);
	CHECK_EQ(sqlite3_exec(s, usage_schema.sql[0], NULL, NULL, NULL), SQLITE_OK);
	b.sum = sum;
	for (int h = 0; h < 24 * 100; h++)		/* a hundred days of two containers, every hour */
		for (unsigned ct = 101; ct <= 102; ct++) {
			b.sum[0].ctid = ct;
			b.sum[0].sum = (struct u_sum){ .hour = JAN1 + 3600ll * h, .cpu_usec = 1000000, .rx = ct, .tx = 1,
						       .mem_kib_s = 3600ull << 20 };
			memcpy(b.sum[0].sum.owner, ct == 101 ? "acme" : "zeta", 5);
			CHECK_OK(usage_batch_work(s, &b, &e), &e);
		}
	return s;
}

static json_t *ask(sqlite3 *s, struct usage_query q)
{
	struct err e = { 0 };
	json_t *j = NULL;

	CHECK_OK(usage_query(s, &q, &j, &e), &e);
	CHECK(j);
	return j;
}

static double total(json_t *j, const char *key)
{
	return json_number_value(json_object_get(json_object_get(j, "total"), key));
}

TEST(same_sum)
{
	static const struct { int64_t from, to; } t[] = {
		{ 0, 24 * 100 }, { 5, 6 }, { 5, 30 }, { 23, 25 }, { 24, 48 }, { 10, 24 * 40 + 3 }, { 24 * 31, 24 * 60 },
		{ 24 * 31 + 1, 24 * 60 - 1 }, { 7, 24 * 99 + 13 }, { 12, 12 }, { 24 * 31 - 1, 24 * 31 + 1 },
	};
	sqlite3 *s = fill();

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		for (int step = 0; step < USAGE_STEP_N; step++) {
			json_t *j = ask(s, (struct usage_query){ .ctid = 101, .from_s = JAN1 + 3600 * t[i].from,
								 .to_s = JAN1 + 3600 * t[i].to, .step = (enum usage_step)step });

			CHECK_EQ(total(j, "cpu_s"), t[i].to - t[i].from);
			CHECK_EQ(total(j, "rx"), 101 * (t[i].to - t[i].from));
			CHECK(fabs(total(j, "mem_gib_h") - (double)(t[i].to - t[i].from)) < 1e-6);
			json_decref(j);
		}
	sqlite3_close(s);
}

TEST(rows)
{
	sqlite3 *s = fill();
	json_t *j = ask(s, (struct usage_query){ .from_s = JAN1, .to_s = JAN1 + 86400 * 100, .step = USAGE_MONTH }), *one;

	CHECK_EQ(json_array_size(json_object_get(j, "items")), 8);	/* January to April, two containers */
	one = json_array_get(json_object_get(j, "items"), 2);
	CHECK_STR(json_string_value(json_object_get(one, "t")), "2024-02-01T00:00:00.000Z");
	CHECK_EQ(json_integer_value(json_object_get(one, "ctid")), 101);
	CHECK_EQ(json_number_value(json_object_get(one, "cpu_s")), 29 * 24);
	json_decref(j);
	j = ask(s, (struct usage_query){ .from_s = JAN1, .to_s = JAN1 + 86400 * 100, .step = USAGE_TOTAL, .owner = "zeta" });
	CHECK_EQ(json_array_size(json_object_get(j, "items")), 1);
	CHECK_EQ(total(j, "rx"), 102 * 2400);
	json_decref(j);
	j = ask(s, (struct usage_query){ .from_s = JAN1, .to_s = JAN1 + 86400, .step = USAGE_TOTAL, .owner = "' OR 1=1 --" });
	CHECK_EQ(json_array_size(json_object_get(j, "items")), 0);
	json_decref(j);
	j = ask(s, (struct usage_query){ .ctid = 102, .from_s = JAN1 + 1800, .to_s = JAN1 + 5400, .step = USAGE_HOUR });
	CHECK_EQ(json_array_size(json_object_get(j, "items")), 2);	/* rounded outwards */
	json_decref(j);
	j = ask(s, (struct usage_query){ .from_s = JAN1, .to_s = JAN1 + 86400 * 100, .step = USAGE_YEAR });
	CHECK_EQ(json_array_size(json_object_get(j, "items")), 2);
	json_decref(j);
	sqlite3_close(s);
}

TEST(csv)
{
	struct usage_query q = { .from_s = JAN1, .to_s = JAN1 + 3600, .step = USAGE_HOUR };
	sqlite3 *s = fill();
	auto_free char *text = NULL;
	struct err e = { 0 };
	size_t len;

	CHECK_OK(usage_csv(s, &q, &text, &len, &e), &e);
	CHECK_STR(text, "time,ctid,owner,cpu_s,mem_gib_h,disk_gib_h,rx,tx\r\n"
			"2024-01-01T00:00:00.000Z,101,acme,1.000000,1.000000,0.000000,101,1\r\n"
			"2024-01-01T00:00:00.000Z,102,zeta,1.000000,1.000000,0.000000,102,1\r\n");
	CHECK_EQ(len, strlen(text));
	sqlite3_close(s);
}
