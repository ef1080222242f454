/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_PAUSE_H
#define LIBCT_PAUSE_H
/*
 * A container that a command stops to start it again. /var/lib/vz/intent/CTID.restart says so from before the stop until
 * after the start, beside the records of what is done in between: should the command be killed, whoever takes the container's
 * lock next starts it. All but ct_pause_due() under that lock.
 */
#include <stdbool.h>

struct ct;
struct err;

int ct_pause_stop(struct ct *ct, struct err *e);
int ct_pause_start(struct ct *ct, struct err *e);	/* on failure the next command tries again */
/* Of a command that was killed. A container that does not start is a warning: the command at hand may be what mends it. */
void ct_pause_recover(struct ct *ct);
void ct_pause_forget(unsigned id);		/* it is to stay down, or no more */

#endif
