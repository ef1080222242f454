/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_ANNOUNCE_H
#define LIBCT_ANNOUNCE_H
/*
 * What others look up about a running container, as vzctl 4.x left it: /var/lib/vzctl/veip/CTID (its addresses, separated
 * by blanks), /var/lib/vzctl/vepid/CTID (host's pid of its init) and the link /var/run/netns/CTID, by which `ip netns exec`
 * enters its network. What cannot be written is a warning and never fails a start.
 */
#include "libct/ct_priv.h"

void ct_announce_up(const struct ct *ct, pid_t init, const struct str_list *ips);
void ct_announce_ips(const struct ct *ct, const struct str_list *ips);	/* of a running one, all it has now */
void ct_announce_change(const struct ct *ct, const struct str_list *add, const struct str_list *del);
/* Adds to @ips what veip says besides: addresses of a running container that no file has, from set without --save. */
int ct_announced_ips(const struct ct *ct, struct str_list *ips, struct err *e);
/* Adds to @ret what is announced, asked for by @asked (--ipdel: addresses or "all") and not in @conf. */
int ct_announced_only(const struct ct *ct, const struct str_list *conf, const struct str_list *asked, struct str_list *ret,
		      struct err *e);
int ct_announce_down(const struct ct *ct, struct err *e);	/* gone already is success */
/* Once a boot: what containers of the last one left. Those that have a /run/vz/CTID stay. */
void ct_announce_sweep(void);

#endif
