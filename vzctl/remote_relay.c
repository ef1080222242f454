/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between this terminal, or three streams, and a session on the host. */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "libct/relay.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"
#include "vzctl/remote.h"

#define CHUNK 16384
#define PIPE_BROKE 141		/* 128 + SIGPIPE */
#define UNKNOWN 255		/* the host does not know how the command ended */

static int send_size(struct rws *w, struct err *e)
{
	unsigned short rows, cols;
	char text[96];

	if (!tty_size(0, &rows, &cols) || !rows || !cols)
		return 0;
	str_fmt(text, sizeof(text), "{\"resize\":{\"cols\":%d,\"rows\":%d}}", cols, rows);
	return rws_send(w, RWS_TEXT, text, strlen(text), e);
}

/* 1: there may be more; 0: standard input is at its end. */
static int send_input(struct rws *w, bool tty, struct err *e)
{
	unsigned char p[1 + CHUNK];
	ssize_t n = read(0, p + 1, CHUNK);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	p[0] = 0;		/* the channel of standard input; a lone one ends it */
	if (n < 0)
		n = 0;
	if (tty)
		return n && rws_send(w, RWS_BINARY, p + 1, (size_t)n, e) < 0 ? -e->code : n > 0;
	return rws_send(w, RWS_BINARY, p, (size_t)n + 1, e) < 0 ? -e->code : n > 0;
}

/* {"exit":{"code":N}} */
static bool exit_of(const uint8_t *p, size_t n, int *ret)
{
	json_t *j = json_loadb((const char *)p, n, 0, NULL), *x = json_object_get(j, "exit"), *code = json_object_get(x, "code");
	bool is = json_is_object(x);

	if (is)
		*ret = json_is_integer(code) && json_integer_value(code) >= 0 && json_integer_value(code) < UNKNOWN
			       ? (int)json_integer_value(code) : UNKNOWN;
	json_decref(j);
	return is;
}

/* Closed before the exit status: why, in the host's words. */
static void say_close(const uint8_t *p, size_t n)
{
	struct buf auto_buf b = BUF_INIT;

	buf_addf(&b, "vzctl: the host closed the session (%d", n >= 2 ? p[0] << 8 | p[1] : 1005);
	if (n > 2)
		buf_addf(&b, ", %.*s", (int)n - 2, (const char *)p + 2);
	buf_adds(&b, ")\n");
	fio_write_all(2, buf_str(&b), b.len);
}

/* Nobody reads what the command writes any more: it ends as if the pipe were its own. */
static bool give(int fd, const uint8_t *p, size_t n, int *ret)
{
	*ret = PIPE_BROKE;
	return n && fio_write_all(fd, p, n) < 0;
}

/* True: the session is over and *ret is its status. */
static bool take_frame(struct rws *w, bool tty, int op, const uint8_t *p, size_t n, int *ret)
{
	struct err none = { 0 };

	if (op == RWS_TEXT)
		return exit_of(p, n, ret);
	if (op == RWS_PING)
		rws_send(w, RWS_PONG, p, n, &none);
	if (op == RWS_BINARY && tty)
		return give(1, p, n, ret);
	if (op == RWS_BINARY && n > 1)
		return give(p[0] == 2 ? 2 : 1, p + 1, n - 1, ret);
	*ret = UNKNOWN;
	if (op == RWS_CLOSE)
		say_close(p, n);
	return op == RWS_CLOSE;
}

/* 1: the session is over and *status is how; 0: more frames may come. */
static int take_frames(struct rws *w, bool tty, int *status, struct err *e)
{
	const uint8_t *p;
	int op, rc;
	size_t n;

	while ((rc = rws_next(w, &op, &p, &n, e)) > 0)
		if (take_frame(w, tty, op, p, n, status))
			return 1;
	return rc;
}

/* 1: standard input may have more; 0: it is at its end; -errno. */
static int take_events(struct rws *w, bool tty, const struct pollfd f[3], struct err *e)
{
	struct signalfd_siginfo si;

	if (f[0].revents & POLLOUT && rws_flush(w, e) < 0)
		return -e->code;
	if (f[2].revents && read(f[2].fd, &si, sizeof(si)) > 0 && send_size(w, e) < 0)
		return -e->code;
	return f[1].fd >= 0 && f[1].revents ? send_input(w, tty, e) : 1;
}

/* While the host takes nothing, nothing is read for it, but what it sends is: it may wait for just that. */
static int relay(struct rws *w, bool tty, int winch, struct err *e)
{
	struct pollfd f[] = { { .fd = w->sock }, { .fd = 0, .events = POLLIN }, { .fd = winch, .events = POLLIN } };
	int status = UNKNOWN, in = 0, rc, more = 0;

	for (;;) {
		rc = take_frames(w, tty, &status, e);
		if (rc)
			return rc < 0 ? rc : status;
		f[0].events = (short)(POLLIN | (w->out.len ? POLLOUT : 0));
		f[1].fd = w->out.len ? -1 : in;
		if (poll(f, ARRAY_SIZE(f), more ? 0 : -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_set(e, errno, "wait");
		}
		rc = take_events(w, tty, f, e);
		if (rc < 0)
			return rc;
		if (!rc)
			in = -1;
		if (!f[0].revents && !more)
			continue;
		more = rws_fill(w, e);
		if (more < 0) {		/* what came before the end still counts */
			struct err none = { 0 };

			return take_frames(w, tty, &status, &none) > 0 ? status : -e->code;
		}
	}
}

int remote_relay(struct rws *w, bool tty, struct err *e)
{
	auto_close int winch = tty ? tty_winch_fd() : -1;
	struct tty_raw raw = { 0 };
	int rc;

	if (tty) {
		tty_make_raw(&raw, 0);
		send_size(w, e);
	}
	rc = relay(w, tty, winch, e);
	tty_restore(&raw);
	return rc;
}
