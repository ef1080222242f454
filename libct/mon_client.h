/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_MON_CLIENT_H
#define LIBCT_MON_CLIENT_H
#include <stdbool.h>
struct ct;
struct err;
/* Is there a living monitor? Takes nothing. */
bool ct_mon_alive(const struct ct *ct);
/* Connected socket with @op (enum mon_op) sent. ECONNREFUSED, ENOENT: no monitor. */
int ct_mon_connect(const struct ct *ct, int op, struct err *e);
/* 0: the guest said it is up. -ECHILD: it is gone; -ETIMEDOUT. Blocks up to @ms. */
int ct_mon_wait(const struct ct *ct, int ms, struct err *e);
#endif
