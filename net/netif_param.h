/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_NETIF_PARAM_H
#define NET_NETIF_PARAM_H
/* The types of net/'s rows; every field of struct net_conf is a list of strings. */
#include "net/net.h"

extern const struct param_type net_type_netif, net_type_netif_del, net_type_netif_edit, net_type_netdev;

/* net_param.c, shared by all of them */
void net_list_print(const struct param *p, const void *field, struct buf *b);	/* with blanks between */
bool net_list_is_set(const void *field);
bool net_list_equal(const void *a, const void *b);
int net_list_copy(void *dst, const void *src, struct err *e);
void net_list_done(void *field);

#endif
