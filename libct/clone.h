/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_CLONE_H
#define LIBCT_CLONE_H
/* clone.c, as create.c uses it: what differs from making a container of a template. */
#include "libct/ct_priv.h"

/* CTID.conf of the clone: the source's, without what only one can have: addresses (its bridged interfaces get new ones), name,
 * ids, lent interfaces. @no_shared: as in struct ct_create; what is left out is said. */
int ct_clone_conf(const struct ct *src, const struct ct *dst, bool no_shared, struct kv *ret, struct err *e);
/* The area @dir, fresh and empty, becomes that of the clone. @linked: shares layers with the source. */
int ct_clone_area(struct ct *src, struct ct *dst, int dir, bool linked, struct err *e);

#endif
