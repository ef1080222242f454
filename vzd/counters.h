/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_COUNTERS_H
#define VZD_COUNTERS_H
/* What vzd itself does, counted for /metrics. Everything here may be called from any thread and costs an addition. */
#include <stddef.h>
#include <stdint.h>

#define COUNT_BUCKETS 9
extern const double count_le[COUNT_BUCKETS];	/* upper bounds in seconds, the last is infinity */
struct count_hist { uint64_t n[COUNT_BUCKETS], usec; };	/* n: not cumulated */

uint64_t count_now(void);		/* microseconds, CLOCK_MONOTONIC: what durations are the difference of */
/* @op: the route's operationId, a literal, kept by pointer; NULL: no route. */
void count_api(const char *op, int status, uint64_t usec);
void count_commit(uint64_t usec);			/* of the database */
void count_job(const char *kind, const char *state, uint64_t usec);	/* it has ended; @kind and @state are copied */
void count_events_dropped(uint64_t n);			/* streams closed because their reader was too slow */

/* For metrics.c. */
struct count_pair { char a[32], b[16]; uint64_t n; };
size_t count_get_api(struct count_pair *v, size_t max);		/* op, status */
size_t count_get_jobs(struct count_pair *v, size_t max);	/* kind, state */
void count_get_hist(struct count_hist *api, struct count_hist *commit, struct count_hist *jobs);
uint64_t count_get_events_dropped(void);

#endif
