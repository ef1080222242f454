/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Admission, and the parts of memory policy that are switched on at start: KSM, reclaim. */
#include "vzd/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/num.h"
#include "vzd/inv.h"
#include "vzd/node.h"

#define KSM_RUN "/sys/kernel/mm/ksm/run"

struct policy {
	struct vzd *d;
	struct cg_host *cg;
	struct reclaim *reclaim;
};

/* --- admission --------------------------------------------------------------------------------------------------- */
static uint64_t mib(uint64_t bytes)
{
	return bytes >> 20;
}

int policy_admit_sum(const struct policy_sum *s, uint64_t memory, uint64_t guarantee, struct err *e)
{
	uint64_t want = MIN(memory, s->ram), may = s->ram / 100 * s->overcommit_pct;

	guarantee = MIN(guarantee, want);
	if (s->overcommit_pct && s->promised + want > may)
		return err_say(e, ENOSPC,
			       "not enough memory to promise: %" PRIu64 " MiB more would make %" PRIu64 " MiB for running "
			       "containers, the host has %" PRIu64 " MiB and promises %" PRIu64 " %% of it (OVERCOMMIT), %" PRIu64
			       " MiB: stop a container, lower a memory limit, or raise OVERCOMMIT in " VZD_CONF, mib(want),
			       mib(s->promised + want), mib(s->ram), s->overcommit_pct, mib(may));
	if (guarantee && s->guaranteed + guarantee > s->ram)
		return err_say(e, ENOSPC,
			       "not enough memory to guarantee: %" PRIu64 " MiB more would make %" PRIu64 " MiB, the host has %"
			       PRIu64 " MiB: lower a guarantee (--vmguarpages) or stop a container", mib(guarantee),
			       mib(s->guaranteed + guarantee), mib(s->ram));
	return 0;
}

int policy_admit(struct vzd *d, uint64_t add, uint64_t guarantee, struct err *e)
{
	struct policy_sum s = { .ram = node_ram(), .overcommit_pct = d->conf.overcommit.v };

	node_promised(d, 0, &s.promised, &s.guaranteed);
	return policy_admit_sum(&s, add, guarantee, e);
}

json_t *policy_json(struct vzd *d)
{
	uint64_t pct = d->conf.overcommit.v;

	return json_pack("{so so sb}", "overcommit_limit_pct", pct ? json_integer((json_int_t)pct) : json_null(), "reclaim",
			 reclaim_json(d->policy ? d->policy->reclaim : NULL), "ksm", d->conf.ksm.v == 1);
}

/* --- life -------------------------------------------------------------------------------------------------------- */
static void start_ksm(void)
{
	struct err e = { 0 };

	if (fio_control(AT_FDCWD, KSM_RUN, "1", &e) == 0)
		return;
	if (e.code == ENOENT)
		vzd_log(LOG_WARNING, "KSM=\"yes\", but this kernel cannot merge pages (CONFIG_KSM)");
	else
		vzd_log_err(LOG_WARNING, &e, "KSM");
}

/* What a stopped container was guaranteed is nobody's any more. */
static void on_change(void *arg, unsigned id, struct inv_ct *ct, enum inv_state before)
{
	struct policy *p = arg;
	bool ran = before == INV_RUNNING || before == INV_FROZEN || before == INV_STOPPING;
	struct err e = { 0 };

	(void)id;
	if (!ran || (ct && (ct->gen || !ct->mem_guarantee)))
		return;
	if (cg_host_guarantee(p->cg, &e) < 0 && e.code != ENOENT)
		vzd_log_err(LOG_WARNING, &e, "memory guarantees");
}

int policy_open(struct vzd *d, struct policy **ret, struct err *e)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (!p)
		return err_set(e, ENOMEM, "policy");
	p->d = d;
	if (cg_host_open(ct_host_conf(d->host)->cgroup_parent, &p->cg, e) < 0 || inv_on_change(d->inv, on_change, p, e) < 0 ||
	    reclaim_open(d, &p->reclaim, e) < 0) {
		policy_close(p);
		return -e->code;
	}
	if (d->conf.ksm.v == 1)
		start_ksm();
	*ret = p;
	return 0;
}

void policy_close(struct policy *p)
{
	if (!p)
		return;
	reclaim_close(p->reclaim);
	cg_host_close(p->cg);
	free(p);
}
