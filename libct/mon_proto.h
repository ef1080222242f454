/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_MON_PROTO_H
#define LIBCT_MON_PROTO_H
/*
 * The monitor's socket, /run/vz/CTID/monitor, SOCK_SEQPACKET, root only. A client sends one
 * struct mon_req and gets one struct mon_rep; after MON_CONSOLE packets of console bytes follow
 * (history first), and the client's packets are a type byte and its payload.
 */
#include <stdint.h>

#define MON_MAGIC 0x767a4d31u	/* "vzM1" */
#define MON_PACKET 4096
#define MON_SOCKET "monitor"
#define MON_STATE_NEXT "state.next"
#define MON_LOCK "monitor.lock"	/* OFD write lock held by the living monitor */

/* Descriptors a monitor is exec'd with. */
enum mon_fd { MON_FD_CTL = 3, MON_FD_PIDFD = 4, MON_FD_RUNDIR = 5, MON_FD_LOCK = 6, MON_FD_LISTEN = 7,
	      MON_FD_HOST = 8 /* the host's mount namespace */,
	      MON_FD_NETNS = 9 /* the container's; of one that adopts, and of vz-reap */, MON_FD_N = 7 };

enum mon_op {
	MON_INFO = 1,		/* answer at once */
	MON_WAIT = 2,		/* answer when the guest says it is up, or is gone */
	MON_CONSOLE = 3,
};
struct mon_req { uint32_t magic, op; };
struct mon_rep {
	uint32_t magic;
	int32_t error;		/* errno; ENXIO: this monitor has no console (it replaced one that died) */
	uint32_t ready, gone;
	uint64_t gen;
};
enum mon_type { MON_DATA = 'd', MON_WINSIZE = 'w' };	/* 'w': two uint16_t, rows and columns */

#endif
