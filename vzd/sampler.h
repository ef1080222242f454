/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_SAMPLER_H
#define VZD_SAMPLER_H
/*
 * Figures of running containers: taken every SAMPLE_SEC in slices that never hold the loop, and on demand. From them come
 * metrics (metrics.c), history rings (history.c), hourly usage (usage.c) and "limit hit" events (limits.c).
 */
#include <jansson.h>

#include "vzd/inv.h"
#include "vzd/limits.h"

struct sampler;
struct sample {
	int64_t time_ms;		/* unix time, 0: never */
	uint64_t gen;			/* counters belong to this start; they begin at 0 with each */
	struct cg_stat cg;
	uint64_t io_read_bytes, io_write_bytes, io_reads, io_writes;
	uint64_t mem_cache_bytes;
	uint64_t psi_us[3][2];		/* cpu memory io; some full: total of the group's *.pressure */
	uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets, rx_drops, tx_drops;	/* as the container sees them */
	uint64_t disk_used, inodes_used;
	double cpu_pct;			/* of one processor since the sample before */
	bool disk_known;		/* something counts there */
};
int sampler_open(struct vzd *d, struct sampler **ret, struct err *e);
void sampler_close(struct sampler *s);
/* The last one, taken anew if older than @max_age_ms. NULL: it does not run. */
const struct sample *sampler_get(struct sampler *s, struct inv_ct *ct, unsigned max_age_ms, struct err *e);
const struct limits *sampler_limits(const struct inv_ct *ct);	/* NULL: never sampled */
json_t *sampler_stats_json(struct sampler *s, struct inv_ct *ct, struct err *e);	/* Stats of the API */
/* OpenMetrics text of all, cached 5 s. Owned by @s. @openmetrics: else the Prometheus text format. */
const char *metrics_text(struct sampler *s, bool openmetrics, size_t *len);
/* {"span","step","t0","series":{"cpu":[...],...},"max":{...}}; @span: hour day month year. */
json_t *history_json(struct sampler *s, unsigned ctid, const char *span, struct err *e);
struct usage *sampler_usage(struct sampler *s);
json_t *host_json(struct vzd *d, struct err *e);	/* Node of the API: capacity, promised, overcommit, top hits */

#endif
