/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/bus.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/str.h"
#include "vzd/db.h"

static struct vzd d;
static struct err e;
static struct buf seen = BUF_INIT;

static void up(void)
{
	char path[256];

	if (!d.ev)
		CHECK_OK(ev_open(&d.ev, &e), &e);
	CHECK_OK(str_fmt(path, sizeof(path), "%s/vzd.db", test_tmp()), &e);
	CHECK_OK(db_open(&d, path, &d.db, &e), &e);
	CHECK_OK(bus_open(&d, &d.bus, &e), &e);
}

static void down(void)
{
	bus_close(d.bus);
	d.bus = NULL;
	db_close(d.db);
	d.db = NULL;
}

static void turns(int n)
{
	while (n--)
		CHECK_OK(ev_turn(d.ev, 1, &e), &e);
}

/* "1:ct.started:101 " */
static void note(void *arg, const struct bus_event *ev)
{
	(void)arg;
	buf_addf(&seen, "%llu:%s:%u ", (unsigned long long)ev->seq, ev->type, ev->ctid);
}

TEST(bus_numbers_and_delivers)
{
	struct bus_sub *s;

	up();
	bus_emit(d.bus, "ct.started", 101, "", NULL);
	CHECK_OK(bus_subscribe(d.bus, NULL, UINT64_MAX, note, NULL, &s, &e), &e);
	bus_emit(d.bus, "ct.stopped", 102, "", json_pack("{s:s}", "reason", "stop"));
	turns(3);
	CHECK_STR(buf_str(&seen), "2:ct.stopped:102 ");
	CHECK_EQ(bus_last(d.bus), 2);
	bus_unsubscribe(s);
	bus_emit(d.bus, "ct.started", 103, "", NULL);
	turns(3);
	CHECK_STR(buf_str(&seen), "2:ct.stopped:102 ");
	down();
	buf_done(&seen);
	ev_close(d.ev);
}

TEST(bus_ignores_types_that_it_does_not_know)
{
	up();
	bus_emit(d.bus, "ct.flew", 101, "", json_object());
	CHECK_EQ(bus_last(d.bus), 0);
	down();
	ev_close(d.ev);
}

TEST(bus_filters_by_type_and_container)
{
	const struct bus_filter types = { .types = "job. ct.oom" }, ct = { .ctid = 7 };
	struct bus_sub *a, *b;

	up();
	CHECK_OK(bus_subscribe(d.bus, &types, UINT64_MAX, note, NULL, &a, &e), &e);
	bus_emit(d.bus, "ct.started", 7, "", NULL);
	bus_emit(d.bus, "job.done", 0, "", NULL);
	bus_emit(d.bus, "ct.oom", 7, "", NULL);
	turns(3);
	CHECK_STR(buf_str(&seen), "2:job.done:0 3:ct.oom:7 ");
	buf_reset(&seen);
	CHECK_OK(bus_subscribe(d.bus, &ct, 0, note, NULL, &b, &e), &e);
	turns(3);
	CHECK_STR(buf_str(&seen), "1:ct.started:7 3:ct.oom:7 ");
	down();
	buf_done(&seen);
	ev_close(d.ev);
}

TEST(bus_replays_over_a_restart_and_never_gives_a_number_twice)
{
	struct bus_sub *s;

	up();
	for (int i = 0; i < 3; i++)
		bus_emit(d.bus, "ct.started", 101, "", NULL);
	down();
	up();
	CHECK_EQ(bus_last(d.bus), 3);		/* a clean end gives back what it had reserved */
	bus_emit(d.bus, "ct.stopped", 101, "", NULL);
	CHECK_OK(bus_subscribe(d.bus, NULL, 1, note, NULL, &s, &e), &e);
	turns(3);
	CHECK_STR(buf_str(&seen), "2:ct.started:101 3:ct.started:101 4:ct.stopped:101 ");
	down();
	buf_done(&seen);
	ev_close(d.ev);
}

TEST(bus_after_a_crash_goes_on_above_what_may_have_been_seen)
{
	static struct bus *lost;	/* kill -9: nobody closes it; static: no leak */

	up();
	bus_emit(d.bus, "ct.started", 101, "", NULL);
	turns(1);
	lost = d.bus;
	db_close(d.db);
	up();
	CHECK(bus_last(d.bus) >= 1);
	bus_emit(d.bus, "ct.stopped", 101, "", NULL);
	CHECK(bus_last(d.bus) > 10000);
	down();
	ev_close(d.ev);
	CHECK(lost != NULL);
}

TEST(bus_tells_who_comes_too_late_or_from_elsewhere)
{
	struct bus_sub *s;

	up();
	for (int i = 0; i < BUS_RING + 5; i++)
		bus_emit(d.bus, "ct.started", 1, "", NULL);
	CHECK_OK(bus_subscribe(d.bus, NULL, 2, note, NULL, &s, &e), &e);
	turns(2);
	CHECK(str_starts(buf_str(&seen), "5:reset:0 6:ct.started:1 7:ct.started:1 "));
	bus_unsubscribe(s);
	buf_reset(&seen);
	CHECK_OK(bus_subscribe(d.bus, NULL, 999999, note, NULL, &s, &e), &e);
	turns(2);
	CHECK(str_ends(buf_str(&seen), ":reset:0 "));
	bus_unsubscribe(s);
	down();
	buf_done(&seen);
	ev_close(d.ev);
}

TEST(bus_tells_a_subscriber_that_the_ring_has_overtaken)
{
	struct bus_sub *s;

	up();
	CHECK_OK(bus_subscribe(d.bus, NULL, UINT64_MAX, note, NULL, &s, &e), &e);
	bus_emit(d.bus, "ct.started", 1, "", NULL);
	turns(2);
	buf_reset(&seen);
	for (int i = 0; i < BUS_RING + 3; i++)
		bus_emit(d.bus, "ct.started", 1, "", NULL);
	turns(1);
	CHECK(str_starts(buf_str(&seen), "4:reset:0 5:ct.started:1 "));
	down();
	buf_done(&seen);
	ev_close(d.ev);
}
