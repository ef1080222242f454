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
#include <linux/tc_act/tc_mirred.h>

#include "util/auto.h"
#include "util/err.h"

#define CLSACT TC_H_MAKE(TC_H_CLSACT, 0)
#define PRIO 1u

struct redirect { int prog; unsigned ifb; };	/* the program; -1: straight on */

static void redirect_done(struct redirect *to)
{
	auto_close_(&to->prog);
}

static struct tcmsg *filter(struct nl_batch *b, uint16_t type, uint16_t flags, unsigned index, uint32_t end)
{
	struct tcmsg *t = shape_msg(b, type, flags, index, 0, TC_H_MAKE(TC_H_CLSACT, end), "redirect");

	t->tcm_info = TC_H_MAKE(PRIO << 16, htons(ETH_P_ALL));
	return t;
}

static void put_filter(struct nl_batch *b, unsigned index, uint32_t end, const struct redirect *to)
{
	struct tc_mirred m = { .action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = to->ifb };
	struct nlattr *options, *acts, *one, *opt;

	filter(b, RTM_NEWTFILTER, NLM_F_CREATE, index, end)->tcm_handle = 1;
	nl_put_str(b, TCA_KIND, "bpf");
	options = nl_nest(b, TCA_OPTIONS);
	nl_put_u32(b, TCA_BPF_FD, (uint32_t)to->prog);
	nl_put_str(b, TCA_BPF_NAME, "vz_rate");
	acts = nl_nest(b, TCA_BPF_ACT);
	one = nl_nest(b, 1);
	nl_put_str(b, TCA_ACT_KIND, "mirred");
	opt = nl_nest(b, TCA_ACT_OPTIONS);
	nl_put(b, TCA_MIRRED_PARMS, &m, sizeof(m));
	nl_nest_end(b, opt);
	nl_nest_end(b, one);
	nl_nest_end(b, acts);
	nl_nest_end(b, options);
}

static void put_no_filter(struct nl_batch *b, unsigned index, uint32_t end)
{
	filter(b, RTM_DELTFILTER, 0, index, end);
	nl_ok(b, ENOENT, EINVAL);
}

static void put_own(struct nl_batch *b, unsigned index, bool on, const struct net_rates *r, const struct net_totals *t)
{
	if (on) {
		shape_put_root(b, index);
		shape_put_branch(b, index, SHAPE_OWN, NET_RECEIVED, r, t, SHAPE_ALONE);
		return;
	}
	shape_msg(b, RTM_DELQDISC, 0, index, SHAPE_MAJOR, TC_H_ROOT, "remove the tree of rates");
	nl_ok(b, ENOENT, EINVAL);
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
static int load_up(struct net *n, const struct net_place *p, const struct net_rates *r, uint32_t mpu, struct redirect *ret,
		   struct err *e)
{
	struct bpf_insn text[SHAPE_BPF_MAX];
	enum shape_kind kind;
	uint32_t cls[2];
	bool split;

	if (shape_sent(n, p, r, cls, &split, &kind, e) < 0)
		return -e->code;
	if (split || !shape_mask(r, NET_SENT))
		return 0;
	if (to_ifb(n, p, NET_SENT, ret, e) < 0)
		return -e->code;
	for (int six = 0; six < 2; six++)
		cls[six] = cls[six] ? shape_class(p, cls[six]) : 0;
	ret->prog = kind == SHAPE_PACED ? shape_pace_load(r, p->buckets, cls, mpu, e) :
					  shape_bpf_load(text, shape_bpf_up(cls, text), e);
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

static void put_ends(struct nl_batch *b, unsigned index, const struct redirect *up, const struct redirect *down)
{
	if (up->prog < 0 && down->prog < 0) {
		shape_msg(b, RTM_DELQDISC, 0, index, CLSACT, TC_H_CLSACT, "remove the redirection");
		nl_ok(b, ENOENT, EINVAL);
		return;
	}
	shape_msg(b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index, CLSACT, TC_H_CLSACT, "redirect");
	nl_put_str(b, TCA_KIND, "clsact");
	nl_ok(b, EEXIST, 0);
	put_end(b, index, TC_H_MIN_INGRESS, up);
	put_end(b, index, TC_H_MIN_EGRESS, down);
}

int net_shape_dev(struct net *n, const char *ifname, const struct net_place *p, const struct net_rates *r,
		  const struct net_totals *t, struct err *e)
{
	auto_call(redirect_done) struct redirect up = { -1, 0 }, down = { -1, 0 };
	unsigned index;
	struct nl_batch b;

	if (net_rt(n, e) < 0)
		return -e->code;
	index = link_index(&n->rt, ifname);
	if (!index)
		return r ? err_say(e, ENODEV, "interface %s does not exist", ifname) : 0;
	if (r && (load_up(n, p, r, t->mpu, &up, e) < 0 || load_down(n, p, r, &down, e) < 0))
		return -e->code;
	nl_batch_begin(&b, &n->rt, e);
	put_own(&b, index, r && p->own && shape_mask(r, NET_RECEIVED), r, t);
	put_ends(&b, index, &up, &down);
	if (str_starts(ifname, "vz"))		/* the routed one */
		put_segments(&b, index, r);
	return nl_batch_end(&b);
}
