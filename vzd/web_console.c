/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A terminal or a command over WebSocket. vzd hands the descriptors over and no byte passes through it: what runs survives
 * vzd's death, only its exit status is lost then. Both directions have a bounded queue; a full one stops the reading side.
 *   vz.tty.v1   binary: bytes of the terminal. Text from the client: {"resize":{"cols":N,"rows":N}}
 *   vz.exec.v1  binary: first byte 0 stdin, 1 stdout, 2 stderr, then the bytes; a lone 0 ends stdin
 *   both        text to the client, last: {"exit":{"code":N}}; N is null when nobody knows
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <syslog.h>

#include "libct/mon_proto.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/vzd.h"
#include "vzd/web_priv.h"

#define QUEUE_STOP 65536u		/* bytes waiting that stop the other side's reading */
#define QUEUE_MAX (2 * QUEUE_STOP + 8 * READ_MAX)	/* with what web_q_drop() has not moved down yet */
#define READ_MAX 16384u
#define PING_MS 20000u
#define SILENT_MS 65000u		/* not even a pong: the client is gone */
#define IDLE_MS 1800000u		/* no byte either way */
#define DRAIN_MS 1000u			/* output may still come after the exit status */
#define EXIT_MS 3000u			/* the exit status may still come after the output */
#define CLOSE_MS 2000u			/* the client's answer to our close frame */

enum kind { CONSOLE, TTY, EXEC };
static const struct { const char *name, *protocol; size_t n_fds; } kinds[] = {
	[CONSOLE] = { "console", "vz.tty.v1", 1 },
	[TTY] = { "tty", "vz.tty.v1", 1 },
	[EXEC] = { "exec", "vz.exec.v1", 3 },
};

struct output { struct web_console *c; int fd; uint8_t channel; struct ev_src *src; };
struct web_console {
	struct web_req *req;
	struct web *web;
	struct web_console *prev, *next;
	enum kind kind;
	int in;				/* shares its number with out[0] unless EXEC; -1: closed */
	struct ev_src *in_src;		/* EXEC: waits for room; else out[0].src does */
	struct output out[2];
	size_t n_open;			/* outputs without an end yet */
	struct web_io io;		/* fd -1: over */
	struct ev_src *io_src;
	bool stalled;			/* the client's bytes were left where they are: no room for them */
	struct ws ws;
	struct web_q to_client, to_peer;
	bool eof, exit_known, lost, closing;
	int exit;
	uint64_t moved, heard, pinged, ended, closed;	/* ms; ended: the outputs or the exit status, whichever was first */
};

static void update(struct web_console *c);

const char *web_console_protocol(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (str_eq(kind, kinds[i].name))
			return kinds[i].protocol;
	}
	return NULL;
}

/* --- to the client --- */

static void put_frame(struct web_console *c, enum ws_op op, int channel, const void *p, size_t n)
{
	uint8_t head[WS_HEAD_MAX + 1];
	size_t len = ws_head(head, op, n + (channel >= 0));

	if (channel >= 0)
		head[len++] = (uint8_t)channel;
	buf_add(&c->to_client.b, head, len);
	buf_add(&c->to_client.b, p, n);
}

/* The connection goes back to libmicrohttpd, which closes it. */
static void finish(struct web_console *c)
{
	if (c->io.fd < 0)
		return;
	ev_del(take_ptr(c->io_src));
	ev_del(take_ptr(c->in_src));
	ev_del(take_ptr(c->out[0].src));
	ev_del(take_ptr(c->out[1].src));
	c->io.fd = -1;
	web_req_resume(c->req);
}

static void start_close(struct web_console *c, unsigned code)
{
	uint8_t text[2] = { (uint8_t)(code >> 8), (uint8_t)code };

	if (c->closing)
		return;
	c->closing = true;
	c->closed = ev_now_ms();
	put_frame(c, WS_CLOSE, -1, text, sizeof(text));
}

static void send_exit(struct web_console *c)
{
	char text[48];

	if (c->exit_known)
		str_fmt(text, sizeof(text), "{\"exit\":{\"code\":%d}}", c->exit);
	else
		str_copy(text, sizeof(text), "{\"exit\":{\"code\":null}}");
	put_frame(c, WS_TEXT, -1, text, strlen(text));
	start_close(c, WS_NORMAL);
}

static void write_client(struct web_console *c)
{
	while (c->io.fd >= 0 && web_q_left(&c->to_client) > 0) {
		ssize_t n = web_io_send(&c->io, web_q_head(&c->to_client), web_q_left(&c->to_client));

		if (n < 0 && n != -EAGAIN)
			finish(c);
		if (n <= 0)
			return;
		web_q_drop(&c->to_client, (size_t)n);
	}
}

/* --- to the container --- */

static void close_in(struct web_console *c)
{
	ev_del(take_ptr(c->in_src));
	if (c->kind == EXEC && c->in >= 0)
		close(c->in);
	c->in = -1;
	web_q_done(&c->to_peer);
}

/* One write: a packet with its type for the monitor, bytes for the others. */
static ssize_t write_some(struct web_console *c)
{
	size_t n = web_q_left(&c->to_peer), part = MIN(n, MON_PACKET - 1u);
	char type = MON_DATA;
	struct iovec iov[2] = { { &type, 1 }, { (void *)(uintptr_t)web_q_head(&c->to_peer), part } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t sent;

	if (c->kind != CONSOLE)
		return write(c->in, web_q_head(&c->to_peer), n);
	sent = sendmsg(c->in, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	return sent > 0 ? sent - 1 : sent;
}

static void write_peer(struct web_console *c)
{
	while (c->in >= 0 && web_q_left(&c->to_peer) > 0) {
		ssize_t n = write_some(c);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			close_in(c);	/* it does not read any more: its output and exit status still come */
		if (n <= 0)
			return;
		web_q_drop(&c->to_peer, (size_t)n);
	}
	if (c->eof && c->in >= 0 && c->kind == EXEC)
		close_in(c);
}

static void resize(struct web_console *c, unsigned rows, unsigned cols)
{
	struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
	uint16_t size[2] = { ws.ws_row, ws.ws_col };
	char packet[1 + sizeof(size)] = { MON_WINSIZE };

	memcpy(packet + 1, size, sizeof(size));
	if (c->kind == TTY)
		ioctl(c->in, TIOCSWINSZ, &ws);
	else if (c->kind == CONSOLE && send(c->in, packet, sizeof(packet), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		vzd_log(LOG_INFO, "vzweb: a console was not resized: %s", strerror(errno));
}

/* --- what the client sends --- */

static void on_binary(void *arg, const uint8_t *p, size_t n, bool first, bool last)
{
	struct web_console *c = arg;

	c->moved = ev_now_ms();
	if (c->kind == EXEC && first) {
		if (n == 0 || p[0] != 0) {
			start_close(c, WS_POLICY);
			return;
		}
		c->eof |= n == 1 && last;
		p++;
		n--;
	}
	if (c->in >= 0 && !c->eof)
		buf_add(&c->to_peer.b, p, n);
	if (buf_failed(&c->to_peer.b))
		start_close(c, WS_INTERNAL);
}

static void on_text(void *arg, const char *s, size_t n)
{
	struct web_console *c = arg;
	json_t *j = json_loadb(s, n, JSON_REJECT_DUPLICATES, NULL);
	long long rows = 0, cols = 0;
	int bad = !j ? -1 : json_unpack_ex(j, NULL, 0, "{s:{s:I, s:I!}!}", "resize", "cols", &cols, "rows", &rows);

	json_decref(j);
	if (bad || rows < 1 || cols < 1 || rows > UINT16_MAX || cols > UINT16_MAX)
		start_close(c, j ? WS_POLICY : WS_BAD_TEXT);
	else if (c->in >= 0)
		resize(c, (unsigned)rows, (unsigned)cols);
}

static void on_ping(void *arg, const uint8_t *p, size_t n)
{
	put_frame(arg, WS_PONG, -1, p, n);
}

static void on_pong(void *arg)
{
	(void)arg;			/* any byte counts as a sign of life */
}

static void on_close(void *arg, unsigned code)
{
	struct web_console *c = arg;

	(void)code;
	start_close(c, WS_NORMAL);
}

static void client_bytes(struct web_console *c, const void *p, size_t n)
{
	unsigned code;

	c->heard = ev_now_ms();
	code = ws_feed(&c->ws, p, n);
	if (code)
		start_close(c, code);	/* and nothing more is understood */
	write_peer(c);
}

/* All there is: what TLS has decrypted already wakes nobody. */
static void read_client(struct web_console *c)
{
	char bytes[READ_MAX];

	while (c->io.fd >= 0 && !c->ws.closed) {
		ssize_t n;

		c->stalled = web_q_left(&c->to_peer) >= QUEUE_STOP;
		if (c->stalled)
			return;
		n = web_io_recv(&c->io, bytes, sizeof(bytes));
		if (n == -EAGAIN)
			return;
		if (n > 0)
			client_bytes(c, bytes, (size_t)n);
		else
			finish(c);
	}
}

static void on_client(void *arg, uint32_t events)
{
	struct web_console *c = arg;

	if (events & EPOLLOUT)
		write_client(c);
	if (events & EPOLLIN)
		read_client(c);
	else if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		finish(c);
	update(c);
}

/* --- what the container sends --- */

static void output_end(struct output *o)
{
	struct web_console *c = o->c;

	ev_del(take_ptr(o->src));
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	if (c->kind != EXEC)
		c->in = -1;
	c->n_open--;
	if (c->n_open == 0 && !c->ended)
		c->ended = ev_now_ms();
}

static void on_output(void *arg, uint32_t events)
{
	struct output *o = arg;
	struct web_console *c = o->c;
	char bytes[READ_MAX];
	ssize_t n;

	if ((events & EPOLLOUT) && c->kind != EXEC)
		write_peer(c);
	if (o->fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
		n = read(o->fd, bytes, sizeof(bytes));
		if (n > 0) {
			c->moved = ev_now_ms();
			put_frame(c, WS_BINARY, c->kind == EXEC ? o->channel : -1, bytes, (size_t)n);
			write_client(c);
		} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			output_end(o);	/* EIO: a terminal that nobody has open */
		}
	}
	update(c);
}

static void on_input_room(void *arg, uint32_t events)
{
	struct web_console *c = arg;

	write_peer(c);
	if (events & EPOLLERR)
		close_in(c);
	update(c);
}

/* --- what is watched --- */

/* A source with nothing to watch is deleted: a hang-up is reported whether it was asked for or not. */
static void watch(struct web_console *c, struct ev_src **src, const char *name, int fd, uint32_t events, ev_fd_fn *fn, void *arg)
{
	struct err e = { 0 };
	int r = 0;

	if (events == 0 || fd < 0)
		ev_del(take_ptr(*src));
	else if (*src)
		r = ev_mod_fd(*src, events, &e);
	else
		r = ev_add_fd(c->web->ev, name, fd, events, fn, arg, src, &e);
	if (r < 0) {
		vzd_log(LOG_ERR, "vzweb: %s", e.text);
		finish(c);
	}
}

static uint32_t wanted(bool in, bool out)
{
	return (in ? (uint32_t)EPOLLIN : 0) | (out ? (uint32_t)EPOLLOUT : 0);
}

/* After each event: what may be read, what must be written, whether it is over. */
static void update(struct web_console *c)
{
	bool more, room;

	if (buf_failed(&c->to_client.b))
		finish(c);		/* pings, and nobody reads the answers */
	if (c->io.fd < 0)
		return;
	if (c->stalled && web_q_left(&c->to_peer) < QUEUE_STOP)
		read_client(c);
	if (!c->closing && c->n_open == 0 && (c->exit_known || c->lost))
		send_exit(c);
	write_client(c);
	if (c->closing && c->ws.closed && web_q_left(&c->to_client) == 0)
		finish(c);
	if (c->io.fd < 0)
		return;
	more = c->in >= 0 && web_q_left(&c->to_peer) > 0;
	room = web_q_left(&c->to_client) < QUEUE_STOP && !c->closing;
	for (size_t i = 0; i < ARRAY_SIZE(c->out); i++)
		watch(c, &c->out[i].src, "terminal", c->out[i].fd, wanted(room, more && c->kind != EXEC && i == 0), on_output,
		      &c->out[i]);
	if (c->kind == EXEC)
		watch(c, &c->in_src, "stdin", c->in, wanted(false, more), on_input_room, c);
	watch(c, &c->io_src, "websocket", c->io.fd,
	      wanted(!c->stalled && !c->ws.closed, web_q_left(&c->to_client) > 0) | EPOLLRDHUP, on_client, c);
}

/* --- life --- */

static int take_over(struct web_console *c, const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int flags = fcntl(fds[i], F_GETFL);

		if (flags < 0 || fcntl(fds[i], F_SETFL, flags | O_NONBLOCK) < 0)
			return -1;
	}
	c->in = fds[0];
	c->out[0] = (struct output){ .c = c, .fd = n == 1 ? fds[0] : fds[1], .channel = 1 };
	c->out[1] = (struct output){ .c = c, .fd = n == 1 ? -1 : fds[2], .channel = 2 };
	c->n_open = n == 1 ? 1 : 2;
	return 0;
}

static int find_kind(const char *kind, size_t n, enum kind *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (str_eq(kind, kinds[i].name) && n == kinds[i].n_fds) {
			*ret = (enum kind)i;
			return 0;
		}
	}
	return -1;
}

int web_console_open(struct web_req *q, const char *kind, const int *fds, size_t n, const struct buf *head, struct err *e)
{
	struct ws_events on = { on_binary, on_text, on_ping, on_pong, on_close, NULL };
	struct web_console *c = calloc(1, sizeof(*c));

	if (!c || find_kind(kind, n, &c->kind) < 0 || take_over(c, fds, n) < 0) {
		for (size_t i = 0; i < n; i++)
			close(fds[i]);
		free(c);
		return err_say(e, EPROTO, "vzd handed over %zu descriptors as '%s': that is no terminal", n, kind);
	}
	c->req = q;
	c->web = q->web;
	c->moved = c->heard = c->pinged = ev_now_ms();
	buf_init(&c->to_client.b, QUEUE_MAX);
	buf_init(&c->to_peer.b, QUEUE_MAX);
	c->to_client.keep = c->to_peer.keep = READ_MAX;
	on.arg = c;
	ws_init(&c->ws, &on);
	web_io_open(&c->io, q->conn);
	c->next = c->web->consoles;
	if (c->next)
		c->next->prev = c;
	c->web->consoles = c;
	q->console = c;
	buf_add(&c->to_client.b, head->s, head->len);
	if (c->web->stopping)
		start_close(c, WS_GOING);	/* it was under way when vzweb was told to end */
	update(c);
	return 0;
}

void web_console_exit(struct web_console *c, int code)
{
	c->exit_known = true;
	c->exit = code;
	if (!c->ended)
		c->ended = ev_now_ms();
	update(c);
}

void web_console_lost(struct web_console *c)
{
	c->lost = true;
	update(c);
}

void web_console_free(struct web_console *c)
{
	if (!c)
		return;
	if (c->prev)
		c->prev->next = c->next;
	else
		c->web->consoles = c->next;
	if (c->next)
		c->next->prev = c->prev;
	ev_del(c->io_src);
	close_in(c);
	for (size_t i = 0; i < ARRAY_SIZE(c->out); i++) {
		if (c->out[i].fd >= 0)
			output_end(&c->out[i]);
	}
	web_q_done(&c->to_client);
	web_q_done(&c->to_peer);
	free(c);
}

static void tick_one(struct web_console *c, uint64_t now)
{
	bool paused = web_q_left(&c->to_peer) >= QUEUE_STOP;

	if (c->io.fd < 0)
		return;
	if (c->closing) {
		if (now - c->closed >= CLOSE_MS)
			finish(c);
		return;
	}
	if (c->ended && now - c->ended >= (c->n_open == 0 ? EXIT_MS : DRAIN_MS)) {
		send_exit(c);
	} else if (now - c->moved >= IDLE_MS) {
		start_close(c, WS_GOING);
	} else if (!paused && now - c->heard >= SILENT_MS) {
		finish(c);
	} else if (now - c->pinged >= PING_MS && web_q_left(&c->to_client) < QUEUE_STOP) {
		c->pinged = now;
		put_frame(c, WS_PING, -1, "", 0);
	}
	update(c);
}

void web_consoles_tick(struct web *w)
{
	struct web_console *next;

	for (struct web_console *c = w->consoles; c; c = next) {
		next = c->next;
		tick_one(c, w->now);
	}
}

void web_consoles_cut(struct web *w)
{
	for (struct web_console *c = w->consoles; c; c = c->next)
		finish(c);
}

void web_consoles_close(struct web *w)
{
	for (struct web_console *c = w->consoles; c; c = c->next) {
		start_close(c, WS_GOING);
		update(c);
	}
}
