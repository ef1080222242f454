/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_DEV_H
#define LIBCT_DEV_H
#include "libct/ct_priv.h"
/* DEVICES ("c:10:200:rw", "b:8:all:none") and DEVNODES ("net/tun:rw") as device rules. -EINVAL names the item. */
int ct_devices(const struct ct_conf *c, struct cg_dev *v, size_t max, size_t *n, struct err *e);
#endif
