/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzdump: archives of containers, and what can be done with a directory of them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/dump.h"
#include "vzctl/host.h"
#include "vzctl/tool.h"

static const char usage[] =
	"Usage: vzdump [options] CTID...              an archive of each container\n"
	"       vzdump [options] --all [--exclude CTID,...]\n"
	"       vzdump --list [--json] [CTID]         archives in the directory\n"
	"       vzdump --prune --keep WHAT [--owner TENANT] [--dry-run] [CTID]\n"
	"       vzdump --check FILE                   reads every byte of an archive and of those it builds on\n"
	"       vzdump --remove FILE\n"
	"       vzdump --restore FILE CTID            as vzrestore does it\n"
	"       vzdump --mount FILE DIR               shows the files in an archive, read-only;  --umount DIR\n"
	"  --dumpdir DIR       the directory; DUMPDIR of vz.conf without it\n"
	"  --incremental       only what has changed since the newest archive there\n"
	"  --snapshot          a running container is frozen for the moment of a snapshot (this is the default)\n"
	"  --suspend           the same; in a layout without snapshots it is frozen while its files are read\n"
	"  --stop              it is stopped instead of frozen, so that its programs have written all they hold\n"
	"  --maxfiles N        keep N archives of each container; --keep keep-last=3,keep-daily=7,keep-weekly=4,... says it "
			"in full\n"
	"  --exclude-path PATTERN  files to leave out; '*' takes '/' as well; may be repeated\n"
	"  --level N           of zstd, 1 to 19 (3)       --bwlimit KB   write no more a second\n"
	"  --stdout            the archive of one container to the standard output\n"
	"  --quiet             only errors\n";

struct call {
	struct dump_opts o;
	struct ui ui;
	struct ct_host *host;
	int failed;			/* containers whose backup failed */
};

static const char *dir_of(const struct call *c)
{
	return c->o.dumpdir ? c->o.dumpdir : ct_host_conf(c->host)->dumpdir;
}

static int fail_of(struct call *c, const struct err *e)
{
	c->failed++;
	ui_sayf(&c->ui, -1, "%s", e->text);
	return 0;
}

static int backup_id(struct call *c, const char *id, struct err *e)
{
	struct err mine = { 0 };
	struct ct *ct = NULL;

	c->ui.ctid = 0;
	if (ct_open(c->host, id, 0, &ct, &mine) < 0) {
		fail_of(c, &mine);
		return 0;
	}
	c->ui.ctid = ct_id(ct);
	ui_sayf(&c->ui, 0, "Starting backup of container %u", ct_id(ct));
	if (dump_one(ct, &c->o, &c->ui, &mine) < 0)
		fail_of(c, &mine);
	ct_close(ct);
	return dump_cancelled() ? err_say(e, ECANCELED, "cancelled") : 0;
}

static int backup_all(struct call *c, struct err *e)
{
	auto_free unsigned *ids = NULL;
	size_t n = 0;

	if (ct_list(c->host, &ids, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < n; i++) {
		char id[16];

		str_fmt(id, sizeof(id), "%u", ids[i]);
		if (ids[i] && !str_list_has(&c->o.skip, id) && backup_id(c, id, e) < 0)
			return -e->code;
	}
	return 0;
}

static int backup(struct call *c, struct err *e)
{
	if (c->o.nothing)
		ui_sayf(&c->ui, 0, "Note: --%s changes nothing here: no temporary files are made, and waits and priorities are not "
				"its business", c->o.nothing);
	if (host_pool_mounted(ct_host_conf(c->host), e) < 0)
		return -e->code;
	if (c->o.all && backup_all(c, e) < 0)
		return -e->code;
	for (size_t i = 0; i < c->o.ids.n; i++)
		if (backup_id(c, c->o.ids.v[i], e) < 0)
			return -e->code;
	return c->failed ? err_say(e, EIO, "%d backup%s failed", c->failed, c->failed == 1 ? "" : "s") : 0;
}

static int open_dir(const struct call *c, unsigned *id, struct err *e)
{
	int fd;

	*id = 0;
	for (size_t i = 0; i < c->o.ids.n; i++)
		if (ct_id_parse(c->o.ids.v[i], id, e) < 0)
			return -e->code;
	if (c->o.ids.n > 1)
		*id = 0;
	fd = open(dir_of(c), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "%s", dir_of(c)) : fd;
}

static int list(struct call *c, struct err *e)
{
	auto_dumps struct ct_dumps l = { 0 };
	struct buf auto_buf b = { .cap = 64 << 20 };
	unsigned id;
	auto_close int dir = open_dir(c, &id, e);

	if (dir < 0 && e->code == ENOENT && !c->o.dumpdir)
		err_clear(e);		/* no backup has been made yet */
	else if (dir < 0 || ct_dumps_load(dir, id, &l, e) < 0)
		return -e->code;
	dump_pick(&l, &c->o);
	if (c->o.owners)
		dump_owners(&b, &l);
	else if (c->o.json)
		dump_json(&b, &l);
	else
		dump_table(&b, &l);
	return tool_put(&b) ? err_set(e, EIO, "standard output") : 0;
}

static void say_pruned(void *arg, const struct ct_dump *d, bool drop)
{
	ui_sayf(arg, 0, "%s %s", drop ? "remove" : "keep  ", d->name);
}

/* Each container's archives are counted by themselves. */
static int prune(struct call *c, struct err *e)
{
	auto_dumps struct ct_dumps l = { 0 };
	unsigned id;
	auto_close int dir = open_dir(c, &id, e);

	if (dir < 0 || ct_dumps_load(dir, id, &l, e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n; i++)
		if ((!i || l.v[i - 1].ctid != l.v[i].ctid) &&
		    ct_dumps_prune(dir, l.v[i].ctid, c->o.owner, &c->o.keep, c->o.dry, say_pruned, &c->ui, e) < 0)
			return -e->code;
	return 0;
}

static int check_chain(struct call *c, int dir, const char *name, struct dump_watch *w, struct err *e)
{
	__attribute__((cleanup(tmpl_chain_close))) struct tmpl_chain chain = { .n = 0 };
	const struct tmpl_restore r = { .chain = &chain, .tell = dump_tell, .arg = w };
	struct tmpl_backup_count count;
	struct err first;
	int rc;

	if (tmpl_chain_open(dir, name, &chain, e) == 0) {
		if (tmpl_backup_check(&r, &count, e) < 0)
			return -e->code;
		ui_sayf(&c->ui, 0, "%s is whole: %llu files, %u archive%s read", name, (unsigned long long)count.entries, chain.n,
			chain.n == 1 ? "" : "s");
		return 0;
	}
	if (e->code != EBADMSG)
		return -e->code;
	first = *e;
	err_clear(e);
	rc = dump_check_foreign(dir, name, w, &count, e);
	if (rc > 0)
		ui_sayf(&c->ui, 0, "%s is whole, an archive of another vzdump: %llu files", name,
			(unsigned long long)count.entries);
	if (rc == 0 || (rc < 0 && str_ends(name, ".zst")))
		*e = first;
	return -e->code;
}

static int check(struct call *c, struct err *e)
{
	struct dump_watch w;
	const char *name;
	auto_close int dir = -1;
	int rc;

	if (dump_open(c->o.ids.v[0], &dir, &name, e) < 0)
		return -e->code;
	dump_watch_begin(&w, &c->ui, "Check");
	rc = check_chain(c, dir, name, &w, e);
	dump_watch_end(&w);
	return rc < 0 ? err_add(e, "%s", c->o.ids.v[0]) : 0;
}

static int remove_file(struct call *c, struct err *e)
{
	const char *name;
	auto_close int dir = -1;

	return dump_open(c->o.ids.v[0], &dir, &name, e) < 0 ? -e->code : ct_dump_remove_file(dir, name, e);
}

static int mount_file(struct call *c, struct err *e)
{
	__attribute__((cleanup(tmpl_chain_close))) struct tmpl_chain chain = { .n = 0 };
	const char *name, *at = c->o.ids.v[1];
	auto_close int dir = -1;

	if (dump_open(c->o.ids.v[0], &dir, &name, e) < 0 || tmpl_chain_open(dir, name, &chain, e) < 0 ||
	    tmpl_backup_mount(&chain, at, e) < 0)
		return err_add(e, "%s", c->o.ids.v[0]);
	ui_sayf(&c->ui, 0, "%s is mounted on %s; 'vzdump --umount %s' ends it", name, at, at);
	return 0;
}

/* As vzdump of old had it: the container is made by vzrestore. */
static int restore(const struct call *c, struct err *e)
{
	const char *const argv[] = { VZ_SBINDIR "/vzrestore", c->o.ids.v[0], c->o.ids.v[1], c->o.quiet ? "--quiet" : NULL, NULL };

	execv(argv[0], (char *const *)(uintptr_t)argv);
	return err_set(e, errno, "%s", argv[0]);
}

static int run(struct call *c, struct err *e)
{
	const struct ct_ui sink = { .say = ui_say, .arg = &c->ui };

	c->ui.quiet = c->o.quiet;
	if (c->o.to_stdout)
		c->ui.verbosity = -1;		/* what is said at level 0 would go into the archive */
	if (ct_host_open(&sink, &c->host, e) < 0)
		return -e->code;
	ui_log(&c->ui, ct_host_conf(c->host), "vzdump");
	switch (c->o.what) {
	case DUMP_BACKUP: return backup(c, e);
	case DUMP_LIST: return list(c, e);
	case DUMP_PRUNE: return prune(c, e);
	case DUMP_CHECK: return check(c, e);
	case DUMP_REMOVE: return remove_file(c, e);
	case DUMP_MOUNT: return mount_file(c, e);
	case DUMP_UMOUNT: return tmpl_backup_umount(c->o.ids.v[0], e);
	case DUMP_RESTORE: return restore(c, e);
	case DUMP_WHAT_N: break;
	}
	return err_say(e, ENOTSUP, "not possible in this version");
}

int main(int argc, char **argv)
{
	static struct call c;
	struct err e = { 0 };
	int rc = dump_args(argv, &c.o, &e);

	(void)argc;
	signal(SIGPIPE, SIG_IGN);
	if (rc < 0 || c.o.help)
		return tool_usage(usage, &e, rc < 0 ? 255 : 0);
	if (geteuid() != 0) {
		ui_write(STDERR_FILENO, "vzdump: only root may read the files of containers\n");
		return 1;
	}
	rc = run(&c, &e);
	c.ui.ctid = 0;
	if (rc < 0)
		dump_fail(&c.ui, &e);
	ct_host_close(c.host);
	dump_opts_done(&c.o);
	return rc < 0 ? 1 : 0;
}
