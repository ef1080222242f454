/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/job_run.c: what the next vzd does with the jobs of one that is gone. */
#include <dirent.h>
#include <sys/prctl.h>

#include "tests/unit/t_job_env.h"

static struct job_env v;

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)); p++)
		n++;
	return n;
}

/* kill -9 of exactly one process: 0, -1 and 1 would be everybody. */
static void kill_one(pid_t pid)
{
	CHECK(pid > 1);
	CHECK_EQ(kill(pid, SIGKILL), 0);
}

/* The pid in the file @before@id@after; waits for it, ends the test when there is none. */
static pid_t pid_in(const char *before, const char *id, const char *after)
{
	long pid;

	char name[64];
	auto_free char *text = NULL;

	CHECK(str_fmt(name, sizeof(name), "%s%s%s", before, id, after) == 0);
	for (int i = 0; i < 1000; i++) {
		text = job_env_cat(&v, name);
		pid = strtol(text, NULL, 10);
		if (pid > 1)
			return (pid_t)pid;
		free(take_ptr(text));
		job_env_nap(20);
	}
	test_fail(__FILE__, __LINE__, "nothing runs %s: no pid in %s", id, name);
}

static pid_t vz_job_pid(const char *id)
{
	return pid_in("jobs/", id, ".lock");
}

TEST(job_outlives_vzd)
{
	const char *argv[4];
	char script[600];
	struct job_spec spec = job_env_sh(argv, script);
	struct job_seen s;
	auto_free char *ran = NULL;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	job_env_start(&v, 2);
	CHECK(str_fmt(script, sizeof(script), "echo x >>%s/ran; echo $$ >%s/$VZ_JOB; while [ ! -e %s/go ]; do sleep 0.1; done; echo finished",
		      v.dir, v.dir, v.dir) == 0);
	s = job_env_submit(&v, &spec);
	pid_in("", s.id, "");
	job_env_close(&v);
	job_env_go(&v);
	job_env_open(&v, 2);
	s = job_env_end(&v, s.id);
	CHECK_EQ(s.state, JOB_DONE);
	CHECK_STR(s.stage, "finished");
	ran = job_env_cat(&v, "ran");
	CHECK_STR(ran, "x\n");
	job_env_close(&v);
}

TEST(job_that_ended_meanwhile)
{
	const char *argv[4];
	struct job_spec spec = job_env_sh(argv, "echo over; exit 31");
	struct job_seen s;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	job_env_start(&v, 2);
	s = job_env_submit(&v, &spec);
	job_env_close(&v);
	while (waitpid(-1, NULL, 0) > 0)
		;
	job_env_open(&v, 2);
	s = job_env_end(&v, s.id);
	CHECK_EQ(s.state, JOB_FAILED);
	CHECK_EQ(s.exit, 31);
	CHECK_STR(s.error, "over");
	job_env_close(&v);
}

static struct job_seen kill_the_runner(bool again, const char *script)
{
	const char *argv[4];
	struct job_spec spec = job_env_sh(argv, script);
	struct job_seen s;

	spec.again = again;
	s = job_env_submit(&v, &spec);
	pid_in("", s.id, "");			/* it has begun */
	kill_one(vz_job_pid(s.id));		/* and it dies with its runner */
	return job_env_end(&v, s.id);
}

TEST(job_whose_runner_is_killed)
{
	char script[600];
	struct job_seen s;
	auto_free char *ran = NULL;

	job_env_start(&v, 2);
	CHECK(str_fmt(script, sizeof(script), "echo x >>%s/ran; [ -e %s/$VZ_JOB ] || { echo $$ >%s/$VZ_JOB; exec sleep 300; }",
		      v.dir, v.dir, v.dir) == 0);
	s = kill_the_runner(false, script);
	CHECK_EQ(s.state, JOB_FAILED);
	CHECK_STR(s.error, "interrupted: it was killed, and is not run twice");
	s = kill_the_runner(true, script);
	CHECK_EQ(s.state, JOB_DONE);
	ran = job_env_cat(&v, "ran");
	CHECK_STR(ran, "x\nx\nx\n");
	job_env_close(&v);
}

TEST(job_whose_runner_died_while_nobody_looked)
{
	const char *argv[4];
	char script[600];
	struct job_spec spec = job_env_sh(argv, script);
	struct job_seen a, b;
	pid_t first, second;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	job_env_start(&v, 2);
	CHECK(str_fmt(script, sizeof(script), "[ -e %s/$VZ_JOB ] || { echo $$ >%s/$VZ_JOB; exec sleep 300; }", v.dir, v.dir) == 0);
	a = job_env_submit(&v, &spec);
	spec.again = true;
	b = job_env_submit(&v, &spec);
	first = vz_job_pid(a.id);
	second = vz_job_pid(b.id);
	pid_in("", a.id, "");			/* both have begun */
	pid_in("", b.id, "");
	job_env_close(&v);
	kill_one(first);
	kill_one(second);
	while (waitpid(-1, NULL, 0) > 0)
		;
	job_env_open(&v, 2);
	a = job_env_end(&v, a.id);
	CHECK_EQ(a.state, JOB_FAILED);
	CHECK_STR(a.error, "interrupted: it was cut short, and is not run twice");
	CHECK_EQ(job_env_end(&v, b.id).state, JOB_DONE);
	job_env_close(&v);
}

static int age_work(sqlite3 *s, void *arg, struct err *e)
{
	(void)arg;
	return db_exec(s, e, "UPDATE job SET boot='another', state=0", "");
}

/* Rows of a boot that is gone: /run is empty. */
TEST(job_after_a_reboot)
{
	const char *argv[4];
	struct job_spec spec = job_env_sh(argv, "cat; sleep 0.2");
	struct job_seen a, b, c;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	job_env_start(&v, 1);
	a = job_env_submit(&v, &spec);
	spec.again = true;
	b = job_env_submit(&v, &spec);
	spec.secret = "s";
	c = job_env_submit(&v, &spec);
	CHECK_OK(db_write_sync(v.d.db, age_work, NULL, &v.e), &v.e);
	job_env_close(&v);
	while (waitpid(-1, NULL, 0) > 0)
		;
	CHECK(str_fmt(v.jobs, sizeof(v.jobs), "%s/jobs-of-this-boot", v.dir) == 0);
	job_env_open(&v, 1);
	a = job_env_end(&v, a.id);
	CHECK_EQ(a.state, JOB_FAILED);
	CHECK_STR(a.error, "interrupted: the host went down");
	CHECK_EQ(job_env_end(&v, b.id).state, JOB_DONE);
	c = job_env_end(&v, c.id);
	CHECK_EQ(c.state, JOB_FAILED);
	CHECK_STR(c.error, "interrupted: its secret was only in memory");
	job_env_close(&v);
}

/* --- kill -9 again and again --- */

#define ROUNDS 25
#define IN_FLIGHT 4	/* promises asked for and not yet given: a slow disk must not make thousands of jobs */

struct churn { int acked, asked; };

static void on_ack(void *arg, const struct job *j, const struct err *e)
{
	struct churn *c = arg;

	c->asked--;
	if (j)
		dprintf(c->acked, "%s\n", j->id);	/* from here on it is promised */
	else
		dprintf(STDERR_FILENO, "not accepted: %s\n", e->text);
}

/* A vzd that promises one job after the other until it is killed. */
static void __attribute__((noreturn)) promise_for_ever(const char *dir, bool again)
{
	struct job_env w = { .e = { 0 } };
	const char *argv[4];
	char script[700];
	struct job_spec spec = job_env_sh(argv, script);
	struct churn c = { .acked = -1 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	job_env_paths(&w, dir);
	CHECK(str_fmt(script, sizeof(script), "echo + $VZ_JOB >>%s/ran; sleep 0.02; echo - $VZ_JOB >>%s/ran", dir, dir) == 0);
	spec.again = again;
	job_env_open(&w, 3);
	CHECK(str_fmt(script + 600, 100, "%.80s/acked", dir) == 0);
	c.acked = open(script + 600, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	for (;;) {
		struct err e = { 0 };

		if (c.asked < IN_FLIGHT && job_submit(w.d.jobs, &spec, on_ack, &c, NULL, &e) == 0)
			c.asked++;
		ev_turn(w.d.ev, 10, &e);
	}
}

/* Jobs promised so far. */
static off_t promised(const char *dir)
{
	struct stat st;
	char path[300];

	CHECK(str_fmt(path, sizeof(path), "%s/acked", dir) == 0);
	return stat(path, &st) == 0 ? st.st_size / (JOB_ID_LEN + 1) : 0;
}

static void churn(bool again)
{
	off_t before = 0;
	auto_free char *acked = NULL, *ran = NULL;
	size_t n = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	job_env_paths(&v, test_tmp());
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = fork();

		if (pid == 0)
			promise_for_ever(v.dir, again);
		for (int k = 0; k < 2000 && promised(v.dir) < before + 1 + i % 4; k++)
			job_env_nap(5);
		job_env_nap(i % 7 * 4);		/* in the middle of the next one, or before it */
		kill_one(pid);
		CHECK(waitpid(pid, NULL, 0) == pid);
		CHECK(promised(v.dir) > before);
		before = promised(v.dir);
	}
	job_env_open(&v, 3);
	acked = job_env_cat(&v, "acked");
	for (const char *p = acked; *p; p += JOB_ID_LEN + 1) {
		char id[JOB_ID_LEN + 1];

		CHECK(strlen(p) > JOB_ID_LEN);
		memcpy(id, p, JOB_ID_LEN);
		id[JOB_ID_LEN] = '\0';
		CHECK_EQ(job_env_end(&v, id).state, JOB_DONE);
		n++;
	}
	CHECK(n >= ROUNDS);
	while (v.d.jobs->live)			/* promised, and killed before it could say so */
		CHECK_OK(ev_turn(v.d.ev, 50, &v.e), &v.e);
	job_env_close(&v);
	ran = job_env_cat(&v, "ran");
	for (const char *p = acked; *p; p += JOB_ID_LEN + 1) {
		char line[JOB_ID_LEN + 4];

		CHECK(str_fmt(line, sizeof(line), "+ %.*s\n", JOB_ID_LEN, p) == 0);
		CHECK_EQ(count(ran, line), 1);
		line[0] = '-';
		CHECK_EQ(count(ran, line), 1);
	}
	CHECK_EQ(count(ran, "+"), count(ran, "-"));
	while (waitpid(-1, NULL, 0) > 0)
		;
}

TEST(job_promises_survive_kill9)
{
	churn(false);
}

TEST(job_promises_survive_kill9_again)
{
	churn(true);
}
