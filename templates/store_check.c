/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the store keeps of a template, held against its archive by who verifies it; and the words for what somebody has
 * damaged: which file, why, and what makes it anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "templates/image.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/dir.h"
#include "util/fio.h"
#include "util/walk.h"

#define CHUNK 65536

int store_damaged(const char *tmpldir, const char *digest, const char *sub, struct err *e)
{
	const struct err why = *e;
	const char *cure = str_eq(sub, "image") ? "'vztmpl image NAME' makes it anew"
			 : str_eq(sub, "manifest") ? "'vztmpl verify NAME' writes it anew"
			 : "when no container runs on it move the directory of that digest away: the next create unpacks it anew";

	err_say(e, why.code, "%s/store/sha256/%.2s/%s/%s is damaged: %.200s; %s", tmpldir, digest, digest, sub, why.text, cure);
	e->exit = why.exit;
	return -e->code;
}

/* --- two trees --- */

struct same { char a[CHUNK], b[CHUNK]; char what[256]; uint64_t entries; };

static int differs(struct same *s, const struct walk_at *at, const char *how, struct err *e)
{
	str_copy(s->what, sizeof(s->what), at->name);
	return err_say(e, EBADMSG, "%.150s %s", at->name, how);
}

static int compare_bytes(struct same *s, const struct walk_at *at, int a, int b, struct err *e)
{
	for (;;) {
		ssize_t n = read(a, s->a, CHUNK), m = read(b, s->b, CHUNK);

		if (n < 0 || m < 0)
			return differs(s, at, "cannot be read", e);
		if (n != m || memcmp(s->a, s->b, (size_t)n) != 0)
			return differs(s, at, "has other contents than in the archive", e);
		if (n == 0)
			return 0;
	}
}

static int compare(struct same *s, const struct walk_at *at, const struct stat *st, struct err *e)
{
	auto_close int a = -1, b = -1;
	ssize_t n;

	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(at->from, at->name, s->a, CHUNK);
		return n == readlinkat(at->to, at->name, s->b, CHUNK) && n >= 0 && memcmp(s->a, s->b, (size_t)n) == 0
		       ? 0 : differs(s, at, "leads elsewhere than in the archive", e);
	}
	if (!S_ISREG(st->st_mode))
		return 0;
	a = openat(at->from, at->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	b = openat(at->to, at->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return a < 0 || b < 0 ? differs(s, at, "cannot be read", e) : compare_bytes(s, at, a, b, e);
}

/* From: what was unpacked just now; to: what the store has. */
static int entry(void *arg, const struct walk_at *at, struct err *e)
{
	struct same *s = arg;
	struct stat st;

	s->entries++;
	if (fstatat(at->to, at->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return differs(s, at, "is missing", e);
	if (st.st_mode != at->st.st_mode || st.st_uid != at->st.st_uid || st.st_gid != at->st.st_gid ||
	    (S_ISREG(st.st_mode) && st.st_size != at->st.st_size))
		return differs(s, at, "has another type, mode, owner or size than in the archive", e);
	return S_ISDIR(st.st_mode) ? 1 : compare(s, at, &st, e);
}

static int count_in(int dir, uint64_t *ret, struct err *e)
{
	auto_closedir DIR *d = dir_list(dir);
	struct dirent *de;

	*ret = 0;
	if (!d)
		return err_set(e, errno, "list");
	while ((de = readdir(d)))
		*ret += !str_eq(de->d_name, ".") && !str_eq(de->d_name, "..");
	return 0;
}

static int leave(void *arg, int from, int to, const struct stat *st, struct err *e)
{
	uint64_t a, b;

	(void)arg;
	(void)st;
	if (count_in(from, &a, e) < 0 || count_in(to, &b, e) < 0)
		return -e->code;
	return a == b ? 0 : err_say(e, EBADMSG, "it has files that the archive has not");
}

static int same_files(int fresh, int kept, struct err *e)
{
	static const struct walk_ops ops = { .entry = entry, .leave = leave };
	auto_free struct same *s = calloc(1, sizeof(*s));

	return s ? walk(fresh, kept, &ops, s, e) : err_set(e, ENOMEM, "verify");
}

static int same_tree(int base, const char *digest, int fresh, struct err *e)
{
	auto_close int kept = -1;
	char path[128];

	store_path(path, digest, "/tree");
	kept = openat(base, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (kept < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open");
	return same_files(fresh, kept, e);
}

/* --- an image --- */

/* Not only what its info says: whoever exchanged data may have written that as well. */
static int mounted_same(int dir, const char *digest, int fresh, struct err *e)
{
	auto_close int mnt = -1, kept = -1;

	if (image_attach(dir, digest, IMAGE_DIRECT, &mnt, e) < 0)
		return -e->code;
	kept = openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return kept < 0 ? err_set(e, errno, "open the image's root") : same_files(fresh, kept, e);
}

static int same_image(int dir, const char *digest, struct err *e)
{
	auto_close int data = openat(dir, "data", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char sum[TMPL_DIGEST_LEN + 1];
	struct tmpl_image i;
	struct stat st;

	if (image_info_load(dir, &i, e) < 0)
		return -e->code;
	if (!str_eq(i.digest, digest))
		return err_say(e, EBADMSG, "it is of another template, %.12s...", i.digest);
	if (data < 0 || fstat(data, &st) < 0)
		return err_set(e, errno, "data");
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != i.bytes)
		return err_say(e, EBADMSG, "data has %lld bytes and should have %llu", (long long)st.st_size,
			       (unsigned long long)i.bytes);
	if (tmpl_digest_fd(data, sum, e) < 0)
		return -e->code;
	return str_eq(sum, i.sha256) ? 0 : err_say(e, EBADMSG, "the SHA-256 of data is %.12s... and should be %.12s...", sum,
						     i.sha256);
}

/* --- all of it --- */

static int renew_manifest(int base, const struct tmpl *t, const struct tmpl_tmp *tmp, int archive,
			  const struct unpack_result *r, struct err *e)
{
	auto_close int to = -1;
	char path[128];

	store_path(path, r->digest, "");
	to = openat(base, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0 || store_manifest(tmp, t, archive, r, e) < 0)
		return e->code ? -e->code : err_set(e, errno, "%s", path);
	if (unlinkat(to, "manifest", AT_REMOVEDIR) < 0 && errno != ENOENT && errno != ENOTDIR)
		return err_set(e, errno, "%s/manifest", path);
	if (renameat(tmp->dir, "manifest", to, "manifest") < 0 ||
	    (renameat(tmp->dir, "notes", to, "notes") < 0 && errno != ENOENT))
		return err_set(e, errno, "%s/manifest", path);
	return fio_fsync_dir(to, e);
}

int store_check(const char *tmpldir, int base, const struct tmpl *t, const struct tmpl_tmp *tmp, int archive,
		const struct unpack_result *r, struct err *e)
{
	auto_close int image = image_store_open(base, r->digest), fresh = -1;
	struct tmpl_info info = { 0 };
	struct err bad = { 0 };

	if (image < 0 && errno != ENOENT)
		return err_set(e, errno, "open"), store_damaged(tmpldir, r->digest, "image", e);
	fresh = openat(tmp->dir, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fresh < 0)
		return err_set(e, errno, "tmp/%s/tree", tmp->name);
	if (image >= 0 && (same_image(image, r->digest, e) < 0 || mounted_same(image, r->digest, fresh, e) < 0))
		return store_damaged(tmpldir, r->digest, "image", e);
	if (same_tree(base, r->digest, fresh, e) < 0)
		return store_damaged(tmpldir, r->digest, "tree", e);
	return store_info(base, r->digest, &info, &bad) < 0 ? renew_manifest(base, t, tmp, archive, r, e) : 0;
}
