/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_IPS_H
#define LIBCT_IPS_H
/* Addresses of a container against those of the host, of its other containers, and of the machines beside it. */
#include <stdbool.h>

struct ct;
struct ct_host;
struct err;
struct str_list;

bool ct_ips_drop_v6(const struct ct_host *h, struct str_list *ips);	/* unless vz.conf has IPV6="yes"; true: one was */
int ct_ips_check(struct ct *ct, const struct str_list *ips, struct err *e);	/* VZ_IP_INUSE */
void ct_ips_warn(struct ct *ct);	/* says which of its configuration's others have now */
/* Asks the neighbours about @ips, which are about to be given; vz.conf or @skip may say not to. No waiting. */
int ct_ips_probe(struct ct *ct, const struct str_list *ips, bool skip, struct err *e);
/* What they said: a warning, or VZ_IP_INUSE with ERROR_ON_ARPFAIL="yes", which waits. Again later: more may have come. */
int ct_ips_probed(struct ct *ct, struct err *e);
/* Tells the neighbours that the addresses are here; a failure is a warning. */
int ct_ips_announce(struct ct *ct, struct err *e);

#endif
