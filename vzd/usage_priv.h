/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_USAGE_PRIV_H
#define VZD_USAGE_PRIV_H
/* What usage.c (sources and sums in memory), usage_store.c (units of work) and usage_db.c (their rows) share. */
#include "vzd/usage.h"

enum u_kind { U_CPU, U_VENET, U_IF, U_KIND_N };	/* numbers are in the database */

struct u_src {
	uint8_t kind;
	bool dirty, here;		/* here: in the look under way */
	uint64_t key;			/* life of the group, index of the interface; 0: of a start only its exit told of */
	uint64_t gen;			/* start it belongs to; 0: not yet sure */
	uint64_t boot, absent_ms;	/* absent_ms: not seen since, CLOCK_MONOTONIC */
	uint64_t a, b;			/* cpu_usec; rx, tx */
};
struct u_sum {
	int64_t hour;			/* unix time, multiple of 3600 */
	char owner[33];
	uint64_t cpu_usec, mem_kib_s, disk_kib_s, rx, tx;
};
struct u_ct {
	unsigned ctid;
	bool gone, seen;		/* seen: in this life of vzd */
	struct u_src *src;
	size_t n_src;
	struct u_sum *sum;		/* not yet handed to the writer */
	size_t n_sum;
	uint64_t mono_ms, mem, disk;	/* of the last look, 0: none */
};

/* A unit of work: copies, so that the loop goes on. */
struct u_del { unsigned ctid; struct u_src src; };
struct u_batch {
	struct usage *u;
	struct { unsigned ctid; struct u_sum sum; } *sum;
	struct { unsigned ctid; struct u_src src; } *src;
	struct u_del *del;
	unsigned *gone;
	size_t n_sum, n_src, n_del, n_gone;
	bool baseline, prune;
	int64_t now_s;
};

struct usage {
	struct vzd *d;
	uint64_t boot;
	bool baseline, round_done;	/* baseline: the first look at everything was done and is in the database */
	struct u_ct **ct;		/* ascending */
	size_t n, size;
	struct u_del *del;		/* sources to be forgotten by the database */
	size_t n_del;
	struct u_batch *flying;
	uint64_t flushed_ms, pruned_ms;
	int64_t pruned_s;
};

/* usage.c. NULL: no memory; usage_ct_find(): it is not there. */
struct u_ct *usage_ct_find(const struct usage *u, unsigned id);
struct u_ct *usage_ct_get(struct usage *u, unsigned id);		/* makes it if it is not there */
void usage_ct_drop(struct usage *u, struct u_ct *c);
struct u_sum *usage_sum(struct u_ct *c, int64_t now_s, const char *owner);	/* of the hour of @now_s */

/* usage_db.c */
int usage_batch_work(sqlite3 *s, void *arg, struct err *e);
void usage_batch_free(struct u_batch *b);
/* What the database knows: calls @row for each source; *ret_baseline: a first look was done. */
int usage_load(sqlite3 *s, void (*row)(void *arg, unsigned ctid, const struct u_src *src), void *arg, bool *ret_baseline,
	       struct err *e);

/* The accounting without vzd, for tests. */
struct usage *usage_new(uint64_t boot, bool baseline, struct err *e);
void usage_free(struct usage *u);
void usage_row(void *arg, unsigned ctid, const struct u_src *src);
struct u_batch *usage_take(struct usage *u, struct err *e);	/* NULL and e->code 0: nothing to do */
void usage_taken(struct usage *u, struct u_batch *b, bool stored);	/* frees @b */

#endif
