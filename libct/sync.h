/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_SYNC_H
#define LIBCT_SYNC_H
/*
 * Parent and child of a start talk in named stages over SOCK_SEQPACKET: one message = stage +
 * number + the sender's struct err + descriptors. Only after CT_SYNC_GO is an end of file a
 * success: the child has exec'd.
 */
#include <stdint.h>
#include <sys/types.h>

#include "util/err.h"

enum ct_sync_stage {
	CT_SYNC_BORN,	   /* launcher -> parent: pid in num, fd 0 = pidfd of init */
	CT_SYNC_MAPPED,	   /* parent -> child: id maps are written, layers are idmapped */
	CT_SYNC_ROOT,	   /* child -> parent: fd 0 = detached clone of the root mount */
	CT_SYNC_ROOT_BACK, /* parent -> child: fd 0 = the root to live in, a slave of VE_ROOT */
	CT_SYNC_CONSOLE, /* child -> parent: fd 0 = console master, 1 = notify socket, 2 = ready fifo */
	CT_SYNC_NET,	 /* parent -> child: the link is in your namespace */
	CT_SYNC_READY,	/* child -> parent: all is done but the exec */
	CT_SYNC_GO,	/* parent -> child: exec */
	CT_SYNC_COMMIT, /* parent -> monitor: the start is recorded; fd 0 = network namespace, then as CT_SYNC_CONSOLE */
	CT_SYNC_FAILED, /* child -> parent: err says why */
	CT_SYNC_N
};
#define CT_SYNC_FDS 4

struct ct_sync_msg {
	uint32_t stage, n_fds;
	uint64_t num;
	struct err err;
	int fd[CT_SYNC_FDS];	/* received ones: owned by the receiver; -1 = none */
};

const char *ct_sync_name(enum ct_sync_stage s);
int ct_sync_pair(int sk[2], struct err *e);
int ct_sync_send(int sk, enum ct_sync_stage stage, uint64_t num, const int *fds, unsigned n_fds,
		 struct err *e);
/* The child's last word. */
void ct_sync_fail(int sk, const struct err *why);
/* Waits for exactly @want. CT_SYNC_FAILED: its err becomes *e. @want CT_SYNC_N: waits for the
 * end of file (exec). */
int ct_sync_wait(int sk, enum ct_sync_stage want, struct ct_sync_msg *m, struct err *e);
void ct_sync_close_fds(struct ct_sync_msg *m);

#endif
