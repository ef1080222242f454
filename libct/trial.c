/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A template on trial. Its container has one of the highest ids, a record /var/lib/vz/trial/CTID made before it, locked for
 * as long as somebody is at work on it, and a description by which it is known as ours: nothing else is ever destroyed here.
 * A child of ours, the guard, waits for our end and removes it.
 */
#include "libct/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libct/files.h"
#include "templates/tmpl.h"
#include "util/num.h"
#include "util/path.h"
#include "util/sys.h"

#define DIR_TRIAL CT_LIB_DIR "/trial"
#define FIRST_ID 2147483500u
#define IDS 100
#define MARK "A template on trial (vztmpl build)"
#define SCRIPT_MS (3600 * 1000)

struct trial {
	struct ct_host *h;
	unsigned id;
	int record;		/* open and locked */
	int alive;		/* the guard has the other end */
	pid_t guard;
};

static void say(const struct tmpl_ui *ui, const char *what, const char *text)
{
	char line[ERR_TEXT_MAX + 64];

	str_fmt(line, sizeof(line), "%s: %s", what, text);
	if (ui && ui->say)
		ui->say(ui->arg, line);
}

static void record_path(char out[64], unsigned id)
{
	str_fmt(out, 64, DIR_TRIAL "/%u", id);
}

/* --- the end of one --- */

static bool is_ours(const struct ct *ct)
{
	return ct_has_conf(ct) && str_eq(ct_conf(ct)->description, MARK);
}

/* Whoever calls holds the record. */
static int remove_ct(struct ct_host *h, unsigned id, struct err *e)
{
	char path[64], text[16];
	struct ct *ct = NULL;
	int rc;

	str_fmt(text, sizeof(text), "%u", id);
	rc = ct_open(h, text, CT_NO_CONFIG_OK, &ct, e);
	if (rc == 0)
		rc = ct_lock_wait(ct, 60000, e);		/* repairs what an interrupted create left */
	if (rc == 0 && is_ours(ct)) {
		rc = ct_is_running(ct, NULL) ? ct_kill(ct, e) : 0;
		if (rc == 0 && ct_is_mounted(ct))
			rc = ct_umount(ct, e);
		if (rc == 0)
			rc = ct_destroy(ct, e);
	}
	ct_close(ct);
	record_path(path, id);
	if (rc == 0) {
		unlink(path);
		rmdir(DIR_TRIAL);	/* the last one */
	}
	return rc;
}

bool ct_trial_left(void)
{
	auto_closedir DIR *d = opendir(DIR_TRIAL);
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (de->d_name[0] != '.')
			return true;
	return false;
}

void ct_trial_sweep(struct ct_host *h, const struct tmpl_ui *ui)
{
	auto_closedir DIR *d = opendir(DIR_TRIAL);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		auto_close int fd = -1;
		struct err e = { 0 };
		uint64_t id;

		if (num_u64(de->d_name, &id) < 0 || id < FIRST_ID || id >= FIRST_ID + IDS)
			continue;
		fd = openat(dirfd(d), de->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && remove_ct(h, (unsigned)id, &e) < 0)
			say(ui, "Warning: a container of an interrupted trial stays", e.text);
	}
}

/* --- the beginning --- */

/* An id that nobody has, and its record. */
static int take_id(struct trial *t, struct err *e)
{
	char path[64], conf[64];

	for (unsigned i = 0; i < IDS; i++) {
		if (path_mkdir_host(DIR_TRIAL, 0700, e) < 0)
			return -e->code;
		t->id = FIRST_ID + i;
		record_path(path, t->id);
		str_fmt(conf, sizeof(conf), CT_CONF_DIR "/%u.conf", t->id);
		if (access(conf, F_OK) == 0)
			continue;
		t->record = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (t->record < 0 && (errno == EEXIST || errno == ENOENT))	/* ENOENT: another trial has just ended */
			continue;
		if (t->record < 0 || flock(t->record, LOCK_EX | LOCK_NB) < 0 || fsync(t->record) < 0)
			return err_set(e, errno, "%s", path);
		return 0;
	}
	return err_say(e, EBUSY, "no id from %u to %u is free for a container on trial", FIRST_ID, FIRST_ID + IDS - 1);
}

static void __attribute__((noreturn)) guard(const struct trial *t, int end)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct err e = { 0 };
	char byte;

	setsid();
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	for (int sig = SIGHUP; sig <= SIGTERM; sig++)
		signal(sig, SIG_IGN);
	while (read(end, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(remove_ct(t->h, t->id, &e) < 0);
}

static int post_guard(struct trial *t, struct err *e)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_set(e, errno, "pipe");
	t->guard = fork();
	if (t->guard == 0) {
		close(p[1]);
		guard(t, p[0]);
	}
	close(p[0]);
	t->alive = p[1];
	return t->guard < 0 ? err_set(e, errno, "fork") : 0;
}

static int make(struct ct *ct, const char *archive, struct err *e)
{
	auto_conf struct ct_conf c = { 0 };

	c.ostemplate = strdup(archive);
	c.description = strdup(MARK);
	c.onboot = (struct num_opt){ .set = true, .v = 0 };
	if (!c.ostemplate || !c.description)
		return err_set(e, ENOMEM, "a container on trial");
	if (ct_lock(ct, e) < 0 || ct_create(ct, &(struct ct_create){ .sample = NULL }, &c, e) < 0)
		return -e->code;
	if (ct_start(ct, CT_START_WAIT, e) < 0)
		return err_add(e, "its container does not start");
	ct_unlock(ct);
	return 0;
}

/* --- the scripts --- */

static void __attribute__((noreturn)) script(struct ct *ct, int record, int in)
{
	const struct ct_exec x = { .argv = NULL, .shell = true, .script_stdin = true };
	struct err e = { 0 };
	int status = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);		/* the guard waits for all of us */
	close(record);
	if (dup2(in, 0) < 0 || dup2(2, 1) < 0)
		_exit(127);
	if (ct_exec(ct, &x, &status, &e) < 0) {
		dprintf(2, "%s\n", e.text);
		_exit(127);
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int run_one(struct ct *ct, int record, const char *path, struct err *e)
{
	auto_close int in = open(path, O_RDONLY | O_CLOEXEC), pidfd = -1;
	struct pollfd p = { .events = POLLIN };
	int st = 0, n;
	pid_t pid;

	if (in < 0)
		return err_set(e, errno, "%s", path);
	pid = fork();
	if (pid == 0)
		script(ct, record, in);
	if (pid < 0)
		return err_set(e, errno, "fork");
	p.fd = pidfd = sys_pidfd_open(pid, 0);
	do
		n = pidfd < 0 ? 1 : poll(&p, 1, SCRIPT_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &st, 0) < 0 && errno == EINTR)
		;
	if (n == 0)
		return err_say(e, ETIMEDOUT, "%s took longer than %d seconds", path, SCRIPT_MS / 1000);
	if (!WIFEXITED(st) || WEXITSTATUS(st))
		return err_say(e, ECHILD, "%s ended with status %d", path, WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st));
	return 0;
}

static int judge(struct trial *t, const char *archive, const struct str_list *scripts, const struct tmpl_ui *ui, struct err *e)
{
	struct ct *ct = NULL;
	char text[16];
	int rc;

	str_fmt(text, sizeof(text), "%u", t->id);
	rc = ct_open(t->h, text, CT_NO_CONFIG_OK, &ct, e);
	if (rc == 0)
		rc = make(ct, archive, e);
	for (size_t i = 0; rc == 0 && i < scripts->n; i++) {
		say(ui, "test", scripts->v[i]);
		rc = run_one(ct, t->record, scripts->v[i], e);
	}
	ct_close(ct);
	return rc;
}

int ct_trial(struct ct_host *h, const char *archive, const struct str_list *scripts, const struct tmpl_ui *ui, struct err *e)
{
	struct trial t = { .h = h, .record = -1, .alive = -1 };
	struct err end = { 0 };
	int rc;

	if (take_id(&t, e) < 0)
		return -e->code;
	rc = post_guard(&t, e);
	if (rc == 0)
		rc = judge(&t, archive, scripts, ui, e);
	if (remove_ct(h, t.id, &end) < 0)
		say(ui, "Warning: the container of the trial stays until the next vztmpl", end.text);
	if (t.guard > 0) {
		kill(t.guard, SIGKILL);
		waitpid(t.guard, NULL, 0);
	}
	auto_close_(&t.alive);
	auto_close_(&t.record);
	return rc;
}
