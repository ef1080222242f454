/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Token buckets without timers, in constant memory. Of each key only the moment is kept at which its bucket will be full
 * (the "theoretical arrival time"). A key has four places it may be in; when all are taken the one that is nearest
 * to full makes room, and an idle one is full.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "util/auto.h"
#include "vzd/auth_priv.h"

#define SETS 1024u
#define WAYS 4u

struct rate {
	uint64_t seed;
	struct { uint64_t key, full_us; } v[SETS][WAYS];
};

struct rate *rate_new(void)
{
	struct rate *r = calloc(1, sizeof(*r));

	if (r && getrandom(&r->seed, sizeof(r->seed), 0) != sizeof(r->seed))
		r->seed = (uintptr_t)r;	/* before the kernel has entropy: the hash only spreads */
	return r;
}

void rate_free(struct rate *r)
{
	free(r);
}

uint64_t rate_key(const struct rate *r, const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t h = 0xcbf29ce484222325ull ^ r->seed;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3ull;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15ull;
	return (h ^ h >> 29) | 1;	/* 0 is an empty place */
}

bool rate_take(struct rate *r, uint64_t key, uint64_t now_us, uint64_t interval_us, unsigned burst, uint64_t *retry_us,
	       unsigned *left)
{
	uint64_t slack = interval_us * (burst ? burst - 1 : 0), full;
	unsigned set = (unsigned)(key >> 8) % SETS, at = 0;

	for (unsigned i = 0; i < WAYS; i++) {
		if (r->v[set][i].key == key) {
			at = i;
			break;
		}
		if (r->v[set][i].full_us < r->v[set][at].full_us)
			at = i;
	}
	full = r->v[set][at].key == key ? MAX(r->v[set][at].full_us, now_us) : now_us;
	*retry_us = 0;
	*left = 0;
	if (full > now_us + slack) {
		*retry_us = full - now_us - slack;
		return false;
	}
	full += interval_us;
	r->v[set][at].key = key;
	r->v[set][at].full_us = full;
	*left = interval_us ? (unsigned)((now_us + slack + interval_us - full) / interval_us) : burst;
	return true;
}
