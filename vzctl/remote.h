/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZCTL_REMOTE_H
#define VZCTL_REMOTE_H
/*
 * vz-remote: vzctl for a host elsewhere, over the HTTPS API with a token, or for a user of group vz on this one. The words go
 * there as they are; vzctl runs there, and its streams and exit status come back.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

struct err;

#define REMOTE_PORT "8443"

/* ~/.config/vz/HOST.conf, else /etc/vz/remote/HOST.conf; VZ_TOKEN in the environment goes before it. */
struct remote {
	char *host, *port;		/* of --host HOST[:PORT] */
	char *token;			/* TOKEN */
	char *pin;			/* PIN "sha256//BASE64": the certificate's public key; then no authority is asked */
	char *ca;			/* CA file of the authority; NULL: the system's */
};
/* A file that others may read is refused: there is a token in it. */
int remote_conf(const char *host, struct remote *ret, struct err *e);
void remote_done(struct remote *r);

/* remote_http.c */
CURL *remote_curl(const struct remote *r, struct err *e);
/* POST of @json to @path. *status: HTTP's. The body is in @answer. */
int remote_post(const struct remote *r, const char *path, const char *json, long *status, struct buf *answer, struct err *e);

/* remote_ws.c: one WebSocket over a CONNECT_ONLY handle. */
enum { RWS_TEXT = 1, RWS_BINARY = 2, RWS_CLOSE = 8, RWS_PING = 9, RWS_PONG = 10 };
struct rws {
	CURL *curl;
	int sock;
	struct buf in;			/* received and not yet taken apart */
	size_t at;
	struct buf out;			/* frames that the socket has not taken yet: wait for POLLOUT, then rws_flush() */
};
int rws_open(struct rws *w, const struct remote *r, const char *path, const char *protocol, struct err *e);
void rws_close(struct rws *w);
/* Sends as much as the socket takes; the rest is kept. */
int rws_send(struct rws *w, int op, const void *p, size_t n, struct err *e);
int rws_flush(struct rws *w, struct err *e);
/* Takes what the connection has, some 256 KiB at most. 1: there may be more without the socket saying so; 0; -EPIPE at its end. */
int rws_fill(struct rws *w, struct err *e);
/* The next whole frame out of what is there: *p points into @w until the next rws_fill(). 1; 0: none is whole yet; -EPROTO: what
 * came is no frame of vzd's (in pieces, masked, too long). */
int rws_next(struct rws *w, int *op, const uint8_t **p, size_t *n, struct err *e);

/* remote_relay.c: streams to frames and back until the exit status is there. Returns it, or -errno. */
int remote_relay(struct rws *w, bool tty, struct err *e);

#endif
