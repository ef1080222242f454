/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_LIMITS_H
#define VZD_LIMITS_H
/* Which limits a container has run into, how often, and when last. Pure: what is new is returned, the caller tells it. */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hit_kind { HIT_MEMORY, HIT_SWAP, HIT_PIDS, HIT_CPU, HIT_DISK, HIT_INODES, HIT_N };
extern const char *const hit_names[HIT_N];

#define LIMITS_RECENT 10
#define LIMITS_EVENT_MS 600000	/* one event in so long for a kind that is hit all the time */
#define LIMITS_CPU_PCT 5	/* throttled for so much of the time: a hit */
#define LIMITS_DISK_PCT 95

struct limits {
	struct { uint64_t total, told; int64_t last_ms, event_ms; } kind[HIT_N];	/* told: of total, in events */
	struct { int64_t time_ms; uint32_t n; uint8_t kind; } recent[LIMITS_RECENT];	/* newest first */
	bool full[HIT_N];		/* disk, inodes: above the mark now */
	bool known;			/* the counters below are those of @life */
	uint64_t life, mem_fail, swap_fail, pids_fail, throttled_usec, oom_kills;
};
struct limits_look {
	int64_t time_ms;
	uint64_t life;			/* counters begin at 0 with each */
	bool begins;			/* of a life never seen, counters are news from 0 on; else only where they stand */
	uint64_t mem_fail, swap_fail, pids_fail, throttled_usec, oom_kills;
	uint64_t elapsed_usec;		/* since the look before, 0: unknown */
	uint64_t disk_used, disk_limit, inodes_used, inode_limit;	/* limit NUM_UNLIMITED or 0: none */
};
struct limits_news {
	uint64_t hits[HIT_N];		/* since the last event of the kind; 0: no event is due */
	uint64_t oom_kills;		/* since the last look */
};
void limits_look(struct limits *l, const struct limits_look *k, struct limits_news *ret);
uint64_t limits_total(const struct limits *l);
/* [{"limit","hits","last_hit"}] of kinds that were ever hit, and the last LIMITS_RECENT; @l may be NULL. */
json_t *limits_json(const struct limits *l);

#endif
