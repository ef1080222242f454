/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_USAGE_CLASS_H
#define VZD_USAGE_CLASS_H
/*
 * Billing by network class and version of IP, by hour, day and month, beside usage.h. The source is what libct wrote down
 * (ct_traffic.here: only ever grows under its number), so the sums are those of vznetstat(8), whoever looked and restarted when.
 * How far a container was read is in the transaction that adds the difference: counted twice is nothing. Not counted: what a
 * container sent between the last note of libct and a power failure, and of one that is destroyed right after its stop what was
 * written down last, if vzd was busy that moment. In a new database the first look only notes where things stand.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "libct/traffic.h"

struct usage_class;
struct vzd;

int usage_class_open(struct vzd *d, struct usage_class **ret, struct err *e);
void usage_class_close(struct usage_class *u);		/* stores what is pending; NULL is fine */
/* What is written down of container @id. Cheap if it has not moved. */
void usage_class_saw(struct usage_class *u, unsigned id, const char *owner, int64_t now_s, const struct ct_traffic *t);
void usage_class_listed(struct usage_class *u);		/* all that were there have been seen: others count from 0 */
void usage_class_flush(struct usage_class *u);		/* hands it to the writer, if nothing of it is under way */

/* For tests: one unit of work, in the writer's thread. */
struct uc_note { unsigned ctid; char owner[33]; int64_t now_s; uint64_t made; struct net_traffic here; };
struct uc_batch { struct usage_class *u; struct uc_note *v; size_t n; bool baseline; };
int usage_class_work(sqlite3 *s, void *batch, struct err *e);

#endif
