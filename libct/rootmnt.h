/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_ROOTMNT_H
#define LIBCT_ROOTMNT_H
/*
 * VE_ROOT on the host, nosuid and nodev for the host's own users, shared so that what is mounted
 * below it reaches the container. With natural ids where the layout can show them beside a running
 * container (dir) and always while it is down; a clone of the container's own mount otherwise.
 */
struct ct;
struct ct_rootfs_ops;
struct err;
/* Puts the detached mount @tree on VE_ROOT. */
int ct_root_attach(struct ct *ct, int tree, struct err *e);
/* The layout's view for the host itself. */
int ct_root_mount_host(struct ct *ct, const struct ct_rootfs_ops *ops, struct err *e);
/* A detached recursive clone of VE_ROOT that receives its mounts and sends none back; ids shifted
 * to @userns unless that is -1. New fd, caller closes. */
int ct_root_slave(struct ct *ct, int userns, struct err *e);
/* Unmounts VE_ROOT with all below it. Not mounted: success. @lazy: detach what is busy. */
int ct_root_detach(struct ct *ct, int lazy, struct err *e);
#endif
