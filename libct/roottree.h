/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_ROOTTREE_H
#define LIBCT_ROOTTREE_H
#include "libct/ct_priv.h"
#include "libct/postcreate.h"

/* The root of a stopped, unmounted container: *ret_tree a detached mount on which its root is *ret_base. Nothing of the
 * container stays up; the caller closes the tree before anything else happens to the area. */
int ct_roottree_open(struct ct *ct, uint32_t *ret_base, int *ret_tree, struct err *e);
/* The same for an opened @r; what is due after create is done first. */
int ct_roottree_run(struct ct *ct, struct ct_rootfs *r, enum ct_postcreate due, uint32_t *ret_base, int *ret_tree,
		    struct err *e);

#endif
