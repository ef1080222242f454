/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_TRAFFIC_H
#define LIBCT_TRAFFIC_H
/*
 * Traffic of a container over all its starts, on disk: /var/lib/vz/traffic/CTID.0 and .1, written in turn, so one of them is
 * whole after a power failure. Each remembers how far every counter of the kernel was read (and which making of it that was),
 * so what is in the sums is never added again, whoever is killed where.
 */
#include "libct/ct_priv.h"
#include "net/acct.h"

#define CT_TRAFFIC_MONTHS 13	/* this month and twelve before it */

struct ct_traffic_month { int month; struct net_traffic_cell v[NET_WAY_N]; };	/* @month: 202611; 0: none */
struct ct_traffic {
	struct net_traffic total;	/* since the container was made, or vznetstat -r */
	struct net_traffic here;	/* what this host counted since @made: only ever grows */
	uint64_t made;			/* a number of its own for each begin of @here; 0: none yet */
	struct ct_traffic_month month[CT_TRAFFIC_MONTHS];	/* [0]: the newest */
	int now;			/* the month it is: see traffic_clock.h */
};
/* Bytes of this month, for the quota. What a clock that was ahead booked in a month that is still to come is of this one, too. */
uint64_t ct_traffic_used(const struct ct_traffic *t);
/* Lines for the firewall (netlines.h): every interface of @c. */
int ct_traffic_lines(const struct ct *ct, const struct ct_conf *c, struct str_list *lines, struct err *e);
/*
 * Adds what came since the last call, if it runs, writes that down, and says how much there is now. Anybody may call it at any
 * time, at once with others. @sync: on disk when it returns; else within the time the kernel takes for that.
 */
int ct_traffic_collect(struct ct *ct, bool sync, struct ct_traffic *ret, struct err *e);
/* What was last written down of @id, by whoever collected it: no kernel is asked. None: zeros. */
int ct_traffic_stored(unsigned id, struct ct_traffic *ret, struct err *e);
int ct_traffic_anew(struct ct *ct, struct err *e);	/* its counters in the kernel were just made anew */
int ct_traffic_reset(struct ct *ct, struct err *e);	/* counts anew from here on; the months stay */
void ct_traffic_forget(unsigned id);			/* destroy */
int ct_traffic_leave(unsigned id, struct err *e);	/* it goes to another host, which begins its own ct_traffic.here */
int ct_traffic_now(void);				/* this month, as 202611, by a clock that may be believed */

#endif
