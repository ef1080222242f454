/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue of one rate, as a request of rtnetlink. TBF cuts a large segment of TCP that is more than its burst, and drops a packet
 * that is: so the burst is never less than the widest packet there can be.
 */
#include "net/shape_priv.h"
#include "net/net_priv.h"

#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "util/auto.h"

#define HEADS 32u		/* Ethernet and tags */

void shape_put_tbf(struct nl_batch *b, unsigned index, const struct shape_tbf *q)
{
	uint64_t rate = MAX(q->kbit, (uint64_t)1) * 125, least = (q->mtu ? q->mtu : ETH_DATA_LEN) + HEADS;
	uint32_t burst = (uint32_t)MIN(MAX(q->burst, least), (uint64_t)UINT32_MAX);
	struct tc_tbf_qopt opt = { .limit = q->kbit ? (uint32_t)shape_backlog(q->kbit) : 0 };
	struct nlattr *nest;

	shape_put_rate(&opt.rate, rate, q->mpu);
	shape_msg(b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, q->handle, q->parent, "set a rate");
	nl_put_str(b, TCA_KIND, "tbf");
	nest = nl_nest(b, TCA_OPTIONS);
	nl_put(b, TCA_TBF_PARMS, &opt, sizeof(opt));
	if (rate > UINT32_MAX)
		nl_put(b, TCA_TBF_RATE64, &rate, sizeof(rate));
	nl_put_u32(b, TCA_TBF_BURST, burst);
	nl_nest_end(b, nest);
}
