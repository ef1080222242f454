/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_NETLINES_H
#define LIBCT_NETLINES_H
/*
 * What a container has in the host's firewall tables, as lines (net/net_part.h): made from its configuration, the groups it
 * names (/etc/vz/firewall/NAME.conf) and its owner; recorded in /run/vz/CTID/net before it takes effect.
 *
 * Groups and what starts: a start holds the firewall's lock shared from reading a group to the transaction, a change of a group
 * holds it alone, so nobody comes up with rules of yesterday.
 */
#include "libct/ct_priv.h"

#define CT_FW_DIR CT_ETC "/firewall"

/* netlines.c */
int ct_net_lines(const struct ct *ct, const struct ct_conf *c, struct str_list *ret, struct err *e);
int ct_fw_check(const struct ct *ct, const struct ct_conf *c, struct err *e);	/* could its rules be put into force? */
int ct_net_add(struct str_list *l, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int ct_net_regroup(const struct str_list *lines, struct str_list *ret, struct err *e);	/* groups and zones as they are now */
/* Lists of the host itself: what it takes from the network, and from containers. */
enum ct_net_host { CT_NET_FROM_NET, CT_NET_FROM_CT, CT_NET_HOST_N };
int ct_net_host_lines(enum ct_net_host which, struct str_list *ret, struct err *e);
/* Pairs of zones that reach one another, as they stand in the file; and one taken apart. */
#define CT_FW_NAME 33
int ct_fw_zone_pairs(struct str_list *ret, struct err *e);
int ct_fw_zone_pair(const char *text, char pair[2][CT_FW_NAME], struct err *e);
/* RULES of a group, canonical. ENOENT says that there is none. */
int ct_fw_group(const char *name, struct str_list *ret, struct err *e);

/* netapply.c */
/* Around the network step of a start: the lines into the record and to net_with(). */
struct ct_net_up { struct str_list lines; int lock; struct net *n; };
int ct_net_up_begin(struct ct *ct, struct net *n, struct ct_net_up *u, struct err *e);
int ct_net_up_end(const struct ct *ct, struct ct_net_up *u, struct err *e);	/* @e: how it went; says which port is taken */
/* For down.c: net_down() with what the record has; then it is forgotten. */
int ct_net_down(struct ct *ct, struct net *n, const struct str_list *ips, struct err *e);
int ct_net_venet(struct ct *ct, struct err *e);	/* VENET_* of a running one, as its record has it */
int ct_net_apply(struct ct *ct, const struct ct_conf *c, struct err *e);	/* a running one: as @c has it */
/* Has a running one what is not in @file, its configuration: rules, zones, forwards, rates that were set without being saved? */
bool ct_net_unsaved(struct ct *ct, const struct ct_conf *file);
/* All that run, and the host, in one transaction: after a change of a group or zone. *ret: how many containers changed. */
int ct_net_apply_all(struct net *n, unsigned *ret, struct err *e);
int ct_net_running(void *arg, net_line_cb *cb, void *cb_arg, struct err *e);	/* for net_set_running() */
int ct_net_record(unsigned id, struct str_list *ret, struct err *e);		/* the lines of a running one */
int ct_fw_lock(bool alone, struct err *e);	/* a descriptor */

#endif
