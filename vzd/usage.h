/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_USAGE_H
#define VZD_USAGE_H
/*
 * Billing: what each container used, by hour, day and month, in the database. Counted twice: never. Not counted:
 *  - CPU time and traffic of a start between the last look at it and its end, where libct left no record of the exit (a crash of
 *    the whole host) or none of that interface (bridged ones): at most SAMPLE_SEC seconds;
 *  - of a start that begins and ends while nobody looks, all but the last 16 of each container;
 *  - the integrals of memory and disk: what vzd was not there to see, and USAGE_FLUSH_SEC seconds when it is killed.
 * A counter goes into the hour in which it was seen.
 *
 * How: the kernel's counters only grow within the life of what has them (a control group, an interface). For each such source
 * the last value seen is kept, in the transaction that adds the difference to the sums. A source never seen before counts from 0,
 * since it began after the last look; except in a new database, where the first look only notes where things stand.
 */
#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ct_exit;
struct err;
struct usage;
struct vzd;

#define USAGE_FLUSH_SEC 300

struct usage_if { unsigned index; bool venet; uint64_t rx, tx; };
/* One look at a container. */
struct usage_look {
	unsigned ctid;
	const char *owner;
	int64_t now_s;			/* unix time: the hour */
	uint64_t mono_ms;		/* CLOCK_MONOTONIC: the integrals */
	uint64_t gen;			/* of the start that it is believed to be, 0: down */
	uint64_t life, cpu_usec;	/* of its group; life 0: down */
	uint64_t mem_bytes, disk_bytes;
	const struct usage_if *ifs;
	size_t n_ifs;
};

int usage_open(struct vzd *d, struct usage **ret, struct err *e);
void usage_close(struct usage *u);	/* stores what is pending */
/* After the first round over all containers: from now on a new source counts from 0. */
void usage_first_round_done(struct usage *u);
void usage_look(struct usage *u, const struct usage_look *l);
void usage_exit(struct usage *u, const struct ct_exit *x, const char *owner);
void usage_gone(struct usage *u, unsigned ctid);	/* its sums stay */
/* Hands what is pending to the writer. @now: even if it is not yet time. One unit is under way at a time. */
void usage_flush(struct usage *u, uint64_t mono_ms, bool now);

/* --- queries (usage_query.c) --- */
enum usage_step { USAGE_HOUR, USAGE_DAY, USAGE_MONTH, USAGE_YEAR, USAGE_TOTAL, USAGE_STEP_N };
extern const char *const usage_step_names[USAGE_STEP_N];
struct usage_query {
	unsigned ctid;			/* 0: all */
	const char *owner;		/* NULL: all */
	int64_t from_s, to_s;		/* [from, to), hours; rounded outwards */
	enum usage_step step;
	bool classes;			/* by class and version of IP, too; the CSV: only that */
};
int64_t usage_month(int64_t t);	/* when its month began, UTC */
#define USAGE_ROWS_MAX 50000
/* For a thousand containers up to half a second: not in the loop.
 * {"from","to","step","items":[{"t","ctid","owner","cpu_s","mem_gib_h","disk_gib_h","rx","tx"}],"total":{...}},
 * with classes:[{"t","ctid","owner","class","family","rx_bytes","tx_bytes","rx_packets","tx_packets"}].
 * EOPNOTSUPP: more rows than USAGE_ROWS_MAX; ask for a coarser step. */
int usage_query(sqlite3 *s, const struct usage_query *q, json_t **ret, struct err *e);
int usage_csv(sqlite3 *s, const struct usage_query *q, char **ret, size_t *len, struct err *e);

#endif
