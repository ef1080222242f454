/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzrestore: a container, some files, or a list of them, from an archive of vzdump. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "templates/foreign.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/dir.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/path.h"
#include "vzctl/dump.h"
#include "vzctl/host.h"
#include "vzctl/tool.h"

static const char usage[] =
	"Usage: vzrestore [options] FILE CTID       a container from an archive of vzdump, also of one that OpenVZ's hosts had\n"
	"                                            (.tar, .tar.gz, .tgz ...); FILE '-': the standard input\n"
	"       vzrestore FILE --list [--file PATH] what is in it; --json: of one directory, for programs\n"
	"       vzrestore FILE --to DIR [--file PATH ...]    files into a directory that is empty or not there yet\n"
	"       vzrestore FILE --stdout [--file PATH ...]    the same as a tar\n"
	"       vzrestore FILE --check              reads every byte\n"
	"       vzrestore FILE --config             the configuration that a restore takes from it\n"
	"  --trust            keep scripts and what reaches beyond the container, though this host did not make the archive\n"
	"  --no-trust         leave them out, though this host made it\n"
	"  --force            if the container exists: its files are replaced, its configuration stays\n"
	"  --quiet            only errors\n"
	"  and the parameters of vzctl create: --layout, --private, --root, --name, --ipadd, --diskspace, ...\n";

struct call {
	struct restore_opts o;
	struct ui ui;
	struct ct_host *host;
	struct tmpl_chain chain;
	struct dump_watch watch;
	struct tmpl_backup_count count;
};

static int open_chain(struct call *c, struct err *e)
{
	const char *name;
	auto_close int dir = -1;

	if (str_eq(c->o.file, "-"))
		return tmpl_chain_fd(STDIN_FILENO, &c->chain, e) < 0 ? err_add(e, "standard input") : 0;
	if (dump_open(c->o.file, &dir, &name, e) < 0)
		return -e->code;
	return tmpl_chain_open(dir, name, &c->chain, e) < 0 ? err_add(e, "%s", c->o.file) : 0;
}

static struct tmpl_restore job(struct call *c)
{
	return (struct tmpl_restore){ .chain = &c->chain, .select = &c->o.select, .tell = dump_tell, .arg = &c->watch };
}

/* Is @path in the directory @dir ("": the root), and not deeper? Or is it what was asked for, and no directory? */
static bool is_child(const char *dir, const struct bk_row *r)
{
	size_t n = strlen(dir);

	if (n && str_eq(r->path, dir))
		return r->type != 'd';
	if (n && (strncmp(r->path, dir, n) != 0 || r->path[n] != '/'))
		return false;
	return r->path[0] && !str_eq(r->path, ".") && !strchr(r->path + (n ? n + 1 : 0), '/');
}

/* The next row of the index: 1, 0 at its end. @line, @room: getline()'s. */
static int next_row(FILE *f, char **line, size_t *room, struct bk_row *ret, struct err *e)
{
	ssize_t n = getline(line, room, f);

	if (n <= 0)
		return 0;
	if ((*line)[n - 1] == '\n')
		(*line)[n - 1] = '\0';
	return bk_row_parse(*line, ret, e) < 0 ? -e->code : 1;
}

/* For programs: what is in one directory, so many at a time. */
static int show_json(FILE *f, const struct restore_opts *o, struct err *e)
{
	const char *dir = o->select.n ? o->select.v[0] : "";
	auto_free char *line = NULL;
	uint64_t shown = 0;
	size_t room = 0;
	struct bk_row r;
	int rc = 1;

	fputs("[", stdout);
	while ((!o->limit || shown < o->limit) && (rc = next_row(f, &line, &room, &r, e)) > 0) {
		struct buf auto_buf b = { .cap = 65536 };

		if (!is_child(dir, &r) || (o->after && bk_path_cmp(r.path, o->after) <= 0))
			continue;
		dump_file_json(&b, &r);
		fprintf(stdout, "%s\n  %s", shown++ ? "," : "", buf_str(&b));
	}
	if (rc < 0)
		return rc;
	fputs(shown ? "\n]\n" : "]\n", stdout);
	return fflush(stdout) == 0 || errno == EPIPE ? 0 : err_set(e, errno, "standard output");
}

/* The lines come as they are in the index, and go out as a person wants them. */
static int show_lines(FILE *f, struct err *e)
{
	auto_free char *line = NULL;
	size_t room = 0;
	struct bk_row r;
	int rc;

	while ((rc = next_row(f, &line, &room, &r, e)) > 0) {
		struct buf auto_buf b = { .cap = 65536 };

		dump_file_line(&b, &r);
		if (fputs(buf_str(&b), stdout) < 0)
			break;
	}
	if (rc < 0)
		return rc;
	if (fflush(stdout) == 0 || errno == EPIPE)	/* who reads it may have enough of it */
		return 0;
	return err_set(e, errno, "standard output");
}

static int list(struct call *c, struct err *e)
{
	const struct tmpl_restore r = job(c);
	auto_close int fd = memfd_create("list", MFD_CLOEXEC);
	auto_fclose FILE *f = NULL;

	if (fd < 0)
		return err_set(e, errno, "memfd");
	if (tmpl_backup_list(&r, fd, &c->count, e) < 0)
		return -e->code;
	if (c->count.entries == 0)
		return err_say(e, ENOENT, "it holds no file of that name");
	f = lseek(fd, 0, SEEK_SET) < 0 ? NULL : fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 0), "r");
	if (!f)
		return err_set(e, errno, "list");
	return c->o.json ? show_json(f, &c->o, e) : show_lines(f, e);
}

static int is_empty(int dir)
{
	auto_closedir DIR *d = dir_list(dir);
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			return 0;
	return d != NULL;
}

static void empty_again(int dir)
{
	auto_closedir DIR *d = dir_list(dir);
	struct dirent *de;
	struct err ignored;

	while (d && (de = readdir(d)))
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			path_rmtree(dir, de->d_name, &ignored);
}

static int extract(struct call *c, struct err *e)
{
	const struct tmpl_restore r = job(c);
	struct stat st;
	bool made = mkdir(c->o.to, 0700) == 0;
	int why = made ? 0 : errno;
	auto_close int dir = open(c->o.to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 && why && why != EEXIST)
		return err_set(e, why, "make the directory %s", c->o.to);
	if (dir < 0)
		return err_set(e, errno, "%s", c->o.to);
	if (!is_empty(dir))
		return err_say(e, ENOTEMPTY, "%s is not empty: nothing there is overwritten", c->o.to);
	if (fstat(dir, &st) < 0)
		return err_set(e, errno, "%s", c->o.to);
	if (st.st_mode & 011)	/* the ids are the container's: what is root's and set-user-id there would be here */
		return err_say(e, EPERM, "users of this host may enter %s and would find set-user-id files of the container there: "
			       "chmod 700 %s", c->o.to, c->o.to);
	if (tmpl_backup_extract(&r, dir, &c->count, e) < 0) {
		empty_again(dir);
		if (made)
			rmdir(c->o.to);
		return -e->code;
	}
	dump_left_out(&c->ui, &c->count);
	if (c->count.links)
		ui_sayf(&c->ui, 0, "%llu files came along, because others are hard links to them",
				(unsigned long long)c->count.links);
	ui_sayf(&c->ui, 0, "%llu files are in %s", (unsigned long long)c->count.entries, c->o.to);
	return 0;
}

static int files_of_chain(struct call *c, struct err *e)
{
	const struct tmpl_restore r = job(c);

	if (c->o.list)
		return list(c, e);
	if (c->o.check)
		return tmpl_backup_check(&r, &c->count, e);
	return c->o.to_stdout ? tmpl_backup_tar(&r, STDOUT_FILENO, &c->count, e) : extract(c, e);
}

/* What tar does as well is left to it. 0: it is none of these. */
static int files_of_foreign(struct call *c, struct err *e)
{
	const char *name = "-";
	auto_close int dir = -1;
	int rc;

	if (!str_eq(c->o.file, "-") && dump_open(c->o.file, &dir, &name, e) < 0)
		return -e->code;
	if (c->o.check && dir >= 0)
		return dump_check_foreign(dir, name, &c->watch, &c->count, e);
	rc = dir >= 0 ? openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	auto_close int fd = rc;
	rc = fd < 0 ? err_set(e, errno, "%s", name) : tmpl_foreign_is(fd, e);
	return rc <= 0 ? rc : err_say(e, ENOTSUP, "an archive of another vzdump is read by tar: 'tar -tf', 'tar -xf FILE ./PATH'");
}

static int files(struct call *c, struct err *e)
{
	struct err first;
	int rc;

	dump_watch_begin(&c->watch, &c->ui, "Restore");
	rc = open_chain(c, e) < 0 ? -e->code : files_of_chain(c, e);
	if (rc < 0 && e->code == EBADMSG && c->chain.n == 0) {
		first = *e;
		err_clear(e);
		rc = files_of_foreign(c, e);
		if (rc == 0 || (rc < 0 && str_ends(c->o.file, ".zst")))
			*e = first;
		rc = rc > 0 ? 0 : -e->code;
	}
	dump_watch_end(&c->watch);
	tmpl_chain_close(&c->chain);
	if (rc == 0 && c->o.check)
		ui_sayf(&c->ui, 0, "%s is whole: %llu files", c->o.file, (unsigned long long)c->count.entries);
	return rc < 0 ? err_add(e, "%s", c->o.file) : 0;
}

static int config(struct call *c, struct err *e)
{
	struct ct_restore r = { .dir = -1, .name = c->o.file, .trust = c->o.trust, .distrust = c->o.distrust };
	struct buf auto_buf b = { .cap = BK_META_MAX };
	auto_close int dir = -1;

	if (!str_eq(c->o.file, "-") && dump_open(c->o.file, &dir, &r.name, e) < 0)
		return -e->code;
	r.dir = dir;
	if (ct_restore_conf(&r, &b, e) < 0)
		return err_add(e, "%s", c->o.file);
	return tool_put(&b) ? err_set(e, EIO, "standard output") : 0;
}

static int params_fit(const struct call *c, const struct ct *ct, struct err *e)
{
	if (!c->o.force || !c->o.params || !ct_has_conf(ct))
		return 0;
	return err_say(e, EINVAL, "--%s: container %u exists and keeps its configuration: 'vzctl set' changes it", c->o.params,
		       ct_id(ct));
}

/* Archives are read from their end: what comes through a pipe is kept in a file without a name first. */
static int from_pipe(struct call *c, struct err *e)
{
	const char *dir = ct_host_conf(c->host)->dumpdir;
	auto_close int fd = -1;
	struct stat st;
	char part[65536];
	ssize_t n;

	if (!str_eq(c->o.file, "-") || (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode)))
		return 0;
	if (path_mkdir_host(dir, 0700, e) < 0)
		return -e->code;
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, errno, "keep what comes through the pipe in %s", dir);
	while ((n = read(STDIN_FILENO, part, sizeof(part))) != 0) {
		if (n < 0 && errno != EINTR)
			return err_set(e, errno, "standard input");
		if (n > 0 && fio_write_all(fd, part, (size_t)n) < 0)
			return err_set(e, errno, "keep what comes through the pipe in %s", dir);
	}
	return dup2(fd, STDIN_FILENO) < 0 ? err_set(e, errno, "standard input") : 0;
}

static int container(struct call *c, struct err *e)
{
	struct ct_restore r = { .dir = -1, .name = c->o.file, .trust = c->o.trust, .force = c->o.force,
				.distrust = c->o.distrust, .tell = dump_tell, .arg = &c->watch };
	auto_close int dir = -1;
	struct ct *ct = NULL;
	int rc;

	if (!str_eq(c->o.file, "-") && dump_open(c->o.file, &dir, &r.name, e) < 0)
		return -e->code;
	r.dir = dir;
	if (host_pool_mounted(ct_host_conf(c->host), e) < 0 || ct_open(c->host, c->o.id, CT_NO_CONFIG_OK, &ct, e) < 0)
		return -e->code;
	c->ui.ctid = ct_id(ct);
	dump_watch_begin(&c->watch, &c->ui, "Restore");
	rc = ct_lock(ct, e) < 0 || params_fit(c, ct, e) < 0 ? -e->code : ct_restore(ct, &r, &c->o.conf, &c->count, e);
	dump_watch_end(&c->watch);
	if (rc < 0 && e->code == EBADMSG && !strstr(e->text, r.name))
		err_add(e, "%s", c->o.file);
	if (rc == 0) {
		dump_left_out(&c->ui, &c->count);
		ui_sayf(&c->ui, 0, "Container %u was restored: %llu files", ct_id(ct), (unsigned long long)c->count.entries);
	}
	ct_close(ct);
	return rc;
}

static int run(struct call *c, struct err *e)
{
	const struct ct_ui sink = { .say = ui_say, .arg = &c->ui };

	c->ui.quiet = c->o.quiet;
	if (c->o.to_stdout)
		c->ui.verbosity = -1;
	if (ct_host_open(&sink, &c->host, e) < 0)
		return -e->code;
	ui_log(&c->ui, ct_host_conf(c->host), "vzrestore");
	if (from_pipe(c, e) < 0)
		return -e->code;
	if (c->o.config)
		return config(c, e);
	return c->o.id ? container(c, e) : files(c, e);
}

int main(int argc, char **argv)
{
	static struct call c;
	struct err e = { 0 };
	int rc = restore_args(argv, &c.o, &e);

	(void)argc;
	signal(SIGPIPE, SIG_IGN);
	if (rc < 0 || c.o.help)
		return tool_usage(usage, &e, rc < 0 ? 255 : 0);
	if (geteuid() != 0) {
		ui_write(STDERR_FILENO, "vzrestore: only root may do this\n");
		return 1;
	}
	rc = run(&c, &e);
	if (rc < 0)
		dump_fail(&c.ui, &e);
	ct_host_close(c.host);
	restore_opts_done(&c.o);
	return rc < 0 ? 1 : 0;
}
