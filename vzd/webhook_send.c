/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends what is queued: one delivery of each webhook at a time, in order, through vz-hook, which is started when there is
 * something to send and ends when there was nothing for a minute. Signing is done here: vz-hook sees no secret.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/sha256.h"
#include "util/str.h"
#include "util/sys.h"
#include "vzd/bus.h"
#include "vzd/db.h"
#include "vzd/timefmt.h"
#include "vzd/webhook_priv.h"

#define IDLE_MS 60000u
#define FIRST_MS 10000u
#define MAX_MS (6u * 3600000u)
#define ALERT_EVERY_MS 3600000

uint64_t webhook_backoff_ms(unsigned tries, uint32_t random)
{
	uint64_t ms = FIRST_MS;

	for (unsigned i = 1; i < tries && ms < MAX_MS; i++)
		ms *= 3;
	ms = MIN(ms, (uint64_t)MAX_MS);
	return ms - ms / 5 + random % (ms / 5 * 2);
}

void webhook_signature(const char *secret, int64_t now, const char *body, char out[128])
{
	struct buf auto_buf b = BUF_INIT;
	char hex[65];

	buf_addf(&b, "%" PRId64 ".%s", now, body);
	sha256_hmac(secret, strlen(secret), buf_str(&b), b.len, hex);
	str_fmt(out, 128, "t=%" PRId64 ",v1=%s", now, hex);
}

/* --- what came of it --- */

struct gone_op { struct webhooks *w; int64_t row; };

static int gone_work(sqlite3 *s, void *arg, struct err *e)
{
	return db_exec(s, e, "DELETE FROM deliveries WHERE id = ?1", "i", ((struct gone_op *)arg)->row);
}

static struct webhook *of_flight(struct webhooks *w, int64_t row)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i]->flight == row)
			return w->v[i];
	return NULL;
}

/* Only now is the next one looked for: the row that is done must not be found again. */
static void gone_done(void *arg, const struct err *e)
{
	struct gone_op *op = arg;
	struct webhook *h = of_flight(op->w, op->row);

	if (e->code)
		vzd_log_err(LOG_WARNING, e, "webhook: an event will be sent again");
	if (h) {
		h->flight = 0;
		h->pending -= h->pending > 0 && !e->code;
		if (e->code)
			h->next_ms = ev_now_ms() + FIRST_MS;
	}
	webhook_later(op->w);
	free(op);
}

static void take_away(struct webhooks *w, struct webhook *h)
{
	struct gone_op *op = malloc(sizeof(*op));
	struct err e = { 0 };

	if (op) {
		*op = (struct gone_op){ w, h->flight };
		if (db_write(w->d->db, gone_work, op, gone_done, &e) == 0)
			return;
	}
	free(op);
	h->flight = 0;
	h->next_ms = ev_now_ms() + FIRST_MS;
	webhook_later(w);
}

static void give_up(struct webhooks *w, struct webhook *h)
{
	int64_t now = timefmt_now_ms();

	vzd_log(LOG_WARNING, "webhook %s: an event could not be delivered for a day and is dropped: %s", h->id, h->error);
	if (now - h->alert_ms >= ALERT_EVERY_MS) {
		h->alert_ms = now;
		bus_emit(w->d->bus, "alert", 0, h->tenant,
			 json_pack("{s:s, s:s, s:s, s:s}", "kind", "webhook", "webhook", h->id, "url", h->url, "detail", h->error));
	}
	take_away(w, h);
}

static void failed(struct webhooks *w, struct webhook *h, int status, const char *error)
{
	uint32_t rnd = 0;

	if (getrandom(&rnd, sizeof(rnd), GRND_NONBLOCK) != sizeof(rnd))
		rnd = (uint32_t)ev_now_ms();
	h->status = status;
	if (status >= 300 && status < 400)
		str_fmt(h->error, sizeof(h->error), "HTTP status %d: redirects are not followed", status);
	else if (status)
		str_fmt(h->error, sizeof(h->error), "HTTP status %d", status);
	else
		str_copy(h->error, sizeof(h->error), error);
	h->tries++;
	h->next_ms = ev_now_ms() + webhook_backoff_ms(h->tries, rnd);
	if (timefmt_now_ms() - h->flight_created > HOOK_GIVE_UP_MS) {
		give_up(w, h);
		return;
	}
	h->flight = 0;
	webhook_later(w);
}

static void result(struct webhooks *w, struct hook_result *r)
{
	struct webhook *h = of_flight(w, r->id);

	w->flights -= w->flights > 0;
	if (h)
		h->flight_sent = false;
	if (!h || r->id <= 0) {
		webhook_later(w);		/* it was removed meanwhile */
		return;
	}
	r->error[sizeof(r->error) - 1] = '\0';
	for (char *s = r->error; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			*s = '?';
	if (r->status < 200 || r->status >= 300) {
		failed(w, h, r->status >= 100 && r->status < 600 ? r->status : 0, r->error);
		return;
	}
	h->status = r->status;
	h->error[0] = '\0';
	h->tries = 0;
	h->next_ms = 0;
	h->sent_ms = timefmt_now_ms();
	take_away(w, h);
}

/* --- vz-hook --- */

static void hook_gone(struct webhooks *w)
{
	ev_del(w->fd_src);
	ev_del(w->idle);
	w->fd_src = w->idle = NULL;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	w->flights = 0;
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i]->flight && w->v[i]->flight_sent)
			failed(w, w->v[i], 0, "vz-hook ended");
}

static void on_readable(void *arg, uint32_t events)
{
	struct webhooks *w = arg;

	(void)events;
	while (w->fd >= 0) {
		struct hook_result r;
		ssize_t n = recv(w->fd, &r, sizeof(r), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n != sizeof(r)) {
			hook_gone(w);
			return;
		}
		result(w, &r);
	}
}

static void on_child(void *arg, pid_t pid, int status)
{
	struct webhooks *w = arg;

	w->child = NULL;
	if (w->pid == pid)
		w->pid = 0;
	if (status)
		vzd_log(LOG_WARNING, "vz-hook ended with status 0x%x", (unsigned)status);
}

static void on_idle(void *arg)
{
	struct webhooks *w = arg;

	w->idle = NULL;
	if (!w->flights)
		hook_gone(w);
}

/* In the child: vzd has threads, so only what is safe between fork and exec. */
static void __attribute__((noreturn)) exec_hook(const struct webhooks *w, int fd, const char *user)
{
	static char *const env[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	char *const argv[] = { (char *)(uintptr_t)w->program, (char *)"3", (char *)(uintptr_t)user, NULL };

	sys_reset_signals();
	if ((fd == 3 ? fcntl(3, F_SETFD, 0) : dup2(fd, 3)) >= 0 && sys_close_range(4, ~0u, 0) == 0)
		execve(w->program, argv, env);
	_exit(127);
}

static int spawn(struct webhooks *w, struct err *e)
{
	const char *user = w->d->conf.web_user ? w->d->conf.web_user : "vzweb";
	int sv[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return err_set(e, errno, "socket of vz-hook");
	pid = fork();
	if (pid == 0)
		exec_hook(w, sv[1], user);
	close(sv[1]);
	if (pid < 0 || ev_add_fd(w->d->ev, "webhook answers", sv[0], EPOLLIN, on_readable, w, &w->fd_src, e) < 0) {
		close(sv[0]);
		return e->code ? -e->code : err_set(e, errno, "fork");
	}
	w->fd = sv[0];
	w->pid = pid;
	return ev_add_child(w->d->ev, "vz-hook", pid, on_child, w, &w->child, e);
}

/* --- sending --- */

struct head { int64_t row, created_ms; char *body; };

static int head_row(sqlite3_stmt *st, void *arg, struct err *e)
{
	struct head *h = arg;

	h->row = sqlite3_column_int64(st, 0);
	h->created_ms = sqlite3_column_int64(st, 1);
	h->body = strdup(db_text(st, 2));
	return h->body ? 1 : err_set(e, ENOMEM, "webhook");
}

static void field(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s) + 1);
}

static void put_call(struct webhooks *w, const struct webhook *h, const struct head *head, struct buf *b)
{
	const struct str_list *allow = &w->d->conf.webhook_allow;
	char sign[128], id[24];

	webhook_signature(h->secret, (int64_t)time(NULL), head->body, sign);
	str_fmt(id, sizeof(id), "%" PRId64, head->row);
	field(b, id);
	field(b, h->url);
	field(b, sign);
	field(b, h->id);
	for (size_t i = 0; i < allow->n; i++)
		buf_addf(b, "%s%s", i ? " " : "", allow->v[i]);
	buf_addc(b, '\0');
	field(b, head->body);
}

/* False: the socket is full, or vz-hook is gone. */
static bool send_head(struct webhooks *w, struct webhook *h, const struct head *head)
{
	struct buf auto_buf b = { .cap = HOOK_CALL_MAX };
	ssize_t n;

	put_call(w, h, head, &b);
	h->flight = head->row;
	h->flight_created = head->created_ms;
	h->flight_sent = true;
	if (buf_failed(&b)) {
		vzd_log(LOG_ERR, "webhook %s: an event is too large to be sent", h->id);
		take_away(w, h);
		return true;
	}
	do
		n = send(w->fd, b.s, b.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)b.len) {
		w->flights++;
		return true;
	}
	h->flight = 0;
	h->next_ms = ev_now_ms() + 100;
	return false;
}

static bool send_one(struct webhooks *w, struct webhook *h)
{
	struct head head = { 0 };
	struct err e = { 0 };
	bool ok = true;

	if (db_each(db_reader(w->d->db), &e, head_row, &head,
		    "SELECT id, created_ms, body FROM deliveries WHERE hook = ?1 ORDER BY id LIMIT 1", "s", h->id) < 0) {
		vzd_log_err(LOG_ERR, &e, "webhooks");
		h->next_ms = ev_now_ms() + FIRST_MS;
	} else if (!head.row) {
		h->pending = 0;			/* they were cut */
	} else {
		ok = send_head(w, h, &head);
	}
	free(head.body);
	return ok;
}

static void stay_a_while(struct webhooks *w)
{
	struct err e = { 0 };

	ev_del(w->idle);
	w->idle = NULL;
	if (ev_add_timer(w->d->ev, "webhook idle", IDLE_MS, 0, on_idle, w, &w->idle, &e) < 0)
		vzd_log_err(LOG_WARNING, &e, "webhooks");
}

void webhook_send_due(struct webhooks *w)
{
	uint64_t now = ev_now_ms();
	struct err e = { 0 };

	for (size_t i = 0; i < w->n && w->flights < HOOK_FLIGHT_MAX; i++) {
		struct webhook *h = w->v[i];

		if (!h->enabled || !h->pending || h->flight || h->next_ms > now)
			continue;
		if (w->fd < 0 && spawn(w, &e) < 0) {
			vzd_log_err(LOG_ERR, &e, "webhooks");
			h->next_ms = now + FIRST_MS;
			break;
		}
		if (!send_one(w, h))
			break;
	}
	if (w->fd >= 0)
		stay_a_while(w);
	webhook_later(w);
}

void webhook_send_end(struct webhooks *w)
{
	ev_del(w->fd_src);
	ev_del(w->idle);
	ev_del(w->child);
	w->fd_src = w->idle = w->child = NULL;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}
