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

TEST(job_outlives_vzd)
{
	const char *argv[4];
	char script[600];
	struct job_spec spec = job_env_sh(argv, script);
	struct job_seen s;
	auto_free char *ran = NULL;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	job_env_start(&v, 2);
	CHECK(str_fmt(script, sizeof(script), "echo x >>%s/ran; sleep 0.5; echo finished", v.dir) == 0);
	s = job_env_submit(&v, &spec);
	job_env_nap(200);
	job_env_close(&v);
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
	job_env_nap(300);
	job_env_open(&v, 2);
	s = job_env_end(&v, s.id);
	CHECK_EQ(s.state, JOB_FAILED);
	CHECK_EQ(s.exit, 31);
	CHECK_STR(s.error, "over");
	job_env_close(&v);
}

/* kill -9 of exactly one process: 0, -1 and 1 would be everybody. */
static void kill_one(pid_t pid)
{
	CHECK(pid > 1);
	CHECK_EQ(kill(pid, SIGKILL), 0);
}

/* The pid in the job's lock file; waits for it, ends the test when there is none. */
static pid_t vz_job_pid(const char *id)
{
	long pid;

	char name[64];
	auto_free char *text = NULL;

	CHECK(str_fmt(name, sizeof(name), "jobs/%s.lock", id) == 0);
	for (int i = 0; i < 500; i++) {
		text = job_env_cat(&v, name);
		pid = strtol(text, NULL, 10);
		if (pid > 1)
			return (pid_t)pid;
		free(take_ptr(text));
		job_env_nap(20);
	}
	test_fail(__FILE__, __LINE__, "no vz-job runs %s", id);
}

static struct job_seen kill_the_runner(bool again, const char *script)
{
	const char *argv[4];
	struct job_spec spec = job_env_sh(argv, script);
	struct job_seen s;
	pid_t pid;

	spec.again = again;
	s = job_env_submit(&v, &spec);
	job_env_nap(200);
	pid = vz_job_pid(s.id);
	kill_one(pid);
	return job_env_end(&v, s.id);
}

TEST(job_whose_runner_is_killed)
{
	char script[600];
	struct job_seen s;
	auto_free char *ran = NULL;

	job_env_start(&v, 2);
	CHECK(str_fmt(script, sizeof(script), "echo x >>%s/ran; sleep 0.5", v.dir) == 0);
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
	CHECK(str_fmt(script, sizeof(script), "[ -e %s/$VZ_JOB ] || { : >%s/$VZ_JOB; sleep 30; }", v.dir, v.dir) == 0);
	a = job_env_submit(&v, &spec);
	spec.again = true;
	b = job_env_submit(&v, &spec);
	first = vz_job_pid(a.id);
	second = vz_job_pid(b.id);
	job_env_nap(300);			/* it has begun */
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

struct churn { int acked, wanted; };

static void on_ack(void *arg, const struct job *j, const struct err *e)
{
	int fd = *(int *)arg;

	if (j)
		dprintf(fd, "%s\n", j->id);	/* from here on it is promised */
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
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	job_env_paths(&w, dir);
	CHECK(str_fmt(script, sizeof(script), "echo + $VZ_JOB >>%s/ran; sleep 0.02; echo - $VZ_JOB >>%s/ran", dir, dir) == 0);
	spec.again = again;
	job_env_open(&w, 3);
	CHECK(str_fmt(script + 600, 100, "%.80s/acked", dir) == 0);
	fd = open(script + 600, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	for (;;) {
		struct err e = { 0 };

		job_submit(w.d.jobs, &spec, on_ack, &fd, NULL, &e);
		ev_turn(w.d.ev, 10, &e);
	}
}

static off_t file_size(const char *dir)
{
	struct stat st;
	char path[300];

	CHECK(str_fmt(path, sizeof(path), "%s/acked", dir) == 0);
	return stat(path, &st) == 0 ? st.st_size : 0;
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
		job_env_nap(100 + i % 7 * 5);
		for (int k = 0; k < 500 && file_size(v.dir) == before; k++)
			job_env_nap(10);	/* on a busy machine */
		before = file_size(v.dir);
		kill_one(pid);
		CHECK(waitpid(pid, NULL, 0) == pid);
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
