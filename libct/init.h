/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_INIT_H
#define LIBCT_INIT_H
/* The child side of a start: from clone to the exec of the container's init. */
#include <stdbool.h>
#include <stdint.h>

struct cg_join;
struct ct;
struct ct_devnodes;
struct ct_guest;
struct ct_rootfs;
struct err;

struct ct_init { /* filled by the parent before the clone; the child only reads it */
	const struct ct *ct;
	const struct ct_rootfs *rootfs;
	const struct cg_join *join;	/* v1 groups to join by itself; NULL = born in place */
	int sync;			/* the child's end of the stage socket */
	uint64_t caps;
	bool nesting;			/* FEATURES nesting:on */
	bool cgroup2;			/* there is a v2 tree to show */
	bool mount_only;		/* `vzctl mount`: stop after CT_SYNC_ROOT */
	bool setup; /* network, host name, scripts; false for the passwd start */
	int postcreate;			/* enum ct_postcreate */
	bool hold;			/* wait instead of the guest's init */
	int script;			/* memfd of CTID.start, -1 if none */
	int script_out;			/* what it prints goes there: a pipe, never the caller's terminal */
	const struct ct_devnodes *nodes;	/* for /dev */
	const struct ct_guest *guest;	/* texts of the files written inside */
};
/* Runs in the cloned child; never returns. */
void ct_init_main(const struct ct_init *p) __attribute__((noreturn));

/* mount.c: the file systems every container gets, built on a staging tmpfs that is the working
 * directory */
struct ct_staged {
	int console, notify, ready;
}; /* pty master, sd_notify socket, readiness fifo */
int ct_mounts_stage(const struct ct_init *p, struct ct_staged *ret, struct err *e);
/* Moves what is staged onto the root at @root (resolved without symlinks; missing mount points
 * are made). */
int ct_mounts_move(int root, struct err *e);

#endif
