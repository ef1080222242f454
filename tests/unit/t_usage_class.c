/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/usage_class.c: what is counted, once, whatever is read twice, begun anew or lost. */
#include "vzd/usage_class.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"
#include "vzd/db.h"
#include "vzd/usage.h"

#define T0 1767225600ll		/* 2026-01-01 */

static sqlite3 *open_db(bool baseline)
{
	struct uc_batch b = { .baseline = true };
	struct err e = { 0 };
	sqlite3 *s;

	CHECK_EQ(sqlite3_open(":memory:", &s), SQLITE_OK);
	for (size_t i = 0; i < usage_schema.n; i++)
		CHECK_EQ(sqlite3_exec(s, usage_schema.sql[i], NULL, NULL, NULL), SQLITE_OK);
	if (baseline)
		CHECK_OK(usage_class_work(s, &b, &e), &e);
	return s;
}

/* @sent of class 1 IPv4 and twice that received of class 2 IPv6, read at @t. */
static void saw(sqlite3 *s, int64_t t, uint64_t made, uint64_t sent)
{
	struct uc_note n = { .ctid = 101, .owner = "acme", .now_s = t, .made = made };
	struct uc_batch b = { .v = &n, .n = 1 };
	struct err e = { 0 };

	n.here.v[1][0][NET_SENT] = (struct net_traffic_cell){ sent, sent / 100 };
	n.here.v[2][1][NET_RECEIVED] = (struct net_traffic_cell){ sent * 2, sent / 50 };
	CHECK_OK(usage_class_work(s, &b, &e), &e);
}

/* "class family rx tx rx_packets tx_packets" of each row */
static char *ask(sqlite3 *s, enum usage_step step, int64_t from, int64_t to, const char *owner)
{
	struct usage_query q = { .ctid = 101, .from_s = from, .to_s = to, .step = step, .classes = true, .owner = owner };
	auto_free char *text = NULL;
	struct err e = { 0 };
	char *out = calloc(1, 1000), *p = out;
	size_t len;

	CHECK_OK(usage_csv(s, &q, &text, &len, &e), &e);
	CHECK(out && strstr(text, "time,ctid,owner,class,family,rx_bytes,tx_bytes,rx_packets,tx_packets\r\n") == text);
	for (char *l = strstr(text, "\r\n"); l && l[2]; l = strstr(l + 2, "\r\n")) {
		const char *a = strstr(l, ",acme,");

		CHECK(a);
		a += 6;
		memcpy(p, a, strcspn(a, "\r"));
		p += strcspn(a, "\r");
		*p++ = ' ';
	}
	return out;
}

static void is(sqlite3 *s, enum usage_step step, int64_t from, int64_t to, const char *want)
{
	auto_free char *got = ask(s, step, from, to, NULL);

	CHECK_STR(got, want);
}

TEST(usage_class_counts_once)
{
	sqlite3 *s = open_db(true);
	auto_free char *none = NULL;

	saw(s, T0 + 10, 7, 1000);
	saw(s, T0 + 20, 7, 1000);
	saw(s, T0 + 30, 7, 1500);
	is(s, USAGE_TOTAL, T0, T0 + 3600, "1,ipv4,0,1500,0,15 2,ipv6,3000,0,30,0 ");
	saw(s, T0 + 3700, 7, 1600);			/* the next hour has what is more */
	is(s, USAGE_HOUR, T0, T0 + 7200, "1,ipv4,0,1500,0,15 2,ipv6,3000,0,30,0 1,ipv4,0,100,0,1 2,ipv6,200,0,2,0 ");
	is(s, USAGE_DAY, T0, T0 + 86400, "1,ipv4,0,1600,0,16 2,ipv6,3200,0,32,0 ");
	is(s, USAGE_MONTH, T0, T0 + 31 * 86400, "1,ipv4,0,1600,0,16 2,ipv6,3200,0,32,0 ");
	saw(s, T0 + 3710, 7, 1200);			/* lost with the power: what it has now is the begin */
	saw(s, T0 + 3720, 7, 1300);
	is(s, USAGE_TOTAL, T0, T0 + 7200, "1,ipv4,0,1700,0,17 2,ipv6,3400,0,34,0 ");
	saw(s, T0 + 3730, 8, 100);			/* another container of this number, or one that came back */
	saw(s, T0 + 3740, 8, 100);
	is(s, USAGE_TOTAL, T0, T0 + 7200, "1,ipv4,0,1800,0,18 2,ipv6,3600,0,36,0 ");
	none = ask(s, USAGE_TOTAL, T0, T0 + 7200, "zeta");
	CHECK_STR(none, "");
	sqlite3_close(s);
}

/* A new database notes where things stand. */
TEST(usage_class_begins)
{
	struct uc_batch b = { .baseline = true };
	sqlite3 *s = open_db(false);
	struct err e = { 0 };

	saw(s, T0, 7, 100000);
	is(s, USAGE_TOTAL, T0, T0 + 3600, "");
	CHECK_OK(usage_class_work(s, &b, &e), &e);
	saw(s, T0, 7, 100100);
	is(s, USAGE_TOTAL, T0, T0 + 3600, "1,ipv4,0,100,0,1 2,ipv6,200,0,2,0 ");
	sqlite3_close(s);
}

TEST(usage_class_json)
{
	struct usage_query q = { .from_s = T0, .to_s = T0 + 60, .step = USAGE_TOTAL, .classes = true };
	sqlite3 *s = open_db(true);
	struct err e = { 0 };
	json_t *j = NULL, *row;

	saw(s, T0, 7, 1000);
	CHECK_OK(usage_query(s, &q, &j, &e), &e);
	row = json_array_get(json_object_get(j, "classes"), 1);
	CHECK_EQ(json_integer_value(json_object_get(row, "class")), 2);
	CHECK_STR(json_string_value(json_object_get(row, "family")), "ipv6");
	CHECK_EQ(json_integer_value(json_object_get(row, "rx_bytes")), 2000);
	json_decref(j);
	q.classes = false;
	CHECK_OK(usage_query(s, &q, &j, &e), &e);
	CHECK(!json_object_get(j, "classes"));
	json_decref(j);
	sqlite3_close(s);
}
