/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_NET_HEAL_H
#define LIBCT_NET_HEAL_H
/* The network of a running container against other hands on this host: see net/heal.h. */
#include <stdbool.h>

struct ct;
struct err;
struct str_list;

/* Adds what is wrong to @faults, a line each. With @repair it is put right, too. One that does not run has no faults. */
int ct_net_heal(struct ct *ct, bool repair, struct str_list *faults, struct err *e);

#endif
