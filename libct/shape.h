/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_SHAPE_H
#define LIBCT_SHAPE_H
/* Rates, caps and the monthly quota of a container: from its configuration to the kernel (net/shape.h, net/flood.h). */
#include "libct/ct_priv.h"
#include "net/shape.h"

/* *ret: it sends at a rate for which large segments are too coarse. */
int ct_shape_small(const struct ct *ct, const struct ct_conf *c, bool *ret, struct err *e);
/* Lines of the part "flood" for the firewall (netlines.h). Takes the place of @c's rates, and sets what waits there. */
int ct_shape_lines(const struct ct *ct, const struct ct_conf *c, struct str_list *lines, struct err *e);
/* Once the interfaces are there: their ways through the trees, or straight when @c has no rates (any more). */
int ct_shape_ways(struct ct *ct, const struct ct_conf *c, struct err *e);
/* Of one that runs: what somebody took away, "": nothing; and all of it anew. */
int ct_shape_fault(struct ct *ct, char *text, size_t size, struct err *e);
int ct_shape_heal(struct ct *ct, struct err *e);
int ct_shape_down(struct ct *ct, struct net *n, struct err *e);

/* What the month's traffic means by now; @used: bytes sent and received. */
enum ct_quota_state { CT_QUOTA_NONE, CT_QUOTA_WITHIN, CT_QUOTA_THROTTLED, CT_QUOTA_OVER, CT_QUOTA_STATE_N };
extern const char *const ct_quota_state_names[CT_QUOTA_STATE_N];
enum ct_quota_state ct_quota_month(const struct ct_conf *c, uint64_t used);
bool ct_quota_acted(const struct ct *ct);	/* it was throttled, this month or before */
/* Looks after the quota of one that runs: throttles, notifies or stops. Under its lock. *ret: what it found. */
int ct_quota_check(struct ct *ct, uint64_t used, enum ct_quota_state *ret, struct err *e);

#endif
