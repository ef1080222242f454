/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One backup as its user sees it: progress, a Ctrl-C that leaves nothing behind, and in the end what there is now. */
#include "vzctl/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "templates/foreign.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/sys.h"
#include "vzctl/tool.h"

#define TELL_MS 500

static volatile sig_atomic_t cancelled;

static void on_signal(int sig)
{
	cancelled = sig;
}

bool dump_cancelled(void)
{
	return cancelled != 0;
}

/* A person sees one line that changes; a job (VZ_JOB) gets lines that it understands. */
void dump_watch_show(struct dump_watch *w, struct ui *ui, const char *what)
{
	*w = (struct dump_watch){ .ui = ui, .what = what, .percent = -1, .lines = getenv("VZ_JOB") && !ui->quiet,
				  .tty = isatty(STDERR_FILENO) && !ui->quiet };
}

void dump_watch_begin(struct dump_watch *w, struct ui *ui, const char *what)
{
	struct sigaction sa = { .sa_handler = on_signal };

	dump_watch_show(w, ui, what);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

static void show(struct dump_watch *w, const struct tmpl_backup_count *c)
{
	char size[8];

	tool_human(c->bytes, size);
	if (w->lines)
		dprintf(STDOUT_FILENO, "progress %d%%\n", w->percent);
	else if (w->tty && !c->entries)
		dprintf(STDERR_FILENO, "\r%s: %d%%\033[K", w->what, w->percent);
	else if (w->tty)
		dprintf(STDERR_FILENO, "\r%s: %d%% (%" PRIu64 " files, %s)\033[K", w->what, w->percent, c->entries, size);
}

int dump_tell(void *arg, const struct tmpl_backup_count *c)
{
	struct dump_watch *w = arg;
	int percent = c->total ? (int)(MIN(c->bytes, c->total) * 100 / c->total) : 0;
	int64_t now = sys_now_ms();

	if (cancelled)
		return -1;
	if (percent > w->percent && now >= w->told_ms + TELL_MS) {
		w->percent = percent;
		w->told_ms = now;
		show(w, c);
	}
	return 0;
}

void dump_watch_full(struct dump_watch *w)
{
	if (w->lines)
		dprintf(STDOUT_FILENO, "progress 100%%\n");
	dump_watch_end(w);
	w->told_ms = 0;
}

void dump_watch_end(struct dump_watch *w)
{
	if (w->tty && w->told_ms)
		dprintf(STDERR_FILENO, "\r\033[K");
}

void dump_left_out(struct ui *ui, const struct tmpl_backup_count *c)
{
	if (c->nodes)
		ui_sayf(ui, 0, "Left out: %" PRIu64 " device nodes", c->nodes);
	if (c->xattrs)
		ui_sayf(ui, 0, "Left out: %" PRIu64 " extended attributes that steer a host or have no room", c->xattrs);
	if (c->acls)
		ui_sayf(ui, -1, "Warning: ACL entries left out, because nobody in /etc/passwd and /etc/group of the archive "
			"has that name or no container has that number: %" PRIu64 "\n%s", c->acls, c->acl_notes);
	if (c->excluded)
		ui_sayf(ui, 0, "Left out as asked: %" PRIu64 " files and directories", c->excluded);
	if (c->deep)
		ui_sayf(ui, -1, "Warning: %" PRIu64 " files lie deeper than 250 directories or have names longer than 4000 "
				"bytes: they are "
			"NOT in the archive", c->deep);
}

void dump_fail(struct ui *ui, const struct err *e)
{
	ui_sayf(ui, -1, "Error: %s", e->text);
	if (e->code == EBADMSG)
		ui_sayf(ui, -1, "Copy the file again from where it is whole, or take another: 'vzdump --list' shows them, "
			"'vzdump --check FILE' reads one to its end");
}

static int said(struct ui *ui, const char *dir, const struct ct_backup_result *r)
{
	char size[8], written[8];

	tool_human(r->count.bytes, size);
	tool_human(r->count.written, written);
	dump_left_out(ui, &r->count);
	if (r->before[0])
		ui_sayf(ui, 0, "%" PRIu64 " of %" PRIu64 " files have not changed since %s", r->count.kept, r->count.entries,
				r->before);
	ui_sayf(ui, 0, "Backup finished: %s/%s, %" PRIu64 " files, %s in %s", dir, r->name, r->count.entries, size, written);
	return 0;
}

static void say_dropped(void *arg, const struct ct_dump *d, bool drop)
{
	if (drop)
		ui_sayf(arg, 0, "Removing old archive %s", d->name);
}

static int prune(const struct dump_opts *o, const char *dir, unsigned id, struct ui *ui, struct err *e)
{
	auto_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "%s", dir);
	return ct_dumps_prune(fd, id, NULL, &o->keep, false, say_dropped, ui, e) < 0 ? err_add(e, "removing old archives") : 0;
}

int dump_one(struct ct *ct, const struct dump_opts *o, struct ui *ui, struct err *e)
{
	struct ct_backup b = { .dumpdir = o->dumpdir, .out = o->to_stdout ? STDOUT_FILENO : -1, .mode = o->mode,
			       .incremental = o->incremental, .exclude = &o->exclude, .level = o->level,
					.bytes_per_s = o->bytes_per_s,
			       .tell = dump_tell };
	struct ct_backup_result r;
	struct dump_watch w;
	char what[40];
	int rc;

	str_fmt(what, sizeof(what), "Backup of container %u", ct_id(ct));
	dump_watch_begin(&w, ui, what);
	b.arg = &w;
	rc = ct_backup(ct, &b, &r, e);
	dump_watch_end(&w);
	if (rc < 0 || o->to_stdout)
		return rc < 0 ? err_add(e, "Backup of container %u failed", ct_id(ct)) : 0;
	said(ui, r.dir, &r);
	return o->keeps ? prune(o, r.dir, ct_id(ct), ui, e) : 0;
}

int dump_check_foreign(int dir, const char *name, struct dump_watch *w, struct tmpl_backup_count *ret, struct err *e)
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const struct tmpl_foreign f = { .fd = fd, .tell = dump_tell, .arg = w };
	int rc = fd < 0 ? err_set(e, errno, "%s", name) : tmpl_foreign_is(fd, e);

	if (rc > 0 && tmpl_foreign_check(&f, ret, e) < 0)
		return -e->code;
	return rc;
}

int dump_open(const char *path, int *ret_dir, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	auto_free char *dir = slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");

	if (!dir)
		return err_set(e, ENOMEM, "%s", path);
	*ret_name = slash ? slash + 1 : path;
	*ret_dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_dir < 0 ? err_set(e, errno, "%s", dir) : 0;
}
