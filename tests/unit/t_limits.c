/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/limits.c: what counts as a hit, when it is news, and what is remembered. */
#include "vzd/limits.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/num.h"

#define T 1700000000000ll

static struct limits_look at(int64_t ms, uint64_t mem_fail)
{
	return (struct limits_look){ .time_ms = T + ms, .life = 7, .mem_fail = mem_fail, .elapsed_usec = 30000000 };
}

TEST(first_look_of_what_ran_before_us)
{
	struct limits l = { 0 };
	struct limits_news n;
	struct limits_look k = at(0, 500);

	k.oom_kills = 3;
	limits_look(&l, &k, &n);
	CHECK_EQ(limits_total(&l), 0);
	CHECK_EQ(n.oom_kills, 0);
	k = at(30000, 501);
	k.oom_kills = 5;
	limits_look(&l, &k, &n);
	CHECK_EQ(n.hits[HIT_MEMORY], 1);
	CHECK_EQ(n.oom_kills, 2);
}

TEST(a_start_we_saw)
{
	struct limits l = { 0 };
	struct limits_news n;
	struct limits_look k = at(0, 5);

	k.begins = true;
	k.pids_fail = 2;
	limits_look(&l, &k, &n);
	CHECK_EQ(n.hits[HIT_MEMORY], 5);
	CHECK_EQ(n.hits[HIT_PIDS], 2);
	k.life = 8;			/* restarted: counts from 0 */
	k.mem_fail = 1;
	k.time_ms += LIMITS_EVENT_MS;
	limits_look(&l, &k, &n);
	CHECK_EQ(n.hits[HIT_MEMORY], 1);
	CHECK_EQ(l.kind[HIT_MEMORY].total, 6);
}

TEST(events_are_not_a_flood)
{
	struct limits l = { 0 };
	struct limits_news n;
	struct limits_look k = at(0, 0);
	unsigned events = 0;

	limits_look(&l, &k, &n);
	for (unsigned i = 1; i <= 120; i++) {		/* an hour, hit all the time */
		k = at(30000ll * i, 10 * i);
		limits_look(&l, &k, &n);
		events += n.hits[HIT_MEMORY] != 0;
	}
	CHECK_EQ(events, 6);
	CHECK_EQ(l.kind[HIT_MEMORY].total, 1200);
	CHECK_EQ(l.kind[HIT_MEMORY].last_ms, T + 3600000);
	k = at(0, 2000);				/* the clock went back: not silent for an hour */
	limits_look(&l, &k, &n);
	CHECK(n.hits[HIT_MEMORY] > 0);
}

TEST(disk)
{
	struct limits l = { 0 };
	struct limits_news n;
	struct limits_look k = at(0, 0);

	k.disk_limit = 1000000;
	k.disk_used = 949000;
	limits_look(&l, &k, &n);
	CHECK_EQ(n.hits[HIT_DISK], 0);
	k.disk_used = 950000;
	limits_look(&l, &k, &n);
	CHECK_EQ(n.hits[HIT_DISK], 1);
	k.time_ms += 2 * LIMITS_EVENT_MS;
	limits_look(&l, &k, &n);
	CHECK_EQ(n.hits[HIT_DISK], 0);	/* still full is no news */
	k.disk_limit = NUM_UNLIMITED;
	limits_look(&l, &k, &n);
	k.disk_limit = 0;
	limits_look(&l, &k, &n);
	CHECK_EQ(l.kind[HIT_DISK].total, 1);
}

TEST(cpu)
{
	struct limits l = { 0 };
	struct limits_news n;
	struct limits_look k = at(0, 0);

	limits_look(&l, &k, &n);
	k.throttled_usec += 1000000;		/* 3 % */
	limits_look(&l, &k, &n);
	CHECK_EQ(n.hits[HIT_CPU], 0);
	k.throttled_usec += 2000000;
	limits_look(&l, &k, &n);
	CHECK_EQ(n.hits[HIT_CPU], 1);
}

TEST(recent)
{
	struct limits l = { 0 };
	struct limits_news n;
	struct limits_look k = at(0, 0);
	json_t *j;

	j = limits_json(NULL);
	CHECK_EQ(json_array_size(json_object_get(j, "items")), 0);
	json_decref(j);
	limits_look(&l, &k, &n);
	for (unsigned i = 1; i <= 15; i++) {
		k = at(1000ll * i, 2 * i);
		limits_look(&l, &k, &n);
	}
	j = limits_json(&l);
	CHECK_EQ(json_array_size(json_object_get(j, "recent")), LIMITS_RECENT);
	CHECK_STR(json_string_value(json_object_get(json_array_get(json_object_get(j, "recent"), 0), "time")),
		  "2023-11-14T22:13:35.000Z");
	CHECK_EQ(json_integer_value(json_object_get(json_array_get(json_object_get(j, "items"), 0), "hits")), 30);
	json_decref(j);
}
