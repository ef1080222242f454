/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_SHAPE_H
#define NET_SHAPE_H
/*
 * Rates. What queues, queues in HTB trees; a packet finds its class by its priority, so no filter is walked.
 *
 * A container's limits concern nobody else: what it receives waits at its own interface, what it sends on one of the devices
 * vzifb-upK, each for NET_SHAPE_SHARD containers, because the kernel walks all classes of a tree when one comes. What has
 * several interfaces waits on vzifb-downK for all of them together.
 * Only what is guaranteed, and what the host allows all containers together, needs one tree for all: with BANDWIDTH or
 * TOTALRATE these are on vzifb-up and vzifb-down, and a guarantee holds against all others, and what one leaves is lent to the
 * rest. A container without rates passes none of these.
 *
 * The class: of what is received the accounting has it (acct.c). What is sent is redirected before that, by a program for BPF
 * (shape_bpf.c), or, where the class depends on the address, by a table of nftables (shape_nft.c). Of a container whose limits
 * concern nobody else only what is above them is redirected (shape_pace.c).
 */
#include "net/acct.h"

#define NET_SHAPE_SLOTS 4078u		/* containers with rates on one host: 16 classes of the tree each */
#define NET_SHAPE_SHARD 64u

struct net_place {		/* of one container among them */
	unsigned slot;
	bool shared;		/* in the one tree of all */
	bool own;		/* not shared, with one interface: what it receives waits there */
	const int *buckets;	/* of net_shape_buckets(), for all its interfaces; NULL: there is one interface */
};

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
/* Is a piece of LINK_SEGMENT too much for one of them, or for its queue? */
bool net_rates_small(const struct net_rates *r, enum net_traffic_way way);
bool net_totals_any(const struct net_totals *t);	/* there is something to share */

/* The devices of a place. Who makes them and who finds that nobody needs them any more hold a lock of the caller's. */
int net_shape_devices(struct net *n, const struct net_place *p, struct err *e);
int net_shape_devices_gone(struct net *n, const struct net_place *p, struct err *e);	/* gone is success */
/* The classes on them; what it has there beyond @r goes. Before the line takes effect. */
int net_shape_set(struct net *n, const struct net_place *p, const struct net_rates *r, const struct net_totals *t, struct err *e);
int net_shape_clear(struct net *n, const struct net_place *p, struct err *e);	/* all of it; gone is success */
/* Line of net_part.h for one interface, if it needs one. */
int net_shape_line(struct net *n, struct str_list *lines, const char *ifname, const struct net_place *p,
		   const struct net_rates *r, struct err *e);
/* What counts what a container sends, by all its interfaces together: give it to each net_shape_dev(). Descriptor. */
int net_shape_buckets(const struct net_rates *r, struct err *e);
/* What passes @ifname waits where @p says, or, @r NULL, takes the straight way. */
int net_shape_dev(struct net *n, const char *ifname, const struct net_place *p, const struct net_rates *r,
		  const struct net_totals *t, struct err *e);
/* The line of @lines once more: for an interface that was not there when it took effect. */
int net_shape_again(struct net *n, unsigned id, const struct str_list *lines, struct err *e);

#endif
