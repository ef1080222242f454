/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_SHAPE_PLACE_H
#define LIBCT_SHAPE_PLACE_H
/* Places of net/shape.h: which one a container has, written down before it is taken, and the devices that go with its last user. */
#include "libct/ct_priv.h"
#include "net/shape.h"

/* The place of @ct among those of its kind, with its devices. One of another kind stays until ct_place_settle(). */
int ct_place_get(const struct ct *ct, struct net *n, struct net_place *p, struct err *e);
/* Leaves all places but the first @keep that are written down. */
int ct_place_settle(struct ct *ct, struct net *n, size_t keep, struct err *e);
bool ct_place_recorded(const struct ct *ct, struct net_place *p);	/* the one it has */

#endif
