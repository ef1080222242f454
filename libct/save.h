/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_SAVE_H
#define LIBCT_SAVE_H
/* A container's root as the archive of a template. */
struct ct;
struct err;

/*
 * Writes it to @out (.tar.zst), without what makes it this very machine: machine id, host keys, logs, caches. From a
 * snapshot that is dropped afterwards: a running container goes on running. Takes the lock for the snapshot only.
 */
int ct_save(struct ct *ct, int out, struct err *e);

#endif
