/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_NETLINES_H
#define LIBCT_NETLINES_H
/*
 * What the parts of the firewall (net/net_part.h) hold for a container: lines made from its configuration, recorded in
 * /run/vz/CTID/net before they take effect, so that the same lines go again and come back after a flush.
 */
#include "libct/ct_priv.h"

#define CT_NETLINES "net"

/* A part that makes lines from @c; a row in netlines.c. */
typedef int ct_netlines_fn(struct ct *ct, const struct ct_conf *c, struct str_list *lines, struct err *e);

int ct_netlines_make(struct ct *ct, const struct ct_conf *c, struct str_list *lines, struct err *e);
/* Start: makes and records @lines and gives them to the net_up() that follows; then net_with(n, NULL). */
int ct_netlines_up(struct ct *ct, struct net *n, struct str_list *lines, struct err *e);
/* Stop: the recorded ones for the net_down() that follows. */
int ct_netlines_down(struct ct *ct, struct net *n, struct str_list *lines, struct err *e);
/* Running: from what is recorded to what @c says, in one transaction. */
int ct_netlines_apply(struct ct *ct, const struct ct_conf *c, struct err *e);
net_running_fn ct_netlines_running;		/* for net_set_running() */

#endif
