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

static bool plain_stands(struct net *n, unsigned index, const struct net_place *p, enum net_traffic_way way)
{
	if (way == NET_RECEIVED && p->own)
		return queue_stands(n, index, SHAPE_OWN_TBF);
	return shape_shard_holds(n, p, way, index) &&
	       shape_filter_at(n, index, way == NET_SENT ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS) == -EOPNOTSUPP;
}

static bool tree_stands(struct net *n, unsigned index, const struct net_place *p, enum net_traffic_way way, bool split)
{
	char ifb[16];

	if (way == NET_RECEIVED && p->own)
		return queue_stands(n, index, SHAPE_MAJOR);
	shape_ifb(p, way, ifb);
	if (!link_index(&n->rt, ifb))
		return false;
	if (way == NET_SENT && split)		/* by the firewall, which is looked after with all of it */
		return true;
	return shape_filter_at(n, index, way == NET_SENT ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS) == 0;
}

/* Is there anything for it to hold for? *split: of what is sent the class depends on the address. */
static int wanted(struct net *n, const struct net_place *p, const struct net_rates *r, bool want[NET_WAY_N], bool *split,
		  struct err *e)
{
	uint32_t cls[2];
	unsigned one;

	*split = false;
	if (p->kind == NET_PLACE_PLAIN) {
		if (shape_plain_class(n, r, &one, e) < 0)
			return -e->code;
		for (int w = 0; w < NET_WAY_N; w++)
			want[w] = r->limit[one].kbit[w];
		return 0;
	}
	if (shape_families(n->classes[0] ? n->classes : NULL, shape_mask(r, NET_SENT), cls, split, e) < 0)
		return -e->code;
	want[NET_SENT] = shape_mask(r, NET_SENT) && (*split || cls[0] || cls[1]);
	want[NET_RECEIVED] = shape_mask(r, NET_RECEIVED);
	return 0;
}

int net_shape_fault(struct net *n, const char *ifname, const struct net_place *p, const struct net_rates *r, char *text,
		    size_t size, struct err *e)
{
	static const char *const does[NET_WAY_N] = { [NET_SENT] = "sends", [NET_RECEIVED] = "receives" };
	bool want[NET_WAY_N], split;
	unsigned index;

	text[0] = '\0';
	if (net_rt(n, e) < 0 || wanted(n, p, r, want, &split, e) < 0)
		return -e->code;
	index = link_index(&n->rt, ifname);
	for (int w = 0; w < NET_WAY_N && index && !text[0]; w++) {
		enum net_traffic_way way = (enum net_traffic_way)w;

		if (want[w] &&
		    (p->kind == NET_PLACE_PLAIN ? !plain_stands(n, index, p, way) : !tree_stands(n, index, p, way, split)))
			str_fmt(text, size, "no rate holds for what the container %s by %s", does[w], ifname);
	}
	return 0;
}
