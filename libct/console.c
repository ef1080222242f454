/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `console`: attaches to the console that the monitor keeps, history first. ESC at the start of
 * a line is the escape character: "ESC ." detaches. Works before the container is started: waits
 * for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "libct/ct_priv.h"
#include "libct/mon_client.h"
#include "libct/mon_proto.h"
#include "libct/relay.h"
#include "util/fio.h"

#define ESC 0x1b
#define WAIT_MS 200

struct keys { bool bol, esc; };		/* at the beginning of a line; ESC was typed there */

/* Copies @n typed bytes to @out without the escape sequences; returns the count, -1 to detach. */
static ssize_t filter(struct keys *k, const char *in, size_t n, char *out)
{
	ssize_t len = 0;

	for (size_t i = 0; i < n; i++) {
		char c = in[i];

		if (k->esc) {
			k->esc = false;
			if (c == '.')
				return -1;
			out[len++] = ESC;
		} else if (c == ESC && k->bol) {
			k->esc = true;
			continue;
		}
		out[len++] = c;
		k->bol = c == '\r' || c == '\n';
	}
	return len;
}

static bool typed(int sk, struct keys *k)
{
	char in[1024], out[1 + 2 * sizeof(in)];
	ssize_t n = read(0, in, sizeof(in));

	if (n <= 0)
		return false;
	n = filter(k, in, (size_t)n, out + 1);
	if (n < 0)
		return false;
	out[0] = MON_DATA;
	return n == 0 || send(sk, out, (size_t)n + 1, MSG_NOSIGNAL) > 0;
}

static void send_size(int sk)
{
	char p[1 + 2 * sizeof(uint16_t)] = { MON_WINSIZE };
	unsigned short rows, cols;
	uint16_t size[2];

	if (!tty_size(0, &rows, &cols))
		return;
	size[0] = rows;
	size[1] = cols;
	memcpy(p + 1, size, sizeof(size));
	send(sk, p, sizeof(p), MSG_NOSIGNAL);
}

/* True when the user left, false when the monitor ended the connection. */
static bool attached(int sk, int winch, struct keys *k)
{
	char data[MON_PACKET];
	struct signalfd_siginfo si;

	for (;;) {
		struct pollfd f[] = { { 0, POLLIN, 0 }, { sk, POLLIN, 0 }, { winch, POLLIN, 0 } };
		ssize_t n;

		if (poll(f, ARRAY_SIZE(f), -1) < 0 && errno != EINTR)
			return true;
		if (f[1].revents) {
			n = recv(sk, data, sizeof(data), 0);
			if (n <= 0)
				return false;
			if (fio_write_all(1, data, (size_t)n) < 0)
				return true;
		}
		if (f[0].revents && !typed(sk, k))
			return true;
		if (f[2].revents && read(winch, &si, sizeof(si)) > 0)
			send_size(sk);
	}
}

/* Until there is a monitor; the user may leave meanwhile. -ECANCELED then. */
static int connect_wait(struct ct *ct, struct keys *k, struct err *e)
{
	struct mon_rep r;

	for (;;) {
		auto_close int sk = ct_mon_connect(ct, MON_CONSOLE, e);
		struct pollfd in = { 0, POLLIN, 0 };
		char byte[64], out[128];
		ssize_t n;

		if (sk >= 0 && recv(sk, &r, sizeof(r), 0) == (ssize_t)sizeof(r)) {
			if (r.error)
				return err_say(e, r.error,
					       "the console of CT %u was lost with its monitor: it "
					       "comes back at the next start",
					       ct->id);
			return take_fd(&sk);
		}
		err_clear(e);
		if (poll(&in, 1, WAIT_MS) <= 0)
			continue;
		n = read(0, byte, sizeof(byte));
		if (n <= 0 || filter(k, byte, (size_t)n, out) < 0)
			return -ECANCELED;
	}
}

int ct_console_fd(struct ct *ct, int ms, struct err *e)
{
	auto_close int sk = ct_mon_connect(ct, MON_CONSOLE, e);
	const struct timeval limit = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 }, none = { 0 };
	struct mon_rep r;

	if (sk < 0)
		return sk;
	setsockopt(sk, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (recv(sk, &r, sizeof(r), 0) != (ssize_t)sizeof(r) || r.magic != MON_MAGIC)
		return err_say(e, EIO, "the monitor of CT %u does not answer", ct->id);
	if (r.error)
		return err_say(e, r.error, "the console of CT %u was lost with its monitor: it comes back at the next start",
			       ct->id);
	setsockopt(sk, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none));
	return take_fd(&sk);
}

int ct_console(struct ct *ct, struct err *e)
{
	auto_call(tty_restore) struct tty_raw raw;
	struct keys k = { .bol = true };
	auto_close int winch = tty_winch_fd();
	bool left = false;

	ct_say(ct, -1, "Attached to CT %u (ESC . to detach)", ct->id);
	tty_make_raw(&raw, 0);
	while (!left) {
		auto_close int sk = connect_wait(ct, &k, e);

		if (sk < 0)
			break;
		send_size(sk);
		left = attached(sk, winch, &k);
	}
	tty_restore(&raw);
	if (e->code)
		return -e->code;
	ct_say(ct, -1, "\nDetached from CT %u", ct->id);
	return 0;
}
