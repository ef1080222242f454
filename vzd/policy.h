/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_POLICY_H
#define VZD_POLICY_H
/*
 * The host's memory: how much of it may be promised (admission), and what is taken back from whom when it runs short (reclaim,
 * policy_reclaim.c). Guarantees themselves are the kernel's: cgroups/cg_mem.c.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct err;
struct policy;
struct vzd;

int policy_open(struct vzd *d, struct policy **ret, struct err *e);
void policy_close(struct policy *p);

/*
 * May @add more bytes of memory limit and @guarantee more bytes of guarantee be promised beside what running containers have?
 * Asked before a start (all that the container has), a create that starts, and a raise of a running one (the difference).
 * ENOSPC: no; the text says what the host has, what is promised, the limit, and what to do. Without OVERCOMMIT only guarantees
 * are looked at.
 */
int policy_admit(struct vzd *d, uint64_t add, uint64_t guarantee, struct err *e);
/* The arithmetic of it. */
struct policy_sum { uint64_t ram, promised, guaranteed, overcommit_pct; };
int policy_admit_sum(const struct policy_sum *s, uint64_t memory, uint64_t guarantee, struct err *e);
json_t *policy_json(struct vzd *d);	/* for Node */

/* --- policy_reclaim.c --- */
struct reclaim;
int reclaim_open(struct vzd *d, struct reclaim **ret, struct err *e);	/* *ret NULL: RECLAIM_PSI is 0 */
void reclaim_close(struct reclaim *r);
json_t *reclaim_json(const struct reclaim *r);

/* Whom to take from. Pure. */
struct victim {
	unsigned ctid;
	uint64_t used, guarantee, cache;	/* bytes */
	bool idle;
	uint64_t take;				/* out: bytes, 0: spared */
};
#define RECLAIM_VICTIMS 8
/* Puts those to take from first, idle ones before busy ones, the largest first, and says how much of each: never below its
 * guarantee, never more than a quarter of what is above it at once, @budget in all. Returns how many. */
unsigned reclaim_plan(struct victim *v, unsigned n, uint64_t budget);

#endif
