/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What vz-outlet carries: bytes of a connection between one that it has taken in the build's namespace and one of its own to
 * the same address, and questions to nameservers. One poll() loop over slots; a greedy build gets no more than there are.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "templates/outlet.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/sys.h"

#define FLOWS_MAX 256		/* connections */
#define ASKS_MAX 128		/* questions without an answer as yet */
#define ASK_MS 15000
#define DATAGRAM_MAX 65536
#define CHUNK 32768
#define TOLD_MAX 16		/* lines about what was refused */

struct half { char *buf; size_t at, n; bool eof, shut; };	/* bytes from fd[i] for fd[!i] */
struct flow {
	int fd[2];		/* the build's, ours; -1: a free slot */
	bool connecting;
	struct half half[2];
	union outlet_addr to;
};
struct ask { int fd; size_t served; union outlet_addr who; int64_t until; };

struct pass {
	const struct outlet_sockets *s;
	const struct outlet_named *named;
	struct flow flow[FLOWS_MAX];
	struct ask ask[ASKS_MAX];
	struct pollfd *p;	/* rebuilt before each poll() */
	size_t n;
	unsigned told;
	char datagram[DATAGRAM_MAX];
};
enum { AT_ANY = 1, AT_SERVED = AT_ANY + 2, P_MAX = AT_SERVED + OUTLET_SERVED_MAX + 2 * FLOWS_MAX + ASKS_MAX };

/* The builder's reader learns why a connection ended at once. */
static void tell(struct pass *ps, const union outlet_addr *to, const char *why)
{
	char text[80];

	if (ps->told++ >= TOLD_MAX)
		return;
	outlet_addr_print(to, text);
	fprintf(stderr, "a build does not reach %s: it %s\n", text, why);
}

/* --- connections --- */

static void end_flow(struct flow *f, bool reset)
{
	const struct linger now = { 1, 0 };

	if (reset && f->fd[0] >= 0)
		setsockopt(f->fd[0], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	for (int i = 0; i < 2; i++) {
		if (f->fd[i] >= 0)
			close(f->fd[i]);
		free(f->half[i].buf);
	}
	*f = (struct flow){ .fd = { -1, -1 } };
}

static struct flow *free_flow(struct pass *ps)
{
	for (size_t i = 0; i < FLOWS_MAX; i++)
		if (ps->flow[i].fd[0] < 0)
			return &ps->flow[i];
	return NULL;
}

static void take_flow(struct pass *ps, int listener, const union outlet_addr *to)
{
	struct flow *f = free_flow(ps);
	socklen_t len = sizeof(f->to);
	const char *why;
	int fd = f ? accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;

	if (fd < 0)
		return;
	f->fd[0] = fd;
	if (to)
		f->to = *to;
	else if (getsockname(fd, &f->to.any, &len) < 0)
		return end_flow(f, true);
	why = outlet_refuses(ps->named, &f->to);
	if (why) {
		tell(ps, &f->to, why);
		return end_flow(f, true);
	}
	f->fd[1] = socket(f->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	f->half[0].buf = malloc(CHUNK);
	f->half[1].buf = malloc(CHUNK);
	f->connecting = true;
	if (f->fd[1] < 0 || !f->half[0].buf || !f->half[1].buf ||
	    (connect(f->fd[1], &f->to.any, outlet_addr_len(&f->to)) < 0 && errno != EINPROGRESS))
		end_flow(f, true);
}

static bool again(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* 0, or -1: the connection is over. */
static int pump(struct half *h, int from, int to)
{
	ssize_t n;

	if (!h->n && !h->eof) {
		n = recv(from, h->buf, CHUNK, 0);
		if (n < 0)
			return again(n) ? 0 : -1;
		h->eof = n == 0;
		h->at = 0;
		h->n = (size_t)n;
	}
	if (h->n) {
		n = send(to, h->buf + h->at, h->n, MSG_NOSIGNAL);
		if (n < 0)
			return again(n) ? 0 : -1;
		h->at += (size_t)n;
		h->n -= (size_t)n;
	}
	if (h->eof && !h->n && !h->shut) {
		h->shut = true;
		shutdown(to, SHUT_WR);
	}
	return 0;
}

static void work_flow(struct pass *ps, struct flow *f, short ours)
{
	int code = 0;
	socklen_t len = sizeof(code);

	if (f->connecting) {
		if (!ours)
			return;
		if (getsockopt(f->fd[1], SOL_SOCKET, SO_ERROR, &code, &len) < 0 || code) {
			tell(ps, &f->to, code == ECONNREFUSED ? "refuses" : code == ETIMEDOUT ? "does not answer" :
			     "is not reached");
			return end_flow(f, true);
		}
		f->connecting = false;
	}
	if (pump(&f->half[0], f->fd[0], f->fd[1]) < 0 || pump(&f->half[1], f->fd[1], f->fd[0]) < 0)
		return end_flow(f, true);
	if (f->half[0].shut && f->half[1].shut)
		end_flow(f, false);
}

/* --- questions --- */

static void end_ask(struct ask *a)
{
	close(a->fd);
	*a = (struct ask){ .fd = -1 };
}

/* The oldest one has waited long enough if there are so many. */
static struct ask *free_ask(struct pass *ps)
{
	struct ask *old = &ps->ask[0];

	for (size_t i = 0; i < ASKS_MAX; i++) {
		if (ps->ask[i].fd < 0)
			return &ps->ask[i];
		if (ps->ask[i].until < old->until)
			old = &ps->ask[i];
	}
	end_ask(old);
	return old;
}

static void take_ask(struct pass *ps, size_t served)
{
	const union outlet_addr *to = &ps->s->served[served].to;
	union outlet_addr who;
	socklen_t len = sizeof(who);
	ssize_t n = recvfrom(ps->s->served[served].fd, ps->datagram, sizeof(ps->datagram), 0, &who.any, &len);
	struct ask *a;

	if (n < 0)
		return;
	a = free_ask(ps);
	a->fd = socket(to->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->fd < 0)
		return;
	*a = (struct ask){ .fd = a->fd, .served = served, .who = who, .until = sys_now_ms() + ASK_MS };
	if (connect(a->fd, &to->any, outlet_addr_len(to)) < 0 || send(a->fd, ps->datagram, (size_t)n, MSG_NOSIGNAL) < 0) {
		tell(ps, to, "takes no questions");
		end_ask(a);
	}
}

static void work_ask(struct pass *ps, struct ask *a, short revents)
{
	ssize_t n = revents ? recv(a->fd, ps->datagram, sizeof(ps->datagram), 0) : -1;

	if (n >= 0)
		sendto(ps->s->served[a->served].fd, ps->datagram, (size_t)n, MSG_NOSIGNAL, &a->who.any,
		       outlet_addr_len(&a->who));
	else if (revents && !again(n))
		tell(ps, &ps->s->served[a->served].to, "is a nameserver of this host's resolv.conf that does not answer");
	else if (sys_now_ms() < a->until)
		return;
	end_ask(a);
}

/* --- the loop --- */

static void want(struct pass *ps, int fd, short events)
{
	ps->p[ps->n++] = (struct pollfd){ .fd = events ? fd : -1, .events = events };
}

static short flow_wants(const struct flow *f, int i)
{
	const struct half *in = &f->half[i], *out = &f->half[!i];

	if (f->fd[0] < 0)
		return 0;
	if (f->connecting)
		return i == 1 ? POLLOUT : 0;
	return (short)((!in->n && !in->eof ? POLLIN : 0) | (out->n ? POLLOUT : 0));
}

/* Who takes part, always at the same places. */
static void lay_out(struct pass *ps, int ctl)
{
	const struct outlet_sockets *s = ps->s;
	bool room = free_flow(ps) != NULL;

	ps->n = 0;
	want(ps, ctl, POLLIN);
	for (int i = 0; i < 2; i++)
		want(ps, s->any[i], s->any[i] >= 0 && room ? POLLIN : 0);
	for (size_t i = 0; i < s->n; i++)
		want(ps, s->served[i].fd, s->served[i].udp || room ? POLLIN : 0);
	for (size_t i = 0; i < FLOWS_MAX; i++)
		for (int k = 0; k < 2; k++)
			want(ps, ps->flow[i].fd[k], flow_wants(&ps->flow[i], k));
	for (size_t i = 0; i < ASKS_MAX; i++)
		want(ps, ps->ask[i].fd, ps->ask[i].fd >= 0 ? POLLIN : 0);
}

static void serve_all(struct pass *ps)
{
	const struct outlet_sockets *s = ps->s;
	const struct pollfd *flows = ps->p + AT_SERVED + s->n, *asks = flows + 2 * FLOWS_MAX;

	for (size_t i = 0; i < FLOWS_MAX; i++)
		if (ps->flow[i].fd[0] >= 0 && (flows[2 * i].revents || flows[2 * i + 1].revents))
			work_flow(ps, &ps->flow[i], flows[2 * i + 1].revents);
	for (size_t i = 0; i < ASKS_MAX; i++)
		if (ps->ask[i].fd >= 0)
			work_ask(ps, &ps->ask[i], asks[i].revents);
	for (int i = 0; i < 2; i++)
		if (ps->p[AT_ANY + i].revents)
			take_flow(ps, s->any[i], NULL);
	for (size_t i = 0; i < s->n; i++)
		if (ps->p[AT_SERVED + i].revents) {
			if (s->served[i].udp)
				take_ask(ps, i);
			else
				take_flow(ps, s->served[i].fd, &s->served[i].to);
		}
}

int outlet_pass(const struct outlet_sockets *s, const struct outlet_named *named, int ctl, struct err *e)
{
	auto_free struct pass *ps = calloc(1, sizeof(*ps));
	auto_free struct pollfd *p = calloc(P_MAX, sizeof(*p));

	if (!ps || !p)
		return err_set(e, ENOMEM, "carry a build's connections");
	ps->s = s;
	ps->named = named;
	ps->p = p;
	for (size_t i = 0; i < FLOWS_MAX; i++)
		ps->flow[i].fd[0] = ps->flow[i].fd[1] = -1;
	for (size_t i = 0; i < ASKS_MAX; i++)
		ps->ask[i].fd = -1;
	for (;;) {
		lay_out(ps, ctl);
		if (poll(p, ps->n, 1000) < 0 && errno != EINTR)
			return err_set(e, errno, "poll");
		if (p[0].revents)
			return 0;
		serve_all(ps);
	}
}
