/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_VETH_H
#define NET_VETH_H
/*
 * A bridged interface: a veth pair, one end in the container under its ifname and left down for the guest to configure, the
 * other on the host, up, and a port of the bridge. With the filter on, the port is locked: the bridge takes only frames whose
 * source is the one address entered for that port, before it learns, forwards or delivers; so no table is walked, nothing is
 * left when the link goes, and no reload of a firewall opens it. Besides, rules for all such ports (guard.c) drop what would
 * change the network of others: spanning tree and its like, router advertisements, redirects.
 *
 * The host's end carries the alias "vz ID ifname". Interfaces without it are somebody else's and are never touched.
 * @f is complete (net_if_fill()). One with macvlan has no end on the host: it shares an interface of the host's, from inside.
 */
#include "net/net.h"
#include "net/netif.h"

/*
 * Makes the pair; one of ours that is left from before is replaced. ENODEV: no such bridge; EEXIST: the name on the host is
 * taken; EADDRINUSE: the hardware address is that of another port of the bridge. Idempotent, undoes itself.
 */
int net_veth_up(struct net *n, unsigned id, const struct net_if *f, int netns_fd, struct err *e);
/* From @old to @f while it runs, all of it anew whether it differs or not; made again if it is gone. */
int net_veth_set(struct net *n, unsigned id, const struct net_if *old, const struct net_if *f, int netns_fd, struct err *e);
/* After somebody else's script may have put it into a bridge: the filter holds there too. *ret: it is in some bridge. */
int net_veth_settle(struct net *n, unsigned id, const struct net_if *f, bool *ret, struct err *e);
/* The name is free when it returns; the link dies with its namespace, or at the next net_host_setup(). Gone is success. */
int net_veth_down(struct net *n, unsigned id, const struct net_if *f, struct err *e);
/* at once; takes about 20 ms */
int net_veth_delete(struct net *n, unsigned id, const struct net_if *f, int netns_fd, struct err *e);

bool net_link_exists(struct net *n, const char *name);	/* any interface of the host's */

#endif
