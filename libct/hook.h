/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_HOOK_H
#define LIBCT_HOOK_H
/* In-container scripts; the host-side ones are in ct_priv.h. */
#include "libct/ct_priv.h"
/* A memory file with CTID.start for the child of a start, -1 if there is none. */
int ct_hook_script_fd(struct ct *ct, enum ct_hook h, int *ret_fd, struct err *e);
/* Runs CTID.stop and the like in a running container, for at most @limit_ms. VZ_ACTIONSCRIPT_ERROR. */
int ct_hook_inside(struct ct *ct, enum ct_hook h, int limit_ms, struct err *e);
#endif
