/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections to vzd. Quick calls are pipelined on a few, so that many go out with one write and come back with one read;
 * what may take its time has a connection of its own, as have streams, whose end is the connection's end. When vzd dies its
 * calls fail (or are sent once more, if they may be), and the next call connects anew. One connection is web_up_conn.c's.
 */
#include "vzd/web_up.h"

#include <errno.h>
#include <stdlib.h>

#include "util/err.h"
#include "util/str.h"

#define FAST_DEPTH 256			/* calls under way on one */
#define FAST_STUCK_MS 50u		/* a call this old holds its connection up: new ones go elsewhere */
#define OWN_CONNS 512
#define WAIT_MAX 2048			/* calls that wait for a connection */
#define FAST_MS 30000u			/* until it is answered */
#define OWN_MS 180000u
#define WAIT_MS 5000u
#define RETRY_MS 10u			/* vzd's backlog is full */

/* --- finding a connection --- */

static bool fast_fits(const struct up_conn *c, uint64_t now)
{
	return c->n_calls < FAST_DEPTH && (!c->first || now - c->first->since < FAST_STUCK_MS);
}

static struct up_conn *find_fast(struct up *u, struct err *e)
{
	uint64_t now = ev_now_ms();

	for (size_t i = 0; i < UP_FAST_CONNS; i++) {
		if (!u->fast[i])
			u->fast[i] = up_conn_new(u, UP_FAST, e);
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
	return u->n_own < OWN_CONNS ? up_conn_new(u, UP_OWN, e) : NULL;
}

/* NULL with e->code 0: there is none for now. */
static struct up_conn *find_conn(struct up *u, const struct up_call *call, struct err *e)
{
	struct up_conn *c = NULL;

	if (call->lane == UP_STREAM)
		return up_conn_new(u, UP_STREAM, e);
	if (call->lane == UP_FAST)
		c = find_fast(u, e);
	return c || e->code ? c : find_own(u, e);
}

/* --- waiting --- */

static void on_retry(void *arg)
{
	struct up *u = arg;

	u->retry = NULL;
	up_drain(u);
}

static void wait_for_conn(struct up *u, struct up_call *call)
{
	struct err e = { 0 };

	if (u->n_waiting >= WAIT_MAX) {
		up_fail_call(call, "too many calls are under way");
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
void up_drain(struct up *u)
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
			up_conn_add(c, pop_waiting(u));
		else
			up_fail_call(pop_waiting(u), e.text);
	}
}

void up_send(struct up *u, struct up_call *call)
{
	struct err e = { 0 };
	struct up_conn *c = u->waiting ? NULL : find_conn(u, call, &e);

	call->since = ev_now_ms();
	if (c)
		up_conn_add(c, call);
	else if (e.code == 0 || e.code == EAGAIN)
		wait_for_conn(u, call);
	else
		up_fail_call(call, e.text);
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
	up_conn_pop(c);
	up_conn_drop(c);
}

/* --- open, close, deadlines --- */

static void on_tick(void *arg)
{
	struct up *u = arg;
	uint64_t now = ev_now_ms();
	struct up_conn *next;

	while (u->waiting && now - u->waiting->since > WAIT_MS)
		up_fail_call(pop_waiting(u), "vzd takes no more connections");
	for (struct up_conn *c = u->conns; c; c = next) {
		next = c->next;
		if (c->dead || !c->first || (c->lane == UP_STREAM && c->first->answered))
			continue;
		if (now - c->first->since < (c->lane == UP_OWN ? OWN_MS : FAST_MS))
			continue;
		c->busy++;
		up_conn_fail(c, "vzd does not answer");
		c->busy--;
		next = c->next;
		if (!c->dirty)
			up_conn_free(c);
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
	u->in = malloc(UP_READ_SIZE);
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
		up_fail_call(pop_waiting(u), "vzweb ends");
	while (u->conns) {
		struct up_conn *c = u->conns;

		c->dirty = false;
		c->busy++;
		up_conn_fail(c, "vzweb ends");
		c->busy--;
		up_conn_free(c);
	}
	ev_del(u->tick);
	ev_del(u->retry);
	free(u->in);
	free(u);
}
