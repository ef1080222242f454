/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of the store nobody needs any more. A tree is kept by a container, a snapshot or a clone that stands on it (the
 * caller knows those), by an archive in the cache with its digest, by a pin, or by its age. store/gc.lock makes it exact:
 * who is given a tree by tmpl_tree() shares it for the rest of the process, and writes down which tree it was before; the
 * collector holds it alone while it asks who uses what and takes entries out of the store. Each goes by one rename.
 * Either all trees are looked at, or those that gc_mark.c has marked.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "templates/gc.h"
#include "templates/pool.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/dir.h"
#include "util/fio.h"
#include "util/lock.h"
#include "util/path.h"
#include "util/str.h"

#define GC_LOCK "gc.lock"
#define GC_WAIT_MS 20000
#define DAY 86400

static int held = -1;

int gc_hold(int base, struct err *e)
{
	auto_close int dir = -1, fd = -1;

	if (held >= 0)
		return 0;
	dir = path_mkdirs(base, "store", 0700, e);
	if (dir < 0)
		return -e->code;
	fd = openat(dir, GC_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_SH) < 0)
		return err_set(e, errno, "store/" GC_LOCK);
	held = take_fd(&fd);
	return 0;
}

void gc_unhold(void)
{
	auto_close_(&held);
}

struct gc {
	const char *tmpldir;
	struct tmpl_gc *g;
	int base;
	struct tmpl_tmp tmp;
	struct str_list used, cached, marks;
	unsigned n;
};

static bool is_empty_tree(const char *digest)
{
	return str_starts(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* 1: garbage. */
static int judge(const struct gc *x, int dir, const char *digest)
{
	struct stat st;
	char pin[TMPL_DIGEST_LEN + 8];

	str_fmt(pin, sizeof(pin), "%s/pin", digest);
	if (is_empty_tree(digest) || str_list_has(&x->used, digest) || str_list_has(&x->cached, digest) ||
	    faccessat(dir, pin, F_OK, 0) == 0 || fstatat(dir, digest, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return st.st_mtime <= time(NULL) - (time_t)x->g->days * DAY;
}

static uint64_t bytes_of(const struct gc *x, const char *digest)
{
	struct tmpl_info i = { 0 };
	struct err ignored = { 0 };

	return store_info(x->base, digest, &i, &ignored) < 0 ? 0 : i.bytes;
}

static int collect(struct gc *x, int dir, const char *digest, struct err *e)
{
	uint64_t bytes = bytes_of(x, digest);
	char name[TMPL_DIGEST_LEN + 8];

	import_say(x->g->ui, "%s %.12s %llu bytes", x->g->dry_run ? "would remove" : "removed", digest,
		   (unsigned long long)bytes);
	x->g->n++;
	x->g->bytes += bytes;
	if (x->g->dry_run)
		return 0;
	if (x->tmp.dir < 0 && tmp_make(x->base, &x->tmp, e) < 0)
		return -e->code;
	str_fmt(name, sizeof(name), "gc%u", x->n++);
	if (renameat(dir, digest, x->tmp.dir, name) < 0)
		return err_set(e, errno, "take %s out of the store", digest);
	return 0;
}

/* A seed has no users: only what comes to the cache again would have use for it. */
static int collect_seed(struct gc *x, const char *digest, struct err *e)
{
	char pin[128];

	store_path(pin, digest, "/pin");
	if (str_list_has(&x->cached, digest) || !seed_is(x->base, digest) || faccessat(x->base, pin, F_OK, 0) == 0)
		return 0;
	import_say(x->g->ui, "%s %.12s, the subvolume", x->g->dry_run ? "would remove" : "removed", digest);
	x->g->n++;
	return x->g->dry_run ? 0 : seed_drop(x->base, digest, e);
}

/* A mark goes after its tree, durably: killed in between, it is looked at again. */
static int settle(struct gc *x, int dir, const char *digest, bool gone, struct err *e)
{
	if (x->g->dry_run)
		return 0;
	if (gone && fio_fsync_dir(dir, e) < 0)
		return -e->code;
	if (gone)
		return gc_unmark(x->base, digest, GC_GONE, e);
	return gc_unmark(x->base, digest, x->g->kept && str_list_has(x->g->kept, digest) ? GC_LATER : GC_USED, e);
}

static int walk_marks(struct gc *x, struct err *e)
{
	const struct str_list *l = &x->marks;

	for (size_t i = 0; i < l->n; i++) {
		auto_close int dir = -1;
		char path[128];
		bool gone;

		str_fmt(path, sizeof(path), "store/sha256/%.2s", l->v[i]);
		dir = openat(x->base, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		gone = dir >= 0 && judge(x, dir, l->v[i]);
		if (!str_list_has(&x->used, l->v[i]) && pool_alone_collect(l->v[i], x->g, e) < 0)
			return -e->code;
		if (collect_seed(x, l->v[i], e) < 0)
			return -e->code;
		if ((gone && collect(x, dir, l->v[i], e) < 0) || settle(x, dir, l->v[i], gone, e) < 0)
			return -e->code;
	}
	return 0;
}

static int walk_one(struct gc *x, int top, const char *two, struct err *e)
{
	auto_close int dir = openat(top, two, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_closedir DIR *d = dir_list(dir);
	struct dirent *de;

	if (!d)
		return errno == ENOTDIR || errno == ELOOP ? 0 : err_set(e, errno, "store/sha256/%s", two);
	while ((de = readdir(d)))
		if (tmpl_is_digest(de->d_name) && judge(x, dir, de->d_name) && collect(x, dir, de->d_name, e) < 0)
			return -e->code;
	return 0;
}

static int walk_seeds(struct gc *x, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	int rc = seed_list(x->base, &l, e);

	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = collect_seed(x, l.v[i], e);
	return rc;
}

static int walk(struct gc *x, struct err *e)
{
	auto_close int top = openat(x->base, "store/sha256", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = dir_list(top);
	struct dirent *de;

	if (!d)
		return errno == ENOENT ? 0 : err_set(e, errno, "store/sha256");
	while ((de = readdir(d)))
		if (de->d_name[0] != '.' && walk_one(x, top, de->d_name, e) < 0)
			return -e->code;
	return 0;
}

static int judge_all(struct gc *x, struct err *e)
{
	if (x->g->marked)
		return walk_marks(x, e);
	return walk_seeds(x, e) < 0 ? -e->code : walk(x, e);
}

/* Memories of archives whose tree is no longer there. */
static void forget(struct gc *x)
{
	auto_close int dir = openat(x->base, "store/by-archive", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = dir_list(dir);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		char target[256], path[128];
		ssize_t n = readlinkat(dir, de->d_name, target, sizeof(target) - 1);

		if (n <= TMPL_DIGEST_LEN)
			continue;
		target[n] = '\0';
		if (!tmpl_is_digest(target + n - TMPL_DIGEST_LEN))
			continue;
		store_path(path, target + n - TMPL_DIGEST_LEN, "");
		if (faccessat(x->base, path, F_OK, 0) < 0 && errno == ENOENT &&
		    !seed_is(x->base, target + n - TMPL_DIGEST_LEN))
			unlinkat(dir, de->d_name, 0);
	}
}

/* Uploads that nobody has gone on with for a day. */
static void drop_uploads(struct gc *x)
{
	auto_close int dir = openat(x->base, "upload", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_closedir DIR *d = dir_list(dir);
	struct dirent *de;
	struct stat st;

	while (d && (de = readdir(d)))
		if (fstatat(dir, de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		    st.st_mtime < time(NULL) - DAY)
			unlinkat(dir, de->d_name, 0);
}

static void gc_done(struct gc *x)
{
	tmp_done(&x->tmp);
	str_list_clear(&x->used);
	str_list_clear(&x->cached);
	str_list_clear(&x->marks);
	auto_close_(&x->base);
}

int tmpl_gc(const char *tmpldir, struct tmpl_gc *g, struct err *e)
{
	struct gc x __attribute__((cleanup(gc_done))) = { .tmpldir = tmpldir, .g = g, .base = tmpl_base(tmpldir, e),
							  .tmp = { .top = -1, .dir = -1 } };
	auto_close int store = -1, lock = -1;

	g->n = g->bytes = 0;
	if (x.base < 0)
		return -e->code;
	store = openat(x.base, "store", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (store < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "%s/store", tmpldir);
	if (tmpl_sweep(tmpldir, e) < 0)
		return -e->code;
	if (lock_take(store, GC_LOCK, g->wait_ms ? (int)g->wait_ms : GC_WAIT_MS, &lock, e) < 0)
		return e->code == EBUSY ? err_say(e, EBUSY, "templates are being unpacked or used for new containers: try again")
					: -e->code;
	if (g->marked && (g->dry_run ? gc_marks : gc_marks_take)(x.base, &x.marks, e) < 0)
		return -e->code;
	if (g->users(g->arg, &x.used, e) < 0)
		return err_add(e, "nothing was removed, since it is not known what is in use");
	if (gc_current(x.base, &x.cached, e) < 0 || judge_all(&x, e) < 0)
		return -e->code;
	if (!g->dry_run && (g->n || !g->marked))
		forget(&x);
	if (!g->dry_run && !g->marked)
		drop_uploads(&x);
	auto_close_(&lock);		/* what was taken out is removed without holding anybody up */
	return 0;
}

int tmpl_pin(const char *tmpldir, const char *digest, bool pin, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e), dir = -1, fd = -1;
	char path[128];

	if (base < 0)
		return -e->code;
	if (!tmpl_is_digest(digest))
		return err_say(e, EINVAL, "\"%.80s\" is not a template's digest", digest);
	store_path(path, digest, "");
	dir = openat(base, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "%s", path);
	if (!pin) {
		if (unlinkat(dir, "pin", 0) < 0)
			return errno == ENOENT ? 0 : err_set(e, errno, "%s/pin", path);
		return fio_fsync_dir(dir, e) < 0 || tmpl_gc_mark(tmpldir, digest, e) < 0 ? -e->code : 0;
	}
	fd = openat(dir, "pin", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? err_set(e, errno, "%s/pin", path) : fio_fsync_dir(dir, e);
}
