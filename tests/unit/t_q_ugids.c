/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quota/q_ugids.c: the dump, which tools of old read and wrote. Setting and reading the kernel's is in tests/vm. */
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/err.h"
#include "quota/quota.h"

#define ALL (QUOTA_UGID_LIMITS | QUOTA_UGID_TIMES | QUOTA_UGID_GRACE)

static const char whole[] =
	"ugid_quota_status:\t1\n"
	"#grace_time:\ttype\tblock\tinode\n"
	"grace_time:\t0\t604800\t86400\n"
	"grace_time:\t1\t60\t7\n"
	"ugid_number:\t2\n"
	"#ugid:\tID\ttype\tbsoft\tbhard\tisoft\tihard\tbtime\titime\n"
	"ugid:\t1000\t0\t10\t20\t3\t4\t1700000000\t0\n"
	"ugid:\t50\t1\t0\t0\t0\t9\t0\t5\n";

TEST(quota_ugids_round_trip)
{
	struct buf auto_buf b = BUF_INIT;
	struct quota_ugids u;
	struct err e = { 0 };
	unsigned has;

	CHECK_OK(quota_ugids_parse(whole, &u, &has, &e), &e);
	CHECK(u.active && u.n == 2 && has == ALL);
	CHECK_EQ(u.grace[QUOTA_USER].inodes, 86400);
	CHECK_EQ(u.v[0].now.limit.hard_kib, 20);
	CHECK_EQ(u.v[0].now.block_expires, 1700000000);
	CHECK(u.v[1].kind == QUOTA_GROUP && u.v[1].id == 50 && u.v[1].now.limit.hard_inodes == 9);
	quota_ugids_print(&b, &u, ALL);
	CHECK_STR(buf_str(&b), whole);
	buf_reset(&b);
	quota_ugids_print(&b, &u, QUOTA_UGID_LIMITS);
	CHECK_STR(buf_str(&b), "ugid_quota_status:\t1\nugid_number:\t2\n#ugid:\tID\ttype\tbsoft\tbhard\tisoft\tihard\n"
			       "ugid:\t1000\t0\t10\t20\t3\t4\nugid:\t50\t1\t0\t0\t0\t9\n");
	buf_reset(&b);
	quota_ugids_print(&b, &u, QUOTA_UGID_TIMES);
	CHECK_STR(buf_str(&b), "ugid_quota_status:\t1\nugid_number:\t2\n#ugid:\tID\ttype\tbtime\titime\n"
			       "ugid:\t1000\t0\t1700000000\t0\nugid:\t50\t1\t0\t5\n");
	quota_ugids_done(&u);
	buf_reset(&b);
	quota_ugids_print(&b, &u, ALL);
	CHECK_STR(buf_str(&b), "ugid_quota_status:\t0\n");
}

TEST(quota_ugids_bad)
{
	static const char *const bad[] = {
		"ugid:\t1\t0\t1\t2\t3\t4\n",					/* no status before it */
		"ugid_quota_status:\t2\n", "ugid_quota_status:\n", "ugid_quota_status:\t1\nnonsense 5\n",
		"ugid_quota_status:\t1\ngrace_time:\t2\t1\t1\n", "ugid_quota_status:\t1\ngrace_time:\t0\t1\n",
		"ugid_quota_status:\t1\nugid_number:\t2\nugid:\t1\t0\t1\t2\t3\t4\n",	/* cut off */
		"ugid_quota_status:\t1\nugid:\t1\t2\t1\t2\t3\t4\n",		/* neither user nor group */
		"ugid_quota_status:\t1\nugid:\t4294967295\t0\t1\t2\t3\t4\n", "ugid_quota_status:\t1\nugid:\t1\t0\t1\t2\t3\n",
		"ugid_quota_status:\t1\nugid:\t1\t0\t1\t2\t3\t4\nugid:\t2\t0\t5\t6\n",	/* columns change */
		"ugid_quota_status:\t1\nugid:\t1\t0\t-1\t2\t3\t4\n", "0 500 1000 2000 0 0\n",
		"ugid_quota_status:\t1\nugid:\t1\t0\t18446744073709551615\t2\t3\t4\n",
	};
	struct quota_ugids u;
	struct err e = { 0 };
	unsigned has;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err_clear(&e);
		CHECK(quota_ugids_parse(bad[i], &u, &has, &e) < 0);
		CHECK(e.text[0] && !u.v);
	}
	err_clear(&e);
	CHECK(quota_ugids_parse(bad[3], &u, &has, &e) < 0);
	CHECK_STR(e.text, "line 2 is not of a dump");
}

/* What -F adds is skipped: the limits of the whole container are its configuration's. */
TEST(quota_ugids_first_level)
{
	const struct quota_usage use = { .used_kib = 5, .used_inodes = 6, .limit = { 7, 8, 9, 10 } };
	struct buf auto_buf b = BUF_INIT;
	struct quota_ugids u = { .active = true };
	struct err e = { 0 };
	unsigned has;

	quota_ugids_print(&b, &u, QUOTA_UGID_LIMITS);
	quota_ugids_print_first(&b, &use, 60);
	CHECK_STR(buf_str(&b), "ugid_quota_status:\t1\nugid_number:\t0\nfirst_level_quota:\n5 7 8 0 60\n6 9 10 0 60\n");
	CHECK_OK(quota_ugids_parse(buf_str(&b), &u, &has, &e), &e);
	CHECK(u.active && u.n == 0 && has == 0);
	CHECK_OK(quota_ugids_parse("", &u, &has, &e), &e);
	CHECK(!u.active);
}
