/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_CLIENT_H
#define VZCTL_CLIENT_H
/*
 * Speaks to vzd over its socket: calls, streams, descriptors. Blocks. Needs no JSON library: bodies go and come as text, and of
 * an answer only the frame is read. One call at a time per connection.
 */
#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"

struct err;
struct client;

#define CLIENT_SOCK "/run/vz/vzd.sock"
#define CLIENT_FDS 4

struct client_call {
	const char *verb, *path;		/* the rest: NULL when not given */
	const char *query;			/* encoded: client_query() */
	const char *token, *idempotency_key, *prefer, *if_match, *last_event_id;
	const char *body;			/* JSON text */
	bool stream;				/* client_next() follows while the answer says more */
	const int *fds;				/* stay the caller's */
	size_t n_fds;
};
struct client_answer {
	int status;
	char *type;				/* never NULL, "" none */
	char *headers;				/* JSON object as text, "" none */
	struct buf body;			/* JSON or plain text */
	int fds[CLIENT_FDS];			/* the caller's, or closed by client_answer_done() */
	size_t n_fds;
	bool more;				/* client_next() has something */
};

/* @sock NULL: CLIENT_SOCK. ECONNREFUSED, ENOENT: vzd does not run; EACCES: not root and not in the group. */
int client_open(const char *sock, struct client **ret, struct err *e);
void client_close(struct client *c);		/* NULL is fine; ends a stream */
int client_fd(const struct client *c);		/* readable: client_next() does not wait; owned by @c */
bool client_buffered(const struct client *c);	/* a whole message is here already */
int client_call(struct client *c, const struct client_call *call, struct client_answer *ret, struct err *e);
/* The next piece of a stream is added to @text. 1: more follows; 0: that was the last, *ret_exit (may be NULL) is the exit
 * status it told or -1. */
int client_next(struct client *c, struct buf *text, int *ret_exit, struct err *e);
void client_answer_done(struct client_answer *a);
/* Adds "name=value" to a query, encoded, with '&' before all but the first. */
void client_query(struct buf *q, const char *name, const char *value);
void client_path_seg(struct buf *path, const char *value);	/* one segment, encoded */

/* client_msg.c: JSON as text */
void json_text_string(struct buf *b, const char *s);		/* quoted and escaped; bad UTF-8 goes as U+FFFD */
/* The value of member @name of the object that begins at @s, as it stands. False: not there, or no object. */
bool json_text_member(const char *s, size_t len, const char *name, const char **ret, size_t *ret_len);
bool json_text_unquote(const char *s, size_t len, struct buf *b);	/* a JSON string -> its bytes */

#endif
