/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_BRIDGE_PRIV_H
#define NET_BRIDGE_PRIV_H
/* What bridge.c and vxlan.c share. */
#include "net/bridge.h"
#include "net/net_priv.h"

static inline void bridge_words_done(struct str_list *l)
{
	str_list_clear(l);
}
#define auto_words __attribute__((cleanup(bridge_words_done)))

int bridge_words(const struct net_bridge *b, enum net_bridge_key key, struct str_list *l, struct err *e);	/* of one value */
unsigned bridge_value(const struct net_bridge *b, enum net_bridge_key key, unsigned unset);
/* @link up; a port of @master and with that MTU, unless those are 0. */
int bridge_set_up(struct nl *nl, const struct link_info *link, unsigned master, unsigned mtu, struct err *e);

/* vxlan.c: the port of @br that leads to other hosts, if it is to have one. */
void vxlan_name(const struct net_bridge *br, char dst[IFNAMSIZ]);
/* Made, or put right. One that differs is made anew if it is a port of @master, and else refused: EEXIST. */
int vxlan_up(struct nl *nl, const struct net_bridge *br, unsigned master, struct err *e);
/* What is wrong with it, which is there and a port of its bridge. "": nothing. */
int vxlan_fault(struct nl *nl, const struct net_bridge *br, char *text, size_t size, struct err *e);

#endif
