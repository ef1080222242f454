/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_CAPS_H
#define LIBCT_CAPS_H
#include <stdint.h>

#include "util/str.h"

struct err;

/* Bounding set of a container as a bit mask: the default, changed by CAPABILITY items "name:on|off".
 * -EINVAL: "Capability X is unknown". */
int ct_caps_mask(const struct str_list *capability, uint64_t *ret, struct err *e);
/* In the child, as root of its user namespace: bounding, permitted and effective = @mask, inheritable and ambient empty. */
int ct_caps_apply(uint64_t mask, struct err *e);

#endif
