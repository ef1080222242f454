/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_POLICY_H
#define VZD_POLICY_H
/* The host's memory: how much of it may be promised, and what is done when it runs short. */
#include "vzd/vzd.h"

/* May @add bytes of memory limits and @guarantee bytes of guarantees be promised on top of what runs? ENOSPC: the text gives
 * the host's RAM, what is promised, OVERCOMMIT and what to do. OVERCOMMIT 0: always. Touches no file. */
int policy_admit(struct vzd *d, uint64_t add, uint64_t guarantee, struct err *e);

#endif
