/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTB trees as requests of rtnetlink: root, class, queue. */
#include "net/shape_priv.h"
#include "net/net_priv.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "util/auto.h"
#include "util/err.h"

#define ROOT_KBIT 100000000ull		/* without BANDWIDTH */
#define LEAST_KBIT 8ull			/* what a class without a guarantee has by itself */
#define TICK_NS 64			/* of the kernel's packet schedulers */

static uint64_t root_kbit(const struct net_totals *t)
{
	return t->bandwidth_kbit ? t->bandwidth_kbit : ROOT_KBIT;
}

struct tcmsg *shape_msg(struct nl_batch *b, uint16_t type, uint16_t flags, unsigned index, uint32_t handle, uint32_t parent,
			    const char *what)
{
	struct tcmsg *t = nl_msg(b, type, flags, sizeof(*t), what, NULL);

	t->tcm_ifindex = (int)index;
	t->tcm_handle = handle;
	t->tcm_parent = parent;
	return t;
}

void shape_put_rate(struct tc_ratespec *r, uint64_t bytes, uint32_t mpu)
{
	r->linklayer = TC_LINKLAYER_ETHERNET;
	r->rate = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
	r->mpu = (unsigned short)MIN(mpu, 0xffffu);
}

uint64_t shape_burst(const struct net_rates *r, uint64_t kbit)
{
	return r->burst_kib ? r->burst_kib * 1024 : MAX(kbit * 125 / 100, (uint64_t)16384);
}

/* A tenth of a second, and at least two large segments. */
uint64_t shape_backlog(uint64_t kbit)
{
	return MIN(MAX(kbit * 125 / 10, (uint64_t)131072), (uint64_t)16 << 20);
}

static uint32_t ticks(uint64_t bytes, uint64_t rate)
{
	uint64_t ns = rate ? bytes * 1000000000ull / rate : 0;

	return (uint32_t)MIN(ns / TICK_NS + 1, (uint64_t)UINT32_MAX);
}

static void put_class(struct nl_batch *b, unsigned index, const struct shape_htb *h, uint16_t flags)
{
	uint64_t rate = h->rate_kbit * 125, ceil = h->ceil_kbit * 125;
	uint64_t burst = h->burst ? h->burst : MAX(rate / 100, (uint64_t)16384);
	uint64_t cburst = h->burst ? h->burst : MAX(ceil / 100, (uint64_t)16384);
	struct tc_htb_opt opt = { .quantum = (uint32_t)MIN(MAX(rate / 10, (uint64_t)1514), (uint64_t)60000) };
	struct nlattr *nest;

	opt.buffer = ticks(burst, rate);
	opt.cbuffer = ticks(cburst, ceil);
	shape_put_rate(&opt.rate, rate, h->mpu);
	shape_put_rate(&opt.ceil, ceil, h->mpu);
	shape_msg(b, RTM_NEWTCLASS, flags, index, h->id, h->parent, "set a rate");
	nl_put_str(b, TCA_KIND, "htb");
	nest = nl_nest(b, TCA_OPTIONS);
	nl_put(b, TCA_HTB_PARMS, &opt, sizeof(opt));
	if (rate > UINT32_MAX)
		nl_put(b, TCA_HTB_RATE64, &rate, sizeof(rate));
	if (ceil > UINT32_MAX)
		nl_put(b, TCA_HTB_CEIL64, &ceil, sizeof(ceil));
	nl_nest_end(b, nest);
}

void shape_put_leaf(struct nl_batch *b, unsigned index, uint32_t id, uint64_t ceil_kbit, uint16_t flags)
{
	struct tc_fifo_qopt q = { .limit = (uint32_t)shape_backlog(ceil_kbit) };

	shape_msg(b, RTM_NEWQDISC, NLM_F_CREATE | flags, index, 0, id, "set a queue");
	nl_put_str(b, TCA_KIND, "bfifo");
	nl_put(b, TCA_OPTIONS, &q, sizeof(q));
}

void shape_put_root(struct nl_batch *b, unsigned index)
{
	struct tc_htb_glob glob = { .version = TC_HTB_PROTOVER, .rate2quantum = 10 };
	struct nlattr *nest;

	shape_msg(b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index, SHAPE_MAJOR, TC_H_ROOT, "make the tree of rates");
	nl_put_str(b, TCA_KIND, "htb");
	nest = nl_nest(b, TCA_OPTIONS);
	nl_put(b, TCA_HTB_INIT, &glob, sizeof(glob));
	nl_nest_end(b, nest);
	nl_ok(b, EEXIST, 0);
}

static uint32_t parent_of(uint32_t cls, enum shape_kind kind)
{
	return SHAPE_MAJOR | (kind == SHAPE_SHARED ? 1 + cls : 0);
}

/* What nobody has set yet holds nobody back: that may be a neighbour's, whose classes somebody took. */
void shape_put_chunk(struct nl_batch *b, unsigned index, uint32_t base, uint32_t mask, enum shape_kind kind)
{
	uint32_t n = SHAPE_CHUNK * NET_CLASS_N, first = base - (base - SHAPE_BASE) % n;

	for (uint32_t i = 0; i < n; i++) {
		struct shape_htb h = { .id = SHAPE_MAJOR | (first + i), .parent = parent_of(i % NET_CLASS_N, kind),
				       .rate_kbit = kind == SHAPE_SHARED ? LEAST_KBIT : ROOT_KBIT, .ceil_kbit = ROOT_KBIT };

		if (!(mask >> i % NET_CLASS_N & 1))
			continue;
		put_class(b, index, &h, NLM_F_CREATE | NLM_F_EXCL);
		nl_ok(b, EEXIST, 0);
		shape_put_leaf(b, index, h.id, h.ceil_kbit, NLM_F_EXCL);
		nl_ok(b, EEXIST, 0);
	}
}

void shape_put_branch(struct nl_batch *b, unsigned index, uint32_t base, int way, const struct net_rates *r,
		      const struct net_totals *t, enum shape_kind kind)
{
	for (uint32_t c = 1; c < NET_CLASS_N; c++) {
		uint64_t rate = r->rate[c].kbit[way], limit = r->limit[c].kbit[way];
		uint64_t all = t->total_kbit[c] ? t->total_kbit[c] : root_kbit(t);
		struct shape_htb h = { .id = SHAPE_MAJOR | (base + c), .parent = parent_of(c, kind), .burst = r->burst_kib * 1024,
				       .mpu = t->mpu };

		if (!rate && !limit)
			continue;
		h.ceil_kbit = limit ? limit : MAX(all, rate);
		h.rate_kbit = h.ceil_kbit;
		if (kind == SHAPE_SHARED)
			h.rate_kbit = MIN(rate ? rate : LEAST_KBIT, h.ceil_kbit);
		put_class(b, index, &h, 0);
		shape_put_leaf(b, index, h.id, h.ceil_kbit, NLM_F_REPLACE);
	}
}

void shape_put_trunk(struct nl_batch *b, unsigned index, const struct net_totals *t)
{
	uint64_t all = root_kbit(t);
	struct shape_htb h = { .id = SHAPE_MAJOR | 1, .parent = SHAPE_MAJOR, .rate_kbit = all, .ceil_kbit = all, .mpu = t->mpu };

	put_class(b, index, &h, NLM_F_CREATE);
	for (uint32_t c = 1; c < NET_CLASS_N; c++) {
		h.id = SHAPE_MAJOR | (1 + c);
		h.parent = SHAPE_MAJOR | 1;
		h.rate_kbit = h.ceil_kbit = t->total_kbit[c] ? MIN(t->total_kbit[c], all) : all;
		put_class(b, index, &h, NLM_F_CREATE);
	}
}
