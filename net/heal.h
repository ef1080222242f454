/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_HEAL_H
#define NET_HEAL_H
/*
 * What becomes of a running container's interfaces on the host when somebody else deletes, renames or sets them down, or
 * removes their bridge: told, and put right. A fault is one line in @text, "" if there is none.
 */
#include "net/net.h"
#include "net/netif.h"

int net_fault(struct net *n, unsigned id, const struct str_list *ips, char *text, size_t size, struct err *e);
/* The routed interface, its addresses inside too if it had to be made anew, its routes and elements. net_announce() is due. */
int net_heal(struct net *n, unsigned id, const struct str_list *ips, int netns_fd, struct err *e);
int net_veth_fault(struct net *n, const struct net_if *f, int netns_fd, char *text, size_t size, struct err *e);
/* If its bridge is there. An end that had to be made anew is as at a start: the guest has to configure it again. */
int net_veth_heal(struct net *n, unsigned id, const struct net_if *f, int netns_fd, struct err *e);

#endif
