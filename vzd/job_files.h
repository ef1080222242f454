/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_JOB_FILES_H
#define VZD_JOB_FILES_H
/*
 * What vzd and vz-job tell each other by files in VZD_RUN/jobs:
 *   ID.lock    flock held by the vz-job that runs it, which has written "PID STARTTIME\n" into it
 *   ID.run     it was begun; holds the room for the result, so that a full /run cannot lose one
 *   ID.result  it has ended: ID.run, filled and renamed. Once it is there the job is not run (again).
 *   ID.log     standard output and error; or ID.out and ID.err (keep_output). JOB_OUT_MAX bytes of each are kept.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;

#define JOB_OUT_MAX (1u << 20)
#define JOB_LINE_MAX 240	/* of the last line that is kept */
#define JOB_GRACE_S 30		/* between asking a program to end and killing it */
#define JOB_EXIT_LOCKED 75	/* vz-job: another one runs it */

struct job_result {
	int exit;			/* -1: none */
	int signal;			/* 0: none */
	int64_t started_ms, ended_ms;	/* unix time */
	bool cancelled, timeout, truncated;
	bool interrupted;		/* begun earlier, ended unseen, and not to be run again; or never to be run */
	char last[JOB_LINE_MAX];	/* line it said last */
};
/* 1: it is there, 0: not, < 0: it cannot be read. */
int job_result_read(int dir, const char *id, struct job_result *ret, struct err *e);
int job_result_reserve(int dir, const char *id, struct err *e);	/* makes ID.run; -EEXIST: it was there */
int job_result_write(int dir, const char *id, const struct job_result *r, struct err *e);
char *job_file(const char *id, const char *ext, char out[48]);	/* "ID.ext"; returns @out */

#endif
