/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/traffic_file.h"

#include <errno.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"

static void now(struct net_traffic *t, uint64_t sent, uint64_t received)
{
	memset(t, 0, sizeof(*t));
	t->v[1][0][NET_SENT] = (struct net_traffic_cell){ sent, sent / 100 };
	t->v[2][1][NET_RECEIVED] = (struct net_traffic_cell){ received, received / 100 };
}

static struct traffic_file f, g;

/* What was read once is never added again; another making of the counters counts from nothing. */
TEST(traffic_file_counts_once)
{
	struct net_traffic t;

	memset(&f, 0, sizeof(f));
	now(&t, 1000, 500);
	traffic_file_count(&f, "vz1", "boot:1:1", &t, 202611);
	traffic_file_count(&f, "vz1", "boot:1:1", &t, 202611);
	CHECK_EQ(f.t.total.v[1][0][NET_SENT].bytes, 1000);
	CHECK_EQ(f.t.total.v[2][1][NET_RECEIVED].packets, 5);
	now(&t, 1500, 500);
	traffic_file_count(&f, "vz1", "boot:1:1", &t, 202611);
	CHECK_EQ(f.t.total.v[1][0][NET_SENT].bytes, 1500);
	now(&t, 1600, 100);
	traffic_file_count(&f, "vz1", "boot:2:1", &t, 202612);
	CHECK_EQ(f.t.total.v[1][0][NET_SENT].bytes, 3100);
	CHECK_EQ(f.t.total.v[2][1][NET_RECEIVED].bytes, 600);
	CHECK_EQ(f.t.month[0].month, 202612);
	CHECK_EQ(f.t.month[0].v[NET_SENT].bytes, 1600);
	CHECK_EQ(f.t.month[1].v[NET_SENT].bytes, 1500);
	now(&t, 10, 100);	/* smaller: begun anew */
	traffic_file_count(&f, "vz1", "boot:2:1", &t, 202612);
	CHECK_EQ(f.t.total.v[1][0][NET_SENT].bytes, 3110);
	traffic_file_count(&f, "veth1.0", "boot:2:1", &t, 202611);	/* a clock that went back */
	CHECK_EQ(f.t.month[0].v[NET_SENT].bytes, 1610);
	CHECK_EQ(f.t.month[1].v[NET_SENT].bytes, 1510);
	CHECK_EQ(f.t.here.v[1][0][NET_SENT].bytes, 3120);
	CHECK_EQ(f.n_src, 2);
}

/* 2026-11-15, 2026-12-15, 2099-01-15, 1970-01-02; a program of 2026-10 */
enum { NOV = 1794700000, DEC = 1797292000, FLOOR = 1791000000 };
#define FAR 4072118400ll

static uint64_t at(int64_t wall, int64_t up, bool synced, uint64_t bytes)
{
	struct traffic_clock c = { .wall_s = wall, .up_s = up, .floor_s = FLOOR, .synced = synced, .boot = "boot" };
	static uint64_t sum;
	struct net_traffic t;
	int month;

	sum = bytes ? sum + bytes : 0;
	now(&t, sum, 0);
	month = traffic_file_month(&f, &c);
	if (bytes)
		traffic_file_count(&f, "vz1", "boot:1:1", &t, month);
	return ct_traffic_used(&f.t);
}

/* A clock that was ahead puts the quota to sleep neither then nor afterwards, whoever set it right. */
TEST(traffic_file_clock_ahead)
{
	memset(&f, 0, sizeof(f));
	at(NOV, 0, false, 0);
	CHECK_EQ(at(NOV, 100, false, 1000), 1000);
	CHECK_EQ(at(FAR, 200, false, 50), 50);
	CHECK_EQ(at(NOV, 300, false, 1), 1051);		/* not sure, but nothing is forgotten */
	CHECK_EQ(f.t.month[0].month, 209901);
	CHECK_EQ(at(NOV + 3000, 3300, false, 1), 1052);
	CHECK_EQ(f.t.month[0].month, 209901);
	CHECK_EQ(at(NOV + 3700, 4000, false, 1), 1053);	/* an hour in step with the time since boot */
	CHECK_EQ(f.t.month[0].month, 202611);
	CHECK_EQ(f.t.month[1].month, 0);
	CHECK_EQ(at(DEC, 2600000, false, 7), 7);		/* once, and not again next month */
	CHECK_EQ(at(FAR, 2600100, false, 3), 3);
	CHECK_EQ(at(DEC, 2600200, true, 1), 11);		/* NTP knows at once */
	CHECK_EQ(f.t.month[0].month, 202612);
	CHECK_EQ(f.t.month[1].month, 202611);
	CHECK_EQ(f.t.month[1].v[NET_SENT].bytes, 1053);
	CHECK_EQ(f.t.here.v[1][0][NET_SENT].bytes, 1064);
}

/* A clock that began at 1970 books in the newest month there is, and takes nothing back, however long it stays there. */
TEST(traffic_file_clock_1970)
{
	memset(&f, 0, sizeof(f));
	at(NOV, 0, false, 0);
	CHECK_EQ(at(0, 10, false, 5), 5);
	CHECK_EQ(f.t.month[0].month, 202610);		/* of the program's file */
	CHECK_EQ(at(NOV, 100, true, 1000), 1000);
	CHECK_EQ(at(60, 100, false, 5), 1005);
	CHECK_EQ(at(90000, 90040, false, 5), 1010);
	CHECK_EQ(f.t.month[0].month, 202611);
	CHECK_EQ(f.t.month[1].month, 202610);
	CHECK_EQ(f.t.month[1].v[NET_SENT].bytes, 5);
	CHECK_EQ(at(NOV, 90100, false, 1), 1011);
	CHECK_EQ(at(DEC, 90200, true, 2), 2);
	/* a month behind for a moment: stricter then, as it was afterwards */
	CHECK_EQ(at(NOV, 90300, false, 1), 1014);
	CHECK_EQ(at(DEC, 90400, true, 1), 3);
}

/* A month that is older than all that fit adds to the oldest. */
TEST(traffic_file_months_full)
{
	struct net_traffic t;

	memset(&f, 0, sizeof(f));
	for (int m = 1; m <= 13; m++) {
		now(&t, (uint64_t)m, 0);
		traffic_file_count(&f, "vz1", "boot:1:1", &t, (2027 + m / 13) * 100 + (m - 1) % 12 + 1);
	}
	CHECK_EQ(f.t.month[12].month, 202701);
	now(&t, 20, 0);
	traffic_file_count(&f, "vz1", "boot:1:1", &t, 202001);
	CHECK_EQ(f.t.month[12].month, 202701);
	CHECK_EQ(f.t.month[12].v[NET_SENT].bytes, 8);
	now(&t, 21, 0);
	traffic_file_count(&f, "vz1", "boot:1:1", &t, 202802);
	CHECK_EQ(f.t.month[0].month, 202802);
	CHECK_EQ(f.t.month[12].month, 202702);
}

TEST(traffic_file_round_trip)
{
	struct buf auto_buf b = BUF_INIT, c = BUF_INIT;
	struct err e = { 0 };
	struct net_traffic t;

	memset(&f, 0, sizeof(f));
	f.seq = 7;
	f.t.made = 99;
	f.steady = (struct traffic_steady){ "boot", 5, 6 };
	now(&t, 1000, 500);
	for (int m = 1; m <= 15; m++)
		traffic_file_count(&f, "vz1", "boot:1:1", &t, (2027 + m / 12) * 100 + m % 12 + 1);
	traffic_file_print(&f, &b);
	CHECK_OK(traffic_file_parse(buf_str(&b), &g, &e), &e);
	CHECK_EQ(g.seq, 7);
	CHECK_EQ(g.t.made, 99);
	CHECK_EQ(g.t.here.v[1][0][NET_SENT].bytes, 1000);
	CHECK_STR(g.steady.boot, "boot");
	CHECK_EQ(g.steady.since_s, 6);
	CHECK_EQ(g.t.month[CT_TRAFFIC_MONTHS - 1].month, 202704);
	traffic_file_print(&g, &c);
	CHECK_STR(buf_str(&c), buf_str(&b));
	for (size_t len = 0; len < b.len; len++) {	/* no piece of it is a record */
		b.s[len] = '\0';
		CHECK_EQ(traffic_file_parse(b.s, &g, &e), -EBADMSG);
		b.s[len] = c.s[len];
	}
}

TEST(traffic_file_refused)
{
	static const char *const t[] = {
		"", "vz-traffic 2 1\nend 1\n", "vz-traffic 1 1\nend 2\n", "vz-traffic 1 1\ntotal 16 0 1 1 1 1\nend 1\n",
		"vz-traffic 1 1\nlast 1 0 1 1 1 1\nend 1\n", "vz-traffic 1 1\nmonth 202613 1 1 1 1\nend 1\n",
		"vz-traffic 1 1\nend 1\nend 1\n", "vz-traffic 1 1\ntotal 1 0 1 1 1\nend 1\n", "vz-traffic 1 1\nmore\nend 1\n",
		"vz-traffic 1 1\nmade x\nend 1\n", "vz-traffic 1 1\nclock boot 1\nend 1\n",
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		CHECK_EQ(traffic_file_parse(t[i], &g, &e), -EBADMSG);
	CHECK_OK(traffic_file_parse("vz-traffic 1 3\nend 3\n", &g, &e), &e);
}
