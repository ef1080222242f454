/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_HISTORY_H
#define VZD_HISTORY_H
/*
 * Graphs: one file of fixed size (HIST_FILE_SIZE) per container with four rings, 60 minutes, 288 x 5 minutes, 744 hours and 366
 * days (UTC), average and maximum of nine figures. Each slot carries its own time and checksum, so a torn or foreign one
 * is a gap, and the file needs no repair after a crash. Nothing is synced or mapped: up to HIST_PENDING minutes may be lost with
 * vzd, more with the machine. Not thread-safe.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* Percent of one CPU; bytes; bytes per second; count. */
enum hist_fig { HIST_CPU, HIST_MEMORY, HIST_SWAP, HIST_RX, HIST_TX, HIST_READ, HIST_WRITE, HIST_DISK, HIST_PIDS, HIST_N };
extern const char *const hist_names[HIST_N];
enum hist_span { HIST_HOUR, HIST_DAY, HIST_MONTH, HIST_YEAR, HIST_SPAN_N };
extern const char *const hist_span_names[HIST_SPAN_N];

struct hist_slot {
	int64_t t;			/* start, unix time in seconds, a multiple of the ring's step */
	uint32_t n;			/* samples in it, 0: none */
	uint32_t crc;			/* of the rest */
	float avg[HIST_N], max[HIST_N];
};
#define HIST_PENDING 5
/* What was sampled and is not yet in the file; zeroed = nothing. */
struct hist_acc {
	struct hist_slot min[HIST_PENDING];	/* the last one grows */
	unsigned n;
};
/* True: full, or a clock that went back: flush, then give it again. */
bool hist_add(struct hist_acc *a, int64_t now_s, const float v[HIST_N]);

#define HIST_HEAD_SIZE 64u
#define HIST_SLOTS (60u + 288u + 744u + 366u)
#define HIST_FILE_SIZE (HIST_HEAD_SIZE + HIST_SLOTS * sizeof(struct hist_slot))

/* @dir: fd of the directory of the files, which the caller keeps. @key: of this life of the container; a file of another
 * life is emptied at once. The pending minutes are gone from @a afterwards, whether they could be written or not. */
int hist_flush(int dir, unsigned ctid, uint64_t key, struct hist_acc *a, struct err *e);
void hist_drop(int dir, unsigned ctid);
/*
 * The slots of @span that end with the one @now_s is in, oldest first; n == 0: gap. Returns how many were put into @ret (which
 * holds 744), or -errno. No file, or one of another life: all gaps.
 */
#define HIST_SPAN_MAX 744
int hist_read(int dir, unsigned ctid, uint64_t key, enum hist_span span, int64_t now_s, struct hist_slot *ret, struct err *e);
unsigned hist_step(enum hist_span span);	/* seconds */
unsigned hist_count(enum hist_span span);
/* {"span","step","t0","series":{"cpu":[...]...},"max":{...}}; gaps are null. NULL: out of memory. */
json_t *hist_json(enum hist_span span, const struct hist_slot *v, unsigned n);

#endif
