/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_JOB_H
#define VZD_JOB_H
/*
 * Long work: a program run from argv by vz-job (job_main.c), which outlives vzd. A job is promised once its record is
 * durable; after a kill -9 of vzd the next one finds the running vz-job by its lock, its result by its file, and starts
 * anew what was promised and never ran. At most one job that changes a container at a time: the second is refused and told which.
 */
#include <jansson.h>

#include "vzd/vzd.h"

struct buf;
struct sqlite3;

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED, JOB_N };
extern const char *const job_state_names[JOB_N];

#define JOB_ID_LEN 20		/* "j" + time-ordered base32, unique over restarts */
#define JOB_ARGS_MAX 512

struct job_spec {
	const char *kind;		/* "ct.start" ... : <noun>.<verb> of the route */
	unsigned ctid;			/* 0: none; its queue */
	const char *owner;		/* tenant that may see it, "" none */
	const char *principal;		/* who asked */
	const char *const *argv;	/* argv[0] is a path; NULL-terminated */
	const char *secret;		/* goes to the program's standard input and into no file; such a job is not run again */
	const char *resource;		/* "/v1/cts/101" or NULL */
	bool again;			/* run again from the start when it was killed (verbs are idempotent by intent records) */
	bool keep_output;		/* stdout and stderr are the result (exec), up to 1 MiB each */
	unsigned timeout_s;		/* 0: none */
	bool shared;			/* does not change the container: others may run beside it (exec) */
	/* Runs in the transaction that promises the job (db.h: in the writer's thread), after its row; NULL: none. */
	int (*with)(struct sqlite3 *s, const char *id, void *arg, struct err *e);
	void *with_arg;
};
struct job {
	char id[JOB_ID_LEN + 1];
	enum job_state state;
	char *kind, *owner, *principal, *resource;
	unsigned ctid;
	int64_t created_ms, started_ms, ended_ms;	/* unix time, 0: not yet */
	int exit;			/* status of the program, -1: none (signal, cancelled) */
	char *stage;			/* last line it said, never NULL */
	int percent;			/* -1: unknown */
	char *error;			/* problem text, NULL: none */
};

int jobs_open(struct vzd *d, struct jobs **ret, struct err *e);
void jobs_close(struct jobs *j);	/* running jobs go on */
typedef void job_fn(void *arg, const struct job *j, const struct err *e);
/* @accepted is called once the promise is durable (or could not be kept: e->code). EBUSY: e->text names the other job,
 * *ret_busy its id. */
int job_submit(struct jobs *j, const struct job_spec *s, job_fn *accepted, void *arg, char ret_busy[JOB_ID_LEN + 1],
	       struct err *e);
/* The live or recent one from memory, else from the database into a copy that the caller frees. NULL: unknown. */
struct job *job_get(struct jobs *j, const char *id);
void job_free(struct job *job);
bool job_keeps_output(const struct job *job);	/* its output is the result, however it ended */
json_t *job_json(const struct job *job, bool with_output);	/* Operation of the API; new reference */
/* Calls @fn when it has ended or after @ms, whichever is first; at once if it has. *ret may be cancelled with job_unwait(). */
struct job_wait;
int job_wait(struct jobs *j, const char *id, uint64_t ms, job_fn *fn, void *arg, struct job_wait **ret, struct err *e);
void job_unwait(struct job_wait *w);
size_t job_count(struct jobs *j, const char *owner, const char *kind);	/* live and promised ones */
bool job_claims(struct jobs *j, unsigned ctid);	/* a job that is queued or runs is on this id */
/* Each that is queued or runs and changes a container: its words as a JSON array. */
void job_each_change(struct jobs *j, void (*fn)(void *arg, unsigned ctid, const char *words), void *arg);
int job_cancel(struct jobs *j, const char *id, struct err *e);	/* EALREADY: it has ended */
int job_log(struct jobs *j, const char *id, struct buf *b, struct err *e);
/* Newest first, for GET /v1/operations; @before: id to go on from or NULL. */
int job_list(struct jobs *j, const char *owner, unsigned ctid, const char *state, const char *before, unsigned limit,
	     json_t **ret_array, struct err *e);

#endif
