/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vznetstat's arithmetic and its table. */
#include <inttypes.h>

#include "util/auto.h"
#include "util/buf.h"
#include "vzctl/tool.h"

#define HEAD "%10s %9s %20s %15s %20s %15s\n"

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

void tool_net_family(const struct net_stat *all, const struct net_stat *v6, enum tool_family family, struct net_stat *ret)
{
	const struct net_stat six = {
		.rx_packets = v6->rx_packets, .rx_bytes = v6->rx_bytes + TOOL_ETH_HEAD * v6->rx_packets,
		.tx_packets = v6->tx_packets, .tx_bytes = v6->tx_bytes + TOOL_ETH_HEAD * v6->tx_packets,
	};

	switch (family) {
	case TOOL_ALL:
		*ret = *all;
		return;
	case TOOL_V6:
		*ret = six;
		return;
	case TOOL_V4:
		*ret = (struct net_stat){
			.rx_packets = less(all->rx_packets, six.rx_packets), .rx_bytes = less(all->rx_bytes, six.rx_bytes),
			.tx_packets = less(all->tx_packets, six.tx_packets), .tx_bytes = less(all->tx_bytes, six.tx_bytes),
		};
		return;
	}
}

static uint64_t since(uint64_t now, uint64_t base)
{
	return now >= base ? now - base : now;
}

void tool_net_since(struct net_stat *now, const struct net_stat *base)
{
	now->rx_bytes = since(now->rx_bytes, base->rx_bytes);
	now->tx_bytes = since(now->tx_bytes, base->tx_bytes);
	now->rx_packets = since(now->rx_packets, base->rx_packets);
	now->tx_packets = since(now->tx_packets, base->tx_packets);
}

void tool_net_head(struct buf *b)
{
	buf_addf(b, HEAD, "CTID", "Net.Class", "Input(bytes)", "Input(pkts)", "Output(bytes)", "Output(pkts)");
}

void tool_net_row(struct buf *b, unsigned ctid, unsigned cls, const struct net_stat *s)
{
	buf_addf(b, "%10u %9u %20" PRIu64 " %15" PRIu64 " %20" PRIu64 " %15" PRIu64 "\n", ctid, cls, s->rx_bytes, s->rx_packets,
		 s->tx_bytes, s->tx_packets);
}
