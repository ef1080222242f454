/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_DOWN_H
#define LIBCT_DOWN_H
/* Taking down whatever is there of a container at run time. */
struct ct;
struct err;
enum ct_down_flag {
	CT_DOWN_QUIET_HOOKS = 1,	/* a failing umount script does not stop it */
	CT_DOWN_KEEP_MOUNT = 2,		/* --skip-umount */
	CT_DOWN_NO_HOOKS = 4,		/* recovery: nobody knows whether the mount scripts ran */
};
/* Kills every process, then network, mount, control groups, state: each step idempotent, all
 * tried, the first error told. Success means: nothing of a running container is left. */
int ct_down(struct ct *ct, unsigned flags, struct err *e);
#endif
