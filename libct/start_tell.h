/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_START_TELL_H
#define LIBCT_START_TELL_H
#include "libct/ct_priv.h"

/* May it be started with @flags (CT_START_*)? Under the container's lock; the error is vzctl's text and status. */
int ct_start_check(struct ct *ct, unsigned flags, struct err *e);
/* Says which limits and addresses its start sets, in OpenVZ's words. */
void ct_start_tell(const struct ct *ct);
/* After ENOSPC or EDQUOT: which limit of the private area is used up, and what to do. */
void ct_start_full(struct ct *ct);

#endif
