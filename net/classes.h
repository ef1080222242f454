/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_CLASSES_H
#define NET_CLASSES_H
/*
 * Destination classes of traffic, /etc/vz/conf/networks_classes: lines "CLASS NETWORK", CLASS 0 to 15, '#' begins a comment.
 * The longest prefix that fits decides; class 0 is not counted. Without the file everything is class 1.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define NET_CLASS_N 16

struct net_range {		/* addresses from..to, both inclusive, in network order; IPv4 in the first four bytes */
	uint8_t from[16], to[16];
	uint8_t cls;
};
struct net_classes {
	struct net_range *v4, *v6;	/* ascending, disjoint */
	size_t n4, n6;
	uint32_t used;			/* bit C: some network is of class C */
	uint32_t hash;			/* of the ranges: tells one file from another */
};
/* EINVAL: a line that says nothing sensible (e->text has its number), or a network that is given twice. */
int net_classes_parse(const char *text, struct net_classes *ret, struct err *e);
int net_classes_load(const char *path, struct net_classes *ret, struct err *e);	/* no such file: everything is class 1 */
void net_classes_done(struct net_classes *c);
/* The class of @addr (4 or 16 bytes); -1: of none. */
int net_classes_find(const struct net_classes *c, int family, const void *addr);

#endif
