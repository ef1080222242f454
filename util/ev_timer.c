/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers of the loop: a heap by due time behind one timerfd. */
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/ev_priv.h"

#define NEVER UINT64_MAX

static void put(struct ev *ev, size_t i, struct ev_src *s)
{
	ev->heap[i] = s;
	s->heap = i + 1;
}

static void up(struct ev *ev, size_t i)
{
	struct ev_src *s = ev->heap[i];

	for (; i && ev->heap[(i - 1) / 2]->due > s->due; i = (i - 1) / 2)
		put(ev, i, ev->heap[(i - 1) / 2]);
	put(ev, i, s);
}

static void down(struct ev *ev, size_t i)
{
	struct ev_src *s = ev->heap[i];
	size_t k;

	for (; (k = 2 * i + 1) < ev->heap_n; i = k) {
		if (k + 1 < ev->heap_n && ev->heap[k + 1]->due < ev->heap[k]->due)
			k++;
		if (ev->heap[k]->due >= s->due)
			break;
		put(ev, i, ev->heap[k]);
	}
	put(ev, i, s);
}

static void take_out(struct ev_src *s)
{
	struct ev *ev = s->ev;
	size_t i = s->heap - 1;
	struct ev_src *last = ev->heap[--ev->heap_n];

	s->heap = 0;
	if (last == s)
		return;
	put(ev, i, last);
	down(ev, i);
	up(ev, last->heap - 1);
}

/* Only an earlier time needs a call: one that comes too early finds nothing due and arms it again. */
static void arm(struct ev *ev)
{
	uint64_t due = ev->heap_n ? ev->heap[0]->due : NEVER;
	struct itimerspec it = { 0 };

	if (due >= ev->armed)
		return;
	it.it_value.tv_sec = (time_t)(due / 1000);
	it.it_value.tv_nsec = (long)(due % 1000) * 1000000 + 1;		/* all 0 would disarm it */
	if (timerfd_settime(ev->timer_fd, TFD_TIMER_ABSTIME, &it, NULL) == 0)
		ev->armed = due;
}

void ev_set_timer(struct ev_src *s, uint64_t ms)
{
	struct ev *ev = s->ev;

	if (s->dead)
		return;
	if (s->heap)
		take_out(s);
	s->due = ev_now_ms() + ms;
	if (s->due <= ev->batch)
		s->due = ev->batch + 1;		/* in the next turn, or this one would never end */
	put(ev, ev->heap_n++, s);
	up(ev, s->heap - 1);
	arm(ev);
}

/* The heap has room for every timer there is, in it or not: setting one cannot fail. */
static int reserve(struct ev *ev, struct err *e)
{
	size_t size = MAX(2 * ev->heap_size, (size_t)16);
	struct ev_src **h;

	if (ev->timers < ev->heap_size)
		return 0;
	h = reallocarray(ev->heap, size, sizeof(struct ev_src *));
	if (!h)
		return err_set(e, ENOMEM, "timer");
	ev->heap = h;
	ev->heap_size = size;
	return 0;
}

int ev_add_timer(struct ev *ev, const char *name, uint64_t ms, uint64_t every_ms, ev_fn *fn, void *arg,
		 struct ev_src **ret, struct err *e)
{
	struct ev_src *s;

	if (reserve(ev, e) < 0)
		return -e->code;
	s = ev_src_new(ev, EV_TIMER, name, arg, e);
	if (!s)
		return -e->code;
	ev->timers++;
	s->fn.plain = fn;
	s->every = every_ms;
	ev_set_timer(s, ms);
	if (ret)
		*ret = s;
	return 0;
}

void ev_timer_off(struct ev_src *s)
{
	if (s->heap)
		take_out(s);
	s->ev->timers--;
}

static void run_one(struct ev *ev, struct ev_src *s)
{
	take_out(s);
	ev_src_call(s, 0);
	if (s->dead || s->heap)
		return;			/* deleted or set by its own callback */
	if (!s->every) {
		ev_del(s);
		return;
	}
	s->due = MAX(s->due + s->every, ev->batch + 1);	/* what was missed is not made up for */
	put(ev, ev->heap_n++, s);
	up(ev, s->heap - 1);
}

static void on_timers(void *arg, uint32_t events)
{
	struct ev *ev = arg;
	uint64_t n;

	(void)events;
	if (read(ev->timer_fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return;
	ev->armed = NEVER;
	ev->batch = ev_now_ms();
	while (ev->heap_n && ev->heap[0]->due <= ev->batch)
		run_one(ev, ev->heap[0]);
	ev->batch = 0;
	arm(ev);
}

int ev_timers_open(struct ev *ev, struct err *e)
{
	ev->armed = NEVER;
	ev->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (ev->timer_fd < 0)
		return err_set(e, errno, "timerfd");
	return ev_inner(ev, "timers", ev->timer_fd, on_timers, e);
}
