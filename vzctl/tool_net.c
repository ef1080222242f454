/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vznetstat's options and tables. */
#include <inttypes.h>

#include "util/auto.h"
#include "util/buf.h"
#include "vzctl/tool.h"

const struct opt_flag vznetstat_flags[] = {
	{ NULL, '4', false, '4', NULL }, { NULL, '6', false, '6', NULL }, { NULL, 'a', false, 'a', NULL },
	{ NULL, 'm', false, 'm', NULL }, { NULL, 'l', false, 'l', NULL }, { NULL, 'r', false, 'r', NULL },
	{ NULL, 's', false, 's', NULL },
	{ NULL, 'v', true, 'v', NULL }, { NULL, 'c', true, 'c', NULL }, { "help", 'h', false, 'h', NULL },
};
const size_t vznetstat_flags_n = ARRAY_SIZE(vznetstat_flags);

#define HEAD "%10s %9s %20s %15s %20s %15s\n"

void tool_net_head(struct buf *b, bool months)
{
	buf_addf(b, HEAD, "CTID", months ? "Month" : "Net.Class", "Input(bytes)", "Input(pkts)", "Output(bytes)", "Output(pkts)");
}

void tool_net_row(struct buf *b, unsigned ctid, unsigned cls, const struct net_traffic_cell v[NET_WAY_N])
{
	buf_addf(b, "%10u %9u %20" PRIu64 " %15" PRIu64 " %20" PRIu64 " %15" PRIu64 "\n", ctid, cls, v[NET_RECEIVED].bytes,
		 v[NET_RECEIVED].packets, v[NET_SENT].bytes, v[NET_SENT].packets);
}

void tool_net_month(struct buf *b, unsigned ctid, int month, const struct net_traffic_cell v[NET_WAY_N])
{
	buf_addf(b, "%10u   %04d-%02d %20" PRIu64 " %15" PRIu64 " %20" PRIu64 " %15" PRIu64 "\n", ctid, month / 100, month % 100,
		 v[NET_RECEIVED].bytes, v[NET_RECEIVED].packets, v[NET_SENT].bytes, v[NET_SENT].packets);
}
