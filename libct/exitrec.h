/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_EXITREC_H
#define LIBCT_EXITREC_H
/* Records of how containers went down. Whoever makes CT_EXIT_DIR (0700, root) wants them, watches it and removes what it
 * has read; nobody does: nothing is written. */
#include <stdbool.h>
#include <stdint.h>

#define CT_EXIT_DIR "/run/vz/exit"

struct ct;
struct err;

struct ct_exit {
	unsigned ctid;
	uint64_t gen;			/* of the start that ended */
	int64_t time_ms;		/* unix time */
	char reason[12];		/* stop; halt reboot exited (by the guest); failed killed oom (crashes); unknown */
	uint64_t oom_kills;
	bool counted, net_counted;	/* the figures below were still to be had */
	uint64_t cpu_usec, rx_bytes, tx_bytes;	/* of that start, as the container sees them */
};
/* Before ct_down(). Failures are silent: a record is a courtesy, the stop is not. */
void ct_exit_record(struct ct *ct, uint64_t gen, const char *reason);
void ct_exit_forget(unsigned id);		/* at destroy */
int ct_exit_read(int dir, const char *name, struct ct_exit *ret, struct err *e);	/* -EBADMSG: not such a record */
#endif
