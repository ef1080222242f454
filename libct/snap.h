/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_SNAP_H
#define LIBCT_SNAP_H
/* What the files about snapshots share inside libct, whatever the layout. */
#include "libct/ct_priv.h"
#include "util/str.h"

/* snaptree.c: the file `snapshots`. Pure, but for load and save. */
int ct_snaps_parse(struct ct_snaps *s, const char *text, size_t len, struct err *e);
int ct_snaps_print(const struct ct_snaps *s, struct buf *b, struct err *e);
int ct_snaps_add(struct ct_snaps *s, const struct ct_snap *n, struct err *e);	/* texts are copied */
void ct_snaps_del(struct ct_snaps *s, const char *guid);	/* its children become its parent's, and so does `current` */
/* -ENOENT: no file */
int ct_snaps_load_at(int home, struct ct_snaps *ret, struct err *e);
int ct_snaps_save(int home, const struct ct_snaps *s, struct err *e);	/* durable */
/* EBADMSG when a configuration is kept of a snapshot that @s does not name: its files would be taken for nobody's. Between
 * two steps of taking one that is so; so only under the container's lock. */
int ct_snaps_check(int home, const struct ct_snaps *s, struct err *e);

/* snapshot_home.c: where names, tree and configurations lie */
/* The layout's directory of the area, and its table; ENOTSUP when that has no snapshots. Caller closes. */
int ct_snap_area(struct ct *ct, const struct ct_rootfs_ops **ret_ops, struct err *e);
/* The directory of the tree. -ENOENT unless @make. Caller closes. */
int ct_snap_home(struct ct *ct, bool make, struct err *e);
/* Adds to *e which directory the file is in that it is about. Returns -e->code. */
int ct_snap_add_where(const struct ct *ct, struct err *e);
int ct_snap_check_tree(const struct ct *ct, int home, const struct ct_snaps *tree, struct err *e);	/* ct_snaps_check() */
/* GUIDs of the files GUID@suffix in VE_PRIVATE/snap. */
int ct_snap_files(int area, const char *suffix, struct str_list *ret, struct err *e);
/* EBUSY when the container has snapshots or linked clones stand on it, which @what would lose. */
int ct_snap_none(struct ct *ct, const char *what, struct err *e);

/* snapshot_conf.c: the container's configuration of then, GUID.conf in @home */
int ct_snap_conf_keep(const struct ct *ct, int home, const char *guid, struct err *e);	/* durable */
int ct_snap_conf_drop(int home, const char *guid, struct err *e);			/* gone is success */
/* Makes it the container's, but for who and where that is. A snapshot without one: says so and changes nothing. */
int ct_snap_conf_restore(struct ct *ct, const char *guid, struct err *e);

/* snapshot_temp.c: temporary ones */
int ct_snap_temp_mark(const struct ct *ct, struct err *e);	/* before one is taken; durable */
void ct_snap_temp_unmark(const struct ct *ct, const struct ct_snaps *tree);	/* unless @tree has one */
bool ct_snap_owner_alive(const struct ct_snap *s);		/* the process that keeps it */
/* Deletes those whose process is dead. From ct_lock(); costs one look at a file when there is none. */
int ct_snap_sweep(struct ct *ct, struct err *e);

/* snapshot.c */
/* After the one step that makes a switch: *e, which no longer makes it fail, becomes a warning. */
void ct_snap_left(const struct ct *ct, struct err *e);
/* Of ENOENT, that the files of @guid are missing. Returns -e->code. */
int ct_snap_missing(const char *guid, struct err *e);
int ct_snapshot_recover(struct ct *ct, const struct kv *kv, struct err *e);	/* a row of intent.c */

/* snapshot_mount.c */
bool ct_snap_busy(struct ct *ct);	/* somebody may have the root or a snapshot mounted */
/* EBUSY while a snapshot is mounted or a backup reads one: the files must stay. */
int ct_snap_in_use(struct ct *ct, struct err *e);
bool ct_snap_is_mounted(const struct ct *ct, const char *guid);	/* NULL: any */

#endif
