/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_IDEM_H
#define VZD_IDEM_H
/*
 * Idempotency-Key (POST): the same key and request within 24 hours are one request. A job's key is written in the
 * transaction that promises the job; any other answer is sent after its key is durable. A request that was refused, or
 * failed, leaves no key: it may be tried again.
 */
#include "vzd/api_priv.h"

/* The gate's step. 0: go on, the call may hold a claim now. < 0: answered (a replay, a conflict) or e is set. */
int idem_begin(struct gate_call *g, struct err *e);
/* The answer of a call that holds a claim. True: it is kept back, and sent by api_deliver() when the key is durable. */
bool idem_keep(struct gate_call *g, int status, const char *type, const char *body, size_t len, size_t n_fds);
void idem_drop(struct gate_call *g);		/* the claim ends; a call without one is fine */
/* The key goes with the job's promise. The call must live until that is durable. */
void idem_of_job(struct gate_call *g, struct job_spec *s);

#endif
