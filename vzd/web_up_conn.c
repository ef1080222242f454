/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection to vzd: the calls that are under way on it, in order, what is written and what is read. */
#include "vzd/web_up.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fdmsg.h"
#include "vzd/vzd.h"

static void on_event(void *arg, uint32_t events);

/* --- made, and gone --- */

static void conn_close_fds(struct up_conn *c)
{
	for (size_t i = 0; i < c->n_fds; i++)
		close(c->fds[i]);
	c->n_fds = 0;
}

static void conn_unlink(struct up_conn *c)
{
	struct up *u = c->up;

	if (c->dead)
		return;
	c->dead = true;
	ev_del(c->src);
	close(c->fd);
	conn_close_fds(c);
	for (size_t i = 0; i < UP_FAST_CONNS; i++) {
		if (u->fast[i] == c)
			u->fast[i] = NULL;
	}
	u->n_own -= c->lane == UP_OWN;
	u->n_idle -= c->idle;
}

void up_conn_free(struct up_conn *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		c->up->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	web_q_done(&c->out);
	buf_done(&c->in);
	free(c);
}

void up_conn_drop(struct up_conn *c)
{
	conn_unlink(c);
	if (!c->busy && !c->dirty)
		up_conn_free(c);
}

static int conn_socket(const struct up *u, struct err *e)
{
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(e, errno, "socket");
	if (connect(fd, (const struct sockaddr *)&u->addr, sizeof(u->addr)) < 0)
		return err_set(e, errno, "%s", u->addr.sun_path);
	return take_fd(&fd);
}

struct up_conn *up_conn_new(struct up *u, enum up_lane lane, struct err *e)
{
	auto_close int fd = conn_socket(u, e);
	struct up_conn *c;

	if (fd < 0)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c) {
		err_set(e, ENOMEM, "connection to vzd");
		return NULL;
	}
	c->up = u;
	c->lane = lane;
	c->fd = fd;
	c->last = &c->first;
	c->out.b.cap = UP_MESSAGE_MAX;
	c->out.keep = lane == UP_FAST ? 65536 : 1024;
	c->in.cap = UP_MESSAGE_MAX;
	if (ev_add_fd(u->ev, "vzd", fd, EPOLLIN, on_event, c, &c->src, e) < 0) {
		free(c);
		return NULL;
	}
	take_fd(&fd);
	c->next = u->conns;
	if (c->next)
		c->next->prev = c;
	u->conns = c;
	u->n_own += lane == UP_OWN;
	return c;
}

/* --- calls on a connection --- */

struct up_call *up_conn_pop(struct up_conn *c)
{
	struct up_call *call = c->first;

	c->first = call->next;
	if (!c->first)
		c->last = &c->first;
	c->n_calls--;
	call->next = NULL;
	call->conn = NULL;
	return call;
}

static void write_out(struct up_conn *c)
{
	struct err e = { 0 };

	while (web_q_left(&c->out) > 0) {
		ssize_t n = send(c->fd, web_q_head(&c->out), web_q_left(&c->out), MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			up_conn_fail(c, strerror(errno));
			return;
		}
		web_q_drop(&c->out, (size_t)n);
	}
	if (ev_mod_fd(c->src, web_q_left(&c->out) > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN, &e) < 0)
		up_conn_fail(c, e.text);
}

static void flush_all(void *arg)
{
	struct up *u = arg;
	struct up_conn *c;

	u->flush_due = false;
	while ((c = u->dirty)) {
		u->dirty = c->dirty_next;
		c->dirty = false;
		c->busy++;
		if (!c->dead)
			write_out(c);
		c->busy--;
		if (c->dead && !c->busy && !c->dirty)
			up_conn_free(c);
	}
}

static void make_dirty(struct up_conn *c)
{
	struct up *u = c->up;
	struct err e = { 0 };

	if (!c->dirty) {
		c->dirty = true;
		c->dirty_next = u->dirty;
		u->dirty = c;
	}
	if (!u->flush_due && ev_defer(u->ev, "vzd write", flush_all, u, &e) == 0)
		u->flush_due = true;
	if (!u->flush_due)
		flush_all(u);
}

void up_conn_add(struct up_conn *c, struct up_call *call)
{
	struct up *u = c->up;

	u->n_idle -= c->idle;
	c->idle = false;
	call->put(call, &c->out.b);
	call->next = NULL;
	call->conn = c;
	call->since = ev_now_ms();
	call->answered = false;
	*c->last = call;
	c->last = &call->next;
	c->n_calls++;
	if (buf_failed(&c->out.b))
		up_conn_fail(c, "out of memory");
	else
		make_dirty(c);
}

/* The first call has had its last message. */
static void conn_next(struct up_conn *c)
{
	struct up *u = c->up;

	if (c->dead || c->lane == UP_FAST || c->n_calls > 0)
		return;
	if (c->lane == UP_STREAM || u->n_idle >= UP_IDLE_CONNS) {
		up_conn_drop(c);
		return;
	}
	c->idle = true;
	u->n_idle++;
}

void up_fail_call(struct up_call *call, const char *why)
{
	call->conn = NULL;
	call->waiting = false;
	call->reply(call, NULL, why, NULL, 0);
}

void up_conn_fail(struct up_conn *c, const char *why)
{
	struct up *u = c->up;

	if (c->dead)
		return;
	c->busy++;
	conn_unlink(c);
	while (c->first) {
		struct up_call *call = up_conn_pop(c);

		if (call->again && !call->answered && !u->closing) {
			call->again = false;
			up_send(u, call);
		} else {
			up_fail_call(call, why);
		}
	}
	c->busy--;
	if (!c->busy && !c->dirty)
		up_conn_free(c);
}

/* --- reading --- */

static int one_message(struct up_conn *c, char *msg, size_t len, struct err *e)
{
	struct up_call *call = c->first;
	int fds[UP_FDS];
	size_t n_fds = 0;
	struct web_reply r;

	if (web_reply_cut(msg, len, &r, e) < 0)
		return -e->code;
	if (r.error)
		return err_say(e, EPROTO, "vzd refused a message: %s", r.error);
	if (!call)
		return err_say(e, EPROTO, "vzd answers what nobody asked");
	if (r.continues && c->lane == UP_FAST)
		return err_say(e, EPROTO, "vzd begins a stream where others wait");
	if (r.fds > 0) {
		n_fds = c->n_fds;
		memcpy(fds, c->fds, n_fds * sizeof(fds[0]));
		c->n_fds = 0;
	}
	if (!r.continues)
		up_conn_pop(c);
	call->answered = true;
	call->reply(call, &r, NULL, fds, n_fds);
	if (!r.continues)
		conn_next(c);
	return 0;
}

/* Takes the whole messages of @s; returns how many bytes that were, or -errno. */
static ssize_t messages(struct up_conn *c, char *s, size_t n, struct err *e)
{
	size_t done = 0;
	char *end;

	while (!c->dead && done < n && (end = memchr(s + done, '\0', n - done))) {
		size_t len = (size_t)(end - (s + done));

		if (one_message(c, s + done, len, e) < 0)
			return -e->code;
		done += len + 1;
	}
	return (ssize_t)done;
}

static int keep_rest(struct up_conn *c, const char *s, size_t n, struct err *e)
{
	buf_add(&c->in, s, n);
	return buf_failed(&c->in) ? err_say(e, EMSGSIZE, "a message of vzd is longer than %zu bytes", UP_MESSAGE_MAX) : 0;
}

/* @n bytes have come into up->in. Only what belongs to a message that is not whole is copied. */
static int feed(struct up_conn *c, size_t n, struct err *e)
{
	char *s = c->up->in, *end;
	ssize_t done;

	if (c->in.len > 0) {
		end = memchr(s, '\0', n);
		if (keep_rest(c, s, end ? (size_t)(end + 1 - s) : n, e) < 0)
			return -e->code;
		if (!end)
			return 0;
		if (one_message(c, c->in.s, c->in.len - 1, e) < 0)
			return -e->code;
		buf_done(&c->in);
		n -= (size_t)(end + 1 - s);
		s = end + 1;
	}
	done = messages(c, s, n, e);
	if (done < 0 || c->dead || (size_t)done == n)
		return done < 0 ? -e->code : 0;
	return keep_rest(c, s + done, n - (size_t)done, e);
}

static ssize_t receive(struct up_conn *c)
{
	size_t n_fds = UP_FDS - c->n_fds;
	ssize_t n;

	if (c->lane != UP_STREAM)
		return recv(c->fd, c->up->in, UP_READ_SIZE, 0);
	n = fdmsg_recv(c->fd, c->up->in, UP_READ_SIZE, c->fds + c->n_fds, &n_fds, 0);
	if (n >= 0)
		c->n_fds += n_fds;
	return n;
}

static void on_event(void *arg, uint32_t events)
{
	struct up_conn *c = arg;
	struct err e = { 0 };

	c->busy++;
	if (events & EPOLLOUT)
		write_out(c);
	if (!c->dead && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
		ssize_t n = receive(c);

		if (n == 0)
			up_conn_fail(c, "vzd closed the connection");
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			up_conn_fail(c, strerror(errno));
		else if (n > 0 && feed(c, (size_t)n, &e) < 0) {
			vzd_log(LOG_ERR, "vzweb: %s", e.text);
			up_conn_fail(c, "vzd sent a broken message");
		}
	}
	c->busy--;
	if (c->dead && !c->busy && !c->dirty)
		up_conn_free(c);
	else if (!c->dead)
		up_drain(c->up);
}
