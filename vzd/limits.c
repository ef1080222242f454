/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hits of limits, from the kernel's counters and from how full a disk is. */
#include "vzd/limits.h"

#include <string.h>

#include "util/auto.h"
#include "util/num.h"
#include "vzd/timefmt.h"

const char *const hit_names[HIT_N] = {
	[HIT_MEMORY] = "memory", [HIT_SWAP] = "swap", [HIT_PIDS] = "processes", [HIT_CPU] = "cpu", [HIT_DISK] = "disk",
	[HIT_INODES] = "inodes",
};

static void hit(struct limits *l, enum hit_kind kind, uint64_t n, int64_t now)
{
	if (!n)
		return;
	l->kind[kind].total += n;
	l->kind[kind].last_ms = now;
	memmove(&l->recent[1], &l->recent[0], sizeof(l->recent) - sizeof(l->recent[0]));
	l->recent[0].time_ms = now;
	l->recent[0].n = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	l->recent[0].kind = (uint8_t)kind;
}

static uint64_t more(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static bool is_full(uint64_t used, uint64_t limit)
{
	return limit && limit < NUM_UNLIMITED && used >= limit / 100 * LIMITS_DISK_PCT;
}

/* Being full is one hit when it begins. */
static void level(struct limits *l, enum hit_kind kind, bool full, int64_t now)
{
	if (full && !l->full[kind])
		hit(l, kind, 1, now);
	l->full[kind] = full;
}

static void counters(struct limits *l, const struct limits_look *k, struct limits_news *ret)
{
	if (!l->known || l->life != k->life) {
		l->mem_fail = k->begins ? 0 : k->mem_fail;
		l->swap_fail = k->begins ? 0 : k->swap_fail;
		l->pids_fail = k->begins ? 0 : k->pids_fail;
		l->oom_kills = k->begins ? 0 : k->oom_kills;
		l->throttled_usec = k->begins ? 0 : k->throttled_usec;
		l->known = true;
		l->life = k->life;
	}
	hit(l, HIT_MEMORY, more(k->mem_fail, l->mem_fail), k->time_ms);
	hit(l, HIT_SWAP, more(k->swap_fail, l->swap_fail), k->time_ms);
	hit(l, HIT_PIDS, more(k->pids_fail, l->pids_fail), k->time_ms);
	if (k->elapsed_usec && more(k->throttled_usec, l->throttled_usec) >= k->elapsed_usec / 100 * LIMITS_CPU_PCT)
		hit(l, HIT_CPU, 1, k->time_ms);
	ret->oom_kills = more(k->oom_kills, l->oom_kills);
	l->mem_fail = k->mem_fail;
	l->swap_fail = k->swap_fail;
	l->pids_fail = k->pids_fail;
	l->oom_kills = k->oom_kills;
	l->throttled_usec = k->throttled_usec;
}

void limits_look(struct limits *l, const struct limits_look *k, struct limits_news *ret)
{
	memset(ret, 0, sizeof(*ret));
	counters(l, k, ret);
	level(l, HIT_DISK, is_full(k->disk_used, k->disk_limit), k->time_ms);
	level(l, HIT_INODES, is_full(k->inodes_used, k->inode_limit), k->time_ms);
	for (int i = 0; i < HIT_N; i++) {
		int64_t since = k->time_ms - l->kind[i].event_ms;

		if (l->kind[i].total == l->kind[i].told || (l->kind[i].event_ms && since >= 0 && since < LIMITS_EVENT_MS))
			continue;
		ret->hits[i] = l->kind[i].total - l->kind[i].told;
		l->kind[i].told = l->kind[i].total;
		l->kind[i].event_ms = k->time_ms;
	}
}

uint64_t limits_total(const struct limits *l)
{
	uint64_t n = 0;

	for (int i = 0; l && i < HIT_N; i++)
		n += l->kind[i].total;
	return n;
}

json_t *limits_json(const struct limits *l)
{
	json_t *items = json_array(), *recent = json_array();
	char t[TIMEFMT_LEN];

	for (int i = 0; l && i < HIT_N; i++)
		if (l->kind[i].total)
			json_array_append_new(items, json_pack("{ss sI ss}", "limit", hit_names[i], "hits",
							       (json_int_t)l->kind[i].total, "last_hit",
							       timefmt(l->kind[i].last_ms, t)));
	for (int i = 0; l && i < LIMITS_RECENT && l->recent[i].time_ms; i++)
		json_array_append_new(recent, json_pack("{ss ss sI}", "time", timefmt(l->recent[i].time_ms, t), "limit",
							hit_names[l->recent[i].kind], "hits", (json_int_t)l->recent[i].n));
	return json_pack("{so so}", "items", items, "recent", recent);
}
