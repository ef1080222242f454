/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzd/job.c, job_run.c, job_db.c, job_json.c with real children: what becomes of a promise. */
#include "tests/unit/t_job_env.h"

static struct job_env v;

static json_t *json_of(const char *id)
{
	struct job *j = job_get(v.d.jobs, id);
	json_t *ret;

	CHECK(j != NULL);
	ret = job_json(j, true);
	job_free(j);
	CHECK(ret != NULL);
	return ret;
}

static const char *text_of(json_t *j, const char *name)
{
	return json_string_value(json_object_get(j, name));
}

TEST(job_does_and_says)
{
	auto_buf struct buf log = BUF_INIT;
	struct job_seen s;
	json_t *j;

	job_env_start(&v, 2);
	s = job_env_run(&v, "echo one; echo 'progress 40%' >&2; echo two");
	CHECK_EQ(s.state, JOB_DONE);
	CHECK_EQ(s.exit, 0);
	CHECK_STR(s.stage, "two");
	CHECK_OK(job_log(v.d.jobs, s.id, &log, &v.e), &v.e);
	CHECK_STR(buf_str(&log), "one\nprogress 40%\ntwo\n");
	j = json_of(s.id);
	CHECK_STR(text_of(j, "state"), "done");
	CHECK_STR(text_of(j, "kind"), "test.run");
	CHECK(json_is_null(json_object_get(j, "error")));
	CHECK(json_is_null(json_object_get(j, "ct")));
	CHECK(json_is_string(json_object_get(j, "started_at")) && json_is_string(json_object_get(j, "finished_at")));
	CHECK_EQ(json_integer_value(json_object_get(json_object_get(j, "progress"), "percent")), 100);
	json_decref(j);
	job_env_close(&v);
}

TEST(job_failure_has_reason_and_code)
{
	struct job_seen s;
	json_t *j, *err;

	job_env_start(&v, 2);
	s = job_env_run(&v, "echo 'Container already locked' >&2; exit 9");
	CHECK_EQ(s.state, JOB_FAILED);
	CHECK_STR(s.error, "Container already locked");
	j = json_of(s.id);
	err = json_object_get(j, "error");
	CHECK_STR(text_of(err, "type"), "/problems/locked");
	CHECK_EQ(json_integer_value(json_object_get(err, "code")), 9);
	CHECK_EQ(json_integer_value(json_object_get(err, "status")), 409);
	json_decref(j);
	s = job_env_run(&v, "kill -11 $$");
	CHECK_EQ(s.state, JOB_FAILED);
	CHECK_STR(s.error, "killed by signal 11");
	CHECK_EQ(s.exit, -1);
	s = job_env_run(&v, "printf 'a\\377b\\n\\001'; exit 1");
	CHECK_STR(s.error, "a?b");
	job_env_close(&v);
}

TEST(job_second_of_a_container_is_refused)
{
	const char *argv[4];
	struct job_spec spec = job_env_sh(argv, "sleep 0.3");
	struct job_seen first, second = { .done = false };
	char busy[JOB_ID_LEN + 1] = "";

	job_env_start(&v, 4);
	spec.ctid = 101;
	first = job_env_submit(&v, &spec);
	CHECK_ERR(job_submit(v.d.jobs, &spec, job_seen_fn, &second, busy, &v.e), EBUSY);
	CHECK_STR(busy, first.id);
	CHECK(strstr(v.e.text, first.id) && strstr(v.e.text, "101"));
	CHECK_EQ(v.e.exit, VZ_LOCKED);
	err_clear(&v.e);
	spec.shared = true;
	job_env_end(&v, job_env_submit(&v, &spec).id);
	job_env_end(&v, first.id);
	spec.shared = false;
	job_env_end(&v, job_env_submit(&v, &spec).id);
	job_env_close(&v);
}

TEST(job_parallel_is_a_limit_and_the_queue_is_in_order)
{
	char script[600];
	const char *argv[4];
	struct job_spec spec = job_env_sh(argv, script);
	struct job_seen s[6];
	auto_free char *seen = NULL;
	int open = 0, most = 0;
	char next = '0';

	job_env_start(&v, 2);
	for (int i = 0; i < 6; i++) {
		CHECK(str_fmt(script, sizeof(script), "echo +%d >>%s/seen; "
			      "while [ $(grep -c + %s/seen) -lt %d ]; do sleep 0.02; done; echo -%d >>%s/seen",
			      i, v.dir, v.dir, MIN(i + 2, 6), i, v.dir) == 0);	/* ends when the next one has begun */
		s[i] = job_env_submit(&v, &spec);
	}
	for (int i = 0; i < 6; i++)
		CHECK_EQ(job_env_end(&v, s[i].id).state, JOB_DONE);
	seen = job_env_cat(&v, "seen");
	for (const char *p = seen; *p; p += 3) {
		open += *p == '+' ? 1 : -1;
		most = MAX(most, open);
		if (*p == '+' && p[1] >= next)	/* two that begin at once may write in either order */
			next = p[1];
		else if (*p == '+')
			CHECK(next - p[1] <= 1);
	}
	CHECK_EQ(open, 0);
	CHECK_EQ(most, 2);
	CHECK_EQ(next, '5');
	job_env_close(&v);
}

TEST(job_cancel)
{
	const char *argv[4];
	struct job_spec spec = job_env_sh(argv, "trap 'echo rolled back; exit 1' TERM; echo ready; sleep 30 & wait");
	struct job_seen a, b;
	auto_free char *never = NULL;

	job_env_start(&v, 1);
	a = job_env_submit(&v, &spec);
	argv[2] = "echo ran >never";
	b = job_env_submit(&v, &spec);
	CHECK_OK(job_cancel(v.d.jobs, b.id, &v.e), &v.e);
	b = job_env_end(&v, b.id);
	CHECK_EQ(b.state, JOB_CANCELLED);
	job_env_stage(&v, a.id, "ready");		/* it has its trap */
	CHECK_OK(job_cancel(v.d.jobs, a.id, &v.e), &v.e);
	a = job_env_end(&v, a.id);
	CHECK_EQ(a.state, JOB_CANCELLED);
	CHECK_STR(a.error, "rolled back");
	CHECK_ERR(job_cancel(v.d.jobs, a.id, &v.e), EALREADY);
	CHECK_ERR(job_cancel(v.d.jobs, "j0123456789012345678", &v.e), ENOENT);
	err_clear(&v.e);
	job_env_close(&v);
}

TEST(job_that_ignores_the_cancel_is_killed)
{
	const char *argv[4];
	struct job_spec spec = job_env_sh(argv, "trap '' TERM INT; echo ready; while :; do sleep 0.2; done");
	uint64_t begun;
	struct job_seen a;

	job_env_start(&v, 1);
	a = job_env_submit(&v, &spec);
	job_env_stage(&v, a.id, "ready");
	begun = ev_now_ms();
	CHECK_OK(job_cancel(v.d.jobs, a.id, &v.e), &v.e);
	a = job_env_end(&v, a.id);
	CHECK_EQ(a.state, JOB_CANCELLED);
	CHECK(ev_now_ms() - begun >= 1900);	/* the grace of the tests is 2 s */
	job_env_close(&v);
}

TEST(job_timeout)
{
	const char *argv[4];
	struct job_spec spec = job_env_sh(argv, "sleep 30");
	struct job_seen a;

	job_env_start(&v, 1);
	spec.timeout_s = 1;
	a = job_env_end(&v, job_env_submit(&v, &spec).id);
	CHECK_EQ(a.state, JOB_FAILED);
	CHECK_STR(a.error, "it took longer than 1 s and was ended");
	job_env_close(&v);
}

TEST(job_secret_is_in_no_file)
{
	const char *argv[4];
	struct job_spec spec = job_env_sh(argv, "read x; test \"$x\" = hunter2-$(echo not)-in-a-file && echo right");
	const char *grep[] = { "/bin/grep", "-rqa", "hunter2-not", v.dir, NULL };
	struct job_seen a;
	int status;
	pid_t pid;

	job_env_start(&v, 1);
	spec.secret = "hunter2-not-in-a-file\n";
	a = job_env_end(&v, job_env_submit(&v, &spec).id);
	CHECK_EQ(a.state, JOB_DONE);
	CHECK_STR(a.stage, "right");
	job_env_close(&v);
	pid = fork();
	if (pid == 0) {
		execv(grep[0], (char *const *)(uintptr_t)grep);
		_exit(99);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_EQ(WEXITSTATUS(status), 1);	/* nothing found */
}

TEST(job_output_is_the_result)
{
	const char *argv[4];
	struct job_spec spec = job_env_sh(argv, "printf 'out\\0put'; printf err >&2; exit 7");
	struct job_seen a;
	json_t *j, *r;

	job_env_start(&v, 1);
	spec.keep_output = true;
	a = job_env_end(&v, job_env_submit(&v, &spec).id);
	CHECK_EQ(a.state, JOB_FAILED);
	CHECK_STR(a.error, "the command ended with status 7");
	j = json_of(a.id);
	r = json_object_get(j, "result");
	CHECK_EQ(json_integer_value(json_object_get(r, "exit")), 7);
	CHECK_STR(text_of(r, "stdout_b64"), "b3V0AHB1dA==");
	CHECK_STR(text_of(r, "stderr_b64"), "ZXJy");
	CHECK(json_is_false(json_object_get(r, "truncated")));
	json_decref(j);
	argv[2] = "head -c 3000000 /dev/zero";
	a = job_env_end(&v, job_env_submit(&v, &spec).id);
	CHECK_EQ(a.state, JOB_DONE);
	j = json_of(a.id);
	CHECK(json_is_true(json_object_get(json_object_get(j, "result"), "truncated")));
	json_decref(j);
	job_env_close(&v);
}

TEST(job_list_pages_and_filters)
{
	const char *argv[4];
	struct job_spec spec = job_env_sh(argv, "true");
	struct job_seen s[5];
	json_t *l;

	job_env_start(&v, 4);
	for (int i = 0; i < 5; i++) {
		spec.owner = i % 2 ? "acme" : "";
		spec.ctid = i < 4 ? 0 : 105;
		argv[2] = i == 3 ? "exit 1" : "true";
		s[i] = job_env_submit(&v, &spec);
		if (i)
			CHECK(strcmp(s[i - 1].id, s[i].id) < 0);
	}
	for (int i = 0; i < 5; i++)
		job_env_end(&v, s[i].id);
	CHECK_OK(job_list(v.d.jobs, NULL, 0, NULL, NULL, 3, &l, &v.e), &v.e);
	CHECK_EQ(json_array_size(l), 3);
	CHECK_STR(text_of(json_array_get(l, 0), "id"), s[4].id);
	CHECK_STR(text_of(json_array_get(l, 2), "id"), s[2].id);
	json_decref(l);
	CHECK_OK(job_list(v.d.jobs, NULL, 0, NULL, s[2].id, 3, &l, &v.e), &v.e);
	CHECK_EQ(json_array_size(l), 2);
	CHECK_STR(text_of(json_array_get(l, 0), "id"), s[1].id);
	json_decref(l);
	CHECK_OK(job_list(v.d.jobs, "acme", 0, NULL, NULL, 9, &l, &v.e), &v.e);
	CHECK_EQ(json_array_size(l), 2);
	json_decref(l);
	CHECK_OK(job_list(v.d.jobs, NULL, 105, NULL, NULL, 9, &l, &v.e), &v.e);
	CHECK_EQ(json_array_size(l), 1);
	json_decref(l);
	ev_turn(v.d.ev, 50, &v.e);
	job_env_close(&v);		/* writes what is queued */
	job_env_open(&v, 4);
	CHECK_OK(job_list(v.d.jobs, NULL, 0, "failed", NULL, 9, &l, &v.e), &v.e);
	CHECK_EQ(json_array_size(l), 1);
	CHECK_STR(text_of(json_array_get(l, 0), "id"), s[3].id);
	json_decref(l);
	CHECK_ERR(job_list(v.d.jobs, NULL, 0, "sleeping", NULL, 9, &l, &v.e), EINVAL);
	err_clear(&v.e);
	job_env_close(&v);
}

TEST(job_bad_specs)
{
	const char *argv[4];
	struct job_spec spec = job_env_sh(argv, "\xff");
	struct job_seen s = { .done = false };

	job_env_start(&v, 1);
	CHECK_ERR(job_submit(v.d.jobs, &spec, job_seen_fn, &s, NULL, &v.e), EINVAL);
	argv[0] = NULL;
	CHECK_ERR(job_submit(v.d.jobs, &spec, job_seen_fn, &s, NULL, &v.e), EINVAL);
	CHECK(!s.done);
	CHECK(job_get(v.d.jobs, "nothing") == NULL);
	CHECK(job_get(v.d.jobs, "j0123456789012345678") == NULL);
	err_clear(&v.e);
	s = job_env_run(&v, "exec /nonexistent/program");
	CHECK_EQ(s.state, JOB_FAILED);
	job_env_close(&v);
}

TEST(job_wait_ends_by_time)
{
	const char *argv[4];
	char script[600];
	struct job_spec spec = job_env_sh(argv, script);
	struct job_seen s, w = { .done = false };
	struct job_wait *h = NULL;

	job_env_start(&v, 1);
	CHECK(str_fmt(script, sizeof(script), "echo working; while [ ! -e %s/go ]; do sleep 0.05; done", v.dir) == 0);
	s = job_env_submit(&v, &spec);
	job_env_stage(&v, s.id, "working");
	CHECK_OK(job_wait(v.d.jobs, s.id, 200, job_seen_fn, &w, &h, &v.e), &v.e);
	job_env_until(&v, &w.done);
	CHECK_EQ(w.state, JOB_RUNNING);
	CHECK_STR(w.stage, "working");
	w.done = false;
	CHECK_OK(job_wait(v.d.jobs, s.id, 200, job_seen_fn, &w, &h, &v.e), &v.e);
	job_unwait(h);
	job_env_go(&v);
	CHECK_EQ(job_env_end(&v, s.id).state, JOB_DONE);
	CHECK(!w.done);
	job_env_close(&v);
}
