/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store of unpacked trees, TEMPLATE/store (0700):
 *   sha256/ab/DIGEST/tree, manifest   one per archive content; made in TEMPLATE/tmp, renamed into place, never changed
 *   by-archive/DEV:INODE              symlink "SIZE:MTIME:CTIME:DIGEST": which digest that file had; spares hashing it
 *   lock.N                            who unpacks an archive; hashed by inode, so two of one archive meet and two others
 *                                     seldom do
 *   sha256/ab/DIGEST/origin, pin      where it came from (import.c); it is never garbage (gc.c)
 *   gc.lock                           shared by who was given a tree, the collector's alone (gc.c)
 *   marked/DIGEST                     its last user may be gone (gc_mark.c)
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "util/sha256.h"
#include "templates/gc.h"
#include "templates/image.h"
#include "templates/pool.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/lock.h"
#include "util/num.h"
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

static const char *const odd_keys[] = {
	[TMPL_ODD_SETID] = "SETID", [TMPL_ODD_CAPS] = "CAPABILITIES", [TMPL_ODD_DEVICE] = "DEVICES",
	[TMPL_ODD_WRITABLE] = "WRITABLE",
};
_Static_assert(ARRAY_SIZE(odd_keys) == TMPL_ODD_N, "name every kind");

static int write_manifest(const struct tmpl_tmp *tmp, const struct tmpl *t, const struct stat *st,
			  const struct unpack_result *r, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	char made[32];
	time_t now = time(NULL);
	struct tm tm;

	strftime(made, sizeof(made), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	buf_addf(&b, "SCHEMA=\"1\"\nNAME=\"%s\"\nDIGEST=\"%s\"\nARCHIVE_BYTES=\"%lld\"\n", t->name, r->digest,
		 (long long)st->st_size);
	buf_addf(&b, "ENTRIES=\"%llu\"\nUNPACKED_BYTES=\"%llu\"\nDEVICES_SKIPPED=\"%llu\"\nXATTRS_DROPPED=\"%llu\"\n",
		 (unsigned long long)r->count.entries, (unsigned long long)r->count.bytes,
		 (unsigned long long)r->count.nodes_skipped, (unsigned long long)r->count.xattrs_dropped);
	buf_addf(&b, "UNPACKED=\"%s\"\n", made);
	for (size_t i = 0; i < TMPL_ODD_N; i++)
		buf_addf(&b, "%s=\"%llu\"\n%s_UNUSUAL=\"%llu\"\n", odd_keys[i], (unsigned long long)r->count.odd.n[i],
			 odd_keys[i], (unsigned long long)r->count.odd.unusual[i]);
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "manifest");
	if (r->count.odd.notes[0] &&
	    fio_replace(tmp->dir, "notes", r->count.odd.notes, strlen(r->count.odd.notes), 0600, e) < 0)
		return -e->code;
	return fio_replace(tmp->dir, "manifest", buf_str(&b), b.len, 0600, e);
}

/* Moves tree and manifest to their place. Somebody else may have been faster with the same content: theirs stays. */
static int publish(int base, const struct tmpl_tmp *tmp, const char *digest, struct err *e)
{
	auto_close int dir = -1, box = -1;
	char path[128];

	str_fmt(path, sizeof(path), "store/sha256/%.2s", digest);
	dir = path_mkdirs(base, path, 0700, e);
	if (dir < 0)
		return -e->code;
	if (mkdirat(tmp->dir, "entry", 0700) < 0 || renameat(tmp->dir, "tree", tmp->dir, "entry/tree") < 0 ||
	    renameat(tmp->dir, "manifest", tmp->dir, "entry/manifest") < 0 ||
	    (renameat(tmp->dir, "notes", tmp->dir, "entry/notes") < 0 && errno != ENOENT))
		return err_set(e, errno, "store/sha256/%.2s/%s", digest, digest);
	box = openat(tmp->dir, "entry", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (box < 0 || syncfs(box) < 0)
		return err_set(e, errno, "write the tree to disk");
	if (renameat(tmp->dir, "entry", dir, digest) < 0 && errno != EEXIST && errno != ENOTEMPTY)
		return err_set(e, errno, "store/sha256/%.2s/%s", digest, digest);
	return fio_fsync_dir(dir, e);
}

static int unpack_to_tmp(const struct tmpl *t, int archive, const struct tmpl_tmp *tmp, const struct tmpl_limits *l,
			 struct unpack_result *r, struct err *e)
{
	auto_close int tree = -1;

	if (mkdirat(tmp->dir, "tree", 0755) < 0)
		return err_set(e, errno, "tmp/%s/tree", tmp->name);
	tree = openat(tmp->dir, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree < 0 || fchmod(tree, 0755) < 0)
		return err_set(e, errno, "tmp/%s/tree", tmp->name);
	if (unpack_archive(archive, tree, l, r, e) < 0)
		return err_add(e, "OS template %s", t->name);
	return 0;
}

/* Under the lock of this archive. */
static int make_tree(int base, struct tmpl *t, int archive, const struct stat *st, const struct key *k,
		     const struct tmpl_limits *l, struct err *e)
{
	struct tmpl_tmp tmp __attribute__((cleanup(tmp_done))) = { .top = -1, .dir = -1 };
	auto_close int there = -1;
	struct unpack_result r;

	if (tmp_make(base, &tmp, e) < 0 || tmpl_digest_fd(archive, r.digest, e) < 0)
		return -e->code;
	if (store_tree_open(base, r.digest, &there) == 0) {	/* a copy of an archive that was unpacked before */
		str_copy(t->digest, sizeof(t->digest), r.digest);
		return index_put(base, k, &tmp, r.digest, e);
	}
	if (lseek(archive, 0, SEEK_SET) < 0)
		return err_set(e, errno, "%s", t->archive);
	if (unpack_to_tmp(t, archive, &tmp, l, &r, e) < 0 || write_manifest(&tmp, t, st, &r, e) < 0 ||
	    publish(base, &tmp, r.digest, e) < 0 || index_put(base, k, &tmp, r.digest, e) < 0)
		return -e->code;
	str_copy(t->digest, sizeof(t->digest), r.digest);
	return 0;
}

static int lock_archive(int base, const struct stat *st, int *ret_fd, struct err *e)
{
	auto_close int dir = path_mkdirs(base, "store", 0700, e);
	char name[16];

	if (dir < 0)
		return -e->code;
	str_fmt(name, sizeof(name), "lock.%u", (unsigned)(st->st_ino % LOCKS));
	return lock_take(dir, name, -1, ret_fd, e);
}

static int tree_slow(const char *tmpldir, int base, struct tmpl *t, int archive, const struct stat *st,
		     const struct tmpl_limits *l, int *ret_fd, struct err *e)
{
	auto_close int lock = -1;
	struct key k;
	int rc;

	key_of(st, &k);
	if (lock_archive(base, st, &lock, e) < 0)
		return -e->code;
	if (index_get(base, &k, t->digest) && store_tree_open(base, t->digest, ret_fd) == 0)
		return 0;	/* whoever held the lock before has made it */
	t->digest[0] = '\0';
	if (tmpl_sweep(tmpldir, e) < 0 || make_tree(base, t, archive, st, &k, l, e) < 0)
		return -e->code;
	rc = store_tree_open(base, t->digest, ret_fd);
	return rc < 0 ? err_set(e, -rc, "unpacked tree of %s", t->name) : 0;
}

int tmpl_tree(const char *tmpldir, struct tmpl *t, const struct tmpl_limits *l, int *ret_fd, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e), archive = -1;
	struct stat st;
	struct key k;

	if (base < 0 || gc_hold(base, e) < 0)
		return -e->code;
	if (!t->archive[0])
		return t->digest[0] ? tmpl_tree_open(tmpldir, t->digest, ret_fd, e)
				    : err_say(e, ENOENT, "OS template %s has no archive", t->name);
	archive = open(t->archive, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (archive < 0 || fstat(archive, &st) < 0)
		return err_set(e, errno, "%s", t->archive);
	if (st.st_size == 0)	/* its digest is that of tmpl_tree_empty() */
		return err_say(e, EBADMSG, "OS template %s: %s is an empty file", t->name, t->archive);
	key_of(&st, &k);
	if (index_get(base, &k, t->digest) && store_tree_open(base, t->digest, ret_fd) == 0)
		return 0;
	return tree_slow(tmpldir, base, t, archive, &st, l, ret_fd, e);
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

static uint64_t number(const struct kv *kv, const char *key)
{
	const char *text = kv_get(kv, key);
	uint64_t v = 0;

	return text && num_u64(text, &v) == 0 ? v : 0;
}

/* Written by us, from what vz-unpack said (unpack_take_notes()). */
static int read_notes(int dir, struct tmpl_info *ret, struct err *e)
{
	auto_buf struct buf b = { .cap = TMPL_NOTES };

	ret->notes[0] = '\0';
	if (fio_read_at(dir, "notes", &b, e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	str_copy(ret->notes, sizeof(ret->notes), buf_str(&b));
	return 0;
}

int store_info(int base, const char *digest, struct tmpl_info *ret, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	auto_close int dir = -1;
	char path[128];

	store_path(path, digest, "");
	dir = openat(base, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "%s", path);
	if (kv_load(&kv, dir, "manifest", e) < 0)
		return -e->code;
	ret->unpacked = true;
	ret->entries = number(&kv, "ENTRIES");
	ret->bytes = number(&kv, "UNPACKED_BYTES");
	ret->nodes_skipped = number(&kv, "DEVICES_SKIPPED");
	ret->xattrs_dropped = number(&kv, "XATTRS_DROPPED");
	for (size_t i = 0; i < TMPL_ODD_N; i++) {
		char key[64];

		ret->odd[i] = number(&kv, odd_keys[i]);
		str_fmt(key, sizeof(key), "%s_UNUSUAL", odd_keys[i]);
		ret->unusual[i] = number(&kv, key);
	}
	return read_notes(dir, ret, e);
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
	auto_close int base = tmpl_base(tmpldir, e), tree = -1;
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
	if (!index_get(base, &k, t->digest) || store_tree_open(base, t->digest, &tree) < 0)
		return 0;
	return store_info(base, t->digest, ret, e);
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
	if (tmp_make(base, &tmp, e) < 0 || unpack_to_tmp(t, archive, &tmp, l, &r, e) < 0)
		return -e->code;
	if (known[0] && strcmp(known, r.digest) != 0)
		return err_say(e, EBADMSG, "%s is not what was unpacked from it: its digest was %s and is %s", t->archive,
			       known, r.digest);
	str_copy(t->digest, sizeof(t->digest), r.digest);
	*ret = (struct tmpl_info){ .archive_bytes = (uint64_t)st.st_size, .unpacked = known[0] != '\0', .entries = r.count.entries,
				   .bytes = r.count.bytes, .nodes_skipped = r.count.nodes_skipped,
				   .xattrs_dropped = r.count.xattrs_dropped };
	memcpy(ret->odd, r.count.odd.n, sizeof(ret->odd));
	memcpy(ret->unusual, r.count.odd.unusual, sizeof(ret->unusual));
	str_copy(ret->notes, sizeof(ret->notes), r.count.odd.notes);
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
