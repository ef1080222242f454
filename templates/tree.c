/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store of templates, TEMPLATE/store (0700):
 *   sha256/ab/DIGEST/tree, manifest   one per archive content; made in TEMPLATE/tmp, renamed into place, never changed
 *   sha256/ab/DIGEST/image            the same as one file (image.c), mostly instead of the tree: form.c decides
 *   by-archive/DEV:INODE              symlink "SIZE:MTIME:CTIME:DIGEST": which digest that file had; spares hashing it
 *   lock.N                            who unpacks an archive; hashed by inode, so two of one archive meet and two others
 *                                     seldom do
 *   sha256/ab/DIGEST/noimage      of which no image could be made (no_image.c)
 *   sha256/ab/DIGEST/origin, pin      where it came from (import.c); it is never garbage (gc.c)
 *   gc.lock                           shared by who was given a tree, the collector's alone (gc.c)
 *   btrfs/DIGEST                      what roots of the layout btrfs are snapshots of (seed.c)
 *   marked/DIGEST                     its last user may be gone (gc_mark.c)
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "util/sha256.h"
#include "templates/gc.h"
#include "templates/image.h"
#include "templates/pool.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/fio.h"
#include "util/lock.h"
#include "util/path.h"
#include "util/str.h"

#define LOCKS 16

struct key { char file[48], state[80]; };	/* name and first part of the target of a by-archive link */

static void key_of(const struct stat *st, struct key *k)
{
	str_fmt(k->file, sizeof(k->file), "%x-%x-%llx", major(st->st_dev), minor(st->st_dev),
		(unsigned long long)st->st_ino);
	str_fmt(k->state, sizeof(k->state), "%llx:%llx.%lx:%llx.%lx:", (unsigned long long)st->st_size,
		(unsigned long long)st->st_mtim.tv_sec, (unsigned long)st->st_mtim.tv_nsec,
		(unsigned long long)st->st_ctim.tv_sec, (unsigned long)st->st_ctim.tv_nsec);
}

bool tmpl_is_digest(const char *s)
{
	return strlen(s) == TMPL_DIGEST_LEN && strspn(s, "0123456789abcdef") == TMPL_DIGEST_LEN;
}

void store_path(char out[128], const char *digest, const char *sub)
{
	str_fmt(out, 128, "store/sha256/%.2s/%s%s", digest, digest, sub);
}

/* The digest that the index remembers for this very file, or false. */
static bool index_get(int base, const struct key *k, char digest[TMPL_DIGEST_LEN + 1])
{
	char path[96], target[256];
	size_t len = strlen(k->state);
	ssize_t n;

	str_fmt(path, sizeof(path), "store/by-archive/%s", k->file);
	n = readlinkat(base, path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	if (strncmp(target, k->state, len) != 0 || !tmpl_is_digest(target + len))
		return false;
	str_copy(digest, TMPL_DIGEST_LEN + 1, target + len);
	return true;
}

bool store_digest_of(int base, const struct stat *st, char digest[TMPL_DIGEST_LEN + 1])
{
	struct key k;

	key_of(st, &k);
	return index_get(base, &k, digest);
}

static int index_put(int base, const struct key *k, const struct tmpl_tmp *tmp, const char *digest, struct err *e)
{
	auto_close int dir = path_mkdirs(base, "store/by-archive", 0700, e);
	char target[256];

	if (dir < 0)
		return -e->code;
	str_fmt(target, sizeof(target), "%s%s", k->state, digest);
	if (symlinkat(target, tmp->dir, "index") < 0 || renameat(tmp->dir, "index", dir, k->file) < 0)
		return err_set(e, errno, "store/by-archive/%s", k->file);
	return 0;
}

int store_remember(int base, const char *archive, const char *digest, struct err *e)
{
	struct tmpl_tmp tmp __attribute__((cleanup(tmp_done))) = { .top = -1, .dir = -1 };
	struct stat st;
	struct key k;

	if (stat(archive, &st) < 0)
		return err_set(e, errno, "%s", archive);
	key_of(&st, &k);
	return tmp_make(base, &tmp, e) < 0 ? -e->code : index_put(base, &k, &tmp, digest, e);
}

int store_tree_open(int base, const char *digest, int *ret_fd)
{
	char path[128];
	int fd;

	store_path(path, digest, "/tree");
	fd = openat(base, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int tmpl_base(const char *tmpldir, struct err *e)
{
	int fd = open(tmpldir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "%s", tmpldir) : fd;
}

/* Its digest is that of no bytes at all, which no archive has. */
int tmpl_tree_empty(const char *tmpldir, char digest[TMPL_DIGEST_LEN + 1], struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e), dir = -1;
	char path[128];
	struct sha256 s;

	sha256_init(&s);
	sha256_hex(&s, digest);
	store_path(path, digest, "/tree");
	if (base < 0)
		return -e->code;
	dir = path_mkdirs(base, "store/sha256", 0700, e);
	if (dir < 0)
		return -e->code;
	auto_close_(&dir);
	dir = path_mkdirs(base, path, 0755, e);
	return dir < 0 ? -e->code : fio_fsync_dir(dir, e);
}

/* Under the lock of this archive. */
static int make(const struct store_job *j, struct tmpl *t, int archive, const struct key *k, struct tmpl_ready *ret, struct err *e)
{
	struct tmpl_tmp tmp __attribute__((cleanup(tmp_done))) = { .top = -1, .dir = -1 };
	char digest[TMPL_DIGEST_LEN + 1];

	if (tmp_make(j->base, &tmp, e) < 0 || tmpl_digest_fd(archive, digest, e) < 0)
		return -e->code;
	if (!store_has(j->base, digest)) {	/* else a copy of an archive that was unpacked before */
		if (lseek(archive, 0, SEEK_SET) < 0)
			return err_set(e, errno, "%s", t->archive);
		if (store_make(j, t, archive, ret, e) < 0)
			return -e->code;
		str_copy(digest, sizeof(digest), t->digest);
	}
	if (index_put(j->base, k, &tmp, digest, e) < 0)
		return -e->code;
	str_copy(t->digest, sizeof(t->digest), digest);
	return 0;
}

int store_lock(int base, const struct stat *st, int *ret_fd, struct err *e)
{
	auto_close int dir = path_mkdirs(base, "store", 0700, e);
	char name[16];

	if (dir < 0)
		return -e->code;
	str_fmt(name, sizeof(name), "lock.%u", (unsigned)(st->st_ino % LOCKS));
	return lock_take(dir, name, -1, ret_fd, e);
}

static int ready_slow(const struct store_job *j, struct tmpl *t, int archive, const struct stat *st, struct tmpl_ready *ret,
		      struct err *e)
{
	auto_close int lock = -1;
	struct key k;

	key_of(st, &k);
	if (store_lock(j->base, st, &lock, e) < 0)
		return -e->code;
	/* else who held the lock before has made it */
	if (!index_get(j->base, &k, t->digest) || !store_has(j->base, t->digest)) {
		t->digest[0] = '\0';
		if (tmpl_sweep(j->tmpldir, e) < 0 || make(j, t, archive, &k, ret, e) < 0) {
			t->digest[0] = '\0';
			return -e->code;
		}
	}
	return !ret->made && store_wants(j->base, t->digest, j->format) ? store_convert(j, t, ret, e) : 0;
}

int store_ready(const struct store_job *j, struct tmpl *t, struct tmpl_ready *ret, struct err *e)
{
	auto_close int archive = -1;
	struct stat st;
	struct key k;

	*ret = (struct tmpl_ready){ .note = "" };
	if (gc_hold(j->base, e) < 0)
		return -e->code;
	if (!t->archive[0])
		return t->digest[0] ? 0 : err_say(e, ENOENT, "OS template %s has no archive", t->name);
	archive = open(t->archive, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (archive < 0 || fstat(archive, &st) < 0)
		return err_set(e, errno, "%s", t->archive);
	if (st.st_size == 0)	/* its digest is that of tmpl_tree_empty() */
		return err_say(e, EBADMSG, "OS template %s: %s is an empty file", t->name, t->archive);
	key_of(&st, &k);
	if (index_get(j->base, &k, t->digest) && store_has(j->base, t->digest) && !store_wants(j->base, t->digest, j->format))
		return 0;
	return ready_slow(j, t, archive, &st, ret, e);
}

static int ready(const char *tmpldir, int base, struct tmpl *t, const struct tmpl_limits *l, struct tmpl_ready *ret,
		 struct err *e)
{
	const struct store_job j = { .tmpldir = tmpldir, .base = base, .format = store_format(), .limits = l };

	return base < 0 ? -e->code : store_ready(&j, t, ret, e);
}

int tmpl_ready(const char *tmpldir, struct tmpl *t, const struct tmpl_limits *l, struct tmpl_ready *ret, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e);

	return ready(tmpldir, base, t, l, ret, e) < 0 ? -e->code : store_mode(tmpldir, base, t->digest, &ret->mode, e);
}

int tmpl_tree(const char *tmpldir, struct tmpl *t, const struct tmpl_limits *l, int *ret_fd, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e);
	struct tmpl_ready r;

	return ready(tmpldir, base, t, l, &r, e) < 0 ? -e->code : tmpl_tree_open(tmpldir, t->digest, ret_fd, e);
}

int tmpl_unpack(const struct tmpl *t, int dir, const struct tmpl_limits *l, struct err *e)
{
	auto_close int archive = -1;
	struct unpack_result r;

	if (!t->archive[0])
		return err_say(e, ENOTSUP, "template %s comes from a pool, which has no archive to copy from: use --layout overlay",
			       t->name);
	archive = open(t->archive, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (archive < 0)
		return err_set(e, errno, "%s", t->archive);
	if (unpack_archive(archive, dir, l, &r, e) < 0)
		return err_add(e, "OS template %s", t->name);
	return 0;
}

/* Of a template that only a pool has. */
static int image_as_info(const char *tmpldir, const char *digest, struct tmpl_info *ret, struct err *e)
{
	auto_close int dir = -1;
	struct tmpl_image i;

	if (pool_find_image(tmpldir, digest, &dir, e) < 0 || image_info_load(dir, &i, e) < 0)
		return -e->code;
	ret->archive_bytes = i.bytes;
	ret->unpacked = true;
	ret->entries = i.entries;
	ret->bytes = i.tree_bytes;
	str_copy(ret->form, sizeof(ret->form), i.format);
	ret->image_bytes = i.bytes;
	return 0;
}

/* For what needs an archive. */
static int has_archive(const struct tmpl *t, struct err *e)
{
	return t->archive[0] ? 0 : err_say(e, ENOTSUP, "template %s has no archive here: it comes from a pool ('vzpool list')",
					   t->name);
}

int tmpl_info(const char *tmpldir, struct tmpl *t, struct tmpl_info *ret, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e);
	struct stat st;
	struct key k;

	memset(ret, 0, sizeof(*ret));
	if (base < 0)
		return -e->code;
	if (!t->archive[0])
		return image_as_info(tmpldir, t->digest, ret, e);
	if (stat(t->archive, &st) < 0)
		return err_set(e, errno, "%s", t->archive);
	ret->archive_bytes = (uint64_t)st.st_size;
	key_of(&st, &k);
	if (!index_get(base, &k, t->digest) || !store_has(base, t->digest))
		return 0;
	return store_info(base, t->digest, ret, e) < 0 ? store_damaged(tmpldir, t->digest, "manifest", e) : 0;
}

int tmpl_verify(const char *tmpldir, struct tmpl *t, const struct tmpl_limits *l, struct tmpl_info *ret, struct err *e)
{
	struct tmpl_tmp tmp __attribute__((cleanup(tmp_done))) = { .top = -1, .dir = -1 };
	auto_close int base = tmpl_base(tmpldir, e), archive = -1;
	char known[TMPL_DIGEST_LEN + 1] = "";
	struct unpack_result r;
	struct stat st;
	struct key k;

	if (base < 0 || has_archive(t, e) < 0)
		return -e->code;
	archive = open(t->archive, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (archive < 0 || fstat(archive, &st) < 0)
		return err_set(e, errno, "%s", t->archive);
	key_of(&st, &k);
	index_get(base, &k, known);
	if (tmp_make(base, &tmp, e) < 0 || store_unpack(t, archive, &tmp, l, &r, e) < 0)
		return -e->code;
	if (known[0] && strcmp(known, r.digest) != 0)
		return err_say(e, EBADMSG, "%s is not what was unpacked from it: its digest was %s and is %s", t->archive,
			       known, r.digest);
	if (store_has(base, r.digest) && store_check(tmpldir, base, t, &tmp, archive, &r, e) < 0)
		return -e->code;
	no_image_forget(base, r.digest);
	str_copy(t->digest, sizeof(t->digest), r.digest);
	*ret = (struct tmpl_info){ .archive_bytes = (uint64_t)st.st_size, .unpacked = known[0] != '\0', .entries = r.count.entries,
				   .bytes = r.count.bytes, .nodes_skipped = r.count.nodes_skipped,
				   .xattrs_dropped = r.count.xattrs_dropped };
	memcpy(ret->odd, r.count.odd.n, sizeof(ret->odd));
	memcpy(ret->unusual, r.count.odd.unusual, sizeof(ret->unusual));
	str_copy(ret->notes, sizeof(ret->notes), r.count.odd.notes);
	if (known[0] && store_has(base, known))
		store_form_info(base, known, ret);
	return 0;
}

int tmpl_rm(const char *tmpldir, const struct tmpl *t, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e), cache = -1;
	const char *file = strrchr(t->archive, '/');
	char path[4096], digest[TMPL_DIGEST_LEN + 1];
	struct stat st;

	if (base < 0 || has_archive(t, e) < 0)
		return -e->code;
	if (!file || str_fmt(path, sizeof(path), "%s/cache%s", tmpldir, file) < 0 || strcmp(path, t->archive) != 0)
		return err_say(e, EINVAL, "%s is not in the template cache", t->archive);
	cache = openat(base, "cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cache < 0 || fstatat(cache, file + 1, &st, 0) < 0)
		return err_set(e, errno, "remove %s", t->archive);
	if (store_digest_of(base, &st, digest) && (gc_hold(base, e) < 0 || gc_mark(base, digest, e) < 0))
		return -e->code;
	if (unlinkat(cache, file + 1, 0) < 0)
		return err_set(e, errno, "remove %s", t->archive);
	return fio_fsync_dir(cache, e);
}
