/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running: starts a vz-job, watches it, reads how the job ended. After a restart each row that has not ended meets what
 * /run has of it: a held lock is watched, a result is read, else the job is started (again); vz-job itself decides under
 * the lock whether it may, so that two of them can never both run it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/lock.h"
#include "util/num.h"
#include "util/str.h"
#include "util/sys.h"
#include "vzd/counters.h"
#include "vzd/inv.h"
#include "vzd/job_priv.h"
#include "vzd/timefmt.h"

#define LOOK_AGAIN_MS 50	/* a lock whose holder has not said yet who it is */

/* --- the end --- */

static void forget_watch(struct job_box *b)
{
	ev_del(b->watch);
	b->watch = NULL;
	auto_close_(&b->pidfd);
	if (b->running)
		b->jobs->running--;
	b->running = false;
}

static size_t file_size(struct jobs *js, const char *id, const char *ext)
{
	char name[48];
	struct stat st;

	return fstatat(js->dir, job_file(id, ext, name), &st, AT_SYMLINK_NOFOLLOW) == 0 ? (size_t)st.st_size : 0;
}

void job_finish(struct job_box *b, enum job_state state, const char *error)
{
	static const char *const events[JOB_N] = { [JOB_DONE] = "job.done", [JOB_FAILED] = "job.failed",
						   [JOB_CANCELLED] = "job.cancelled" };
	auto_buf struct buf log = BUF_INIT;
	struct err e = { 0 };

	b->j.state = state;
	if (!b->j.ended_ms)
		b->j.ended_ms = timefmt_now_ms();
	count_job(b->j.kind, job_state_names[state], (uint64_t)MAX(b->j.ended_ms - b->j.created_ms, INT64_C(0)) * 1000);
	if (state == JOB_DONE)
		b->j.percent = 100;
	if (job_set(&b->j.error, error && *error ? error : NULL) < 0)
		vzd_log(LOG_ERR, "job %s: out of memory", b->j.id);
	if (!b->keep && job_log_read(b, &log, &e) == 0)
		(void)job_set(&b->log, log.len > JOB_LOG_DB ? log.s + log.len - JOB_LOG_DB : buf_str(&log));
	if (b->log)
		job_clean(b->log);
	if (b->secret)
		explicit_bzero(b->secret, strlen(b->secret));
	free(take_ptr(b->secret));
	b->out_bytes = b->keep ? file_size(b->jobs, b->j.id, "out") + file_size(b->jobs, b->j.id, "err") : log.len;
	err_clear(&e);
	if (job_row_write(b, JOB_ROW_ENDED, NULL, &e) < 0)
		vzd_log_err(LOG_ERR, &e, b->j.id);
	if (b->j.ctid && b->jobs->d->inv)
		inv_refresh(b->jobs->d->inv, b->j.ctid);
	job_tell(b, events[state]);
	job_wake(b);
	job_retire(b);
}

static void finish_by(struct job_box *b, const struct job_result *r)
{
	char text[ERR_TEXT_MAX] = "", last[JOB_LINE_MAX];

	(void)str_copy(last, sizeof(last), b->keep ? "" : r->last);
	job_clean(last);
	b->j.exit = r->exit;
	b->j.started_ms = r->started_ms ? r->started_ms : b->j.started_ms;
	b->j.ended_ms = r->ended_ms;
	b->truncated = r->truncated;
	job_refresh(b);			/* its percent */
	(void)job_set(&b->j.stage, last);
	if (r->interrupted)
		(void)str_fmt(text, sizeof(text), "%s",
			      b->never ? b->never : "interrupted: it was cut short, and is not run twice");
	else if (r->timeout)
		(void)str_fmt(text, sizeof(text), "it took longer than %u s and was ended%s%s", b->timeout_s, *last ? ": " : "",
			      last);
	else if (r->signal)
		(void)str_fmt(text, sizeof(text), "killed by signal %d%s%s", r->signal, *last ? ": " : "", last);
	else if (r->exit > 0 && b->keep)
		(void)str_fmt(text, sizeof(text), "the command ended with status %d", r->exit);
	else if (r->exit != 0)
		(void)str_copy(text, sizeof(text), *last ? last : "it failed and did not say why");
	if (r->exit == 0 && !r->interrupted)
		job_finish(b, JOB_DONE, NULL);
	else
		job_finish(b, (b->cancel || r->cancelled) && !r->timeout ? JOB_CANCELLED : JOB_FAILED, text);
}

/* No vz-job is at it: what has it left? @died: one was, and ended without a result. */
static void over(struct job_box *b, bool died)
{
	struct jobs *js = b->jobs;
	struct job_result r = { .exit = -1 };
	struct err e = { 0 };
	int n = job_result_read(js->dir, b->j.id, &r, &e);
	const char *why = b->never;

	forget_watch(b);
	if (died && ++b->tries >= JOB_TRIES)
		why = "interrupted: it was killed again and again";
	if (died && !b->again)
		why = "interrupted: it was killed, and is not run twice";
	if (n > 0)
		finish_by(b, &r);
	else if (n < 0)
		job_finish(b, JOB_FAILED, e.text);
	else if ((b->cancel || why) && !job_bury(b))
		job_look_again(b);
	else if (b->cancel || why)
		job_finish(b, b->cancel ? JOB_CANCELLED : JOB_FAILED, b->cancel ? "cancelled" : why);
	else
		b->j.state = JOB_QUEUED;
	job_kick(js);
}

bool job_bury(struct job_box *b)
{
	const struct job_result r = { .exit = -1, .interrupted = true, .ended_ms = timefmt_now_ms() };
	auto_close int lock = -1;
	struct err e = { 0 };
	char name[48];

	if (lock_take(b->jobs->dir, job_file(b->j.id, "lock", name), 0, &lock, &e) < 0)
		return e.code != EBUSY;
	if (job_result_write(b->jobs->dir, b->j.id, &r, &e) < 0)
		vzd_log_err(LOG_ERR, &e, b->j.id);
	return true;
}

/* --- starting --- */

static void __attribute__((noreturn)) child(const struct jobs *js, char *const *argv, int in)
{
	sys_reset_signals();
	if (dup2(in, STDIN_FILENO) >= 0)
		execv(js->prog, argv);
	dprintf(STDERR_FILENO, "<3>vzd: cannot run %s: %s\n", js->prog, strerror(errno));
	_exit(127);
}

static void on_child(void *arg, pid_t pid, int status)
{
	struct job_box *b = arg;

	(void)pid;
	b->watch = NULL;		/* deletes itself */
	if (WIFEXITED(status) && WEXITSTATUS(status) == JOB_EXIT_LOCKED) {
		forget_watch(b);	/* one that an earlier vzd has started */
		job_look_again(b);
	} else {
		over(b, true);
	}
}

/* The program's standard input: the secret, or nothing. */
static int open_stdin(const struct job_box *b, struct err *e)
{
	auto_close int r = -1, w = -1;
	int p[2];

	if (!b->secret) {
		r = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return r < 0 ? err_set(e, errno, "/dev/null") : take_fd(&r);
	}
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	r = p[0];
	w = p[1];
	if (fcntl(w, F_SETFL, O_NONBLOCK) < 0 || fio_write_all(w, b->secret, strlen(b->secret)) < 0)
		return err_set(e, errno, "hand the secret over");
	return take_fd(&r);
}

/* vz-job's words; the texts of @args stay the caller's. */
static size_t words(const struct job_box *b, const json_t *args, char timeout[16], char grace[16],
		    const char *v[JOB_ARGS_MAX + 16])
{
	const json_t *a;
	size_t i, n = 0;

	v[n++] = "vz-job";
	v[n++] = "-g";
	v[n++] = grace;
	if (b->again)
		v[n++] = "-a";
	if (b->keep)
		v[n++] = "-k";
	if (b->timeout_s) {
		v[n++] = "-t";
		v[n++] = timeout;
	}
	v[n++] = b->jobs->dirname;
	v[n++] = b->j.id;
	json_array_foreach(args, i, a)
		v[n++] = json_string_value(a);
	v[n] = NULL;
	return n;
}

static int start(struct job_box *b, const json_t *args, struct err *e)
{
	const char *v[JOB_ARGS_MAX + 16];
	char timeout[16], grace[16];
	auto_close int in = open_stdin(b, e);
	pid_t pid;

	if (in < 0)
		return -e->code;
	(void)str_fmt(timeout, sizeof(timeout), "%u", b->timeout_s);
	(void)str_fmt(grace, sizeof(grace), "%u", b->jobs->grace_s);
	words(b, args, timeout, grace, v);
	pid = fork();
	if (pid < 0)
		return err_set(e, errno, "run %s", b->jobs->prog);
	if (pid == 0)
		child(b->jobs, (char *const *)(uintptr_t)v, in);
	b->pidfd = sys_pidfd_open(pid, 0);
	if (ev_add_child(b->jobs->d->ev, "job", pid, on_child, b, &b->watch, e) < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		auto_close_(&b->pidfd);
		return -e->code;
	}
	return 0;
}

static void now_runs(struct job_box *b)
{
	struct err e = { 0 };

	b->running = true;
	b->jobs->running++;
	b->j.state = JOB_RUNNING;
	if (!b->j.started_ms)
		b->j.started_ms = timefmt_now_ms();
	if (job_row_write(b, JOB_ROW_RUNNING, NULL, &e) < 0)
		vzd_log_err(LOG_ERR, &e, b->j.id);
	job_tell(b, "job.running");
}

int job_launch(struct job_box *b, struct err *e)
{
	json_error_t why;
	json_t *args = json_loads(b->argv, 0, &why);
	int r;

	if (!json_is_array(args) || json_array_size(args) == 0 || json_array_size(args) > JOB_ARGS_MAX) {
		json_decref(args);
		return err_say(e, EBADMSG, "the record of operation %s is damaged", b->j.id);
	}
	r = start(b, args, e);
	json_decref(args);
	if (r == 0)
		now_runs(b);
	return r;
}

int job_signal(struct job_box *b, struct err *e)
{
	if (b->pidfd < 0 || (sys_pidfd_send_signal(b->pidfd, SIGTERM) < 0 && errno != ESRCH))
		return err_set(e, b->pidfd < 0 ? EAGAIN : errno, "cancel operation %s", b->j.id);
	return 0;
}

/* --- after a restart --- */

static void adopt(struct job_box *b);

static void on_gone(void *arg, uint32_t events)
{
	(void)events;
	over(arg, true);
}

static void on_look_again(void *arg)
{
	struct job_box *b = arg;

	b->watch = NULL;
	adopt(b);
}

void job_look_again(struct job_box *b)
{
	struct err e = { 0 };

	if (ev_add_timer(b->jobs->d->ev, "job look", LOOK_AGAIN_MS, 0, on_look_again, b, &b->watch, &e) < 0)
		vzd_log_err(LOG_ERR, &e, b->j.id);
}

/* The start time of @pid as vz-job wrote it, 0: no such process. */
static uint64_t start_time(pid_t pid)
{
	auto_buf struct buf b = BUF_INIT;
	struct err e = { 0 };
	char name[40];
	char *p;

	if (str_fmt(name, sizeof(name), "/proc/%d/stat", pid) < 0 || fio_read_at(AT_FDCWD, name, &b, &e) < 0)
		return 0;
	p = strrchr(b.s, ')');
	for (int i = 0; p && i < 20; i++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p + 1, NULL, 10) : 0;
}

/* The pidfd of the process that has written itself into the lock file. -1: not (yet) there. */
static int holder(struct job_box *b)
{
	auto_buf struct buf t = BUF_INIT;
	auto_close int fd = -1;
	char name[48], *end;
	struct err e = { 0 };
	unsigned long long start;
	long pid;

	if (fio_read_at(b->jobs->dir, job_file(b->j.id, "lock", name), &t, &e) < 0)
		return -1;
	pid = strtol(buf_str(&t), &end, 10);
	start = strtoull(end, NULL, 10);
	if (pid <= 0 || !start)
		return -1;
	fd = sys_pidfd_open((pid_t)pid, 0);
	if (fd < 0 || start_time((pid_t)pid) != start)
		return -1;
	return take_fd(&fd);
}

static bool is_locked(const struct job_box *b)
{
	auto_close int lock = -1;
	struct err e = { 0 };
	char name[48];

	return lock_take(b->jobs->dir, job_file(b->j.id, "lock", name), 0, &lock, &e) == -EBUSY;
}

/* Is somebody at it? Then watch; else see what is left of it. */
static void adopt(struct job_box *b)
{
	struct err e = { 0 };

	if (!is_locked(b)) {
		over(b, false);
		return;
	}
	b->pidfd = holder(b);
	if (b->pidfd < 0 || ev_add_fd(b->jobs->d->ev, "job adopted", b->pidfd, EPOLLIN, on_gone, b, &b->watch, &e) < 0) {
		auto_close_(&b->pidfd);
		job_look_again(b);
		return;
	}
	now_runs(b);
	if (b->cancel)
		job_signal(b, &e);
}

static int found(struct job_box *b, const char *boot, void *arg, struct err *e)
{
	struct jobs *js = arg;

	(void)e;
	if (b->had_secret)
		b->never = "interrupted: its secret was only in memory";
	else if (!str_eq(boot, js->boot) && !b->again)
		b->never = "interrupted: the host went down";
	b->j.state = JOB_QUEUED;
	job_box_add(b);
	return 0;
}

int job_find_all(struct jobs *js, struct err *e)
{
	struct job_box *next;

	if (job_rows_live(js, found, js, e) < 0)
		return -e->code;
	js->opening = true;		/* nothing is started before all are known */
	for (struct job_box *b = js->live; b; b = next) {
		next = b->next;
		adopt(b);
	}
	js->opening = false;
	return 0;
}
