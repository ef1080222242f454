/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_OVERLAY_H
#define LIBCT_OVERLAY_H
/* What the files about layout "overlay" share: rootfs_overlay.c mounts, snapshot_overlay.c keeps, merge.c melts layers. */
#include "libct/layers.h"

/* Opens one layer, O_PATH. */
int ct_overlay_layer(struct ct *ct, int area, const struct ct_layer *l, int *ret_fd, struct err *e);
/* These layers read-only, with natural ids, on the directory @at. */
int ct_overlay_mount(struct ct *ct, int area, const struct ct_layers *l, const char *at, struct err *e);

/* snapshot_overlay.c: the rows of struct ct_rootfs_ops */
int ct_overlay_whole(int area, const struct ct_snaps *tree, struct err *e);
int ct_overlay_take(struct ct *ct, int area, const char *guid, bool running, struct err *e);
int ct_overlay_switch(struct ct *ct, int area, const char *guid, struct err *e);
int ct_overlay_drop(struct ct *ct, int area, const char *guid, const char *into, struct err *e);
/* To the trash, which is emptied beside us; done at once where that is another file system or subvolume. Gone is success. */
int ct_overlay_discard(const struct ct *ct, int area, const char *name, struct err *e);
int ct_overlay_melt(struct ct *ct, int area, struct err *e);	/* snapshot_melt.c */
int ct_overlay_clone(struct ct *src, int area, struct ct *dst, int dst_area, bool linked, struct err *e);
int ct_overlay_snap_mount(struct ct *ct, int area, const char *guid, const char *at, struct err *e);

/*
 * merge.c: all of the layer @below that @above does not hide moves into @above, which looks the same afterwards without
 * @below; @below is left with what was hidden. Both are directories of one area that nobody has mounted. May be repeated
 * after a kill at any point.
 */
int ct_layer_merge(int below, int above, struct err *e);

#endif
