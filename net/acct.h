/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_ACCT_H
#define NET_ACCT_H
/*
 * Traffic by destination class (classes.h), counted by the firewall: IPv4 and IPv6 apart, as the container sees it. Bytes are
 * those of IP packets as the kernel hands them over: a large segment counts its head once.
 * Of one interface there is one counter per class, family and direction; what it costs a packet is two look-ups.
 */
#include "net/classes.h"
#include "net/net.h"

struct net_traffic_cell { uint64_t bytes, packets; };
enum net_traffic_way { NET_SENT, NET_RECEIVED, NET_WAY_N };
struct net_traffic { struct net_traffic_cell v[NET_CLASS_N][2][NET_WAY_N]; };	/* [class][0: IPv4, 1: IPv6][way] */
/* Of class @cls (-1: all) and family @v6 (-1: both). */
void net_traffic_sum(const struct net_traffic *t, int cls, int v6, struct net_traffic_cell ret[NET_WAY_N]);

/* What goes to an interface of ours has this and its class in its priority from there on; 0 if it has none. */
#define NET_ACCT_PRIORITY 0x10000u

int net_acct_load(struct net *n, struct err *e);	/* net_acct_ensure() whatever is there; ENOENT: there is no table */
/* Of net_part.h: what has one interface counted. @used: bits of net_classes.used. */
int net_acct_line(struct str_list *lines, const char *ifname, bool bridged, uint32_t used, struct err *e);
int net_acct_classes(struct net *n, uint32_t *used, struct err *e);	/* as the file has them now */

/* The counters of one interface as they stand; zeros if there are none. */
int net_acct_read(struct net *n, const char *ifname, bool bridged, struct net_traffic *ret, struct err *e);
/* All there are, in one reading of each table. Comes once for each counter. */
typedef int net_acct_cb(void *arg, const char *ifname, unsigned cls, bool v6, enum net_traffic_way way,
			const struct net_traffic_cell *c);
int net_acct_all(struct net *n, net_acct_cb *cb, void *arg, struct err *e);
/* Tells these counters from those of another making of the tables in this boot; 0: there are none. */
int net_acct_epoch(struct net *n, bool bridged, uint64_t *ret, struct err *e);

#endif
