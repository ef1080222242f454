/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_WEB_UP_H
#define VZD_WEB_UP_H
/*
 * What web_up.c, which finds a connection to vzd for each call, and web_up_conn.c, one connection, share. A connection may
 * end inside one of its own callbacks; `busy` counts those, and the last one frees it.
 */
#include <sys/un.h>

#include "vzd/web_priv.h"

#define UP_FAST_CONNS 4
#define UP_IDLE_CONNS 8			/* connections of UP_OWN that are kept for the next call */
#define UP_READ_SIZE 262144u
#define UP_MESSAGE_MAX ((size_t)16 << 20)
#define UP_FDS 4

struct up_conn {
	struct up *up;
	struct up_conn *prev, *next;
	enum up_lane lane;
	int fd;
	struct ev_src *src;
	struct up_call *first, **last;	/* under way, in order */
	size_t n_calls;
	struct web_q out;
	struct buf in;			/* the part of a message that has come so far */
	int fds[UP_FDS];
	size_t n_fds;
	struct up_conn *dirty_next;
	bool dirty;			/* to be written at the end of this turn */
	bool idle;			/* UP_OWN: has answered its call */
	bool dead;			/* freed when its callbacks are over */
	unsigned busy;
};
struct up {
	struct ev *ev;
	struct sockaddr_un addr;
	struct up_conn *conns;
	struct up_conn *fast[UP_FAST_CONNS], *dirty;
	size_t n_own, n_idle, n_waiting;
	struct up_call *waiting, **waiting_last;
	struct ev_src *tick, *retry;
	bool flush_due, closing;
	char *in;			/* UP_READ_SIZE: what all connections read into */
};

/* web_up_conn.c */
struct up_conn *up_conn_new(struct up *u, enum up_lane lane, struct err *e);	/* NULL: *e. EAGAIN: vzd's backlog is full */
void up_conn_add(struct up_conn *c, struct up_call *call);	/* written at the end of this turn, with others */
struct up_call *up_conn_pop(struct up_conn *c);			/* the first of its calls; there must be one */
void up_conn_drop(struct up_conn *c);		/* closes it; freed now, or when its callbacks are over */
/* The same; its calls fail, or are sent once more if that does no harm and nothing of their answer has come. */
void up_conn_fail(struct up_conn *c, const char *why);
void up_conn_free(struct up_conn *c);		/* a closed one */
void up_fail_call(struct up_call *call, const char *why);	/* tells the call's owner */

/* web_up.c */
void up_drain(struct up *u);			/* calls that wait: there may be room now */

#endif
