/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OpenVZ's user beancounters on today's figures. Pure: no file is touched. */
#include "cgroups/cg_priv.h"

#include <string.h>

#include "util/auto.h"

const char *const cg_ubc_names[CG_UBC_N] = {
	[CG_KMEMSIZE] = "kmemsize", [CG_LOCKEDPAGES] = "lockedpages", [CG_PRIVVMPAGES] = "privvmpages",
	[CG_SHMPAGES] = "shmpages", [CG_NUMPROC] = "numproc", [CG_PHYSPAGES] = "physpages",
	[CG_VMGUARPAGES] = "vmguarpages", [CG_OOMGUARPAGES] = "oomguarpages", [CG_NUMTCPSOCK] = "numtcpsock",
	[CG_NUMFLOCK] = "numflock", [CG_NUMPTY] = "numpty", [CG_NUMSIGINFO] = "numsiginfo",
	[CG_TCPSNDBUF] = "tcpsndbuf", [CG_TCPRCVBUF] = "tcprcvbuf", [CG_OTHERSOCKBUF] = "othersockbuf",
	[CG_DGRAMRCVBUF] = "dgramrcvbuf", [CG_NUMOTHERSOCK] = "numothersock", [CG_DCACHESIZE] = "dcachesize",
	[CG_NUMFILE] = "numfile", [CG_NUMIPTENT] = "numiptent", [CG_SWAPPAGES] = "swappages",
	[CG_AVNUMPROC] = "avnumproc",
};

static uint64_t pages(uint64_t bytes)
{
	return (bytes + NUM_PAGE - 1) / NUM_PAGE;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > NUM_UNLIMITED - b ? NUM_UNLIMITED : a + b;
}

static void implicit(struct cg_ubc_row *r, const struct cg_conf *c, enum cg_ubc i, uint64_t bar, uint64_t lim)
{
	if (c->ubc[i].set)
		return;
	r[i].barrier = bar;
	r[i].limit = lim;
}

static void held(struct cg_ubc_row *r, uint64_t now, uint64_t max, uint64_t fail)
{
	r->held = now;
	r->maxheld = MAX(now, max);
	r->failcnt = fail;
}

void cg_ubc_report(const struct cg_stat *s, const struct cg_conf *c, struct cg_ubc_row ret[CG_UBC_N])
{
	uint64_t mem = pages(s->mem_bytes), peak = pages(s->mem_peak_bytes), swap = pages(s->swap_bytes);
	bool vswap = cg_conf_is_vswap(c);

	memset(ret, 0, CG_UBC_N * sizeof(*ret));
	for (int i = 0; i < CG_UBC_N; i++) {
		if (!c->ubc[i].set)
			continue;
		ret[i].barrier = c->ubc[i].bar;
		ret[i].limit = c->ubc[i].lim;
	}
	held(&ret[CG_KMEMSIZE], s->kmem_bytes, 0, 0);
	held(&ret[CG_LOCKEDPAGES], pages(s->locked_bytes), 0, 0);
	held(&ret[CG_PRIVVMPAGES], mem, peak, vswap ? 0 : s->mem_fail);
	held(&ret[CG_SHMPAGES], pages(s->shmem_bytes), 0, 0);
	held(&ret[CG_NUMPROC], s->pids, s->pids_peak, s->pids_fail);
	held(&ret[CG_PHYSPAGES], mem, peak, s->mem_fail);
	held(&ret[CG_OOMGUARPAGES], mem + swap, 0, s->oom_kills);
	held(&ret[CG_TCPSNDBUF], s->sock_bytes, 0, 0);
	held(&ret[CG_TCPRCVBUF], s->sock_bytes, 0, 0);
	held(&ret[CG_DCACHESIZE], s->dcache_bytes, 0, 0);
	held(&ret[CG_SWAPPAGES], swap, pages(s->swap_peak_bytes), s->swap_fail);
	if (!vswap)
		return;

	uint64_t ram = c->ubc[CG_PHYSPAGES].lim, sw = c->ubc[CG_SWAPPAGES].set ? c->ubc[CG_SWAPPAGES].lim : 0;

	implicit(ret, c, CG_LOCKEDPAGES, ram, ram);
	implicit(ret, c, CG_OOMGUARPAGES, ram, NUM_UNLIMITED);
	implicit(ret, c, CG_VMGUARPAGES, add(ram, sw), NUM_UNLIMITED);
	implicit(ret, c, CG_PRIVVMPAGES, NUM_UNLIMITED, NUM_UNLIMITED);
}
