/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop: descriptors, wake-ups, deferred calls, and the turn. A source that is deleted while callbacks run is only
 * marked; the end of the turn frees it, so an event that epoll had already reported for it finds it dead instead of gone.
 * Everything comes through the one epoll descriptor, so it alone says whether there is work.
 */
#include "util/ev.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/ev_priv.h"

#define EV_BATCH 64
#define EV_DELAY_EVERY_US 10000u	/* how old the reading of the run queue's delay may be */

uint64_t ev_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t ev_now_ms(void)
{
	return ev_now_us() / 1000;
}

/* --- sources --- */

struct ev_src *ev_src_new(struct ev *ev, enum ev_kind kind, const char *name, void *arg, struct err *e)
{
	struct ev_src *s = calloc(1, sizeof(*s));

	if (!s) {
		err_set(e, ENOMEM, "event source %s", name);
		return NULL;
	}
	s->ev = ev;
	s->kind = kind;
	s->name = name;
	s->arg = arg;
	s->fd = -1;
	s->next = ev->list[kind];
	if (s->next)
		s->next->prev = s;
	ev->list[kind] = s;
	return s;
}

static void src_free(struct ev_src *s)
{
	if (s->prev)
		s->prev->next = s->next;
	else
		s->ev->list[s->kind] = s->next;
	if (s->next)
		s->next->prev = s->prev;
	free(s);
}

void ev_del(struct ev_src *s)
{
	struct ev *ev;

	if (!s || s->dead)
		return;
	ev = s->ev;
	s->dead = true;
	if (s->watched)
		epoll_ctl(ev->ep, EPOLL_CTL_DEL, s->fd, NULL);
	if (s->kind == EV_CHILD && s->fd >= 0)
		close(s->fd);
	else if (s->kind == EV_TIMER)
		ev_timer_off(s);
	else if (s->kind == EV_SIGNAL)
		ev_signal_off(s);
	if (!ev->depth) {
		src_free(s);
		return;
	}
	s->dead_next = ev->dead;
	ev->dead = s;
}

int ev_src_watch(struct ev_src *s, uint32_t events, struct err *e)
{
	struct epoll_event ee = { .events = events, .data.ptr = s };

	if (epoll_ctl(s->ev->ep, EPOLL_CTL_ADD, s->fd, &ee) < 0) {
		err_set(e, errno, "watch descriptor %d for %s", s->fd, s->name);
		ev_del(s);
		return -e->code;
	}
	s->events = events;
	s->watched = true;
	return 0;
}

int ev_add_fd(struct ev *ev, const char *name, int fd, uint32_t events, ev_fd_fn *fn, void *arg, struct ev_src **ret,
	      struct err *e)
{
	struct ev_src *s = ev_src_new(ev, EV_FD, name, arg, e);

	if (!s)
		return -e->code;
	s->fn.fd = fn;
	s->fd = fd;
	if (ev_src_watch(s, events, e) < 0)
		return -e->code;
	if (ret)
		*ret = s;
	return 0;
}

int ev_mod_fd(struct ev_src *s, uint32_t events, struct err *e)
{
	struct epoll_event ee = { .events = events, .data.ptr = s };

	if (s->dead || s->events == events)
		return 0;
	if (epoll_ctl(s->ev->ep, EPOLL_CTL_MOD, s->fd, &ee) < 0)
		return err_set(e, errno, "watch descriptor %d for %s", s->fd, s->name);
	s->events = events;
	return 0;
}

static void kick(struct ev *ev)
{
	eventfd_write(ev->wake_fd, 1);
}

int ev_defer(struct ev *ev, const char *name, ev_fn *fn, void *arg, struct err *e)
{
	struct ev_src *s = ev_src_new(ev, EV_DEFER, name, arg, e);

	if (!s)
		return -e->code;
	s->fn.plain = fn;
	if (!ev->depth)
		kick(ev);
	return 0;
}

int ev_add_wake(struct ev *ev, const char *name, ev_fn *fn, void *arg, struct ev_src **ret, struct err *e)
{
	struct ev_src *s = ev_src_new(ev, EV_WAKE, name, arg, e);

	if (!s)
		return -e->code;
	s->fn.plain = fn;
	*ret = s;
	return 0;
}

void ev_wake(struct ev_src *s)
{
	if (!atomic_exchange(&s->pending, true))
		kick(s->ev);
}

/* --- running callbacks --- */

/* How long this thread was runnable and did not run, so far: that is the machine's fault and no callback's. */
static uint64_t read_delay(struct ev *ev)
{
	unsigned long long ran, waited;
	char text[96];
	ssize_t n;

	if (ev->delay_fd < 0)
		ev->delay_fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	n = ev->delay_fd < 0 ? -1 : pread(ev->delay_fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return sscanf(text, "%llu %llu", &ran, &waited) == 2 ? waited / 1000 : 0;
}

static void note_delay(struct ev *ev)
{
	uint64_t now = ev_now_us();

	if (now - ev->delay_at < EV_DELAY_EVERY_US)
		return;
	ev->delay_at = now;
	ev->delay_us = read_delay(ev);
}

void ev_took(struct ev *ev, const char *name, uint64_t us)
{
	ev->stat.calls++;
	if (us > EV_SLOW_US) {
		uint64_t delay = read_delay(ev);

		if (delay > ev->delay_us)
			us -= MIN(us, delay - ev->delay_us);
		ev->delay_us = delay;
		if (us > EV_SLOW_US)
			ev->stat.slow++;
	}
	if (us > ev->stat.worst_us) {
		ev->stat.worst_us = us;
		ev->stat.worst_name = name;
	}
}

void ev_src_call(struct ev_src *s, uint32_t events)
{
	uint64_t start = ev_now_us();
	struct ev *ev = s->ev;
	const char *name = s->name;

	if (s->kind == EV_FD)
		s->fn.fd(s->arg, events);
	else
		s->fn.plain(s->arg);
	ev_took(ev, name, ev_now_us() - start);
}

static void on_wake(void *arg, uint32_t events)
{
	struct ev *ev = arg;
	eventfd_t n;

	(void)events;
	eventfd_read(ev->wake_fd, &n);
	for (struct ev_src *s = ev->list[EV_WAKE]; s; s = s->next) {
		if (!s->dead && atomic_exchange(&s->pending, false))
			ev_src_call(s, 0);
	}
}

static void dispatch(struct ev_src *s, uint32_t events)
{
	if (s->dead)
		return;
	if (s->kind == EV_INNER)
		s->fn.fd(s->arg, events);
	else if (s->kind == EV_CHILD)
		ev_child_call(s);
	else
		ev_src_call(s, events);
}

/* Oldest first; what is deferred meanwhile is for the next turn. */
static void run_deferred(struct ev *ev)
{
	struct ev_src *s = ev->list[EV_DEFER], *before;

	while (s && s->next)
		s = s->next;
	for (; s; s = before) {
		before = s->prev;
		ev_src_call(s, 0);
		ev_del(s);
		if (s == ev->last_defer)
			break;
	}
}

static void end_turn(struct ev *ev)
{
	if (--ev->depth)
		return;
	while (ev->dead) {
		struct ev_src *s = ev->dead;

		ev->dead = s->dead_next;
		src_free(s);
	}
	if (ev->list[EV_DEFER])
		kick(ev);
}

int ev_turn(struct ev *ev, int ms, struct err *e)
{
	struct epoll_event got[EV_BATCH];
	int n = epoll_wait(ev->ep, got, EV_BATCH, ms);

	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0)
		return err_set(e, errno, "epoll_wait");
	ev->depth++;
	ev->stat.turns++;
	note_delay(ev);
	for (int i = 0; i < n; i++)
		dispatch(got[i].data.ptr, got[i].events);
	ev->last_defer = ev->list[EV_DEFER];
	run_deferred(ev);
	end_turn(ev);
	return 0;
}

int ev_run(struct ev *ev, struct err *e)
{
	while (!ev->stop) {
		if (ev_turn(ev, -1, e) < 0)
			return -e->code;
	}
	ev->stop = false;
	return 0;
}

void ev_stop(struct ev *ev)
{
	ev->stop = true;
	kick(ev);
}

int ev_poll_fd(const struct ev *ev)
{
	return ev->ep;
}

void ev_stat(const struct ev *ev, struct ev_stat *ret)
{
	*ret = ev->stat;
}

/* --- open, close --- */

int ev_inner(struct ev *ev, const char *name, int fd, ev_fd_fn *fn, struct err *e)
{
	struct ev_src *s = ev_src_new(ev, EV_INNER, name, ev, e);

	if (!s)
		return -e->code;
	s->fn.fd = fn;
	s->fd = fd;
	return ev_src_watch(s, EPOLLIN, e);
}

int ev_open(struct ev **ret, struct err *e)
{
	struct ev *ev = calloc(1, sizeof(*ev));

	if (!ev)
		return err_set(e, ENOMEM, "event loop");
	ev->timer_fd = ev->sig_fd = ev->delay_fd = ev->wake_fd = -1;
	ev->ep = epoll_create1(EPOLL_CLOEXEC);
	if (ev->ep >= 0)
		ev->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ev->wake_fd < 0)
		err_set(e, errno, "event loop");
	if (ev->wake_fd < 0 || ev_inner(ev, "wake", ev->wake_fd, on_wake, e) < 0 || ev_timers_open(ev, e) < 0 ||
	    ev_signals_open(ev, e) < 0) {
		ev_close(ev);
		return -e->code;
	}
	*ret = ev;
	return 0;
}

void ev_close(struct ev *ev)
{
	int fds[5];

	if (!ev)
		return;
	for (int k = 0; k < EV_KIND_N; k++) {
		while (ev->list[k])
			ev_del(ev->list[k]);
	}
	memcpy(fds, (int[]){ ev->timer_fd, ev->sig_fd, ev->wake_fd, ev->delay_fd, ev->ep }, sizeof(fds));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	free(ev->heap);
	free(ev);
}
