/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is there room in a tenant's limits? Counted is what the inventory shows and, on top of it, what was promised to jobs
 * that the inventory does not show yet: else two creates at a time would both fit where one does.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/auth_priv.h"
#include "vzd/node.h"
#include "vzd/console.h"

#define HOLD_MS 3600000u
#define JOB_MS 5000u		/* so long after the promise a job is there, or it is over */

static uint64_t add(uint64_t a, uint64_t b)
{
	return a >= NUM_UNLIMITED || b >= NUM_UNLIMITED || a + b >= NUM_UNLIMITED ? NUM_UNLIMITED : a + b;
}

static uint64_t sub(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* What one container of the inventory adds to inv_sum(), in the order of enum tenant_limit. */
static void of_ct(const struct inv_ct *ct, uint64_t v[LIMIT_N])
{
	uint64_t ram = node_ram();

	memset(v, 0, LIMIT_N * sizeof(*v));
	v[LIMIT_CTS] = 1;
	v[LIMIT_MEMORY] = MIN(ct->mem_limit, ram);
	v[LIMIT_DISK] = ct->disk_limit >= NUM_UNLIMITED ? 0 : ct->disk_limit;
	v[LIMIT_CPUS] = inv_cpus(ct->cpus);
	v[LIMIT_IPV4] = ct->n_ip4;
	v[LIMIT_IPV6] = ct->n_ip6;
	v[LIMIT_SNAPSHOTS] = ct->n_snaps;
}

static void of_sum(const struct inv_sum *s, uint64_t v[LIMIT_N])
{
	memset(v, 0, LIMIT_N * sizeof(*v));
	v[LIMIT_CTS] = s->cts;
	v[LIMIT_MEMORY] = s->memory;
	v[LIMIT_DISK] = s->disk;
	v[LIMIT_CPUS] = s->cpus;
	v[LIMIT_IPV4] = s->ip4;
	v[LIMIT_IPV6] = s->ip6;
	v[LIMIT_SNAPSHOTS] = s->snapshots;
}

static bool busy(struct auth *a, unsigned ctid)
{
	return (a->d->jobs && job_claims(a->d->jobs, ctid)) || consoles_change(a->d->consoles, ctid);
}

/* How much a promise is above what the inventory shows of its container. False: it has nothing to add any more. */
static bool hold_rest(struct auth *a, const struct quota_hold *h, uint64_t v[LIMIT_N])
{
	const struct inv_ct *ct = inv_find(a->d->inv, h->ctid);
	uint64_t have[LIMIT_N] = { 0 };
	bool any = false;

	of_sum(&h->sum, v);
	if (v[LIMIT_DISK] >= NUM_UNLIMITED)
		v[LIMIT_DISK] = 0;	/* as the inventory counts it: it was let through where no limit is */
	if (ct && ct->owner && strcmp(ct->owner, h->tenant) == 0)
		of_ct(ct, have);
	for (unsigned i = 0; i < LIMIT_N; i++) {
		v[i] = sub(v[i], have[i]);
		any |= v[i] > 0;
	}
	if (ev_now_ms() + HOLD_MS > h->until_ms + JOB_MS && a->d->jobs && !busy(a, h->ctid))
		return false;
	return any && ev_now_ms() < h->until_ms;
}

/* What a job has left the inventory knows, for it is read at the end of each: the promise goes with the job. */
static void expire(struct auth *a)
{
	struct quota_holds *q = &a->holds;

	for (size_t i = a->d->jobs ? q->n : 0; i-- > 0;)
		if (q->v[i].begun && !busy(a, q->v[i].ctid))
			q->v[i] = q->v[--q->n];
}

static void used_of(struct auth *a, const char *tenant, const struct inv_ct *replace, uint64_t used[LIMIT_N])
{
	struct quota_holds *q = &a->holds;
	struct inv_sum s = { 0 };
	uint64_t v[LIMIT_N];

	expire(a);
	inv_sum(a->d->inv, tenant, &s);
	of_sum(&s, used);
	for (size_t i = q->n; i-- > 0;) {
		if (!hold_rest(a, &q->v[i], v)) {
			q->v[i] = q->v[--q->n];
			continue;
		}
		if (strcmp(q->v[i].tenant, tenant) != 0 || (replace && replace->id == q->v[i].ctid))
			continue;
		for (unsigned k = 0; k < LIMIT_N; k++)
			used[k] = add(used[k], v[k]);
	}
	if (!replace || !replace->owner || strcmp(replace->owner, tenant) != 0)
		return;
	of_ct(replace, v);
	for (unsigned k = 0; k < LIMIT_N; k++)
		used[k] = sub(used[k], v[k]);
}

static json_t *number(uint64_t v)
{
	return v >= NUM_UNLIMITED ? json_null() : json_integer((json_int_t)v);
}

/* @now: of @want, what the container has already. Snapshots come one by one, so what is there is told as used. */
static int refuse(const struct tenant *t, unsigned i, uint64_t used, uint64_t want, uint64_t now, json_t **ret_detail,
		  struct err *e)
{
	char asked[32];

	if (i == LIMIT_SNAPSHOTS) {
		used = add(used, now);
		want -= now;
	}
	if (want >= NUM_UNLIMITED)
		str_copy(asked, sizeof(asked), "no limit");
	else
		str_fmt(asked, sizeof(asked), "%llu", (unsigned long long)want);
	if (ret_detail)
		*ret_detail = json_pack("{s:s, s:s, s:o, s:o, s:o}", "tenant", t->name, "resource", tenant_limit_names[i], "limit",
					number(t->limit[i]), "used", number(used), "requested", number(want));
	return err_say(e, EDQUOT, "tenant %s: %s: limit %llu, used %llu, requested %s", t->name, tenant_limit_names[i],
		       (unsigned long long)t->limit[i], (unsigned long long)used, asked);
}

/* What @ct has of this tenant's now. One above its (lowered) limit may still shrink, and keep what it has. */
static void present(const struct inv_ct *ct, const char *tenant, uint64_t now[LIMIT_N])
{
	memset(now, 0, LIMIT_N * sizeof(*now));
	if (!ct || !str_eq(ct->owner, tenant))
		return;
	of_ct(ct, now);
	if (ct->disk_limit >= NUM_UNLIMITED)
		now[LIMIT_DISK] = NUM_UNLIMITED;
}

int auth_quota(struct auth *a, const char *tenant, const struct inv_sum *more, const struct inv_ct *replace,
	       json_t **ret_detail, struct err *e)
{
	const struct tenant *t = tenant && *tenant ? tenant_find(&a->tenants, tenant) : NULL;
	uint64_t used[LIMIT_N], want[LIMIT_N], now[LIMIT_N];

	if (ret_detail)
		*ret_detail = NULL;
	if (!tenant || !*tenant)
		return 0;
	if (!t && replace && str_eq(replace->owner, tenant))
		return 0;		/* its owner is nobody vzd knows: no limits, and no reason to hold it */
	if (!t)
		return err_say(e, ENOENT, "there is no tenant '%s'", tenant);
	if (t->suspended)
		return err_say(e, EPERM, "tenant %s is suspended%s%s", t->name, *t->reason ? ": " : "", t->reason);
	used_of(a, tenant, replace, used);
	of_sum(more, want);
	present(replace, tenant, now);
	for (unsigned i = 0; i < LIMIT_N; i++)
		if (want[i] > now[i] && add(used[i], want[i]) > t->limit[i])
			return refuse(t, i, used[i], want[i], now[i], ret_detail, e);
	return 0;
}

int auth_quota_backup(struct auth *a, const char *tenant, size_t used, json_t **ret_detail, struct err *e)
{
	const struct tenant *t = tenant && *tenant ? tenant_find(&a->tenants, tenant) : NULL;

	if (ret_detail)
		*ret_detail = NULL;
	if (!t)
		return 0;		/* nobody's, or of somebody vzd does not know: no limits */
	if (t->suspended)
		return err_say(e, EPERM, "tenant %s is suspended%s%s", t->name, *t->reason ? ": " : "", t->reason);
	return add(used, 1) > t->limit[LIMIT_BACKUPS] ? refuse(t, LIMIT_BACKUPS, used, 1, 0, ret_detail, e) : 0;
}

/* What is under way on the container keeps its promise: this one may still be refused as the second. */
static void keep_most(struct auth *a, struct quota_hold *h)
{
	for (size_t i = 0; i < a->holds.n; i++) {
		const struct inv_sum *was = &a->holds.v[i].sum;

		if (a->holds.v[i].ctid != h->ctid || !str_eq(a->holds.v[i].tenant, h->tenant) || !busy(a, h->ctid))
			continue;
		h->sum.memory = MAX(h->sum.memory, was->memory);
		h->sum.guarantee = MAX(h->sum.guarantee, was->guarantee);
		h->sum.disk = MAX(h->sum.disk, was->disk);
		h->sum.cpus = MAX(h->sum.cpus, was->cpus);
		h->sum.ip4 = MAX(h->sum.ip4, was->ip4);
		h->sum.ip6 = MAX(h->sum.ip6, was->ip6);
		h->sum.snapshots = MAX(h->sum.snapshots, was->snapshots);
	}
}

/* @tenant's own: one that asks for an id of which another's operation is under way must not take its promise away. */
static bool drop_hold(struct auth *a, const char *tenant, unsigned ctid)
{
	size_t n = a->holds.n;

	for (size_t i = n; i-- > 0;)
		if (a->holds.v[i].ctid == ctid && str_eq(a->holds.v[i].tenant, tenant))
			a->holds.v[i] = a->holds.v[--a->holds.n];
	return a->holds.n < n;
}

int auth_quota_hold(struct auth *a, const char *tenant, unsigned ctid, const struct inv_sum *sum, struct err *e)
{
	struct quota_hold h = { .ctid = ctid, .sum = *sum, .until_ms = ev_now_ms() + HOLD_MS }, *v;
	bool had;

	if (!tenant || !*tenant)
		return 0;
	if (str_copy(h.tenant, sizeof(h.tenant), tenant) < 0)
		return err_say(e, ENOENT, "there is no tenant '%s'", tenant);
	keep_most(a, &h);
	had = drop_hold(a, tenant, ctid);
	v = reallocarray(a->holds.v, a->holds.n + 1, sizeof(*v));
	if (!v)
		return err_set(e, ENOMEM, "tenant %s", tenant);
	a->holds.v = v;
	v[a->holds.n++] = h;
	return !had;
}

void auth_quota_answered(struct auth *a, const char *tenant, unsigned ctid, bool accepted, bool anew)
{
	if (!accepted && anew)
		drop_hold(a, tenant, ctid);
	for (size_t i = 0; accepted && i < a->holds.n; i++)
		if (a->holds.v[i].ctid == ctid && str_eq(a->holds.v[i].tenant, tenant))
			a->holds.v[i].begun = true;
}
