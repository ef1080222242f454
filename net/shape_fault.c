/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether an interface's rates are in force still: somebody may have taken a queue or a filter away. Looks, changes nothing. */
#include "net/shape_priv.h"
#include "net/net_priv.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "util/auto.h"
#include "util/err.h"

static bool queue_stands(struct net *n, unsigned index, uint32_t handle)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *t = mnl_nlmsg_put_extra_header(nlh, sizeof(*t));
	struct err e = { 0 };

	nlh->nlmsg_type = RTM_GETQDISC;
	t->tcm_ifindex = (int)index;
	t->tcm_handle = handle;
	return nl_ask(&n->rt, nlh, NULL, NULL, "find a queue", &e) == 0;
}

static bool stands(struct net *n, unsigned index, const struct net_place *p, enum net_traffic_way way)
{
	char ifb[16];

	if (shape_own(p, way))
		return queue_stands(n, index, SHAPE_OWN_TBF);
	shape_ifb(p, way, ifb);
	if (p->kind != NET_PLACE_PLAIN && !queue_stands(n, link_index(&n->rt, ifb), SHAPE_MAJOR))
		return false;
	return shape_shard_holds(n, p, way, index) &&
	       shape_block_at(n, index, way == NET_SENT ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS) == shape_shard_block(p, way);
}

/* Is there anything for it to hold for? */
static int wanted(struct net *n, const struct net_place *p, const struct net_rates *r, bool want[NET_WAY_N], struct err *e)
{
	unsigned one = 0;

	if (p->kind == NET_PLACE_PLAIN && shape_plain_class(n, r, &one, e) < 0)
		return -e->code;
	for (int w = 0; w < NET_WAY_N; w++)
		want[w] = p->kind == NET_PLACE_PLAIN ? r->limit[one].kbit[w] : shape_mask(r, (enum net_traffic_way)w);
	return 0;
}

int net_shape_fault(struct net *n, const char *ifname, const struct net_place *p, const struct net_rates *r, char *text,
		    size_t size, struct err *e)
{
	static const char *const does[NET_WAY_N] = { [NET_SENT] = "sends", [NET_RECEIVED] = "receives" };
	bool want[NET_WAY_N];
	unsigned index;

	text[0] = '\0';
	if (net_rt(n, e) < 0 || wanted(n, p, r, want, e) < 0)
		return -e->code;
	index = link_index(&n->rt, ifname);
	for (int w = 0; w < NET_WAY_N && index && !text[0]; w++) {
		enum net_traffic_way way = (enum net_traffic_way)w;

		if (want[w] && !stands(n, index, p, way))
			str_fmt(text, size, "no rate holds for what the container %s by %s", does[w], ifname);
	}
	return 0;
}
