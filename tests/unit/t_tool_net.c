/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool_net.c */
#include "tests/lib/test.h"
#include "util/buf.h"
#include "vzctl/tool.h"

TEST(tool_net_table)
{
	const struct net_traffic_cell v[NET_WAY_N] = {
		[NET_RECEIVED] = { 18446744073709551615u, 3 }, [NET_SENT] = { 2, 4 },
	};
	struct buf auto_buf b = BUF_INIT;

	tool_net_head(&b, false);
	tool_net_row(&b, 101, 1, v);
	CHECK_STR(buf_str(&b),
		  "      CTID Net.Class         Input(bytes)     Input(pkts)        Output(bytes)    Output(pkts)\n"
		  "       101         1 18446744073709551615               3                    2               4\n");
}

TEST(tool_net_months)
{
	const struct net_traffic_cell v[NET_WAY_N] = { [NET_RECEIVED] = { 1, 2 }, [NET_SENT] = { 3, 4 } };
	struct buf auto_buf b = BUF_INIT;

	tool_net_head(&b, true);
	tool_net_month(&b, 101, 202611, v);
	CHECK_STR(buf_str(&b),
		  "      CTID     Month         Input(bytes)     Input(pkts)        Output(bytes)    Output(pkts)\n"
		  "       101   2026-11                    1               2                    3               4\n");
}
