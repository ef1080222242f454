/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_CAPS_H
#define LIBCT_CAPS_H
#include <stdint.h>

#include "util/str.h"

struct err;

/* Bounding set of a container as a bit mask: the default, changed by CAPABILITY items "name:on|off".
 * -EINVAL: "Capability X is unknown". */
int ct_caps_mask(const struct str_list *capability, uint64_t *ret, struct err *e);
/* NETFILTER "disabled" takes the control of the network away, whatever CAPABILITY says. */
uint64_t ct_caps_netfilter(uint64_t mask, const char *netfilter);
/* In the child, as root of its user namespace: bounding, permitted and effective = @mask, inheritable and ambient empty. */
int ct_caps_apply(uint64_t mask, struct err *e);

#endif
