/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool_net.c */
#include "tests/lib/test.h"
#include "util/buf.h"
#include "vzctl/tool.h"

TEST(tool_net_families)
{
	const struct net_stat all = { .rx_bytes = 1000, .tx_bytes = 500, .rx_packets = 10, .tx_packets = 5 };
	const struct net_stat v6 = { .rx_bytes = 200, .tx_bytes = 40, .rx_packets = 2, .tx_packets = 1 };
	const struct net_stat late = { .rx_bytes = 5000, .rx_packets = 50 };	/* read after @all */
	struct net_stat s;

	tool_net_family(&all, &v6, TOOL_ALL, &s);
	CHECK(s.rx_bytes == 1000 && s.tx_packets == 5);
	tool_net_family(&all, &v6, TOOL_V6, &s);
	CHECK(s.rx_bytes == 228 && s.tx_bytes == 54 && s.rx_packets == 2 && s.tx_packets == 1);
	tool_net_family(&all, &v6, TOOL_V4, &s);
	CHECK(s.rx_bytes == 772 && s.tx_bytes == 446 && s.rx_packets == 8 && s.tx_packets == 4);
	tool_net_family(&all, &late, TOOL_V4, &s);
	CHECK(s.rx_bytes == 0 && s.rx_packets == 0 && s.tx_bytes == 500);
}

TEST(tool_net_counts_from_a_base)
{
	struct net_stat s = { 100, 50, 10, 5, 0, 0 };
	const struct net_stat base = { 40, 60, 10, 0, 0, 0 };

	tool_net_since(&s, &base);
	CHECK(s.rx_bytes == 60 && s.tx_bytes == 50 && s.rx_packets == 0 && s.tx_packets == 5);
}

TEST(tool_net_table)
{
	struct buf auto_buf b = BUF_INIT;
	const struct net_stat s = { .rx_bytes = 18446744073709551615u, .tx_bytes = 2, .rx_packets = 3, .tx_packets = 4 };

	tool_net_head(&b);
	tool_net_row(&b, 101, 1, &s);
	CHECK_STR(buf_str(&b),
		  "      CTID Net.Class         Input(bytes)     Input(pkts)        Output(bytes)    Output(pkts)\n"
		  "       101         1 18446744073709551615               3                    2               4\n");
}
