/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_SHAPE_H
#define NET_SHAPE_H
/*
 * Rates. Where they wait depends on what a container asks for, so that one more costs the same however many there are:
 *
 *	NET_PLACE_PLAIN		one rate each way, whatever the address: the rule. What it receives waits in a TBF at its own
 *				interface; what it sends beyond its rate in a TBF of its own, one of NET_SHAPE_SHARD on a device
 *				vzifb-upK (shape_shard.c, shape_pace.c). With several interfaces what is received waits likewise
 *				on vzifb-downK.
 *	NET_PLACE_CLASSES	rates by class of networks: HTB classes on vzifb-upcK and vzifb-downcK.
 *	NET_PLACE_SHARED	with BANDWIDTH or TOTALRATE: guarantees hold against all others and what one leaves is lent to the
 *				rest, so one tree for all, on vzifb-up and vzifb-down.
 *
 * Everything that has classes of the kernel's packet schedulers, an HTB and a clsact among them, is a link of one list of the whole
 * machine, which each new one walks from end to end: 0.13 us for each. A new class of a tree asks all that are there, 0.5 us each.
 * A TBF has none, clsacts with one shared block are one, and the classes of sixteen places of a tree are made at once, when the
 * walk is short for all but the first. (A program at the interface itself, TCX, has none either, but the kernel waits for a grace
 * period whenever one comes or goes, 6 to 20 ms.) A container without rates passes none of these.
 *
 * The class: of what is received the accounting has it (acct.c). What is sent is redirected before that, by a program for BPF
 * (shape_bpf.c), which looks its address up in tries (shape_nets.c).
 */
#include "net/acct.h"

#define NET_SHAPE_SLOTS 4078u		/* containers with rates on one host: 16 classes of the tree each */
#define NET_SHAPE_SHARD 32u

enum net_place_kind { NET_PLACE_PLAIN, NET_PLACE_CLASSES, NET_PLACE_SHARED, NET_PLACE_KIND_N };
struct net_place {		/* of one container among those of its kind */
	unsigned slot;
	enum net_place_kind kind;
	bool own;		/* with one interface: what it receives waits there, if it is plain */
	unsigned mtu;		/* the widest of its interfaces; 0: 1500 */
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
/* Of rates that are not shared: is it one for all addresses, as networks_classes is now? */
int net_rates_kind(const struct net *n, const struct net_rates *r, enum net_place_kind *ret, struct err *e);

/* The devices of a place. Who makes them and who finds that nobody needs them any more hold a lock of the caller's. */
int net_shape_devices(struct net *n, const struct net_place *p, struct err *e);
int net_shape_devices_gone(struct net *n, const struct net_place *p, struct err *e);	/* gone is success */
/* The classes on them; what it has there beyond @r goes. Before the line takes effect. */
int net_shape_set(struct net *n, const struct net_place *p, const struct net_rates *r, const struct net_totals *t, struct err *e);
int net_shape_clear(struct net *n, const struct net_place *p, struct err *e);	/* all of it; gone is success */
/* What passes @ifname waits where @p says, or, @r NULL, takes the straight way. */
int net_shape_dev(struct net *n, const char *ifname, const struct net_place *p, const struct net_rates *r,
		  const struct net_totals *t, struct err *e);
/* What of it somebody took away, as a sentence; "": nothing. */
int net_shape_fault(struct net *n, const char *ifname, const struct net_place *p, const struct net_rates *r, char *text,
		    size_t size, struct err *e);

#endif
