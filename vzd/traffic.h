/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_TRAFFIC_H
#define VZD_TRAFFIC_H
/*
 * Once a minute vznetstat(8) -s: what containers sent and received goes to disk, monthly quotas are looked after. It is a program
 * of its own because a stop may take minutes, and because it is what cron runs where there is no daemon. Whoever ran it: what it
 * noted about a quota (libct/overquota.h) becomes an event, at least once; what it counted goes to usage_class.h.
 */
struct err;
struct traffic;
struct vzd;

int traffic_open(struct vzd *d, struct traffic **ret, struct err *e);
void traffic_flush(struct traffic *t);		/* what was noted by class is on its way to the database */
void traffic_close(struct traffic *t);		/* one that runs goes on to its end */

#endif
