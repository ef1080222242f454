/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_T_JOB_ENV_H
#define TESTS_UNIT_T_JOB_ENV_H
/* A small vzd for tests of jobs: loop, database and jobs below test_tmp(), with the vz-job of the same build. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/str.h"
#include "vzd/job_priv.h"

struct job_env { struct vzd d; struct err e; char dir[200], jobs[256], db[256], prog[256]; };

static inline void job_env_paths(struct job_env *v, const char *dir)
{
	ssize_t n = readlink("/proc/self/exe", v->prog, sizeof(v->prog) - 1);
	char *slash;

	CHECK(n > 0);
	v->prog[n] = '\0';
	slash = strrchr(v->prog, '/');
	CHECK(slash && str_copy(slash + 1, sizeof(v->prog) - (size_t)(slash + 1 - v->prog), "vz-job") == 0);
	CHECK(str_copy(v->dir, sizeof(v->dir), dir) == 0);
	CHECK(str_fmt(v->jobs, sizeof(v->jobs), "%s/jobs", dir) == 0);
	CHECK(str_fmt(v->db, sizeof(v->db), "%s/lib/vzd.db", dir) == 0);
}

static inline void job_env_open(struct job_env *v, unsigned parallel)
{
	const struct jobs_where w = { v->jobs, v->prog, parallel, 2 };

	CHECK_OK(ev_open(&v->d.ev, &v->e), &v->e);
	CHECK_OK(db_open(&v->d, v->db, &v->d.db, &v->e), &v->e);
	CHECK_OK(jobs_open_at(&v->d, &w, &v->d.jobs, &v->e), &v->e);
}

static inline void job_env_close(struct job_env *v)
{
	jobs_close(v->d.jobs);
	db_close(v->d.db);
	ev_close(v->d.ev);
	v->d = (struct vzd){ .ev = NULL };
}

static inline void job_env_start(struct job_env *v, unsigned parallel)
{
	job_env_paths(v, test_tmp());
	job_env_open(v, parallel);
}

/* Turns the loop until *@flag. */
static inline void job_env_until(struct job_env *v, const bool *flag)
{
	uint64_t end = ev_now_ms() + TEST_PATIENCE_MS;

	while (!*flag && ev_now_ms() < end)
		CHECK_OK(ev_turn(v->d.ev, 50, &v->e), &v->e);
	CHECK(*flag);
}

struct job_seen { bool done; int code; char id[JOB_ID_LEN + 1]; enum job_state state; int exit; char error[400], stage[400]; };

static inline void job_seen_fn(void *arg, const struct job *j, const struct err *e)
{
	struct job_seen *s = arg;

	s->done = true;
	s->code = e->code;
	if (!j)
		return;
	(void)str_copy(s->id, sizeof(s->id), j->id);
	(void)str_copy(s->error, sizeof(s->error), j->error ? j->error : "");
	(void)str_copy(s->stage, sizeof(s->stage), j->stage);
	s->state = j->state;
	s->exit = j->exit;
}

/* Submits and waits for the promise. */
static inline struct job_seen job_env_submit(struct job_env *v, const struct job_spec *s)
{
	struct job_seen seen = { .done = false };

	CHECK_OK(job_submit(v->d.jobs, s, job_seen_fn, &seen, NULL, &v->e), &v->e);
	CHECK(!seen.done);
	job_env_until(v, &seen.done);
	CHECK_EQ(seen.code, 0);
	return seen;
}

static inline struct job_seen job_env_end(struct job_env *v, const char *id)
{
	struct job_seen seen = { .done = false };

	CHECK_OK(job_wait(v->d.jobs, id, TEST_PATIENCE_MS - 5000, job_seen_fn, &seen, NULL, &v->e), &v->e);
	job_env_until(v, &seen.done);
	return seen;
}

/* Turns the loop until that is its last line. */
static inline void job_env_stage(struct job_env *v, const char *id, const char *stage)
{
	struct job *j = NULL;
	bool is = false;

	for (uint64_t end = ev_now_ms() + TEST_PATIENCE_MS; !is && ev_now_ms() < end; ) {
		CHECK_OK(ev_turn(v->d.ev, 20, &v->e), &v->e);
		j = job_get(v->d.jobs, id);
		CHECK(j);
		is = !strcmp(j->stage, stage);
		job_free(j);
	}
	CHECK(is);
}

/* Makes the file that a script waits for: "while [ ! -e DIR/go ]; do sleep 0.05; done". */
static inline void job_env_go(const struct job_env *v)
{
	char path[300];

	CHECK(str_fmt(path, sizeof(path), "%s/go", v->dir) == 0);
	CHECK_EQ(mkdir(path, 0700), 0);
}

static inline struct job_spec job_env_sh(const char *argv[4], const char *script)
{
	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = script;
	argv[3] = NULL;
	return (struct job_spec){ .kind = "test.run", .owner = "", .principal = "root", .argv = argv };
}

static inline struct job_seen job_env_run(struct job_env *v, const char *script)
{
	const char *argv[4];
	struct job_spec s = job_env_sh(argv, script);

	return job_env_end(v, job_env_submit(v, &s).id);
}

static inline void job_env_nap(int ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

static inline char *job_env_cat(const struct job_env *v, const char *name)
{
	auto_close int dir = open(v->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_buf struct buf b;
	struct err e = { 0 };

	buf_init(&b, (size_t)16 << 20);
	if (fio_read_at(dir, name, &b, &e) < 0)
		return strdup("");
	return b.s ? buf_take(&b) : strdup("");
}

#endif
