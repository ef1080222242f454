/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interface of a container and the trees: its own, where what it receives waits, and the programs at both of its ends that
 * redirect into the others. Everything in one batch; what stands is replaced, never removed first.
 */
#include "net/shape_priv.h"
#include "net/net_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "util/auto.h"
#include "util/err.h"

#define CLSACT TC_H_MAKE(TC_H_CLSACT, 0)

static void put_no_root(struct nl_batch *b, unsigned index, uint32_t handle)
{
	shape_msg(b, RTM_DELQDISC, 0, index, handle, TC_H_ROOT, "remove the queues of rates");
	nl_ok(b, ENOENT, EINVAL);
}

/* What it receives waits there, if it has a rate. */
static struct shape_tbf own_queue(const struct net_place *p, const struct net_rates *r, unsigned cls, const struct net_totals *t)
{
	uint64_t kbit = r && shape_own(p, NET_RECEIVED) ? r->limit[cls].kbit[NET_RECEIVED] : 0;

	return (struct shape_tbf){ .handle = SHAPE_OWN_TBF, .parent = TC_H_ROOT, .kbit = kbit,
				   .burst = kbit ? shape_burst(r, kbit) : 0, .mpu = t->mpu, .mtu = p->mtu };
}

static void put_own(struct nl_batch *b, unsigned index, const struct shape_tbf *q)
{
	if (q->kbit)
		shape_put_tbf(b, index, q);
	else
		put_no_root(b, index, SHAPE_OWN_TBF);
	put_no_root(b, index, SHAPE_MAJOR);	/* a tree of its own, as earlier versions made */
}

static void put_segments(struct nl_batch *b, unsigned index, const struct net_rates *r)
{
	struct ifinfomsg *ifi = nl_msg(b, RTM_NEWLINK, 0, sizeof(*ifi), "set the size of segments", NULL);

	ifi->ifi_index = (int)index;
	link_put_segments(b, net_rates_small(r, NET_RECEIVED) ? LINK_SEGMENT_USUAL : LINK_SEGMENT);
	nl_ok(b, EINVAL, EOPNOTSUPP);
}

/* What passes @index goes by the filters of the device, or straight on. *want: any does */
static int set_ends(struct net *n, unsigned index, const struct net_place *p, const struct net_rates *r, unsigned cls, bool *want,
		    struct err *e)
{
	struct shape_way tree = { .base = shape_base(p) };

	for (int w = 0; w < NET_WAY_N; w++) {
		enum net_traffic_way way = (enum net_traffic_way)w;
		bool in = p->kind == NET_PLACE_PLAIN ? !shape_own(p, way) && r->limit[cls].kbit[w] : shape_mask(r, way) != 0;

		tree.wait[w] = shape_mask(r, way);
		if (shape_shard_has(n, p, way, index, in, &tree, e) < 0)
			return -e->code;
		*want |= in;
	}
	return 0;
}

/* --- clsact --- */

static int block_of(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *t = mnl_nlmsg_get_payload(nlh);

	if (t->tcm_ifindex == (int)TCM_IFINDEX_MAGIC_BLOCK)
		*(uint32_t *)arg = t->tcm_block_index;
	return MNL_CB_OK;
}

/* The kernel answers no question for a clsact by itself; a list of the filters there says where they are. */
uint32_t shape_block_at(struct net *n, unsigned index, uint32_t end)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *t = mnl_nlmsg_put_extra_header(nlh, sizeof(*t));
	struct err ignored = { 0 };
	uint32_t block = 0;

	nlh->nlmsg_type = RTM_GETTFILTER;
	t->tcm_ifindex = (int)index;
	t->tcm_parent = TC_H_MAKE(TC_H_CLSACT, end);
	return nl_dump(&n->rt, nlh, block_of, NULL, &block, &ignored) < 0 ? 0 : block;
}

static void put_no_clsact(struct nl_batch *b, unsigned index)
{
	shape_msg(b, RTM_DELQDISC, 0, index, CLSACT, TC_H_CLSACT, "remove the redirection");
	nl_ok(b, ENOENT, EINVAL);
}

/*
 * The kernel looks for the blocks in its list of the machine, where the classes of the container's chunk came before them. Who is
 * likely to have made these takes the blocks out and in again, which puts them first for the rest of its chunk.
 */
static void put_clsact(struct nl_batch *b, unsigned index, const struct net_place *p, bool want, uint32_t at)
{
	uint32_t block = shape_shard_block(p, NET_SENT);
	int times = p->kind != NET_PLACE_PLAIN && p->slot % SHAPE_CHUNK == 0 ? 2 : 1;

	if (want && at == block)
		return;
	put_no_clsact(b, index);
	for (int i = 0; want && i < times; i++) {
		if (i)
			put_no_clsact(b, index);
		shape_msg(b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index, CLSACT, TC_H_CLSACT, "redirect");
		nl_put_str(b, TCA_KIND, "clsact");
		nl_put_u32(b, TCA_INGRESS_BLOCK, block);
		nl_put_u32(b, TCA_EGRESS_BLOCK, shape_shard_block(p, NET_RECEIVED));
	}
}

int net_shape_dev(struct net *n, const char *ifname, const struct net_place *p, const struct net_rates *r,
		  const struct net_totals *t, struct err *e)
{
	unsigned index, cls = 0;
	struct shape_tbf own;
	bool want = false;
	struct nl_batch b;
	uint32_t at;

	if (net_rt(n, e) < 0)
		return -e->code;
	index = r ? link_index_made(&n->rt, ifname) : link_index(&n->rt, ifname);
	if (!index)
		return r ? err_say(e, ENODEV, "interface %s does not exist", ifname) : 0;
	if (r && p->kind == NET_PLACE_PLAIN && shape_plain_class(n, r, &cls, e) < 0)
		return -e->code;
	if (r && set_ends(n, index, p, r, cls, &want, e) < 0)
		return -e->code;
	at = shape_block_at(n, index, TC_H_MIN_INGRESS);
	own = own_queue(p, r, cls, t);
	if (own.kbit && shape_tbf_look(&n->rt, index, &own, e) < 0)
		return -e->code;
	nl_batch_begin(&b, &n->rt, e);
	put_own(&b, index, &own);
	put_clsact(&b, index, p, want, at);
	if (str_starts(ifname, "vz"))		/* the routed one */
		put_segments(&b, index, r);
	return nl_batch_end(&b);
}
