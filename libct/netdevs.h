/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_NETDEVS_H
#define LIBCT_NETDEVS_H
/*
 * Interfaces of the host that are lent to a container, from NETDEV. While it has one, its network namespace is held by a mount
 * on /run/vz/CTID/netns: else the kernel would delete what is not hardware when the container dies, and give back the rest
 * under names of its choice. /run/vz/CTID/netdev says how each was when it was taken.
 */
#include "libct/ct_priv.h"

int ct_netdevs_up(struct ct *ct, int netns, struct err *e);	/* start; VZ_NETDEV_ERROR */
int ct_netdevs_apply(struct ct *ct, const struct ct_conf *c, struct err *e);	/* running: as @c has it */
int ct_netdevs_down(struct ct *ct, struct err *e);		/* the container is dead */
bool ct_netdevs_in(const struct ct *ct, int netns);		/* it is held, so interfaces of the host may be in there */

#endif
