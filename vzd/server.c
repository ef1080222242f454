/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accepting: who may connect to which socket, how many, and what happens when descriptors run out. Connections are conn.c.
 */
#include "vzd/server.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/path.h"
#include "vzd/server_priv.h"

#define ACCEPT_BATCH 32
#define PAUSE_MS 1000		/* after descriptors ran out */
#define SWEEP_MS 5000

static const struct { const char *path, *name; } sockets[LISTEN_N] = {
	[LISTEN_LOCAL] = { VZD_SOCK, "listen" }, [LISTEN_WEB] = { VZD_WEB_SOCK, "listen web" },
};

static void refuse(struct server *s, int fd, const char *why)
{
	struct buf *b = &s->out;

	buf_reset(b);
	frame_error(b, "org.vz.Api.Refused", "detail", why);
	if (send(fd, b->s, b->len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		vzd_log(LOG_DEBUG, "refusal not taken: %s", strerror(errno));
	s->stat.refused++;
	close(fd);
}

static size_t count_uid(const struct server *s, uid_t uid)
{
	size_t n = 0;

	for (const struct conn *c = s->conns; c; c = c->next)
		n += !c->web && c->uid == uid;
	return n;
}

/* Why it may not connect, NULL: it may. */
static const char *too_many(const struct server *s, bool web, uid_t uid)
{
	if (s->stat.conns >= SERVER_CONNS || (web && s->n_web >= SERVER_CONNS_WEB))
		return "too many connections";
	if (!web && uid != 0 && count_uid(s, uid) >= SERVER_CONNS_UID)
		return "too many connections of this user";
	return NULL;
}

static void accepted(struct server *s, int fd, bool web)
{
	struct principal *peer = NULL;
	struct err e = { 0 };
	struct ucred cred;
	socklen_t len = sizeof(cred);
	const char *why;

	s->stat.accepted++;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0) {
		refuse(s, fd, "who are you?");
		return;
	}
	why = too_many(s, web, cred.uid);
	if (why) {
		refuse(s, fd, why);
		return;
	}
	if (web && cred.uid != 0 && !(s->has_web_uid && cred.uid == s->web_uid)) {
		refuse(s, fd, "this socket is for vzweb alone; use " VZD_SOCK);
		return;
	}
	if (!web) {
		peer = auth_peer(s->d->auth, cred.uid, cred.gid, cred.pid, &e);
		if (!peer) {
			refuse(s, fd, e.text);
			return;
		}
	}
	if (conn_new(s, fd, web, cred.uid, peer, &e) < 0)
		vzd_log_err(LOG_ERR, &e, "accept");
}

static void set_listening(struct server *s, bool on)
{
	struct err e = { 0 };

	for (int i = 0; i < LISTEN_N; i++) {
		if (s->listen[i].src && ev_mod_fd(s->listen[i].src, on ? EPOLLIN : 0, &e) < 0)
			vzd_log_err(LOG_ERR, &e, NULL);
	}
}

static void resume(void *arg)
{
	struct server *s = arg;

	s->resume = NULL;
	s->paused = false;
	if (!s->draining)
		set_listening(s, true);
}

/* Those who wait stay in the queue of the socket. */
static void pause_accepting(struct server *s, int code)
{
	struct err e = { 0 };

	if (s->paused)
		return;
	vzd_log(LOG_ERR, "accept: %s; no new connections for %d ms", strerror(code), PAUSE_MS);
	if (ev_add_timer(s->d->ev, "accept again", PAUSE_MS, 0, resume, s, &s->resume, &e) < 0)
		return;
	s->paused = true;
	set_listening(s, false);
}

static void on_listen(void *arg, uint32_t events)
{
	struct listener *l = arg;

	(void)events;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			accepted(l->s, fd, l == &l->s->listen[LISTEN_WEB]);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			pause_accepting(l->s, errno);
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

/* Requests that do not arrive and answers that nobody takes. */
static void sweep(void *arg)
{
	struct server *s = arg;
	uint64_t now = ev_now_ms();

	for (struct conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		if (c->since && now - c->since > CONN_STALL_MS) {
			s->stat.slow_closed++;
			conn_free(c);
		}
	}
}

/* --- open, close --- */

static gid_t group_of(const struct vzd *d)
{
	const struct group *gr = getgrnam(d->conf.group);

	if (!gr)
		vzd_log(LOG_WARNING, "there is no group %s: only root may use " VZD_SOCK "; 'groupadd --system %s' makes it",
			d->conf.group, d->conf.group);
	return gr ? gr->gr_gid : 0;
}

static gid_t find_web_user(struct server *s)
{
	const struct passwd *pw = getpwnam(s->d->conf.web_user);

	s->has_web_uid = pw && pw->pw_uid != 0;
	s->web_uid = pw ? pw->pw_uid : 0;
	return s->has_web_uid ? pw->pw_gid : 0;
}

static int listen_on(struct server *s, int i, gid_t gid, struct err *e)
{
	struct listener *l = &s->listen[i];

	if (listen_unix(sockets[i].path, 0660, gid, &l->fd, &l->ours, e) < 0)
		return -e->code;
	return ev_add_fd(s->d->ev, sockets[i].name, l->fd, EPOLLIN, on_listen, l, &l->src, e);
}

int server_open(struct vzd *d, struct server **ret, struct err *e)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(e, ENOMEM, "server");
	s->d = d;
	for (int i = 0; i < LISTEN_N; i++)
		s->listen[i] = (struct listener){ .s = s, .fd = -1 };
	buf_init(&s->out, FRAME_REPLY_MAX);
	listen_adopt();
	if (path_mkdir_host("/run/vz", 0755, e) < 0 || listen_on(s, LISTEN_LOCAL, group_of(d), e) < 0 ||
	    listen_on(s, LISTEN_WEB, find_web_user(s), e) < 0 ||
	    ev_add_timer(d->ev, "stalled connections", SWEEP_MS, SWEEP_MS, sweep, s, &s->sweep, e) < 0) {
		server_close(s);
		return -e->code;
	}
	*ret = s;
	return 0;
}

void server_reload(struct server *s)
{
	const gid_t gids[LISTEN_N] = { [LISTEN_LOCAL] = group_of(s->d), [LISTEN_WEB] = find_web_user(s) };

	for (int i = 0; i < LISTEN_N; i++) {
		if (s->listen[i].ours && chown(sockets[i].path, 0, gids[i]) < 0)
			vzd_log(LOG_ERR, "%s: %s", sockets[i].path, strerror(errno));
	}
}

static bool is_busy(const struct conn *c)
{
	return (c->calling && !c->streaming) || c->out.len > c->out_pos;
}

void server_drain(struct server *s)
{
	s->draining = true;
	set_listening(s, false);
	for (struct conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		c->closing = true;
		if (!is_busy(c) || c->streaming)
			conn_free(c);
	}
}

size_t server_busy(const struct server *s)
{
	size_t n = 0;

	for (const struct conn *c = s->conns; c; c = c->next)
		n += is_busy(c);
	return n;
}

void server_close(struct server *s)
{
	if (!s)
		return;
	while (s->conns)
		conn_free(s->conns);
	for (int i = 0; i < LISTEN_N; i++) {
		ev_del(s->listen[i].src);
		if (s->listen[i].fd >= 0 && s->listen[i].ours)
			unlink(sockets[i].path);
		if (s->listen[i].fd >= 0)
			close(s->listen[i].fd);
	}
	ev_del(s->sweep);
	ev_del(s->resume);
	buf_done(&s->out);
	free(s);
}

void server_stat(const struct server *s, struct server_stat *ret)
{
	*ret = s->stat;
}
