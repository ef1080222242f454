/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections to vzd. Quick calls are pipelined on a few, so that many go out with one write and come back with one read;
 * what may take its time has a connection of its own, as have streams, whose end is the connection's end. When vzd dies its
 * calls fail (or are sent once more, if they may be), and the next call connects anew.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fdmsg.h"
#include "util/str.h"
#include "vzd/vzd.h"
#include "vzd/web_priv.h"

#define FAST_CONNS 4
#define FAST_DEPTH 256			/* calls under way on one */
#define FAST_STUCK_MS 50u		/* a call this old holds its connection up: new ones go elsewhere */
#define OWN_CONNS 512
#define IDLE_CONNS 8			/* of those, kept for the next call */
#define WAIT_MAX 2048			/* calls that wait for a connection */
#define FAST_MS 30000u			/* until it is answered */
#define OWN_MS 180000u
#define WAIT_MS 5000u
#define RETRY_MS 10u			/* vzd's backlog is full */
#define READ_SIZE 262144u
#define MESSAGE_MAX ((size_t)16 << 20)
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
	struct up_conn *fast[FAST_CONNS], *dirty;
	size_t n_own, n_idle, n_waiting;
	struct up_call *waiting, **waiting_last;
	struct ev_src *tick, *retry;
	bool flush_due, closing;
	char *in;			/* READ_SIZE: what all connections read into */
};

static void conn_fail(struct up_conn *c, const char *why);
static void drain_waiting(struct up *u);

/* --- connections --- */

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
	for (size_t i = 0; i < FAST_CONNS; i++) {
		if (u->fast[i] == c)
			u->fast[i] = NULL;
	}
	u->n_own -= c->lane == UP_OWN;
	u->n_idle -= c->idle;
}

static void conn_free(struct up_conn *c)
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

/* Whoever is inside one of its callbacks frees it. */
static void conn_drop(struct up_conn *c)
{
	conn_unlink(c);
	if (!c->busy && !c->dirty)
		conn_free(c);
}

static void on_event(void *arg, uint32_t events);

static int conn_socket(const struct up *u, struct err *e)
{
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(e, errno, "socket");
	if (connect(fd, (const struct sockaddr *)&u->addr, sizeof(u->addr)) < 0)
		return err_set(e, errno, "%s", u->addr.sun_path);
	return take_fd(&fd);
}

static struct up_conn *conn_new(struct up *u, enum up_lane lane, struct err *e)
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
	c->out.b.cap = MESSAGE_MAX;
	c->out.keep = lane == UP_FAST ? 65536 : 1024;
	c->in.cap = MESSAGE_MAX;
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

static struct up_call *conn_pop(struct up_conn *c)
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
			conn_fail(c, strerror(errno));
			return;
		}
		web_q_drop(&c->out, (size_t)n);
	}
	if (ev_mod_fd(c->src, web_q_left(&c->out) > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN, &e) < 0)
		conn_fail(c, e.text);
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
			conn_free(c);
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

/* Puts the call on the connection; it is written at the end of this turn, with others. */
static void conn_add(struct up_conn *c, struct up_call *call)
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
		conn_fail(c, "out of memory");
	else
		make_dirty(c);
}

/* The first call has had its last message. */
static void conn_next(struct up_conn *c)
{
	struct up *u = c->up;

	if (c->dead || c->lane == UP_FAST || c->n_calls > 0)
		return;
	if (c->lane == UP_STREAM || u->n_idle >= IDLE_CONNS) {
		conn_drop(c);
		return;
	}
	c->idle = true;
	u->n_idle++;
}

static void fail_call(struct up_call *call, const char *why)
{
	call->conn = NULL;
	call->waiting = false;
	call->reply(call, NULL, why, NULL, 0);
}

/* Its calls fail, or are sent once more if that does no harm and nothing of their answer has come. */
static void conn_fail(struct up_conn *c, const char *why)
{
	struct up *u = c->up;

	if (c->dead)
		return;
	c->busy++;
	conn_unlink(c);
	while (c->first) {
		struct up_call *call = conn_pop(c);

		if (call->again && !call->answered && !u->closing) {
			call->again = false;
			up_send(u, call);
		} else {
			fail_call(call, why);
		}
	}
	c->busy--;
	if (!c->busy && !c->dirty)
		conn_free(c);
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
		conn_pop(c);
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
	return buf_failed(&c->in) ? err_say(e, EMSGSIZE, "a message of vzd is longer than %zu bytes", MESSAGE_MAX) : 0;
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
		return recv(c->fd, c->up->in, READ_SIZE, 0);
	n = fdmsg_recv(c->fd, c->up->in, READ_SIZE, c->fds + c->n_fds, &n_fds, 0);
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
			conn_fail(c, "vzd closed the connection");
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			conn_fail(c, strerror(errno));
		else if (n > 0 && feed(c, (size_t)n, &e) < 0) {
			vzd_log(LOG_ERR, "vzweb: %s", e.text);
			conn_fail(c, "vzd sent a broken message");
		}
	}
	c->busy--;
	if (c->dead && !c->busy && !c->dirty)
		conn_free(c);
	else if (!c->dead)
		drain_waiting(c->up);
}

/* --- finding a connection --- */

static bool fast_fits(const struct up_conn *c, uint64_t now)
{
	return c->n_calls < FAST_DEPTH && (!c->first || now - c->first->since < FAST_STUCK_MS);
}

static struct up_conn *find_fast(struct up *u, struct err *e)
{
	uint64_t now = ev_now_ms();

	for (size_t i = 0; i < FAST_CONNS; i++) {
		if (!u->fast[i])
			u->fast[i] = conn_new(u, UP_FAST, e);
		if (!u->fast[i] || fast_fits(u->fast[i], now))
			return u->fast[i];
	}
	return NULL;
}

static struct up_conn *find_own(struct up *u, struct err *e)
{
	if (u->n_idle > 0) {
		for (struct up_conn *c = u->conns; c; c = c->next) {
			if (c->idle && !c->dead)
				return c;
		}
	}
	return u->n_own < OWN_CONNS ? conn_new(u, UP_OWN, e) : NULL;
}

/* NULL with e->code 0: there is none for now. */
static struct up_conn *find_conn(struct up *u, const struct up_call *call, struct err *e)
{
	struct up_conn *c = NULL;

	if (call->lane == UP_STREAM)
		return conn_new(u, UP_STREAM, e);
	if (call->lane == UP_FAST)
		c = find_fast(u, e);
	return c || e->code ? c : find_own(u, e);
}

/* --- waiting --- */

static void on_retry(void *arg)
{
	struct up *u = arg;

	u->retry = NULL;
	drain_waiting(u);
}

static void wait_for_conn(struct up *u, struct up_call *call)
{
	struct err e = { 0 };

	if (u->n_waiting >= WAIT_MAX) {
		fail_call(call, "too many calls are under way");
		return;
	}
	call->waiting = true;
	call->next = NULL;
	*u->waiting_last = call;
	u->waiting_last = &call->next;
	u->n_waiting++;
	if (!u->retry)
		ev_add_timer(u->ev, "vzd retry", RETRY_MS, 0, on_retry, u, &u->retry, &e);
}

static struct up_call *pop_waiting(struct up *u)
{
	struct up_call *call = u->waiting;

	u->waiting = call->next;
	if (!u->waiting)
		u->waiting_last = &u->waiting;
	u->n_waiting--;
	call->next = NULL;
	call->waiting = false;
	return call;
}

/* EAGAIN of connect(): its backlog is full, that is no failure. */
static void drain_waiting(struct up *u)
{
	while (u->waiting) {
		struct err e = { 0 };
		struct up_conn *c = find_conn(u, u->waiting, &e);

		if (!c && (e.code == EAGAIN || e.code == 0)) {
			if (!u->retry)
				ev_add_timer(u->ev, "vzd retry", RETRY_MS, 0, on_retry, u, &u->retry, &e);
			return;
		}
		if (c)
			conn_add(c, pop_waiting(u));
		else
			fail_call(pop_waiting(u), e.text);
	}
}

void up_send(struct up *u, struct up_call *call)
{
	struct err e = { 0 };
	struct up_conn *c = u->waiting ? NULL : find_conn(u, call, &e);

	call->since = ev_now_ms();
	if (c)
		conn_add(c, call);
	else if (e.code == 0 || e.code == EAGAIN)
		wait_for_conn(u, call);
	else
		fail_call(call, e.text);
}

static void cancel_waiting(struct up *u, struct up_call *call)
{
	struct up_call **at = &u->waiting;

	while (*at && *at != call)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = call->next;
	if (!*at)
		u->waiting_last = at;
	u->n_waiting--;
	call->waiting = false;
}

void up_cancel(struct up *u, struct up_call *call)
{
	struct up_conn *c = call->conn;

	if (call->waiting)
		cancel_waiting(u, call);
	if (!c || c->lane == UP_FAST)
		return;
	conn_pop(c);
	conn_drop(c);
}

/* --- open, close, deadlines --- */

static void on_tick(void *arg)
{
	struct up *u = arg;
	uint64_t now = ev_now_ms();
	struct up_conn *next;

	while (u->waiting && now - u->waiting->since > WAIT_MS)
		fail_call(pop_waiting(u), "vzd takes no more connections");
	for (struct up_conn *c = u->conns; c; c = next) {
		next = c->next;
		if (c->dead || !c->first || (c->lane == UP_STREAM && c->first->answered))
			continue;
		if (now - c->first->since < (c->lane == UP_OWN ? OWN_MS : FAST_MS))
			continue;
		c->busy++;
		conn_fail(c, "vzd does not answer");
		c->busy--;
		next = c->next;
		if (!c->dirty)
			conn_free(c);
	}
}

int up_open(struct ev *ev, const char *path, struct up **ret, struct err *e)
{
	struct up *u = calloc(1, sizeof(*u));

	if (!u)
		return err_set(e, ENOMEM, "connections to vzd");
	u->ev = ev;
	u->waiting_last = &u->waiting;
	u->addr.sun_family = AF_UNIX;
	u->in = malloc(READ_SIZE);
	if (!u->in)
		err_set(e, ENOMEM, "connections to vzd");
	else if (str_copy(u->addr.sun_path, sizeof(u->addr.sun_path), path) < 0)
		err_set(e, ENAMETOOLONG, "%s", path);
	else if (ev_add_timer(ev, "vzd deadlines", 1000, 1000, on_tick, u, &u->tick, e) == 0) {
		*ret = u;
		return 0;
	}
	free(u->in);
	free(u);
	return -e->code;
}

void up_close(struct up *u)
{
	if (!u)
		return;
	u->closing = true;
	while (u->waiting)
		fail_call(pop_waiting(u), "vzweb ends");
	while (u->conns) {
		struct up_conn *c = u->conns;

		c->dirty = false;
		c->busy++;
		conn_fail(c, "vzweb ends");
		c->busy--;
		conn_free(c);
	}
	ev_del(u->tick);
	ev_del(u->retry);
	free(u->in);
	free(u);
}
