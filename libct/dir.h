/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_DIR_H
#define LIBCT_DIR_H
/* snapshot_dir.c: the rows of struct ct_rootfs_ops about snapshots and clones of layout "dir". */
#include "libct/ct_priv.h"

int ct_dir_take(struct ct *ct, int area, const char *guid, bool running, struct err *e);
int ct_dir_switch(struct ct *ct, int area, const char *guid, struct err *e);
int ct_dir_drop(struct ct *ct, int area, const char *guid, const char *into, struct err *e);
int ct_dir_snap_mount(struct ct *ct, int area, const char *guid, const char *at, struct err *e);
int ct_dir_clone(struct ct *src, int area, struct ct *dst, int dst_area, bool linked, struct err *e);
/*
 * The tree @from as the fresh directory @to. @share: blocks are shared where the file system can. On btrfs such blocks are
 * charged to whom wrote them and not to the copy, so a copy that somebody is to pay for has its own.
 */
int ct_dir_copy(struct ct *ct, int from, int to, bool share, struct err *e);

#endif
