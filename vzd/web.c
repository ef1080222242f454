/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps one vzweb running: adopts the one that is there, replaces it when what it was started for has changed, starts
 * another when it dies, later and later if it keeps dying. vzd itself does not depend on it.
 */
#include "vzd/web.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"
#include "util/sys.h"
#include "vzd/webrun.h"

#define BACKOFF_MIN_MS 200
#define BACKOFF_MAX_MS 30000
#define LIVED_MS 60000			/* one that lived so long was no failure */
#define TERM_MS 10000			/* after SIGTERM, then SIGKILL */
#define NO_USER_MS 30000

struct web {
	struct vzd *d;
	const char *program;
	pid_t pid;			/* 0: none runs */
	int pidfd;			/* of an adopted one */
	bool ours;			/* our child */
	struct ev_src *watch, *timer, *maker;
	int maker_out;			/* what --make-cert says */
	uint64_t started_ms, backoff_ms;
	bool ending;			/* SIGTERM was sent, another one follows */
	bool told_no_user, cert_failed;	/* cert_failed: not tried again before a reload */
	struct buf line;		/* what the running one was started for */
};

static void web_sync(void *arg);

pid_t web_pid(const struct web *w)
{
	return w->pid;
}

static bool wants_tls(const struct web *w)
{
	return *w->d->conf.listen && access(w->d->conf.tls_cert, R_OK) == 0 && access(w->d->conf.tls_key, R_OK) == 0;
}

/* One line of all that a running vzweb cannot change, its program included: an upgrade replaces it. */
static void wanted_line(const struct web *w, struct buf *b)
{
	const struct vzd_conf *c = &w->d->conf;
	struct stat st = { 0 };

	if (stat(w->program, &st) < 0)
		st.st_ino = 0;
	buf_addf(b, "%s %s %s %s %llu %llu %llu.%lld\n", *c->listen ? c->listen : "-", wants_tls(w) ? "tls" : "-",
		 *c->metrics_listen ? c->metrics_listen : "-", c->web_user, (unsigned long long)c->web_max_conns.v,
		 (unsigned long long)c->web_max_per_ip.v, (unsigned long long)st.st_ino, (long long)st.st_mtime);
}

static void later(struct web *w, uint64_t ms)
{
	struct err e = { 0 };

	ev_del(w->timer);
	w->timer = NULL;
	if (ev_add_timer(w->d->ev, "web.later", ms, 0, web_sync, w, &w->timer, &e) < 0)
		vzd_log_err(LOG_ERR, &e, "vzweb is not started");
}

/* --- the end of one --- */

static void ended(struct web *w)
{
	bool lived = ev_now_ms() - w->started_ms > LIVED_MS;

	w->pid = 0;
	w->watch = NULL;
	auto_close_(&w->pidfd);
	buf_reset(&w->line);
	if (w->ending || lived)
		w->backoff_ms = 0;
	later(w, w->ending ? 0 : w->backoff_ms);
	w->backoff_ms = MIN(MAX(2 * w->backoff_ms, (uint64_t)BACKOFF_MIN_MS), (uint64_t)BACKOFF_MAX_MS);
	w->ending = false;
}

static void on_child(void *arg, pid_t pid, int status)
{
	struct web *w = arg;

	if (!w->ending)
		vzd_log(LOG_ERR, "vzweb (process %d) ended with %s %d; the next one starts in %llu ms", (int)pid,
			WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
			(unsigned long long)w->backoff_ms);
	ended(w);
}

static void on_pidfd(void *arg, uint32_t events)
{
	struct web *w = arg;

	(void)events;
	if (!w->ending)
		vzd_log(LOG_ERR, "vzweb (process %d) ended", (int)w->pid);
	ev_del(w->watch);
	ended(w);
}

static void kill_it(void *arg)
{
	struct web *w = arg;

	w->timer = NULL;
	if (w->pid)
		kill(w->pid, SIGKILL);
}

/* The pid cannot be another's: ours is not reaped yet, and of an adopted one we hold a pidfd that has not fired. */
static void end_it(struct web *w)
{
	struct err e = { 0 };

	if (w->ending)
		return;
	w->ending = true;
	kill(w->pid, SIGTERM);
	ev_del(w->timer);
	w->timer = NULL;
	if (ev_add_timer(w->d->ev, "web.kill", TERM_MS, 0, kill_it, w, &w->timer, &e) < 0)
		kill(w->pid, SIGKILL);
}

/* --- certificate --- */

static void made_cert(void *arg, pid_t pid, int status)
{
	struct web *w = arg;
	char text[512];
	ssize_t n = read(w->maker_out, text, sizeof(text) - 1);

	(void)pid;
	text[MAX(n, (ssize_t)0)] = '\0';
	w->maker = NULL;
	auto_close_(&w->maker_out);
	w->cert_failed = status != 0;
	if (status)
		vzd_log(LOG_ERR, "no certificate could be made, HTTPS is off: %s", text);
	else
		vzd_log(LOG_NOTICE, "made the self-signed certificate %s. %s", w->d->conf.tls_cert, str_trim(text));
	web_sync(w);
}

static int make_cert(struct web *w, struct err *e)
{
	const char *const argv[] = { w->program, "--make-cert", w->d->conf.tls_cert, w->d->conf.tls_key, NULL };
	int p[2];
	pid_t pid;

	if (path_mkdir_host(VZD_TLS_DIR, 0700, e) < 0)
		return -e->code;
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	pid = fork();
	if (pid == 0) {
		if (dup2(p[1], 1) < 0 || dup2(p[1], 2) < 0)
			_exit(127);
		sys_reset_signals();
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(p[1]);
	w->maker_out = p[0];
	if (pid < 0)
		return err_set(e, errno, "fork");
	return ev_add_child(w->d->ev, "web.cert", pid, made_cert, w, &w->maker, e);
}

/* Only in the place that is ours: a path that an administrator has named is his to fill. */
static bool cert_is_missing(const struct web *w)
{
	const struct vzd_conf *c = &w->d->conf;

	return *c->listen && !w->cert_failed && str_eq(c->tls_cert, VZD_TLS_DIR "/cert.pem") &&
	       str_eq(c->tls_key, VZD_TLS_DIR "/key.pem") && access(c->tls_cert, F_OK) < 0;
}

/* --- starting --- */

static bool has_user(struct web *w)
{
	const char *name = w->d->conf.web_user;
	const struct passwd *pw = getpwnam(name);

	if (pw && pw->pw_uid != 0) {
		w->told_no_user = false;
		return true;
	}
	if (!w->told_no_user)
		vzd_log(LOG_ERR, "there is no user %s, so no REST API: 'vzhost setup' makes it, or "
			"'useradd --system --user-group --no-create-home --shell /usr/sbin/nologin %s'", name, name);
	w->told_no_user = true;
	return false;
}

static int adopt(struct web *w, pid_t pid, struct err *e)
{
	w->pidfd = sys_pidfd_open(pid, 0);
	if (w->pidfd < 0)
		return err_set(e, errno, "vzweb (process %d)", (int)pid);
	if (ev_add_fd(w->d->ev, "web.adopted", w->pidfd, EPOLLIN, on_pidfd, w, &w->watch, e) < 0) {
		auto_close_(&w->pidfd);
		return -e->code;
	}
	w->pid = pid;
	w->ours = false;
	w->started_ms = ev_now_ms();
	vzd_log(LOG_NOTICE, "vzweb runs already, as process %d", (int)pid);
	return 0;
}

static int start(struct web *w, int lock_fd, struct err *e)
{
	int fds[WEBRUN_FD_N];
	pid_t pid;

	if (wants_tls(w) && webrun_copy_tls(&w->d->conf, VZD_RUN, e) < 0)
		return -e->code;
	if (webrun_sockets(&w->d->conf, wants_tls(w), VZD_RUN, fds, e) < 0)
		return -e->code;
	fds[WEBRUN_LOCK] = lock_fd;
	wanted_line(w, &w->line);
	pid = webrun_start(&w->d->conf, w->program, fds, buf_str(&w->line), e);
	fds[WEBRUN_LOCK] = -1;
	webrun_close(fds);
	if (pid < 0)
		return -e->code;
	w->pid = pid;
	w->ours = true;
	w->started_ms = ev_now_ms();
	if (ev_add_child(w->d->ev, "web.child", pid, on_child, w, &w->watch, e) < 0) {
		kill(pid, SIGKILL);
		w->pid = 0;
		return -e->code;
	}
	vzd_log(LOG_NOTICE, "vzweb is process %d, HTTPS on %s", (int)pid,
		wants_tls(w)	     ? w->d->conf.listen
		: *w->d->conf.listen ? "no address: its certificate cannot be read"
				     : "no address");
	return 0;
}

/* Adopts or starts. */
static int bring_up(struct web *w, struct err *e)
{
	auto_close int lock_fd = -1;
	pid_t pid = 0;
	int held;

	buf_reset(&w->line);
	held = webrun_lock(VZD_WEB_LOCK, &lock_fd, &pid, &w->line, e);
	if (held < 0)
		return -e->code;
	return held ? adopt(w, pid, e) : start(w, lock_fd, e);
}

/* Brings what runs in line with what is wanted. */
static void web_sync(void *arg)
{
	struct buf auto_buf want = BUF_INIT;
	struct web *w = arg;
	struct err e = { 0 };

	if (w->maker || w->ending || w->d->stopping)
		return;
	ev_del(w->timer);
	w->timer = NULL;
	if (!w->pid && !has_user(w)) {
		later(w, NO_USER_MS);
		return;
	}
	if (cert_is_missing(w) && make_cert(w, &e) == 0)
		return;			/* made_cert() comes back */
	if (!w->pid && (e.code || bring_up(w, &e) < 0)) {
		w->backoff_ms = MIN(MAX(2 * w->backoff_ms, (uint64_t)BACKOFF_MIN_MS), (uint64_t)BACKOFF_MAX_MS);
		vzd_log_err(LOG_ERR, &e, "vzweb");
		later(w, w->backoff_ms);
		return;
	}
	wanted_line(w, &want);
	if (!str_eq(buf_str(&want), buf_str(&w->line)))
		end_it(w);
}

void web_reload(struct web *w)
{
	struct err e = { 0 };

	w->cert_failed = false;
	web_sync(w);
	if (!w->pid || w->ending || !wants_tls(w))
		return;
	if (webrun_copy_tls(&w->d->conf, VZD_RUN, &e) < 0)
		vzd_log_err(LOG_ERR, &e, "the certificate stays as it was");
	else
		kill(w->pid, SIGHUP);
}

int web_open(struct vzd *d, struct web **ret, struct err *e)
{
	return web_open_program(d, WEB_PROGRAM, ret, e);
}

int web_open_program(struct vzd *d, const char *program, struct web **ret, struct err *e)
{
	struct web *w = calloc(1, sizeof(*w));

	if (!w)
		return err_set(e, ENOMEM, "vzweb");
	w->d = d;
	w->program = program;
	w->pidfd = w->maker_out = -1;
	buf_init(&w->line, BUF_CAP_DEFAULT);
	*ret = w;
	if (ev_add_timer(d->ev, "web.start", 0, 0, web_sync, w, &w->timer, e) < 0) {
		*ret = NULL;
		web_close(w);
		return -e->code;
	}
	return 0;
}

void web_close(struct web *w)
{
	if (!w)
		return;
	ev_del(w->watch);
	ev_del(w->timer);
	ev_del(w->maker);
	auto_close_(&w->pidfd);
	auto_close_(&w->maker_out);
	buf_done(&w->line);
	free(w);
}
