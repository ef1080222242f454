/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/ev.c */
#include "util/ev.h"

#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "tests/lib/test.h"
#include "util/str.h"

static struct err e;
static int calls;

static struct ev *loop(void)
{
	struct ev *ev = NULL;

	CHECK_OK(ev_open(&ev, &e), &e);
	return ev;
}

static void pipes(int p[2])
{
	CHECK(pipe(p) == 0);
}

struct box {
	struct ev *ev;
	struct ev_src *self, *other;
	int fd, n;
	uint32_t events;
};

static void on_fd(void *arg, uint32_t events)
{
	struct box *b = arg;
	char c;

	b->n++;
	b->events = events;
	if (events & EPOLLIN)
		CHECK(read(b->fd, &c, 1) == 1);
}

TEST(fd_is_reported_while_it_is_watched)
{
	struct ev *ev = loop();
	struct box b = { .ev = ev };
	int p[2];

	pipes(p);
	b.fd = p[0];
	CHECK_OK(ev_add_fd(ev, "pipe", p[0], EPOLLIN, on_fd, &b, &b.self, &e), &e);
	CHECK_OK(ev_turn(ev, 0, &e), &e);
	CHECK_EQ(b.n, 0);
	CHECK(write(p[1], "ab", 2) == 2);
	CHECK_OK(ev_turn(ev, 1000, &e), &e);
	CHECK_EQ(b.n, 1);
	CHECK_EQ(b.events, EPOLLIN);
	CHECK_OK(ev_mod_fd(b.self, 0, &e), &e);
	CHECK_OK(ev_turn(ev, 0, &e), &e);
	CHECK_EQ(b.n, 1);
	CHECK_OK(ev_mod_fd(b.self, EPOLLIN, &e), &e);
	CHECK_OK(ev_turn(ev, 1000, &e), &e);
	CHECK_EQ(b.n, 2);
	ev_del(b.self);
	CHECK(write(p[1], "c", 1) == 1);
	CHECK_OK(ev_turn(ev, 0, &e), &e);
	CHECK_EQ(b.n, 2);
	CHECK_ERR(ev_add_fd(ev, "pipe", 12345, EPOLLIN, on_fd, &b, NULL, &e), EBADF);
	CHECK(strstr(e.text, "for pipe"));
	ev_close(ev);
}

static void delete_both(void *arg, uint32_t events)
{
	struct box *b = arg;

	(void)events;
	calls++;
	ev_del(b->other);
	ev_del(b->self);
	ev_del(b->self);
}

/* Both are ready in one turn; whichever comes first deletes both. */
TEST(deleted_sources_are_not_called)
{
	struct ev *ev = loop();
	struct box a = { 0 }, b = { 0 };
	int p[2], q[2];

	pipes(p);
	pipes(q);
	CHECK_OK(ev_add_fd(ev, "a", p[0], EPOLLIN, delete_both, &a, &a.self, &e), &e);
	CHECK_OK(ev_add_fd(ev, "b", q[0], EPOLLIN, delete_both, &b, &b.self, &e), &e);
	a.other = b.self;
	b.other = a.self;
	CHECK(write(p[1], "x", 1) == 1 && write(q[1], "x", 1) == 1);
	CHECK_OK(ev_turn(ev, 1000, &e), &e);
	CHECK_EQ(calls, 1);
	CHECK_OK(ev_turn(ev, 0, &e), &e);
	CHECK_EQ(calls, 1);
	ev_del(NULL);
	ev_close(ev);
	ev_close(NULL);
}

static char order[16];

static void first(void *arg)
{
	strncat(order, arg, 1);
}

static void again(void *arg)
{
	strncat(order, "r", 2);
	CHECK_OK(ev_defer(arg, "later", first, "l", &e), &e);
}

TEST(deferred_calls_run_in_order_and_once)
{
	struct ev *ev = loop();

	CHECK_OK(ev_defer(ev, "1", first, "1", &e), &e);
	CHECK_OK(ev_defer(ev, "2", again, ev, &e), &e);
	CHECK_OK(ev_defer(ev, "3", first, "3", &e), &e);
	CHECK_OK(ev_turn(ev, 1000, &e), &e);
	CHECK_STR(order, "1r3");
	CHECK_OK(ev_turn(ev, 1000, &e), &e);		/* has work: does not wait */
	CHECK_STR(order, "1r3l");
	CHECK_OK(ev_turn(ev, 0, &e), &e);
	CHECK_STR(order, "1r3l");
	CHECK_OK(ev_defer(ev, "never", first, "n", &e), &e);
	ev_close(ev);
	CHECK_STR(order, "1r3l");
}

static void on_wake(void *arg)
{
	struct box *b = arg;

	if (++b->n == 3)
		ev_stop(b->ev);
}

static void *waker(void *arg)
{
	struct box *b = arg;

	for (int want = 1; want <= 3; want++) {
		ev_wake(b->self);
		while (__atomic_load_n(&b->n, __ATOMIC_ACQUIRE) < want)
			usleep(100);
	}
	return NULL;
}

TEST(wakes_from_another_thread)
{
	struct ev *ev = loop();
	struct box b = { .ev = ev };
	pthread_t t;

	CHECK_OK(ev_add_wake(ev, "thread", on_wake, &b, &b.self, &e), &e);
	CHECK(pthread_create(&t, NULL, waker, &b) == 0);
	CHECK_OK(ev_run(ev, &e), &e);
	CHECK(pthread_join(t, NULL) == 0);
	CHECK_EQ(b.n, 3);
	b.n = 0;
	for (int i = 0; i < 100; i++)
		ev_wake(b.self);
	CHECK_OK(ev_turn(ev, 1000, &e), &e);
	CHECK_OK(ev_turn(ev, 0, &e), &e);
	CHECK_EQ(b.n, 1);		/* several are one */
	ev_close(ev);
}

TEST(stop_before_the_run_counts)
{
	struct ev *ev = loop();

	ev_stop(ev);
	CHECK_OK(ev_run(ev, &e), &e);
	ev_close(ev);
}

static void inner_turn(void *arg, uint32_t events)
{
	(void)events;
	CHECK_OK(ev_turn(arg, 0, &e), &e);
}

TEST(poll_fd_says_when_there_is_work)
{
	struct ev *outer = loop(), *ev = loop();
	struct box b = { .ev = ev };

	CHECK_OK(ev_add_fd(outer, "loop", ev_poll_fd(ev), EPOLLIN, inner_turn, ev, NULL, &e), &e);
	CHECK_OK(ev_turn(outer, 0, &e), &e);
	CHECK_OK(ev_defer(ev, "d", first, "d", &e), &e);
	CHECK_OK(ev_turn(outer, 1000, &e), &e);
	CHECK_STR(order, "d");
	CHECK_OK(ev_add_wake(ev, "w", on_wake, &b, &b.self, &e), &e);
	ev_wake(b.self);
	CHECK_OK(ev_turn(outer, 1000, &e), &e);
	CHECK_EQ(b.n, 1);
	CHECK_OK(ev_add_timer(ev, "t", 5, 0, first, "t", NULL, &e), &e);
	CHECK_OK(ev_turn(outer, 1000, &e), &e);
	CHECK_STR(order, "dt");
	ev_close(ev);
	ev_close(outer);
}

static void sleepy(void *arg)
{
	struct timespec ts = { .tv_nsec = 80000000 };

	(void)arg;
	nanosleep(&ts, NULL);
}

TEST(slow_callback_is_named)
{
	struct ev *ev = loop();
	struct ev_stat st;
	uint64_t slow;

	ev_stat(ev, &st);
	CHECK_STR(st.worst_name, NULL);
	CHECK_OK(ev_defer(ev, "quick", first, "q", &e), &e);
	CHECK_OK(ev_turn(ev, 0, &e), &e);
	ev_stat(ev, &st);
	CHECK_STR(st.worst_name, "quick");
	slow = st.slow;			/* 0 but on a machine that looks away just then; likewise below */
	CHECK(slow == (st.worst_us > EV_SLOW_US));
	CHECK_OK(ev_defer(ev, "sleepy", sleepy, NULL, &e), &e);
	CHECK_OK(ev_defer(ev, "quick", first, "q", &e), &e);
	CHECK_OK(ev_turn(ev, 0, &e), &e);
	ev_stat(ev, &st);
	CHECK(slow || str_eq(st.worst_name, "sleepy") || st.slow > 1);
	CHECK(st.slow > slow);
	CHECK(st.worst_us > EV_SLOW_US);
	CHECK_EQ(st.calls, 3);
	CHECK_EQ(st.turns, 2);
	ev_close(ev);
}

TEST(no_memory_is_an_error)
{
	EACH_FAULT(FAULT_ALLOC) {
		struct ev *ev = NULL;
		struct ev_src *w = NULL;
		struct box b = { 0 };
		int r = ev_open(&ev, &e);

		if (r == 0)
			r = ev_add_wake(ev, "w", on_wake, &b, &w, &e);
		if (r == 0)
			r = ev_add_timer(ev, "t", 1, 1, first, "t", NULL, &e);
		if (r == 0)
			r = ev_defer(ev, "d", first, "d", &e);
		test_fault_off();
		CHECK_EQ(r, test_fault_hit() ? -ENOMEM : 0);
		ev_close(ev);
	}
}
