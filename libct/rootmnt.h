/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_ROOTMNT_H
#define LIBCT_ROOTMNT_H
/* VE_ROOT on the host: a clone of the container's root mount, nosuid and nodev for the host's
 * own users. */
struct ct;
struct err;
/* Puts the detached mount @tree on VE_ROOT and makes it shared: what is mounted below it later
 * reaches the container. */
int ct_root_attach(struct ct *ct, int tree, struct err *e);
/* A detached recursive clone of VE_ROOT that receives its mounts and sends none back. New fd,
 * caller closes. */
int ct_root_slave(struct ct *ct, struct err *e);
/* Unmounts VE_ROOT with all below it. Not mounted: success. @lazy: detach what is busy. */
int ct_root_detach(struct ct *ct, int lazy, struct err *e);
#endif
