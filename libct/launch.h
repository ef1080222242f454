/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_LAUNCH_H
#define LIBCT_LAUNCH_H
/* Making the processes of a start: the launcher, which becomes the monitor, and its child, which
 * becomes init. */
#include "libct/ct_priv.h"
#include "libct/init.h"

struct ct_launch {
	pid_t monitor, init;
	int ctl; /* stage socket to the launcher, later the monitor; its end before CT_SYNC_COMMIT kills init */
	int sync;		/* stage socket to init */
	int pidfd;		/* of init */
	int userns, netns;	/* of init */
};
/*
 * The user namespace is created under the range's own uid, so that per-user kernel budgets
 * (inotify, namespaces, queued signals) are the container's own. @cg_fd: v2 group init is born
 * in, -1 none. On success init waits for CT_SYNC_MAPPED with its id maps written.
 */
int ct_launch(struct ct *ct, struct ct_init *plan, uint32_t uid_base, uint64_t gen, int cg_fd,
	      struct ct_launch *ret, struct err *e);
/* Kills init and the monitor if they are not committed, reaps, closes. */
void ct_launch_abort(struct ct_launch *l);
void ct_launch_close(struct ct_launch *l);	/* after the commit */
/* A monitor for an init that lives without one. @netns: of init, -1: it is not known. */
int ct_launch_adopt(struct ct *ct, int pidfd, int netns, uint64_t gen, struct err *e);

#endif
