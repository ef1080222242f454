/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_SERVER_PRIV_H
#define VZD_SERVER_PRIV_H
/* What server.c (listening, limits), listen.c (making sockets) and conn.c (one connection) share. */
#include "util/buf.h"
#include "vzd/frame.h"
#include "vzd/server.h"

#define CONN_READ (64u << 10)
#define CONN_BATCH 32			/* calls of one connection in one turn of the loop */
#define CONN_OUT_MAX (1u << 20)		/* bytes of a stream that its reader may be behind */
#define CONN_STALL_MS 30000		/* a request that does not arrive, an answer that is not taken */

struct conn {
	struct server *s;
	struct conn *prev, *next;
	int fd;
	struct ev_src *src;
	struct principal *peer;		/* NULL: vzweb's */
	uid_t uid;
	bool web;
	struct buf in;			/* what has arrived and is not a call yet; no memory when empty */
	size_t in_clean;		/* so many of its bytes are no NUL */
	int in_fds[FRAME_FDS];
	size_t n_in_fds, in_fds_at;	/* they belong to the message with this byte of @in */
	struct buf out;
	size_t out_pos;
	int out_fds[FRAME_FDS];		/* go with the first byte of @out */
	size_t n_out_fds;
	struct api_call *call;		/* under way: to be told when the client leaves */
	bool calling, streaming, ws;	/* a call is under way; it has begun to stream; what it streams is no text */
	bool more;			/* the client takes streams */
	bool inside;			/* its event is being handled */
	bool eof, closing, broken;	/* no more input; close when @out is sent; close now */
	uint64_t since;			/* ev_now_ms() of the last progress while something is incomplete, 0: nothing is */
};

enum { LISTEN_LOCAL, LISTEN_WEB, LISTEN_N };
struct server {
	struct vzd *d;
	struct listener {
		struct server *s;
		int fd;
		bool ours;		/* we made the file */
		struct ev_src *src;
	} listen[LISTEN_N];
	struct ev_src *sweep, *resume;
	struct conn *conns;
	size_t n_web;
	uid_t web_uid;
	bool has_web_uid, draining, paused;
	struct server_stat stat;
	struct buf out;			/* one answer, while it is made */
	char in[CONN_READ];
};

/* conn.c */
int conn_new(struct server *s, int fd, bool web, uid_t uid, struct principal *peer, struct err *e);	/* takes @fd, @peer */
void conn_free(struct conn *c);
void conn_break(struct conn *c);	/* closes soon; for use inside its own calls */
/* listen.c: takes the socket at @path from systemd or makes it, @mode, owned by root and @gid. */
int listen_unix(const char *path, mode_t mode, gid_t gid, int *ret_fd, bool *ret_ours, struct err *e);
/* Every socket that systemd passed, the first time: CLOEXEC, and LISTEN_* out of the environment. */
void listen_adopt(void);

#endif
