/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue of one rate, as a request of rtnetlink. TBF cuts a large segment of TCP that is more than its burst, and drops a packet
 * that is: so the burst is never less than the widest packet there can be. But what waits already it neither cuts nor drops when
 * the burst gets less, and what is wider then stays for ever, before all others: so what waits is dropped where that could be.
 */
#include "net/shape_priv.h"
#include "net/net_priv.h"

#include <errno.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "util/auto.h"
#include "util/err.h"

#define HEADS 32u		/* Ethernet and tags */
#define TICK 64u		/* ns: in these the kernel tells the time that a burst takes */

static uint64_t rate_of(const struct shape_tbf *q)
{
	return MAX(q->kbit, (uint64_t)1) * 125;
}

static uint64_t burst_of(const struct shape_tbf *q)
{
	uint64_t least = (q->mtu ? q->mtu : ETH_DATA_LEN) + HEADS;

	return MIN(MAX(q->burst, least), (uint64_t)UINT32_MAX);
}

/* --- what is there --- */

struct had { bool there; uint64_t rate; uint32_t ticks; };

static int had_one(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *opt;
	struct had *had = arg;
	struct tc_tbf_qopt o;
	bool tbf = false;

	mnl_attr_for_each(attr, nlh, sizeof(struct tcmsg)) {
		if (mnl_attr_get_type(attr) == TCA_KIND)
			tbf = str_eq(mnl_attr_get_str(attr), "tbf");
		if (mnl_attr_get_type(attr) != TCA_OPTIONS || !tbf)
			continue;
		mnl_attr_for_each_nested(opt, attr) {
			uint16_t type = mnl_attr_get_type(opt), len = mnl_attr_get_payload_len(opt);

			if (type == TCA_TBF_PARMS && len >= sizeof(o)) {
				memcpy(&o, mnl_attr_get_payload(opt), sizeof(o));
				had->there = true;
				had->rate = MAX(had->rate, (uint64_t)o.rate.rate);
				had->ticks = o.buffer;
			} else if (type == TCA_TBF_RATE64 && len == sizeof(uint64_t)) {
				had->rate = mnl_attr_get_u64(opt);
			}
		}
	}
	return 0;
}

/* Both sides have errors of rounding: a tick each. */
static bool shrinks(const struct had *had, uint64_t rate, uint64_t burst)
{
	uint64_t ticks = burst * 1000000000u / rate / TICK;

	if (had->rate == rate)
		return had->ticks > ticks + 1;
	return (had->ticks + 1.0) * TICK * (double)had->rate / 1e9 > (double)burst;
}

int shape_tbf_look(struct nl *nl, unsigned index, struct shape_tbf *q, struct err *e)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct had had = { 0 };
	struct tcmsg *t;

	nlh->nlmsg_type = RTM_GETQDISC;
	nlh->nlmsg_flags = NLM_F_ECHO;		/* else only those are told who listen */
	t = mnl_nlmsg_put_extra_header(nlh, sizeof(*t));
	t->tcm_ifindex = (int)index;
	t->tcm_handle = q->handle;
	if (nl_ask(nl, nlh, had_one, &had, "look at the queue of a rate", e) < 0) {
		if (e->code != ENOENT && e->code != ENODEV)
			return -e->code;
		err_clear(e);
	}
	q->drop = had.there && shrinks(&had, rate_of(q), burst_of(q));
	return 0;
}

/* --- setting it --- */

/* One of its own kind in the place of what waits would only change that, so another comes between. */
static void put_empty(struct nl_batch *b, unsigned index, const struct shape_tbf *q)
{
	const struct tc_fifo_qopt none = { .limit = 1 };

	shape_msg(b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, 0, q->handle | 1, "empty a queue");
	nl_put_str(b, TCA_KIND, "pfifo");
	nl_put(b, TCA_OPTIONS, &none, sizeof(none));
	shape_put_leaf(b, index, q->handle | 1, q->kbit, NLM_F_REPLACE);
}

void shape_put_tbf(struct nl_batch *b, unsigned index, const struct shape_tbf *q)
{
	uint64_t rate = rate_of(q);
	struct tc_tbf_qopt opt = { .limit = q->kbit ? (uint32_t)shape_backlog(q->kbit) : 0 };
	struct nlattr *nest;

	shape_put_rate(&opt.rate, rate, q->mpu);
	shape_msg(b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, q->handle, q->parent, "set a rate");
	nl_put_str(b, TCA_KIND, "tbf");
	nest = nl_nest(b, TCA_OPTIONS);
	nl_put(b, TCA_TBF_PARMS, &opt, sizeof(opt));
	if (rate > UINT32_MAX)
		nl_put(b, TCA_TBF_RATE64, &rate, sizeof(rate));
	nl_put_u32(b, TCA_TBF_BURST, (uint32_t)burst_of(q));
	nl_nest_end(b, nest);
	if (q->drop)
		put_empty(b, index, q);
}
