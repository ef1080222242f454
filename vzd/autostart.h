/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_AUTOSTART_H
#define VZD_AUTOSTART_H
/*
 * Starting many containers at boot: in the order given (vzhost boot makes it from ONBOOT, BOOTORDER and what ran before), so
 * many at a time as PARALLEL says, each after those it names in START_AFTER, and counted as up only START_DELAY seconds after
 * its start. One that fails is reported and the rest go on; a circle of START_AFTER is broken, and said so. What is left is a
 * file in VZD_RUN, so that the next vzd goes on.
 */
#include <jansson.h>

#include "vzd/vzd.h"

struct autostart;
int autostart_open(struct vzd *d, struct autostart **ret, struct err *e);
void autostart_close(struct autostart *a);
/* Adds containers to what is to be started. Those that run, do not exist or are on the list are skipped. */
int autostart_add(struct autostart *a, const unsigned *ids, size_t n, struct err *e);
json_t *autostart_json(const struct autostart *a);	/* {"total","up","starting","waiting","failed":[{ctid,error}]} */

#endif
