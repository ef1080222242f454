/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trees that may have lost their last user: store/marked/DIGEST, written by whoever took a user away or gave a template's
 * name to another archive, before it says that it is done. So the collector need not look at the whole store, and a kill
 * loses nothing: a mark stays until somebody has judged the tree. A template of today gets none: its archive keeps it.
 * DIGEST.later is a mark that was judged too early: what stands on the tree now is no container, and tells nobody when it goes.
 * DIGEST.now is being judged: who takes a user away meanwhile makes a mark of his own, which stays for the next one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "templates/gc.h"
#include "templates/pool.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/dir.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/str.h"

#define MARKED "store/marked"
#define LATER ".later"
#define NOW ".now"

int gc_current(int base, struct str_list *ret, struct err *e)
{
	auto_close int dir = openat(base, "cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = dir_list(dir);
	char digest[TMPL_DIGEST_LEN + 1];
	struct dirent *de;
	struct stat st;

	if (!d)
		return errno == ENOENT ? 0 : err_set(e, errno, "cache");
	for (errno = 0; (de = readdir(d)); errno = 0)
		if (tmpl_suffix_of(de->d_name) && fstatat(dir, de->d_name, &st, 0) == 0 && store_digest_of(base, &st, digest) &&
		    !str_list_has(ret, digest) && str_list_add(ret, digest, e) < 0)
			return -e->code;
	return errno ? err_set(e, errno, "read cache") : 0;
}

static int open_marks(int base, struct err *e)
{
	int fd = openat(base, MARKED, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, MARKED) : fd;
}

int gc_marks(int base, struct str_list *ret, struct err *e)
{
	auto_close int dir = open_marks(base, e);
	auto_closedir DIR *d = dir_list(dir);
	struct dirent *de;
	char digest[TMPL_DIGEST_LEN + 1];

	if (!d)
		return errno == ENOENT ? (err_clear(e), 0) : err_set(e, errno, MARKED);
	while ((de = readdir(d))) {
		str_fmt(digest, sizeof(digest), "%.64s", de->d_name);
		if (tmpl_is_digest(digest) && !str_list_has(ret, digest) && str_list_add(ret, digest, e) < 0)
			return -e->code;
	}
	return 0;
}

static int move_mark(int dir, const char *digest, const char *from, const char *to, struct err *e)
{
	char a[TMPL_DIGEST_LEN + 8], b[TMPL_DIGEST_LEN + 8];

	str_fmt(a, sizeof(a), "%s%s", digest, from);
	str_fmt(b, sizeof(b), "%s%s", digest, to);
	return renameat(dir, a, dir, b) < 0 && errno != ENOENT ? err_set(e, errno, MARKED "/%s", a) : 0;
}

static int drop_mark(int dir, const char *digest, const char *kind, struct err *e)
{
	char name[TMPL_DIGEST_LEN + 8];

	str_fmt(name, sizeof(name), "%s%s", digest, kind);
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? err_set(e, errno, MARKED "/%s", name) : 0;
}

int gc_marks_take(int base, struct str_list *ret, struct err *e)
{
	auto_close int dir = -1;

	if (gc_marks(base, ret, e) < 0)
		return -e->code;
	if (ret->n == 0)
		return 0;
	dir = open_marks(base, e);
	for (size_t i = 0; dir >= 0 && i < ret->n; i++)
		if (move_mark(dir, ret->v[i], "", NOW, e) < 0)
			return -e->code;
	return dir < 0 ? -e->code : 0;
}

int gc_unmark(int base, const char *digest, enum gc_verdict v, struct err *e)
{
	auto_close int dir = open_marks(base, e);

	if (dir < 0)
		return e->code == ENOENT ? (err_clear(e), 0) : -e->code;
	if (v == GC_LATER)
		return move_mark(dir, digest, NOW, LATER, e);
	if (v == GC_GONE && drop_mark(dir, digest, "", e) < 0)
		return -e->code;
	return drop_mark(dir, digest, NOW, e) < 0 ? -e->code : drop_mark(dir, digest, LATER, e);
}

static bool is_stored(int base, const char *digest)
{
	char path[128];

	store_path(path, digest, "");
	return faccessat(base, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || seed_is(base, digest);
}

int gc_mark(int base, const char *digest, struct err *e)
{
	auto_close int dir = -1, fd = -1;

	if (!is_stored(base, digest) && !pool_alone_has(digest, true))
		return 0;
	dir = path_mkdirs(base, MARKED, 0700, e);
	if (dir < 0)
		return -e->code;
	fd = openat(dir, digest, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, errno, MARKED "/%s", digest);
	return fio_fsync_dir(dir, e) < 0 ? -e->code : 1;
}

int tmpl_gc_suspect(const char *tmpldir, const char *digest, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e);

	return base < 0 ? -e->code : gc_mark(base, digest, e);
}

int tmpl_gc_mark(const char *tmpldir, const char *digest, struct err *e)
{
	struct str_list now __attribute__((cleanup(str_list_clear))) = { 0 };
	auto_close int base = -1;

	if (!tmpl_is_digest(digest))
		return err_say(e, EINVAL, "\"%.80s\" is not a template's digest", digest);
	base = tmpl_base(tmpldir, e);
	if (base < 0)
		return e->code == ENOENT ? (err_clear(e), 0) : -e->code;
	if (gc_current(base, &now, e) < 0)
		return -e->code;
	if (str_list_has(&now, digest) || !is_stored(base, digest))
		return pool_alone_has(digest, false) ? gc_mark(base, digest, e) : 0;
	return gc_mark(base, digest, e);
}

bool tmpl_gc_due(const char *tmpldir)
{
	struct err none = { 0 };
	auto_close int base = tmpl_base(tmpldir, &none), dir = base < 0 ? -1 : open_marks(base, &none);
	auto_closedir DIR *d = dir_list(dir);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		char digest[TMPL_DIGEST_LEN + 1];

		str_fmt(digest, sizeof(digest), "%.64s", de->d_name);
		if (tmpl_is_digest(digest) && !str_eq(de->d_name + TMPL_DIGEST_LEN, LATER))
			return true;
	}
	return false;
}
