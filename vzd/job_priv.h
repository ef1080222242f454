/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_JOB_PRIV_H
#define VZD_JOB_PRIV_H
/*
 * Inside of the jobs: job.c (promise, queue, cancel, wait), job_run.c (vz-job: start, watch, end, what is found after a
 * restart), job_db.c (rows), job_json.c (the Operation), job_prune.c (what is too old).
 */
#include <stddef.h>

#include "vzd/db.h"
#include "vzd/job.h"
#include "vzd/job_files.h"

#define JOB_HASH 512
#define JOB_RECENT 512		/* ended ones kept in memory and with their files */
#define JOB_RECENT_BYTES (64u << 20)	/* of their output */
#define JOB_TRIES 3		/* runs of one that is killed from outside again and again */
#define JOB_LOG_DB 65536	/* bytes of a log that go into the database */
#define JOB_KEEP_DAYS 30
#define JOB_KEEP_ROWS 10000
#define JOB_STRAY_S 3600	/* files that belong to no job in memory */

struct job_wait {
	struct job_wait *next, **prev;
	struct job_box *b;
	struct ev_src *timer;
	job_fn *fn;
	void *arg;
};
/* A struct job with what only we know. */
struct job_box {
	struct job j;			/* first: the two are cast into each other */
	struct jobs *jobs;
	bool copy;			/* from the database, the caller's; else in the table */
	bool again, keep, shared, had_secret;
	bool promised, cancel, running;	/* durable; asked to end; a vz-job is at it */
	const char *never;		/* why it must not be run any more, NULL: it may */
	unsigned timeout_s, tries;
	char *argv;			/* JSON array */
	char *secret, *log;		/* log: from the database */
	struct job_box *hash_next, *next;	/* next: the queue, or recent ones, oldest first */
	struct job_wait *waits;
	struct ev_src *watch;		/* of the vz-job: child, or pidfd, or a timer that looks again */
	int pidfd;
	size_t out_bytes;
	job_fn *accepted;
	void *accepted_arg;
	bool truncated;
};
static inline struct job_box *box_of(const struct job *j)
{
	return (struct job_box *)(void *)(uintptr_t)j;
}

struct job_write;
struct jobs {
	struct vzd *d;
	int dir;
	char *dirname, *prog;		/* VZD_RUN/jobs; vz-job */
	char boot[40];			/* boot_id */
	unsigned parallel, running;
	unsigned grace_s;
	bool opening;
	struct job_box *hash[JOB_HASH];
	struct job_box *live, **live_end;	/* queued and running, in order of their promise */
	struct job_box *recent, **recent_end;
	size_t n_recent, recent_bytes;
	struct job_write *writes;	/* given to the writer, not yet done */
	struct ev_src *prune;
	uint64_t id_ms, id_low;
};
/* jobs_open() with other places, for tests. */
struct jobs_where { const char *dir, *prog; unsigned parallel, grace_s; };
int jobs_open_at(struct vzd *d, const struct jobs_where *w, struct jobs **ret, struct err *e);

/* --- job.c --- */
struct job_box *job_box_find(const struct jobs *js, const char *id);
struct job_box *job_box_new(struct jobs *js, const char *id, struct err *e);	/* in no table yet */
void job_box_free(struct job_box *b);
void job_box_add(struct job_box *b);		/* to the table and the end of the live ones */
int job_set(char **field, const char *value);	/* -ENOMEM; NULL is NULL */
void job_tell(struct job_box *b, const char *event);
void job_wake(struct job_box *b);		/* those who wait for its end */
void job_retire(struct job_box *b);		/* from live to recent */
void job_kick(struct jobs *js);			/* starts what may be started */

/* --- job_run.c --- */
int job_launch(struct job_box *b, struct err *e);
int job_find_all(struct jobs *js, struct err *e);	/* at the start: rows that have not ended */
void job_finish(struct job_box *b, enum job_state state, const char *error);	/* in memory, in the database, told */
/* It is not to be run any more, by any vz-job. False: one holds its lock. */
bool job_bury(struct job_box *b);
int job_signal(struct job_box *b, struct err *e);
void job_look_again(struct job_box *b);		/* soon: who holds its lock? */

/* --- job_db.c --- */
enum job_row { JOB_ROW_NEW, JOB_ROW_RUNNING, JOB_ROW_ENDED };
/* @spec: of a new one, for its `with`. */
int job_row_write(struct job_box *b, enum job_row what, const struct job_spec *spec, struct err *e);
int job_row_read(struct jobs *js, const char *id, struct job_box **ret, struct err *e);	/* 0 and NULL: unknown */
int job_rows(struct jobs *js, const char *owner, unsigned ctid, int state, const char *before, unsigned limit,
	     int (*fn)(struct job_box *b, void *arg, struct err *e), void *arg, struct err *e);	/* newest first; fn owns @b */
int job_rows_live(struct jobs *js, int (*fn)(struct job_box *b, const char *boot, void *arg, struct err *e), void *arg,
		  struct err *e);			/* oldest first */
void job_writes_end(struct jobs *js);	/* at the close */
/* In the loop, when a promise is durable or is not. */
void job_promised(struct job_box *b, const struct err *e);

/* --- job_json.c --- */
void job_refresh(struct job_box *b);		/* stage and percent of a running one, from its log */
void job_clean(char *s);			/* what is not UTF-8 becomes '?' */
/* Its log, or output and errors: whole files, cleaned. */
int job_log_read(struct job_box *b, struct buf *out, struct err *e);

/* --- job_prune.c --- */
void job_prune_start(struct jobs *js);
void job_files_remove(struct jobs *js, const char *id);

#endif
