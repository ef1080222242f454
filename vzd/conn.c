/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection: bytes into requests, one call at a time, answers out. While a call is under way or its answer is not
 * taken, nothing more is read, so a client is held back by its own socket. A connection is freed only from its own event;
 * inside a call it is shut down, which makes one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fdmsg.h"
#include "vzd/counters.h"
#include "vzd/server_priv.h"

static void close_fds(int *fds, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		close(fds[i]);
	*n = 0;
}

void conn_free(struct conn *c)
{
	struct server *s = c->s;

	if (c->prev)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	s->stat.conns--;
	s->n_web -= c->web;
	ev_del(c->src);
	close(c->fd);
	c->broken = true;
	if (c->call)
		api_client_left(take_ptr(c->call));
	close_fds(c->in_fds, &c->n_in_fds);
	close_fds(c->out_fds, &c->n_out_fds);
	buf_done(&c->in);
	buf_done(&c->out);
	principal_unref(c->peer);
	free(c);
}

void conn_break(struct conn *c)
{
	if (!c->broken)
		shutdown(c->fd, SHUT_RDWR);
	c->broken = true;
}

/* --- out --- */

/* Bytes sent, 0: the socket is full, -1: the peer is gone. */
static ssize_t send_some(struct conn *c, const char *p, size_t n, const int *fds, size_t n_fds)
{
	ssize_t r = fdmsg_send(c->fd, p, n, fds, n_fds, MSG_DONTWAIT);

	return r < 0 && (errno == EAGAIN || errno == ENOBUFS) ? 0 : r;
}

static bool out_empty(const struct conn *c)
{
	return c->out_pos == c->out.len;
}

static void flush(struct conn *c)
{
	while (!out_empty(c)) {
		ssize_t r = send_some(c, c->out.s + c->out_pos, c->out.len - c->out_pos, c->out_fds, c->n_out_fds);

		if (r < 0)
			conn_break(c);
		if (r <= 0)
			return;
		close_fds(c->out_fds, &c->n_out_fds);
		c->out_pos += (size_t)r;
		c->since = ev_now_ms();
	}
	buf_done(&c->out);
	buf_init(&c->out, FRAME_REPLY_MAX);
	c->out_pos = 0;
}

/* What the socket does not take is kept. */
static void put_message(struct conn *c, const struct buf *b, const int *fds, size_t n_fds)
{
	ssize_t r = 0;

	if (c->broken)
		return;
	if (buf_failed(b)) {
		vzd_log(LOG_ERR, "an answer is larger than memory or %u MiB; its connection is closed", FRAME_REPLY_MAX >> 20);
		conn_break(c);
		return;
	}
	if (out_empty(c))
		r = send_some(c, b->s, b->len, fds, n_fds);
	if (r < 0) {
		conn_break(c);
		return;
	}
	if ((size_t)r == b->len)
		return;
	for (size_t i = 0; r == 0 && i < n_fds; i++) {
		int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);

		if (fd >= 0)
			c->out_fds[c->n_out_fds++] = fd;
	}
	if (out_empty(c))
		c->since = ev_now_ms();
	buf_add(&c->out, b->s + r, b->len - (size_t)r);
	if (buf_failed(&c->out) || (r == 0 && c->n_out_fds != n_fds))
		conn_break(c);
}

static void put_error(struct conn *c, const char *error, const char *name, const char *value, bool close_after)
{
	buf_reset(&c->s->out);
	frame_error(&c->s->out, error, name, value);
	put_message(c, &c->s->out, NULL, 0);
	c->closing = c->closing || close_after;
}

/* --- what epoll shall report --- */

/* Looks at each byte once, however slowly they come. */
static bool message_waits(struct conn *c)
{
	if (c->in_clean < c->in.len && memchr(c->in.s + c->in_clean, '\0', c->in.len - c->in_clean))
		return true;
	c->in_clean = c->in.len;
	return false;
}

static void update(struct conn *c)
{
	struct err e = { 0 };
	uint32_t want = 0;

	if (!out_empty(c))
		want = EPOLLOUT;
	else if (!c->calling)
		want = message_waits(c) || c->closing || c->eof ? EPOLLOUT : EPOLLIN;
	if (ev_mod_fd(c->src, want, &e) < 0) {
		vzd_log_err(LOG_ERR, &e, NULL);
		conn_break(c);
	}
	if (out_empty(c) && !(c->in.len && !c->calling))
		c->since = 0;
	else if (!c->since)
		c->since = ev_now_ms();
}

/* --- the answer --- */

static void end_call(struct conn *c)
{
	c->call = NULL;
	c->calling = c->streaming = c->ws = false;
}

static void on_reply(void *arg, int status, const char *type, const char *headers_json, const char *body, size_t len,
		     const int *fds, size_t n_fds)
{
	struct conn *c = arg;
	struct buf *b = &c->s->out;

	c->streaming = c->call && c->call->streaming;
	c->ws = status == 101;
	buf_reset(b);
	if (c->streaming && !c->more) {
		put_error(c, "org.varlink.service.ExpectedMore", "path", "this answers with a stream: call it with \"more\"", true);
		conn_break(c);
		return;
	}
	frame_reply(b, status, type, headers_json, body, len, n_fds, c->streaming);
	put_message(c, b, fds, n_fds);
	if (c->streaming && !c->ws && len) {
		buf_reset(b);
		frame_chunk(b, body, len, false);
		put_message(c, b, NULL, 0);
	}
	if (!c->streaming)
		end_call(c);
	if (!c->inside)
		update(c);
}

static void on_chunk(void *arg, const char *text, size_t len, bool last)
{
	struct conn *c = arg;
	struct buf *b = &c->s->out;

	if (c->out.len - c->out_pos + len > CONN_OUT_MAX && !c->broken) {
		c->s->stat.slow_closed++;
		count_events_dropped(1);
		conn_break(c);
	}
	buf_reset(b);
	if (c->ws)
		frame_raw(b, text, len, last);
	else
		frame_chunk(b, text, len, last);
	put_message(c, b, NULL, 0);
	if (last)
		end_call(c);
	if (!c->inside)
		update(c);
}

/* --- in --- */

static void run_call(struct conn *c, struct frame *f)
{
	const struct api_sink sink = { .reply = on_reply, .chunk = on_chunk, .arg = c };
	struct api_request *r = &f->rq;

	r->fds = c->in_fds;
	r->n_fds = c->n_in_fds;
	c->n_in_fds = 0;		/* the call's from here on */
	if (c->peer)
		r->remote = NULL;
	c->calling = true;
	c->more = f->more;
	c->s->stat.calls++;
	api_enter(c->s->d, r, c->peer, &sink, &c->call);
}

static void handle(struct conn *c, const char *text, size_t len)
{
	struct buf *b = &c->s->out;
	struct err e = { 0 };
	struct frame f;

	if (frame_parse(text, len, &f, &e) < 0) {
		put_error(c, "org.varlink.service.InvalidParameter", "parameter", e.text, true);
		frame_done(&f);
		return;
	}
	buf_reset(b);
	switch (f.method) {
	case FRAME_CALL:
		run_call(c, &f);
		break;
	case FRAME_INFO:
		frame_info(b);
		put_message(c, b, NULL, 0);
		break;
	case FRAME_DESCRIBE:
		frame_describe(b);
		put_message(c, b, NULL, 0);
		break;
	case FRAME_UNKNOWN:
		put_error(c, "org.varlink.service.MethodNotFound", "method", "there is org.vz.Api.Call", false);
		break;
	}
	frame_done(&f);
}

static bool may_go_on(const struct conn *c)
{
	return !c->calling && !c->closing && !c->broken && out_empty(c);
}

/* Descriptors that no call took, and those of messages that are through. */
static void drop_fds(struct conn *c, size_t used)
{
	if (c->in_fds_at < used)
		close_fds(c->in_fds, &c->n_in_fds);
	c->in_fds_at -= MIN(used, c->in_fds_at);
}

/* Runs messages of @p, no more than others can wait for. Returns the bytes used. */
static size_t consume(struct conn *c, const char *p, size_t n)
{
	size_t used = 0;
	const char *end;

	for (int i = 0; i < CONN_BATCH && may_go_on(c) && used < n; i++) {
		size_t next, n_fds = c->n_in_fds;

		end = memchr(p + used, '\0', n - used);
		if (!end)
			break;
		next = (size_t)(end - p) + 1;
		if (c->in_fds_at >= next)
			c->n_in_fds = 0;	/* of a later one */
		handle(c, p + used, next - 1 - used);
		if (c->in_fds_at >= next)
			c->n_in_fds = n_fds;
		else
			close_fds(c->in_fds, &c->n_in_fds);
		used = next;
	}
	return used;
}

static void keep_rest(struct conn *c, const char *p, size_t n)
{
	buf_add(&c->in, p, n);
	if (buf_failed(&c->in) || (c->in.len > FRAME_MAX && !message_waits(c)))
		put_error(c, "org.varlink.service.InvalidParameter", "parameter", "message: is longer than 1 MiB", true);
}

static void run_kept(struct conn *c)
{
	size_t used = message_waits(c) ? consume(c, c->in.s, c->in.len) : 0;

	drop_fds(c, used);
	c->in_clean = used ? 0 : c->in_clean;
	if (used == c->in.len) {
		buf_done(&c->in);
		buf_init(&c->in, FRAME_MAX + CONN_READ);
		return;
	}
	memmove(c->in.s, c->in.s + used, c->in.len - used);
	c->in.len -= used;
}

/* The kernel ends a read behind bytes that came with descriptors: they belong to the message with the last byte. */
static void receive(struct conn *c)
{
	size_t used, n_fds = FRAME_FDS - c->n_in_fds;
	ssize_t n = fdmsg_recv(c->fd, c->s->in, sizeof(c->s->in), c->in_fds + c->n_in_fds, &n_fds, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0 && errno == EMSGSIZE) {
		put_error(c, "org.varlink.service.InvalidParameter", "parameter", "message: more than 4 descriptors", true);
		return;
	}
	if (n <= 0) {
		c->eof = true;
		return;
	}
	if (n_fds) {
		c->n_in_fds += n_fds;
		c->in_fds_at = c->in.len + (size_t)n - 1;
	}
	if (c->closing)
		return;
	if (c->in.len) {
		keep_rest(c, c->s->in, (size_t)n);
		run_kept(c);
		return;
	}
	used = consume(c, c->s->in, (size_t)n);
	drop_fds(c, used);
	if (used < (size_t)n)
		keep_rest(c, c->s->in + used, (size_t)n - used);
}

/* Nothing more can come of it. */
static bool is_over(struct conn *c, uint32_t events)
{
	bool hup = events & (EPOLLHUP | EPOLLERR);

	if (c->broken || (hup && (c->calling || !(events & EPOLLIN))))
		return true;
	if (c->calling || !(hup || out_empty(c)))
		return false;
	return c->closing || (c->eof && !message_waits(c));
}

static void on_event(void *arg, uint32_t events)
{
	struct conn *c = arg;

	c->inside = true;
	if (!c->broken && !out_empty(c))
		flush(c);
	if (!c->broken && (events & EPOLLIN))
		receive(c);
	if (c->in.len && may_go_on(c))
		run_kept(c);
	c->inside = false;
	if (is_over(c, events))
		conn_free(c);
	else
		update(c);
}

int conn_new(struct server *s, int fd, bool web, uid_t uid, struct principal *peer, struct err *e)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		principal_unref(peer);
		return err_set(e, ENOMEM, "connection");
	}
	*c = (struct conn){ .s = s, .fd = fd, .web = web, .uid = uid, .peer = peer, .next = s->conns };
	buf_init(&c->in, FRAME_MAX + CONN_READ);
	buf_init(&c->out, FRAME_REPLY_MAX);
	if (c->next)
		c->next->prev = c;
	s->conns = c;
	s->stat.conns++;
	s->n_web += web;
	if (ev_add_fd(s->d->ev, web ? "web connection" : "connection", fd, EPOLLIN, on_event, c, &c->src, e) < 0) {
		conn_free(c);
		return -e->code;
	}
	return 0;
}
