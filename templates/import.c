/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one way into the cache: quarantine, then a rename. And the memory of where a template came from, store/.../origin.
 * Killed before the rename, nothing has changed; the tree that may be in the store already is used by the next attempt or
 * collected as garbage.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "templates/gc.h"
#include "templates/pull.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/path.h"
#include "util/str.h"

void import_say(const struct tmpl_ui *ui, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!ui || !ui->say)
		return;
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) >= 0)
		ui->say(ui->arg, text);
	va_end(ap);
}

static int entry_open(int base, const char *digest, struct err *e)
{
	char path[128];
	int fd;

	store_path(path, digest, "");
	fd = openat(base, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "%s", path) : fd;
}

/* What is known of a signed origin is not forgotten because the same bytes come again without one. */
static int origin_put(int base, const char *digest, const struct origin *o, struct err *e)
{
	auto_close int dir = entry_open(base, digest, e);
	auto_buf struct buf b = BUF_INIT;
	auto_kv struct kv kv = { 0 };
	struct err none = { 0 };
	time_t now = time(NULL);
	char made[32];
	struct tm tm;

	if (dir < 0)
		return -e->code;
	if (kv_load(&kv, dir, "origin", &none) == 0 && kv_get(&kv, "SIGNED_BY") && kv_get(&kv, "SIGNED_BY")[0] && !o->signed_by[0])
		return 0;
	kv_done(&kv);
	strftime(made, sizeof(made), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	if (kv_set(&kv, "KIND", o->kind, true, e) < 0 || kv_set(&kv, "SOURCE", o->source, true, e) < 0 ||
	    kv_set(&kv, "SIGNED_BY", o->signed_by, true, e) < 0 || kv_set(&kv, "ADDED", made, true, e) < 0 ||
	    kv_print(&kv, &b, e) < 0)
		return -e->code;
	return fio_replace(dir, "origin", buf_str(&b), b.len, 0600, e);
}

int tmpl_origin(const char *tmpldir, const char *digest, struct tmpl_origin *ret, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e), dir = -1;
	auto_kv struct kv kv = { 0 };
	const struct { const char *key; char *dst; size_t size; } t[] = {
		{ "KIND", ret->kind, sizeof(ret->kind) }, { "SOURCE", ret->source, sizeof(ret->source) },
		{ "SIGNED_BY", ret->signed_by, sizeof(ret->signed_by) }, { "ADDED", ret->added, sizeof(ret->added) },
	};

	memset(ret, 0, sizeof(*ret));
	if (base < 0)
		return -e->code;
	if (!tmpl_is_digest(digest))
		return err_say(e, EINVAL, "\"%.80s\" is not a template's digest", digest);
	dir = entry_open(base, digest, e);
	if (dir < 0 || kv_load(&kv, dir, "origin", e) < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const char *v = kv_get(&kv, t[i].key);

		str_copy(t[i].dst, t[i].size, v && !str_has_ctrl(v) ? v : "");
	}
	return 0;
}

/* An archive of the same name with another suffix would be found first, or instead. */
static void drop_others(int cache, const char *name, const char *keep)
{
	char file[300];

	for (size_t i = 0; tmpl_suffixes[i]; i++)
		if (strcmp(tmpl_suffixes[i], keep) != 0 && str_fmt(file, sizeof(file), "%s%s", name, tmpl_suffixes[i]) == 0)
			unlinkat(cache, file, 0);
}

/*
 * What had the name until now may lose its last user by this. The mark is made before, while nobody collects: the caller
 * holds the store by tmpl_tree().
 */
static int mark_replaced(int base, int cache, const char *name, const char *digest, struct err *e)
{
	char file[300], old[TMPL_DIGEST_LEN + 1];
	struct stat st;

	for (size_t i = 0; tmpl_suffixes[i]; i++)
		if (str_fmt(file, sizeof(file), "%s%s", name, tmpl_suffixes[i]) == 0 && fstatat(cache, file, &st, 0) == 0 &&
		    store_digest_of(base, &st, old) && !str_eq(old, digest) && gc_mark(base, old, e) < 0)
			return -e->code;
	return 0;
}

static int into_cache(int base, const struct tmpl_tmp *tmp, const char *file, const struct tmpl *t, const char *suffix,
		      struct err *e)
{
	auto_close int cache = path_mkdirs(base, "cache", 0755, e);
	auto_close int fd = openat(tmp->dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char to[300];

	if (cache < 0)
		return -e->code;
	if (fd < 0 || fchmod(fd, 0644) < 0 || fsync(fd) < 0)
		return err_set(e, errno, "tmp/%s/%s", tmp->name, file);
	if (str_fmt(to, sizeof(to), "%s%s", t->name, suffix) < 0)
		return err_set(e, ENAMETOOLONG, "%s", t->name);
	if (mark_replaced(base, cache, t->name, t->digest, e) < 0)
		return -e->code;
	if (renameat(tmp->dir, file, cache, to) < 0)
		return err_set(e, errno, "cache/%s", to);
	drop_others(cache, t->name, suffix);
	return fio_fsync_dir(cache, e);
}

int import_archive(const char *tmpldir, const struct tmpl_tmp *tmp, const char *file, const char *name,
		   const struct origin *o, struct tmpl *ret, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e);
	struct tmpl_ready r;
	const char *suffix = tmpl_suffix_of(file);
	struct tmpl t = { .name = "" };

	if (base < 0)
		return -e->code;
	if (!suffix || !tmpl_name_ok(name) || str_copy(t.name, sizeof(t.name), name) < 0)
		return err_say(e, EINVAL, "\"%s\" is not a name for a template", name);
	if (str_fmt(t.archive, sizeof(t.archive), "%s/tmp/%s/%s", tmpldir, tmp->name, file) < 0)
		return err_set(e, ENAMETOOLONG, "%s", tmpldir);
	if (tmpl_ready(tmpldir, &t, NULL, &r, e) < 0 || origin_put(base, t.digest, o, e) < 0 ||
	    into_cache(base, tmp, file, &t, suffix, e) < 0)
		return -e->code;
	if (tmpl_find(tmpldir, name, ret, e) < 0 || store_remember(base, ret->archive, t.digest, e) < 0)
		return -e->code;
	str_copy(ret->digest, sizeof(ret->digest), t.digest);
	return 0;
}

static int fill(const struct tmpl_tmp *tmp, const char *file, const struct tmpl_new *n, struct err *e)
{
	auto_close int fd = openat(tmp->dir, file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_set(e, errno, "tmp/%s/%s", tmp->name, file);
	return n->fill(n->arg, fd, e);
}

int tmpl_new(const char *tmpldir, const struct tmpl_new *n, struct tmpl *ret, struct err *e)
{
	struct tmpl_tmp tmp __attribute__((cleanup(tmp_done))) = { .top = -1, .dir = -1 };
	const struct origin o = { n->kind, n->source, "" };
	auto_close int base = -1;
	char file[300];

	if (!tmpl_name_ok(n->name) || str_fmt(file, sizeof(file), "%s.tar.zst", n->name) < 0)
		return err_say(e, EINVAL, "\"%.80s\" is not a name for a template", n->name);
	if (path_mkdir_host(tmpldir, 0755, e) < 0)
		return -e->code;
	base = tmpl_base(tmpldir, e);
	if (base < 0 || tmpl_sweep(tmpldir, e) < 0 || tmp_make(base, &tmp, e) < 0 || fill(&tmp, file, n, e) < 0)
		return -e->code;
	return import_archive(tmpldir, &tmp, file, n->name, &o, ret, e);
}

int import_digest(const char *tmpldir, const char *name, char digest[TMPL_DIGEST_LEN + 1], struct err *e)
{
	struct err none = { 0 };
	struct tmpl_info i;
	auto_close int fd = -1, base = -1;
	struct tmpl t;

	digest[0] = '\0';
	if (tmpl_find(tmpldir, name, &t, &none) < 0)
		return none.code == ENOENT ? 0 : (*e = none, -none.code);
	if (tmpl_info(tmpldir, &t, &i, e) < 0)
		return -e->code;
	if (t.digest[0])
		return str_copy(digest, TMPL_DIGEST_LEN + 1, t.digest);
	fd = open(t.archive, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_set(e, errno, "%s", t.archive);
	if (tmpl_digest_fd(fd, digest, e) < 0)
		return -e->code;
	base = tmpl_base(tmpldir, e);
	return base < 0 ? -e->code : store_remember(base, t.archive, digest, e);
}
