/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_BACKUP_TREE_H
#define LIBCT_BACKUP_TREE_H
struct ct;
struct err;

/*
 * What snapshot @guid keeps (NULL: the root as it is, of a layout without snapshots), as a detached mount: read-only, natural
 * ids, no devices. It is gone when *ret_fd is closed.
 */
int ct_backup_tree(struct ct *ct, const char *guid, int *ret_fd, struct err *e);

#endif
