/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/counters.c: sums, buckets, and a table that is full. */
#include "vzd/counters.h"

#include <pthread.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/str.h"

static struct count_pair v[512];

TEST(api)
{
	struct count_hist api, commit, jobs;
	size_t n;

	for (int i = 0; i < 10; i++)
		count_api("ct.get", 200, 100);
	for (int i = 0; i < 20; i++)
		count_api("ct.list", 200, 20000);
	count_api("ct.get", 404, 20000000);
	count_api(NULL, 404, 1000);
	n = count_get_api(v, 512);
	CHECK_EQ(n, 4);
	CHECK_STR(v[0].a, "ct.list");		/* the busiest first */
	CHECK_EQ(v[0].n, 20);
	CHECK_STR(v[3].a, "none");
	CHECK_STR(v[3].b, "404");
	count_get_hist(&api, &commit, &jobs);
	CHECK_EQ(api.n[0], 11);			/* 1 ms is within 1 ms */
	CHECK_EQ(api.n[3], 20);
	CHECK_EQ(api.n[COUNT_BUCKETS - 1], 1);
	CHECK_EQ(api.usec, 10 * 100 + 20 * 20000 + 20000000 + 1000);
	CHECK_EQ(commit.usec, 0);
}

TEST(full)
{
	char kind[32];
	uint64_t sum = 0;
	size_t n;

	for (int i = 0; i < 1000; i++) {
		str_fmt(kind, sizeof(kind), "kind%d", i);
		count_job(kind, "done", 1);
	}
	n = count_get_jobs(v, 512);
	CHECK_EQ(n, 512);
	for (size_t i = 0; i < n; i++)
		sum += v[i].n;
	CHECK_EQ(sum, 1000);			/* nothing is lost */
}

static void *work(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10000; i++) {
		count_commit(10);
		count_events_dropped(2);
	}
	return NULL;
}

TEST(threads)
{
	struct count_hist api, commit, jobs;
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, work, NULL), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_join(t[i], NULL), 0);
	count_get_hist(&api, &commit, &jobs);
	CHECK_EQ(commit.usec, 400000);
	CHECK_EQ(count_get_events_dropped(), 80000);
}
