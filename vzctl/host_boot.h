/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_HOST_BOOT_H
#define VZCTL_HOST_BOOT_H
#include "vzctl/host.h"

/* Has vzd start @ids, in this order, and prints how that went. False: vzd does not run or does not want to; nothing was done. */
bool boot_by_vzd(struct host_call *c, const unsigned *ids, size_t n);

#endif
