/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_PHYS_H
#define NET_PHYS_H
/* An interface of the host, lent to another network namespace and brought back as it was. */
#include "net/net.h"

struct net_phys {
	char name[16];
	unsigned index;		/* in the namespace it was lent to */
	unsigned mtu;
	uint8_t mac[6];
	bool up;
};
int net_phys_parse(const char *text, struct net_phys *ret, struct err *e);	/* what net_phys_print() gave */
int net_phys_print(const struct net_phys *p, char *dst, size_t size);
/* How it is now; lends nothing. ENODEV: there is none. */
int net_phys_look(struct net *n, const char *name, struct net_phys *ret, struct err *e);
int net_phys_lend(struct net *n, struct net_phys *p, int netns_fd, struct err *e);	/* sets p->index */
/*
 * From @netns_fd (-1: that namespace is gone) to the caller's. Name, MTU, hardware address and being up are put back, whatever
 * they were changed to there; one that was deleted there is no error.
 */
int net_phys_return(struct net *n, const struct net_phys *p, int netns_fd, struct err *e);

#endif
