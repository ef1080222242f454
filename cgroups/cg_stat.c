/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Usage of a group as one struct, from whichever hierarchy has the figure. What a kernel does not tell stays 0. */
#include "cgroups/cg_priv.h"

#include <string.h>

#include "util/auto.h"
#include "util/err.h"

#define STAT_BUF 16384		/* memory.stat of v2 is about 2 kB */

static void one(const struct cg *cg, enum cg_ctl ctl, const char *file, uint64_t *ret)
{
	if (cg_get_u64(cg, ctl, file, ret) < 0)
		*ret = 0;
}

static void keyed(const struct cg *cg, enum cg_ctl ctl, const char *file, const char *key, uint64_t *ret)
{
	char buf[1024];

	if (cg_get(cg, ctl, file, buf, sizeof(buf)) > 0)
		cg_line_u64(buf, key, ret);
}

static void memory_v1(const struct cg *cg, struct cg_stat *s)
{
	char buf[STAT_BUF];
	uint64_t both = 0;

	one(cg, CG_CTL_MEMORY, "memory.usage_in_bytes", &s->mem_bytes);
	one(cg, CG_CTL_MEMORY, "memory.max_usage_in_bytes", &s->mem_peak_bytes);
	one(cg, CG_CTL_MEMORY, "memory.failcnt", &s->mem_fail);
	one(cg, CG_CTL_MEMORY, "memory.memsw.failcnt", &s->swap_fail);
	one(cg, CG_CTL_MEMORY, "memory.kmem.usage_in_bytes", &s->kmem_bytes);
	one(cg, CG_CTL_MEMORY, "memory.kmem.tcp.usage_in_bytes", &s->sock_bytes);
	keyed(cg, CG_CTL_MEMORY, "memory.oom_control", "oom_kill", &s->oom_kills);
	/* With swap 0 the two limits are one, and memsw counts; seen on 6.18: neither does, so a kill is a hit at least. */
	s->mem_fail = MAX(s->mem_fail + s->swap_fail, s->oom_kills);
	if (cg_get(cg, CG_CTL_MEMORY, "memory.stat", buf, sizeof(buf)) > 0) {
		cg_line_u64(buf, "total_shmem", &s->shmem_bytes);
		cg_line_u64(buf, "total_unevictable", &s->locked_bytes);
		cg_line_u64(buf, "total_cache", &s->cache_bytes);
		if (cg_line_u64(buf, "total_swap", &s->swap_bytes))
			return;
	}
	one(cg, CG_CTL_MEMORY, "memory.memsw.usage_in_bytes", &both);
	s->swap_bytes = both > s->mem_bytes ? both - s->mem_bytes : 0;
}

static void memory_v2(const struct cg *cg, struct cg_stat *s)
{
	char buf[STAT_BUF];
	uint64_t max = 0;

	one(cg, CG_CTL_MEMORY, "memory.current", &s->mem_bytes);
	one(cg, CG_CTL_MEMORY, "memory.peak", &s->mem_peak_bytes);
	one(cg, CG_CTL_MEMORY, "memory.swap.current", &s->swap_bytes);
	one(cg, CG_CTL_MEMORY, "memory.swap.peak", &s->swap_peak_bytes);
	if (cg_get(cg, CG_CTL_MEMORY, "memory.stat", buf, sizeof(buf)) > 0) {
		cg_line_u64(buf, "kernel", &s->kmem_bytes);
		cg_line_u64(buf, "shmem", &s->shmem_bytes);
		cg_line_u64(buf, "unevictable", &s->locked_bytes);
		cg_line_u64(buf, "file", &s->cache_bytes);
		cg_line_u64(buf, "zswap", &s->zswap_bytes);
		cg_line_u64(buf, "sock", &s->sock_bytes);
		cg_line_u64(buf, "slab_reclaimable", &s->dcache_bytes);
	}
	if (cg_get(cg, CG_CTL_MEMORY, "memory.events", buf, sizeof(buf)) > 0) {
		cg_line_u64(buf, "max", &s->mem_fail);
		cg_line_u64(buf, "oom_kill", &s->oom_kills);
	}
	if (cg_get(cg, CG_CTL_MEMORY, "memory.swap.events", buf, sizeof(buf)) > 0) {
		cg_line_u64(buf, "fail", &s->swap_fail);
		if (cg_line_u64(buf, "max", &max))
			s->swap_fail = MAX(max, s->swap_fail);
	}
}

static void cpu(const struct cg *cg, struct cg_stat *s)
{
	char buf[2048];
	uint64_t ns = 0;

	if (cg->v2 >= 0 && cg_get_at(cg, cg->h->v2, "cpu.stat", buf, sizeof(buf)) > 0) {
		cg_line_u64(buf, "usage_usec", &s->cpu_usec);
		cg_line_u64(buf, "throttled_usec", &s->throttled_usec);
	}
	if (cg_get_u64(cg, CG_CTL_CPUACCT, "cpuacct.usage", &ns) == 0)
		s->cpu_usec = ns / 1000;
	if (cg_on_v2(cg->h, CG_CTL_CPU) || cg_get(cg, CG_CTL_CPU, "cpu.stat", buf, sizeof(buf)) <= 0)
		return;
	if (cg_line_u64(buf, "throttled_time", &ns))
		s->throttled_usec = ns / 1000;
}

int cg_stat(struct cg *cg, struct cg_stat *ret, struct err *e)
{
	struct err gone;
	struct cg *again = NULL;

	memset(ret, 0, sizeof(*ret));
	if (cg_on_v2(cg->h, CG_CTL_MEMORY))
		memory_v2(cg, ret);
	else
		memory_v1(cg, ret);
	one(cg, CG_CTL_PIDS, "pids.current", &ret->pids);
	one(cg, CG_CTL_PIDS, "pids.peak", &ret->pids_peak);
	keyed(cg, CG_CTL_PIDS, "pids.events", "max", &ret->pids_fail);
	cpu(cg, ret);
	if (ret->mem_bytes || ret->pids)
		return 0;
	if (cg_open(cg->h, cg->id, &again, &gone) < 0)		/* all zero: is it still there? */
		return err_set(e, gone.code, "group %s", cg->id);
	cg_close(again);
	return 0;
}
