/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_SHAPE_H
#define NET_SHAPE_H
/*
 * Shares of the network. Two devices that only queue, vzifb-up and vzifb-down, stand for all that containers send and receive;
 * each holds one HTB tree in which a container has a class for every destination class with a rate. So what is guaranteed to
 * one is guaranteed against all others, and what one leaves is lent to the rest. A container without rates passes neither.
 *
 * Which class of the tree a packet goes to is its priority, written by a table of nftables at the interface's own hooks
 * ("netdev vz101"), so no filter is walked.
 */
#include "net/acct.h"

#define NET_SHAPE_SLOTS 4078u		/* containers with rates on one host: 16 classes of the tree each */

struct net_rate { uint64_t kbit[NET_WAY_N]; };	/* 0: none */
struct net_rates {
	struct net_rate rate[NET_CLASS_N];	/* guaranteed */
	struct net_rate limit[NET_CLASS_N];	/* at most */
	uint64_t burst_kib;			/* 0: 10 ms of the limit */
};
struct net_totals {		/* of the host; 0: as much as there is */
	uint64_t bandwidth_kbit;
	uint64_t total_kbit[NET_CLASS_N];	/* TOTALRATE: of all containers in one class */
	uint32_t mpu;				/* RATEMPU: the least a packet counts, bytes */
};
/* "[DEVICE:]CLASS:KBITS[/KBITS]", words apart; the second figure is for what is received. Those of several devices are added. */
int net_rates_parse(const char *text, struct net_rate v[NET_CLASS_N], struct err *e);
bool net_rates_any(const struct net_rates *r);

/* Line of net_part.h for one interface. */
int net_shape_line(struct net *n, struct str_list *lines, const char *ifname, unsigned slot, const struct net_rates *r,
		   struct err *e);
/* The trees, this container's classes in them; what it has in them beyond @r goes. Before the line takes effect. */
int net_shape_set(struct net *n, unsigned slot, const struct net_rates *r, const struct net_totals *t, struct err *e);
/* What comes to @ifname takes the way through vzifb-down, or the straight one. */
int net_shape_dev(struct net *n, const char *ifname, bool on, struct err *e);
/* The line of @lines once more: for an interface that was not there when it took effect. */
int net_shape_again(struct net *n, unsigned id, const struct str_list *lines, struct err *e);
int net_shape_clear(struct net *n, unsigned slot, struct err *e);	/* all of it; gone is success */

#endif
