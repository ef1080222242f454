/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_WEB_PRIV_H
#define VZD_WEB_PRIV_H
/*
 * What the files of vzweb share. One thread, one loop (util/ev.h): libmicrohttpd's epoll descriptors hang in it, the
 * connections to vzd hang in it, nothing blocks.
 *   web_http.c  connections: limits, ages, the daemon of each listening socket      web_req.c  one request and its answer
 *   web_head.c  a request's headers, the message to vzd made of them                web_up*.c  connections to vzd
 *   web_sse.c   event streams    web_console.c  terminals over WebSocket            web_cert.c certificate and key
 *   web_io.c    bytes of a connection past libmicrohttpd       web_box.c  what the process may still do
 */
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/ev.h"
#include "vzd/web_reply.h"
#include "vzd/web_ws.h"

struct err;
struct web;
struct web_req;

#define WEB_BODY_MAX 65536u		/* bytes of a request's body */
#define WEB_BODY_DEPTH 30u		/* of its JSON: two less than a message to vzd may have */
#define WEB_DISCARD_MAX 1048576u	/* bytes of a body without a length that are read only to answer 413 */
#define WEB_QUEUE_MAX 1048576u		/* bytes an event stream may be behind before it is closed */
#define WEB_POOL 16384u			/* memory of a connection in libmicrohttpd: bounds the size of a request's head */
#define WEB_PATH_MAX 8192u		/* path and query */
#define WEB_TOKEN_MAX 256u
#define WEB_HEARTBEAT_MS 15000u		/* of an event stream: vzweb sends the comment lines, not vzd */

/* --- a queue of bytes: added at the end, taken from the front --- */
struct web_q {
	struct buf b;
	size_t off, keep;		/* keep: bytes of memory that an empty queue may hold on to */
};
static inline size_t web_q_left(const struct web_q *q)
{
	return q->b.len - q->off;
}
static inline const char *web_q_head(const struct web_q *q)
{
	return q->b.s + q->off;
}
void web_q_drop(struct web_q *q, size_t n);
void web_q_done(struct web_q *q);

/* --- web_head.c --- */
struct web_head {			/* texts of libmicrohttpd, valid as long as the request */
	const char *auth, *if_match, *if_none_match, *idempotency_key, *prefer, *accept, *last_event_id;
	const char *type, *length, *coding, *host, *origin, *upgrade, *connection;
	const char *ws_key, *ws_version, *ws_protocol;
	bool twice, odd;		/* a header of these came twice; has bytes that no header should */
};
void web_head_read(struct MHD_Connection *mc, struct web_head *ret);
/* The token of "Authorization: Bearer TOKEN"; NULL: none, or nothing that a token can be. */
const char *web_head_token(const struct web_head *h, size_t *len);
bool web_head_has(const char *list, const char *word);	/* comma-separated words, any case */
bool web_head_json(const char *content_type);
/* "Origin: https://HOST" for the HOST of the request, or no Origin. */
bool web_head_same_origin(const struct web_head *h);
/* A body that vzd's parser takes as it is: one object or array, not too deep. EINVAL says where it is wrong. */
int web_body_check(const char *s, size_t n, struct err *e);
struct web_msg {
	const char *verb, *path, *query, *remote, *body;	/* query, body: NULL none */
	size_t body_len;
	const struct web_head *head;
	bool more;
};
void web_msg_put(struct buf *b, const struct web_msg *m);	/* the final NUL included */

/* --- web_up.c --- */
struct up;
struct up_conn;
enum up_lane {
	UP_FAST,			/* pipelined: calls that vzd answers at once */
	UP_OWN,				/* a connection of its own until it is answered */
	UP_STREAM,			/* and until it is cancelled or vzd ends it */
};
/* A message for the call, or its failure: r NULL, @why says what. @fds belong to the callee. After the last message of a
 * call (or its failure) the call is idle again. */
struct up_call;
typedef void up_fn(struct up_call *c, const struct web_reply *r, const char *why, const int *fds, size_t n_fds);
struct up_call {
	void (*put)(struct up_call *c, struct buf *b);	/* writes the request; again if it has to be sent again */
	up_fn *reply;
	enum up_lane lane;
	bool again;			/* may be sent twice */
	/* of web_up.c */
	struct up_call *next;
	struct up_conn *conn;
	uint64_t since;
	bool waiting, answered;
};
int up_open(struct ev *ev, const char *path, struct up **ret, struct err *e);
void up_close(struct up *u);		/* fails what is under way */
void up_send(struct up *u, struct up_call *c);		/* the callback may run before it returns */
void up_cancel(struct up *u, struct up_call *c);	/* UP_OWN, UP_STREAM: closes the connection, no callback */

/* --- web_http.c --- */
enum web_age { AGE_NEW, AGE_READ, AGE_WRITE, AGE_BUSY, AGE_N };	/* BUSY has no deadline: vzd or a stream has it */
struct web_conn {
	struct web_edge *edge;
	struct MHD_Connection *mc;
	struct web_conn *prev, *next;
	enum web_age age;
	uint64_t since;
	int fd;
	char remote[64];
};
struct web_edge {
	struct web *web;
	const char *name;
	struct MHD_Daemon *mhd;
	struct ev_src *src;
	bool tls, metrics, kicked;
};
enum { EDGE_TLS, EDGE_UNIX, EDGE_METRICS, EDGE_N };

struct web_opts {
	int listen_fd, unix_fd, metrics_fd, cert_fd, key_fd, lock_fd;	/* -1: none */
	const char *vzd, *user;
	unsigned max_conns, max_per_ip;
};
struct web {
	struct ev *ev;
	struct web_opts opts;
	struct up *up;
	struct web_edge edge[EDGE_N];
	struct { struct web_conn *head, *tail; } ages[AGE_N];
	size_t conns;
	uint64_t now;			/* ms, as of this turn */
	struct ev_src *tick;
	struct web_stream *streams;
	struct web_console *consoles;
	uint64_t ids;
	bool stopping;
	uint64_t stop_at;		/* ms */
	uint64_t slow;			/* callbacks above EV_SLOW_US that the log knows */
};
int web_edges_open(struct web *w, struct err *e);
void web_edges_close(struct web *w);
void web_age(struct web_conn *c, enum web_age age);	/* moves it there, now */
void web_kick(struct web_edge *g);			/* libmicrohttpd runs before this turn ends: something was resumed */
/* Calls @fn once when the client closes its end: libmicrohttpd does not look at a suspended connection. */
int web_watch(struct web_conn *c, const char *name, ev_fd_fn *fn, void *arg, struct ev_src **ret);

/* --- web_req.c --- */
struct web_req {
	struct up_call call;		/* first: the two are cast into each other */
	struct web *web;
	struct web_edge *edge;
	struct web_conn *conn;
	struct MHD_Connection *mc;
	const char *verb;
	char *path, *query;		/* in line */
	struct web_head head;
	struct buf body;
	uint64_t seen;			/* bytes of body */
	bool head_only, upgrade, suspended;
	enum { REQ_NEW, REQ_BODY, REQ_SENT, REQ_DONE } stage;
	int status;			/* of the answer */
	struct MHD_Response *response;
	struct web_stream *stream;
	struct web_console *console;
	struct ev_src *watch;
	char id[17];
	char line[];
};
/* Problems that are found before vzd is asked. */
struct web_problem { const char *slug; int status; const char *title; };
extern const struct web_problem web_problems[];
extern const size_t web_problems_n;
void *web_req_begin(void *cls, const char *uri, struct MHD_Connection *mc);
enum MHD_Result web_req_handle(void *cls, struct MHD_Connection *mc, const char *url, const char *method, const char *version,
			       const char *upload, size_t *upload_size, void **con_cls);
void web_req_end(void *cls, struct MHD_Connection *mc, void **con_cls, enum MHD_RequestTerminationCode code);
void web_req_resume(struct web_req *q);			/* if it is suspended */
void web_headers(struct web_req *q, struct MHD_Response *r);	/* those that every answer has */

/* --- web_sse.c --- */
/* The response that sends what comes; NULL: out of memory. */
struct MHD_Response *web_stream_open(struct web_req *q);
void web_stream_events(struct web_req *q);			/* it is one of events: gets heartbeats */
void web_stream_put(struct web_req *q, const char *s, size_t n);
void web_stream_end(struct web_req *q, bool broken);
void web_stream_close(struct web_req *q);		/* the request ends */
void web_streams_tick(struct web *w);
void web_streams_end(struct web *w);

/* --- web_io.c --- */
struct web_io { int fd; struct gnutls_session_int *tls; bool unsent; };
void web_io_open(struct web_io *io, struct web_conn *c);	/* the connection is suspended until the end of @io */
/* Bytes moved, -EAGAIN, or another -errno; recv: 0 at the end. After -EAGAIN of send the same bytes come again. */
ssize_t web_io_send(struct web_io *io, const void *p, size_t n);
ssize_t web_io_recv(struct web_io *io, void *p, size_t n);

/* --- web_console.c --- */
const char *web_console_protocol(const char *kind);	/* Sec-WebSocket-Protocol of "console", "tty", "exec"; NULL: unknown */
/* Takes @fds over, and the suspended connection of @q: @head (the 101 answer) is the first that goes there. When it is over
 * it resumes the request, which has no answer then. EPROTO: vzd sent something else than it should (@fds are closed). */
int web_console_open(struct web_req *q, const char *kind, const int *fds, size_t n, const struct buf *head, struct err *e);
void web_console_exit(struct web_console *c, int code);	/* vzd says that it is over */
void web_console_lost(struct web_console *c);		/* vzd is gone: it goes on, but its exit status will not come */
void web_console_free(struct web_console *c);		/* NULL is fine; the request ends */
void web_consoles_tick(struct web *w);
void web_consoles_close(struct web *w);			/* going away */
void web_consoles_cut(struct web *w);			/* at once */

/* --- web_cert.c --- */
/* Writes a self-signed EC P-256 pair for the host's name: @cert 0644, @key 0600. Both must not be there. */
int web_cert_make(const char *cert, const char *key, struct err *e);
/* Reads the pair anew; on failure the one before stays in use. */
int web_cert_load(int cert_fd, int key_fd, struct err *e);
void web_cert_done(void);
void *web_cert_callback(void);		/* for MHD_OPTION_HTTPS_CERT_CALLBACK */

/* --- web_box.c --- */
/* Another user than root, no capabilities, no new privileges, no core dumps, no processes; may lower @o->max_conns to what
 * the limit of descriptors allows. Then, when everything is open, the seccomp filter. Both for good. */
int web_box_user(struct web_opts *o, struct err *e);
int web_box_seal(struct err *e);

#endif
