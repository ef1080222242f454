/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_STAGENS_H
#define LIBCT_STAGENS_H
/*
 * The mount namespace that children of a start are cloned from: a tmpfs with the kernel's own
 * /proc, /sys and /dev and nothing else of the host. A clone copies four mounts instead of all
 * the host has, one for each running container among them, and a child never sees the host's
 * tree, not even before it pivots. Pinned on /run/vz/stage, made when missing.
 */
struct err;
int ct_stage_ns_open(struct err *e);	/* new fd */
#endif
