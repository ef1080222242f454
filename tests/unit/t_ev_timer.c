/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/ev_timer.c */
#include "util/ev.h"

#include <string.h>

#include "tests/lib/test.h"

static struct err e;

struct tick {
	struct ev_src *self;
	int n;
	uint64_t at;
	bool del, again;
};

static struct ev *loop(void)
{
	struct ev *ev = NULL;

	CHECK_OK(ev_open(&ev, &e), &e);
	return ev;
}

static void on_tick(void *arg)
{
	struct tick *t = arg;

	t->n++;
	t->at = ev_now_ms();
	if (t->again && t->n < 3)
		ev_set_timer(t->self, 0);
	if (t->del)
		ev_del(t->self);
}

TEST(once_and_every)
{
	struct ev *ev = loop();
	struct tick once = { 0 }, every = { 0 }, far = { 0 };
	uint64_t start = ev_now_ms();

	CHECK_OK(ev_add_timer(ev, "far", 100000, 0, on_tick, &far, &far.self, &e), &e);
	CHECK_OK(ev_add_timer(ev, "every", 10, 10, on_tick, &every, &every.self, &e), &e);
	CHECK_OK(ev_add_timer(ev, "once", 20, 0, on_tick, &once, NULL, &e), &e);
	UNTIL(ev, once.n && every.n > 2);
	TURN_FOR(ev, 60);
	CHECK_EQ(once.n, 1);
	CHECK(once.at - start >= 20);
	CHECK((uint64_t)every.n <= (ev_now_ms() - start) / 10 + 1);
	CHECK_EQ(far.n, 0);
	ev_set_timer(far.self, 1);
	UNTIL(ev, far.n);
	CHECK_EQ(far.n, 1);
	ev_close(ev);
}

TEST(no_tick_is_early_and_all_come_in_order)
{
	enum { N = 200 };
	static struct tick t[N];
	struct ev *ev = loop();
	uint64_t start = ev_now_ms(), last = 0;

	for (unsigned i = 0; i < N; i++)
		CHECK_OK(ev_add_timer(ev, "t", i * 37 % N, 0, on_tick, &t[i], &t[i].self, &e), &e);
	for (unsigned i = 0; i < N; i += 3)
		ev_del(t[i].self);
	for (unsigned i = 0; i < N; i++)
		UNTIL(ev, !(i % 3) || t[i].n);
	TURN_FOR(ev, 20);
	for (unsigned i = 0; i < N; i++) {
		CHECK_EQ(t[i].n, i % 3 ? 1 : 0);
		if (i % 3)
			CHECK(t[i].at >= start + i * 37 % N);
	}
	for (unsigned ms = 0; ms < N; ms++) {
		for (unsigned i = 0; i < N; i++) {
			if (!(i % 3) || i * 37 % N != ms)
				continue;
			CHECK(t[i].at >= last);
			last = t[i].at;
		}
	}
	ev_close(ev);
}

TEST(own_callback_may_delete_and_set)
{
	struct ev *ev = loop();
	struct tick del = { .del = true }, again = { .again = true }, both = { .again = true, .del = true };

	CHECK_OK(ev_add_timer(ev, "del", 1, 1, on_tick, &del, &del.self, &e), &e);
	CHECK_OK(ev_add_timer(ev, "again", 1, 0, on_tick, &again, &again.self, &e), &e);
	CHECK_OK(ev_add_timer(ev, "both", 1, 1, on_tick, &both, &both.self, &e), &e);
	UNTIL(ev, del.n && again.n == 3 && both.n);
	TURN_FOR(ev, 50);
	CHECK_EQ(del.n, 1);
	CHECK_EQ(again.n, 3);
	CHECK_EQ(both.n, 1);
	ev_close(ev);
}

static void slow(void *arg)
{
	int *n = arg;

	if (++*n == 1)
		usleep(60000);
}

/* A timer of 5 ms that was held up for 60 ms fires once for them, not twelve times. */
TEST(missed_ticks_are_dropped)
{
	struct ev *ev = loop();
	int n = 0;

	CHECK_OK(ev_add_timer(ev, "t", 1, 5, slow, &n, NULL, &e), &e);
	while (n < 2)
		CHECK_OK(ev_turn(ev, 1000, &e), &e);
	CHECK_EQ(n, 2);
	ev_close(ev);
}

TEST(a_timer_of_zero_lets_others_run)
{
	struct ev *ev = loop();
	struct tick zero = { 0 }, other = { 0 };

	CHECK_OK(ev_add_timer(ev, "zero", 0, 0, on_tick, &zero, NULL, &e), &e);
	CHECK_OK(ev_add_timer(ev, "other", 0, 0, on_tick, &other, NULL, &e), &e);
	CHECK_OK(ev_turn(ev, 1000, &e), &e);
	CHECK_EQ(zero.n + other.n, 2);
	ev_close(ev);
}
