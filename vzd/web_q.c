/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The byte queue of vzweb's files. Idle streams are many: an empty queue keeps no more than a little memory. */
#include <string.h>

#include "vzd/web_priv.h"

#define COMPACT 65536u		/* bytes taken from the front before the rest moves down */

void web_q_drop(struct web_q *q, size_t n)
{
	q->off += n;
	if (q->off == q->b.len) {
		q->off = 0;
		if (q->b.size > q->keep) {
			size_t cap = q->b.cap;

			buf_done(&q->b);
			buf_init(&q->b, cap);
		} else {
			buf_reset(&q->b);
		}
	} else if (q->off > COMPACT) {
		memmove(q->b.s, q->b.s + q->off, q->b.len - q->off);
		q->b.len -= q->off;
		q->b.s[q->b.len] = '\0';
		q->off = 0;
	}
}

void web_q_done(struct web_q *q)
{
	buf_done(&q->b);
	q->off = 0;
}
