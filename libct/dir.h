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

#endif
