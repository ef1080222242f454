/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_SUBVOL_H
#define UTIL_SUBVOL_H
/* btrfs subvolumes without regard to quotas (quota/quota.h has those of areas). Descriptors are real ones, not O_PATH. */
#include <stdbool.h>

struct err;

bool subvol_possible(int dir);				/* @dir is on btrfs */
bool subvol_same_fs(int a, int b);			/* both on one btrfs, so that one can have snapshots of the other's */
int subvol_make(int dir, const char *name, struct err *e);		/* 0755; EEXIST */
int subvol_freeze(int dir, const char *name, int from, struct err *e);	/* a read-only snapshot of @from, whole or not there */
int subvol_delete(int dir, const char *name, struct err *e);		/* at once, however big; ENOENT is success */

#endif
