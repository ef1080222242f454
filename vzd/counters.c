/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of the daemon: small tables under one lock that is held for the length of a search. */
#include "vzd/counters.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "util/auto.h"
#include "util/str.h"

#define PAIRS 512

const double count_le[COUNT_BUCKETS] = { 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 10, INFINITY };

struct table { struct count_pair v[PAIRS]; size_t n; };
static struct table apis, jobs;
static struct count_hist api_hist, commit_hist, job_hist;
static uint64_t dropped;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

uint64_t count_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000;
}

static void observe(struct count_hist *h, uint64_t usec)
{
	double s = (double)usec / 1e6;
	int i = 0;

	while (s > count_le[i])
		i++;
	h->n[i]++;
	h->usec += usec;
}

/* Rows that are counted often move to the front. What no longer fits is counted in the last row, which then stands for "other". */
static void add(struct table *t, const char *a, const char *b)
{
	struct count_pair *p;

	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i].a, a) == 0 && strcmp(t->v[i].b, b) == 0) {
			t->v[i].n++;
			if (i && t->v[i].n > t->v[i - 1].n)
				SWAP(t->v[i], t->v[i - 1]);
			return;
		}
	if (t->n == PAIRS) {
		p = &t->v[PAIRS - 1];
		str_copy(p->a, sizeof(p->a), "other");
		p->b[0] = '\0';
	} else {
		p = &t->v[t->n++];
		str_copy(p->a, sizeof(p->a), a);
		str_copy(p->b, sizeof(p->b), b);
	}
	p->n++;
}

void count_api(const char *op, int status, uint64_t usec)
{
	char text[16];

	str_fmt(text, sizeof(text), "%d", status);
	pthread_mutex_lock(&lock);
	add(&apis, op ? op : "none", text);
	observe(&api_hist, usec);
	pthread_mutex_unlock(&lock);
}

void count_commit(uint64_t usec)
{
	pthread_mutex_lock(&lock);
	observe(&commit_hist, usec);
	pthread_mutex_unlock(&lock);
}

void count_job(const char *kind, const char *state, uint64_t usec)
{
	char a[32], b[16];

	str_copy(a, sizeof(a), kind);
	str_copy(b, sizeof(b), state);
	pthread_mutex_lock(&lock);
	add(&jobs, a, b);
	observe(&job_hist, usec);
	pthread_mutex_unlock(&lock);
}

void count_events_dropped(uint64_t n)
{
	pthread_mutex_lock(&lock);
	dropped += n;
	pthread_mutex_unlock(&lock);
}

static size_t copy(const struct table *t, struct count_pair *v, size_t max)
{
	size_t n;

	pthread_mutex_lock(&lock);
	n = MIN(t->n, max);
	memcpy(v, t->v, n * sizeof(*v));
	pthread_mutex_unlock(&lock);
	return n;
}

size_t count_get_api(struct count_pair *v, size_t max)
{
	return copy(&apis, v, max);
}

size_t count_get_jobs(struct count_pair *v, size_t max)
{
	return copy(&jobs, v, max);
}

void count_get_hist(struct count_hist *api, struct count_hist *commit, struct count_hist *job)
{
	pthread_mutex_lock(&lock);
	*api = api_hist;
	*commit = commit_hist;
	*job = job_hist;
	pthread_mutex_unlock(&lock);
}

uint64_t count_get_events_dropped(void)
{
	uint64_t n;

	pthread_mutex_lock(&lock);
	n = dropped;
	pthread_mutex_unlock(&lock);
	return n;
}
