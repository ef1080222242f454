/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_CHANGE_PORTS_H
#define VZD_CHANGE_PORTS_H
/*
 * A port of the host leads into one container, whether that runs or not, and not into one of which an operation under way was
 * promised it. What @parsed forwards to @ctid (0: new, it will be c->ctid) is judged and promised: 0, or -1 when it has answered.
 */
#include "vzd/api.h"

int ports_judge(struct api_call *c, unsigned ctid, const struct ct_conf *parsed);

#endif
