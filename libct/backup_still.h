/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_BACKUP_STILL_H
#define LIBCT_BACKUP_STILL_H
#include "libct/backup.h"

/*
 * For layouts that have no snapshots: the container stands still, under its lock, while its files are read. A running one
 * is frozen or stopped as @mode says; CT_BACKUP_SNAPSHOT is refused then.
 */
struct ct_still { bool frozen, stopped; };
int ct_still_begin(struct ct *ct, enum ct_backup_mode mode, struct ct_still *ret, struct err *e);
int ct_still_end(struct ct *ct, struct ct_still *s, struct err *e);	/* it runs again */

#endif
