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
	CHECK_EQ(f.t.month[0].v[NET_SENT].bytes, 1620);
	CHECK_EQ(f.n_src, 2);
}

TEST(traffic_file_round_trip)
{
	struct buf auto_buf b = BUF_INIT, c = BUF_INIT;
	struct err e = { 0 };
	struct net_traffic t;

	memset(&f, 0, sizeof(f));
	f.seq = 7;
	now(&t, 1000, 500);
	for (int m = 1; m <= 15; m++)
		traffic_file_count(&f, "vz1", "boot:1:1", &t, (2027 + m / 12) * 100 + m % 12 + 1);
	traffic_file_print(&f, &b);
	CHECK_OK(traffic_file_parse(buf_str(&b), &g, &e), &e);
	CHECK_EQ(g.seq, 7);
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
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		CHECK_EQ(traffic_file_parse(t[i], &g, &e), -EBADMSG);
	CHECK_OK(traffic_file_parse("vz-traffic 1 3\nend 3\n", &g, &e), &e);
}
