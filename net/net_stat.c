/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic of a container, read from the host's end of its link and turned round. */
#include "net/net_priv.h"

#include <errno.h>
#include <string.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "util/err.h"

static int stat_answer(const struct nlmsghdr *nlh, void *arg)
{
	struct rtnl_link_stats64 st = { 0 };
	struct net_stat *ret = arg;
	const struct nlattr *attr;
	size_t len;

	mnl_attr_for_each(attr, nlh, sizeof(struct if_stats_msg)) {
		if (mnl_attr_get_type(attr) != IFLA_STATS_LINK_64)
			continue;
		len = mnl_attr_get_payload_len(attr);
		memcpy(&st, mnl_attr_get_payload(attr), len < sizeof(st) ? len : sizeof(st));
	}
	*ret = (struct net_stat){
		.rx_bytes = st.tx_bytes, .rx_packets = st.tx_packets,
		.tx_bytes = st.rx_bytes, .tx_packets = st.rx_packets,
	};
	return 0;
}

int net_stat(struct net *n, unsigned id, struct net_stat *ret, struct err *e)
{
	_Alignas(8) char buf[64] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct if_stats_msg *m;
	char name[IFNAMSIZ];
	unsigned ifindex;

	if (net_rt(n, e) < 0)
		return -e->code;
	net_ifname(id, name);
	ifindex = link_index(&n->rt, name);
	if (!ifindex)
		return err_say(e, ENODEV, "interface %s does not exist", name);
	nlh->nlmsg_type = RTM_GETSTATS;
	m = mnl_nlmsg_put_extra_header(nlh, sizeof(*m));
	m->ifindex = ifindex;
	m->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
	return nl_ask(&n->rt, nlh, stat_answer, ret, name, e);
}
