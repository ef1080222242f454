/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_FLOOD_H
#define NET_FLOOD_H
/* What one container may do to the rest of the network: packets and new connections a second, mail to the world. */
#include "net/net.h"

struct net_caps { uint64_t packets, connections; bool no_smtp; };	/* a second; 0: any number */
/* Line of net_part.h for one interface; none if there is nothing to say. */
int net_flood_line(struct str_list *lines, const char *ifname, bool bridged, const struct net_caps *c, struct err *e);

#endif
