/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_ANNOUNCE_H
#define LIBCT_ANNOUNCE_H
/*
 * What others look up about a running container, as vzctl 4.x left it: /var/lib/vzctl/veip/CTID (its addresses, separated
 * by blanks), /var/lib/vzctl/vepid/CTID (host's pid of its init) and the link /var/run/netns/CTID, by which `ip netns exec`
 * enters its network. Nothing of vz reads them, so what cannot be written is a warning and never fails a start.
 */
#include "libct/ct_priv.h"

void ct_announce_up(const struct ct *ct, pid_t init, const struct str_list *ips);
void ct_announce_ips(const struct ct *ct, const struct str_list *ips);	/* of a running one, all it has now */
int ct_announce_down(const struct ct *ct, struct err *e);	/* gone already is success */
/* Once a boot: what containers of the last one left. Those that have a /run/vz/CTID stay. */
void ct_announce_sweep(void);

#endif
