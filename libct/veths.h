/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_VETHS_H
#define LIBCT_VETHS_H
/* Bridged interfaces of a container, from NETIF. /run/vz/CTID/netif says which there are, so that what was added without
 * --save goes away too: it is written before an interface is made, and after one is gone. */
#include "libct/ct_priv.h"

#define CT_VETHS_RECORD "netif"

int ct_veths_up(struct ct *ct, int netns, struct err *e);	/* start; VZ_VETH_ERROR */
/* Start, when the messages are due: says which there are and runs vznetcfg for each. */
int ct_veths_announce(struct ct *ct, struct err *e);
/* Running: as @c has it. @say: with messages; @anew: what is there already is configured once more. */
int ct_veths_apply(struct ct *ct, const struct ct_conf *c, bool say, bool anew, struct err *e);
int ct_veths_down(struct ct *ct, struct err *e);		/* the container is dead */

#endif
