/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands on the destination: ssh, scp and rsync, run from argv. What the remote shell gets is one string, quoted by us. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/spawn.h"
#include "vzctl/migrate.h"

#define SSH_FAILED 255		/* ssh's own status when there was no connection */

struct words { struct str_list l; struct err *e; };

static void word(struct words *w, const char *s)
{
	if (!w->e->code)
		str_list_add(&w->l, s, w->e);
}

static void words_done(struct words *w)
{
	str_list_clear(&w->l);
}

/* Options of ssh, for scp with the port's other letter. */
static void ssh_options(const struct migrate *m, struct words *w, bool scp)
{
	bool port = false;

	word(w, "-o");
	word(w, "BatchMode=yes");
	if (m->o.mux) {
		char path[100];

		str_fmt(path, sizeof(path), "ControlPath=%s", m->control);
		word(w, "-o");
		word(w, "ControlMaster=auto");
		word(w, "-o");
		word(w, "ControlPersist=60");
		word(w, "-o");
		word(w, path);
	}
	for (size_t i = 0; i < m->o.ssh.n; i++) {
		const char *s = m->o.ssh.v[i];

		if (scp && !port && str_starts(s, "-p")) {
			auto_free char *upper = strdup(s);

			port = true;
			if (upper)
				upper[1] = 'P';
			word(w, upper ? upper : "-P");
		} else {
			word(w, s);
		}
	}
}

/* The caller's keys and agent are what lets it in; nothing else of its environment matters. */
static int run_words(struct migrate *m, struct words *w, int out, int *status, struct err *e)
{
	const char *home = getenv("HOME"), *agent = getenv("SSH_AUTH_SOCK");
	auto_free char *env_home = NULL, *env_agent = NULL;
	struct buf auto_buf line = BUF_INIT;
	const char *env[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL, NULL, NULL };
	struct spawn s = { .env = env, .out = out, .err = m->o.verbose ? 2 : -1, .tied = true };
	int rc;

	if (e->code)
		return -e->code;
	if (asprintf(&env_home, "HOME=%s", home ? home : "/root") < 0 ||
	    asprintf(&env_agent, "SSH_AUTH_SOCK=%s", agent ? agent : "") < 0)
		return err_set(e, ENOMEM, "ssh");
	env[2] = env_home;
	env[3] = agent ? env_agent : NULL;
	s.argv = (const char *const *)w->l.v;
	for (size_t i = 1; m->o.verbose && i < w->l.n; i++)
		buf_addf(&line, " %s", w->l.v[i]);
	if (m->o.verbose)
		ui_sayf(&m->ui, 0, "+%s", buf_str(&line));
	*status = 0;
	rc = spawn_wait(&s, status, e);
	if (rc == 0)
		return 0;
	if (rc == -ECHILD && *status == SSH_FAILED)
		e->code = ECONNREFUSED;
	return -e->code;
}

static void begin(struct words *w, const char *prog)
{
	word(w, "/usr/bin/env");	/* it looks in PATH, as a shell does */
	word(w, prog);
}

int remote_run(struct migrate *m, const char *cmd, struct buf *out, int *status, struct err *e)
{
	auto_call(words_done) struct words w = { .e = e };
	auto_close int fd = out ? memfd_create("answer", MFD_CLOEXEC) : -1;
	struct err read_err = { 0 };
	int rc, ignored;

	begin(&w, "ssh");
	ssh_options(m, &w, false);
	word(&w, m->target);
	word(&w, cmd);
	if (out && fd < 0)
		return err_set(e, errno, "memfd");
	rc = run_words(m, &w, out ? fd : 2, status ? status : &ignored, e);
	if (out && lseek(fd, 0, SEEK_SET) == 0 && fio_read_fd(fd, out, "answer", &read_err) < 0 && rc == 0) {
		*e = read_err;
		return -e->code;
	}
	return rc;
}

int remote_runf(struct migrate *m, struct err *e, const char *fmt, ...)
{
	struct buf auto_buf cmd = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&cmd, fmt, ap);
	va_end(ap);
	return buf_failed(&cmd) ? err_set(e, ENOMEM, "command") : remote_run(m, buf_str(&cmd), NULL, NULL, e);
}

int remote_put(struct migrate *m, const char *file, const char *to, struct err *e)
{
	auto_call(words_done) struct words w = { .e = e };
	struct buf auto_buf dest = BUF_INIT;
	int status;

	begin(&w, "scp");
	word(&w, "-q");
	word(&w, "-p");
	ssh_options(m, &w, true);
	word(&w, file);
	buf_addf(&dest, "%s:%s", m->target, to);
	word(&w, buf_str(&dest));
	return run_words(m, &w, 2, &status, e);
}

int remote_sync(struct migrate *m, const char *from, const char *to, struct err *e)
{
	auto_call(words_done) struct words w = { .e = e }, ssh = { .e = e };
	struct buf auto_buf shell = BUF_INIT, dest = BUF_INIT, src = BUF_INIT;
	int status;

	ssh_options(m, &ssh, false);
	buf_adds(&shell, "ssh");
	for (size_t i = 0; i < ssh.l.n; i++)
		buf_addf(&shell, " %s", ssh.l.v[i]);
	buf_addf(&src, "%s/", from);
	buf_addf(&dest, "%s:%s/", m->target, to);
	begin(&w, "rsync");
	word(&w, "-aHAX");
	word(&w, "--delete");
	word(&w, "--numeric-ids");
	if (m->overlay)
		word(&w, "-x");		/* what mount scripts have put into the root is not the container's */
	word(&w, "-e");
	word(&w, buf_str(&shell));
	for (size_t i = 0; i < m->o.rsync.n; i++)
		word(&w, m->o.rsync.v[i]);
	word(&w, "--");
	word(&w, buf_str(&src));
	word(&w, buf_str(&dest));
	return run_words(m, &w, 2, &status, e);
}

void remote_end(struct migrate *m)
{
	auto_call(words_done) struct words w = { 0 };
	struct err ignored = { 0 };
	int status;

	if (!m->o.mux)
		return;
	w.e = &ignored;
	begin(&w, "ssh");
	ssh_options(m, &w, false);
	word(&w, "-O");
	word(&w, "exit");
	word(&w, m->target);
	run_words(m, &w, 2, &status, &ignored);
}
