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

struct redirect { int prog; unsigned ifb; };	/* the program; -1: straight on */

static void redirect_done(struct redirect *to)
{
	auto_close_(&to->prog);
}

static struct tcmsg *filter(struct nl_batch *b, uint16_t type, uint16_t flags, unsigned index, uint32_t end)
{
	struct tcmsg *t = shape_msg(b, type, flags, index, 0, TC_H_MAKE(TC_H_CLSACT, end), "redirect");

	t->tcm_info = TC_H_MAKE(SHAPE_PRIO << 16, htons(ETH_P_ALL));
	return t;
}

static void put_filter(struct nl_batch *b, unsigned index, uint32_t end, const struct redirect *to)
{
	filter(b, RTM_NEWTFILTER, NLM_F_CREATE, index, end)->tcm_handle = 1;
	shape_put_redirect(b, to->prog, to->ifb);
}

static void put_no_filter(struct nl_batch *b, unsigned index, uint32_t end)
{
	filter(b, RTM_DELTFILTER, 0, index, end);
	nl_ok(b, ENOENT, EINVAL);
}

static void put_no_root(struct nl_batch *b, unsigned index, uint32_t handle)
{
	shape_msg(b, RTM_DELQDISC, 0, index, handle, TC_H_ROOT, "remove the queues of rates");
	nl_ok(b, ENOENT, EINVAL);
}

/* What it receives waits there, if anything does. */
static void put_own(struct nl_batch *b, unsigned index, const struct net_place *p, const struct net_rates *r, unsigned cls,
		    const struct net_totals *t)
{
	bool waits = r && p->own && shape_mask(r, NET_RECEIVED), plain = p->kind == NET_PLACE_PLAIN;
	uint64_t kbit = waits ? r->limit[cls].kbit[NET_RECEIVED] : 0;

	if (!waits || !plain)
		put_no_root(b, index, SHAPE_OWN_TBF);
	if (!waits || (plain && !kbit)) {
		put_no_root(b, index, SHAPE_MAJOR);
	} else if (plain) {
		const struct shape_tbf q = { SHAPE_OWN_TBF, TC_H_ROOT, kbit, shape_burst(r, kbit), t->mpu, p->mtu };

		shape_put_tbf(b, index, &q);
	} else {
		shape_put_root(b, index);
		shape_put_branch(b, index, SHAPE_OWN, NET_RECEIVED, r, t, SHAPE_ALONE);
	}
}

static void put_segments(struct nl_batch *b, unsigned index, const struct net_rates *r)
{
	struct ifinfomsg *ifi = nl_msg(b, RTM_NEWLINK, 0, sizeof(*ifi), "set the size of segments", NULL);

	ifi->ifi_index = (int)index;
	link_put_segments(b, net_rates_small(r, NET_RECEIVED) ? LINK_SEGMENT_USUAL : LINK_SEGMENT);
	nl_ok(b, EINVAL, EOPNOTSUPP);
}

static int to_ifb(struct net *n, const struct net_place *p, enum net_traffic_way way, struct redirect *ret, struct err *e)
{
	char ifb[16];

	shape_ifb(p, way, ifb);
	ret->ifb = link_index_made(&n->rt, ifb);
	return ret->ifb ? 0 : err_say(e, ENODEV, "interface %s does not exist", ifb);
}

/* What is sent; where the class depends on the address a table of nftables does it. */
static int load_up(struct net *n, const struct net_place *p, const struct net_rates *r, struct redirect *ret, struct err *e)
{
	struct bpf_insn text[SHAPE_BPF_MAX];
	uint32_t cls[2], mask = shape_mask(r, NET_SENT);
	bool split;

	if (shape_families(n->classes[0] ? n->classes : NULL, mask, cls, &split, e) < 0)
		return -e->code;
	if (split || !mask)
		return 0;
	if (to_ifb(n, p, NET_SENT, ret, e) < 0)
		return -e->code;
	for (int six = 0; six < 2; six++)
		cls[six] = cls[six] ? shape_class(p, cls[six]) : 0;
	ret->prog = shape_bpf_load(text, shape_bpf_up(cls, text), e);
	return ret->prog < 0 ? -e->code : 0;
}

static int load_down(struct net *n, const struct net_place *p, const struct net_rates *r, struct redirect *ret, struct err *e)
{
	struct bpf_insn text[SHAPE_BPF_MAX];
	uint32_t mask = shape_mask(r, NET_RECEIVED);

	if (p->own || !mask)
		return 0;
	if (to_ifb(n, p, NET_RECEIVED, ret, e) < 0)
		return -e->code;
	ret->prog = shape_bpf_load(text, shape_bpf_down(shape_base(p), mask, text), e);
	return ret->prog < 0 ? -e->code : 0;
}

static void put_end(struct nl_batch *b, unsigned index, uint32_t end, const struct redirect *to)
{
	if (to->prog >= 0)
		put_filter(b, index, end, to);
	else
		put_no_filter(b, index, end);
}

/* --- clsact --- */

/* At both ends filters of its own, or those of the shard: a place keeps its shard as long as it is of that kind. */
enum clsact { CLSACT_NONE, CLSACT_OWN, CLSACT_SHARD };

/* The kernel answers no question for a clsact by itself; one for a filter at a shared block it refuses. */
int shape_filter_at(struct net *n, unsigned index, uint32_t end)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *t = mnl_nlmsg_put_extra_header(nlh, sizeof(*t));
	struct err e = { 0 };

	nlh->nlmsg_type = RTM_GETTFILTER;
	t->tcm_ifindex = (int)index;
	t->tcm_parent = TC_H_MAKE(TC_H_CLSACT, end);
	t->tcm_handle = 1;
	t->tcm_info = TC_H_MAKE(SHAPE_PRIO << 16, htons(ETH_P_ALL));
	return nl_ask(&n->rt, nlh, NULL, NULL, "find the redirection", &e);
}

static void put_clsact(struct nl_batch *b, unsigned index, const struct net_place *p, bool of_shard, enum clsact want)
{
	if (of_shard && want == CLSACT_SHARD)
		return;
	if (of_shard || want != CLSACT_OWN) {
		shape_msg(b, RTM_DELQDISC, 0, index, CLSACT, TC_H_CLSACT, "remove the redirection");
		nl_ok(b, ENOENT, EINVAL);
	}
	if (want == CLSACT_NONE)
		return;
	shape_msg(b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index, CLSACT, TC_H_CLSACT, "redirect");
	nl_put_str(b, TCA_KIND, "clsact");
	if (want == CLSACT_SHARD) {
		nl_put_u32(b, TCA_INGRESS_BLOCK, shape_shard_block(p, NET_SENT));
		nl_put_u32(b, TCA_EGRESS_BLOCK, shape_shard_block(p, NET_RECEIVED));
	} else {
		nl_ok(b, EEXIST, 0);
	}
}

/* What passes @index goes by the filters of its shard. */
static int plain_ends(struct net *n, unsigned index, const struct net_place *p, const struct net_rates *r, unsigned cls,
		      enum clsact *want, struct err *e)
{
	for (int w = 0; w < NET_WAY_N; w++) {
		bool in = !(w == NET_RECEIVED && p->own) && r->limit[cls].kbit[w];

		if (shape_shard_has(n, p, (enum net_traffic_way)w, index, in, e) < 0)
			return -e->code;
		if (in)
			*want = CLSACT_SHARD;
	}
	return 0;
}

int net_shape_dev(struct net *n, const char *ifname, const struct net_place *p, const struct net_rates *r,
		  const struct net_totals *t, struct err *e)
{
	auto_call(redirect_done) struct redirect up = { -1, 0 }, down = { -1, 0 };
	bool plain = p->kind == NET_PLACE_PLAIN, of_shard;
	enum clsact want = CLSACT_NONE;
	unsigned index, cls = 0;
	struct nl_batch b;

	if (net_rt(n, e) < 0)
		return -e->code;
	index = r ? link_index_made(&n->rt, ifname) : link_index(&n->rt, ifname);
	if (!index)
		return r ? err_say(e, ENODEV, "interface %s does not exist", ifname) : 0;
	if (r && plain && (shape_plain_class(n, r, &cls, e) < 0 || plain_ends(n, index, p, r, cls, &want, e) < 0))
		return -e->code;
	if (r && !plain && (load_up(n, p, r, &up, e) < 0 || load_down(n, p, r, &down, e) < 0))
		return -e->code;
	if (up.prog >= 0 || down.prog >= 0)
		want = CLSACT_OWN;
	of_shard = shape_filter_at(n, index, TC_H_MIN_INGRESS) == -EOPNOTSUPP;
	nl_batch_begin(&b, &n->rt, e);
	put_own(&b, index, p, r, cls, t);
	put_clsact(&b, index, p, of_shard, want);
	if (want == CLSACT_OWN) {
		put_end(&b, index, TC_H_MIN_INGRESS, &up);
		put_end(&b, index, TC_H_MIN_EGRESS, &down);
	}
	if (str_starts(ifname, "vz"))		/* the routed one */
		put_segments(&b, index, r);
	return nl_batch_end(&b);
}
