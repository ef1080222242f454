/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The listening sockets, one libmicrohttpd daemon each, and how long a connection may take. Every connection is in the list
 * of its age: no request yet, between and inside requests, taking its answer, waiting for vzd. The lists are in order of
 * time, so the oldest is looked at alone; when there are too many connections it goes first.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/vzd.h"
#include "vzd/web_priv.h"

#define SLACK 64			/* connections above the limit while the oldest are being closed */
#define INACTIVE_S 30u			/* libmicrohttpd's: no byte either way */
#define TLS "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* Milliseconds: an answer taken so slowly, a request sent so slowly, a handshake that does not end are cut off here. */
static const uint64_t age_max[AGE_N] = { [AGE_NEW] = 15000, [AGE_READ] = 45000, [AGE_WRITE] = 120000 };

/* --- ages --- */

static void age_unlink(struct web_conn *c)
{
	struct web *w = c->edge->web;

	if (c->prev)
		c->prev->next = c->next;
	else
		w->ages[c->age].head = c->next;
	if (c->next)
		c->next->prev = c->prev;
	else
		w->ages[c->age].tail = c->prev;
}

static void age_link(struct web_conn *c, enum web_age age)
{
	struct web *w = c->edge->web;

	c->age = age;
	c->since = w->now;
	c->next = NULL;
	c->prev = w->ages[age].tail;
	if (c->prev)
		c->prev->next = c;
	else
		w->ages[age].head = c;
	w->ages[age].tail = c;
}

void web_age(struct web_conn *c, enum web_age age)
{
	age_unlink(c);
	age_link(c, age);
}

/* libmicrohttpd sees the end of the stream and cleans up. */
static void cut(struct web_conn *c)
{
	shutdown(c->fd, SHUT_RDWR);
	web_age(c, c->age);		/* to the end: not again at once */
}

static void cut_oldest(struct web *w)
{
	struct web_conn *c = w->ages[AGE_NEW].head ? w->ages[AGE_NEW].head : w->ages[AGE_READ].head;

	if (c)
		cut(c);
}

static void cut_late(struct web *w)
{
	for (int age = 0; age < AGE_BUSY; age++) {
		struct web_conn *c = w->ages[age].head, *last = w->ages[age].tail;

		while (c && w->now - c->since >= age_max[age]) {
			struct web_conn *next = c == last ? NULL : c->next;

			cut(c);
			c = next;
		}
	}
}

/* --- connections --- */

static void set_remote(struct web_conn *c)
{
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(c->mc, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *sa = i ? i->client_addr : NULL;
	const void *addr = NULL;

	str_copy(c->remote, sizeof(c->remote), "local");
	if (!sa || (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
		return;
	if (sa->sa_family == AF_INET) {
		addr = &((const struct sockaddr_in *)(const void *)sa)->sin_addr;
	} else {
		const struct in6_addr *a6 = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;

		addr = IN6_IS_ADDR_V4MAPPED(a6) ? (const void *)(a6->s6_addr + 12) : a6;
		if (!IN6_IS_ADDR_V4MAPPED(a6)) {
			inet_ntop(AF_INET6, addr, c->remote, sizeof(c->remote));
			return;
		}
	}
	inet_ntop(AF_INET, addr, c->remote, sizeof(c->remote));
}

static void conn_begin(struct web_edge *g, struct MHD_Connection *mc, void **context)
{
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct web_conn *c = calloc(1, sizeof(*c));
	struct web *w = g->web;

	*context = c;
	if (!c)
		return;			/* its requests are refused */
	c->edge = g;
	c->mc = mc;
	c->fd = i ? i->connect_fd : -1;
	set_remote(c);
	if (++w->conns > w->opts.max_conns)
		cut_oldest(w);
	age_link(c, AGE_NEW);
	if (w->conns > w->opts.max_conns + SLACK / 2)
		cut(c);			/* all others are at work */
}

static void on_connection(void *cls, struct MHD_Connection *mc, void **context, enum MHD_ConnectionNotificationCode code)
{
	struct web_conn *c = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		conn_begin(cls, mc, context);
		return;
	}
	*context = NULL;
	if (!c)
		return;
	age_unlink(c);
	c->edge->web->conns--;
	free(c);
}

int web_watch(struct web_conn *c, const char *name, ev_fd_fn *fn, void *arg, struct ev_src **ret)
{
	struct err e = { 0 };

	return ev_add_fd(c->edge->web->ev, name, c->fd, EPOLLRDHUP, fn, arg, ret, &e);
}

/* --- the daemons --- */

static void run(struct web_edge *g)
{
	MHD_UNSIGNED_LONG_LONG ms = 1;

	g->web->now = ev_now_ms();
	MHD_run(g->mhd);
	if (MHD_get_timeout(g->mhd, &ms) == MHD_YES && ms == 0)
		web_kick(g);
}

static void on_ready(void *arg, uint32_t events)
{
	(void)events;
	run(arg);
}

static void on_kick(void *arg)
{
	struct web_edge *g = arg;

	g->kicked = false;
	if (g->mhd)
		run(g);
}

void web_kick(struct web_edge *g)
{
	struct err e = { 0 };

	if (!g->kicked && ev_defer(g->web->ev, g->name, on_kick, g, &e) == 0)
		g->kicked = true;
}

static void on_tick(void *arg)
{
	struct web *w = arg;

	w->now = ev_now_ms();
	cut_late(w);
	web_streams_tick(w);
	web_consoles_tick(w);
	for (size_t i = 0; i < EDGE_N; i++) {
		if (w->edge[i].mhd)
			run(&w->edge[i]);
	}
}

static void on_log(void *cls, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
static void on_log(void *cls, const char *fmt, va_list ap)
{
	char text[512];

	(void)cls;
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	/* What clients do wrong is not worth a line each; to run out of descriptors is. */
	vzd_log(strstr(text, "resource limit") ? LOG_WARNING : LOG_DEBUG, "vzweb: %s", text);
}

/* The path goes to vzd as it came. */
static size_t no_unescape(void *cls, struct MHD_Connection *mc, char *s)
{
	(void)cls;
	(void)mc;
	return strlen(s);
}

static int edge_open(struct web *w, struct web_edge *g, const char *name, int fd, struct err *e)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	const union MHD_DaemonInfo *info;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, web_cert_callback() },
		{ MHD_OPTION_END, 0, NULL },
	};

	g->web = w;
	g->name = name;
	g->mhd = MHD_start_daemon(g->tls ? flags | MHD_USE_TLS : flags, 0, NULL, NULL, web_req_handle, g,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, g,		/* first: it hears of what is wrong with the others */
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, w->opts.max_conns + SLACK,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, fd == w->opts.unix_fd ? 0 : w->opts.max_per_ip,
		MHD_OPTION_CONNECTION_TIMEOUT, INACTIVE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WEB_POOL,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL,
		MHD_OPTION_URI_LOG_CALLBACK, web_req_begin, g,
		MHD_OPTION_NOTIFY_COMPLETED, web_req_end, g,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, g,
		MHD_OPTION_ARRAY, g->tls ? tls : tls + 2,
		MHD_OPTION_END);
	info = g->mhd ? MHD_get_daemon_info(g->mhd, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info)
		return err_say(e, EIO, "cannot serve %s on descriptor %d", name, fd);
	return ev_add_fd(w->ev, name, info->epoll_fd, EPOLLIN, on_ready, g, &g->src, e);
}

int web_edges_open(struct web *w, struct err *e)
{
	const struct { const char *name; int fd; } rows[EDGE_N] = {
		[EDGE_TLS] = { "https", w->opts.listen_fd },
		[EDGE_UNIX] = { "http", w->opts.unix_fd },
		[EDGE_METRICS] = { "metrics", w->opts.metrics_fd },
	};

	w->now = ev_now_ms();
	w->edge[EDGE_TLS].tls = true;
	w->edge[EDGE_METRICS].metrics = true;
	for (size_t i = 0; i < EDGE_N; i++) {
		if (rows[i].fd >= 0 && edge_open(w, &w->edge[i], rows[i].name, rows[i].fd, e) < 0)
			return -e->code;
	}
	return ev_add_timer(w->ev, "ages", 1000, 1000, on_tick, w, &w->tick, e);
}

void web_edges_close(struct web *w)
{
	for (size_t i = 0; i < EDGE_N; i++) {
		struct web_edge *g = &w->edge[i];

		ev_del(take_ptr(g->src));
		if (g->mhd)
			MHD_stop_daemon(take_ptr(g->mhd));
	}
	ev_del(take_ptr(w->tick));
}
