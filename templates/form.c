/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the store makes of an archive: an unpacked tree, or an image of one. An image that is asked for is made of a tree in
 * TEMPLATE/tmp that goes again, so nothing is on the disk twice; then it is mounted on trial, since containers will depend on
 * it. A tree that was here before stays beside its image: what runs may stand on it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "templates/image.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/fio.h"
#include "util/path.h"

#define auto_tmp __attribute__((cleanup(tmp_done)))

static char asked[32] = "tree";

void tmpl_format_set(const char *format)
{
	if (str_copy(asked, sizeof(asked), format && *format ? format : "tree") < 0)
		str_copy(asked, sizeof(asked), "?");
}

const char *store_format(void)
{
	return asked;
}

int tmpl_erofs_works(struct err *e)
{
	const struct image_format *f = image_format("erofs");

	return image_maker(f, e) && image_mountable(f, e) ? 0 : -e->code;
}

static int resolve(const char *format, struct tmpl_form *ret, struct err *e)
{
	struct err why = { 0 };

	*ret = (struct tmpl_form){ .format = format };
	if (str_eq(format, "tree") || image_format(format))
		return 0;
	if (!str_eq(format, "auto"))
		return err_say(e, EINVAL, "\"%.40s\" is no image format: use auto, tree, erofs, erofs-lz4 or squashfs", format);
	ret->format = "erofs";
	if (tmpl_erofs_works(&why) < 0) {
		ret->format = "tree";
		str_fmt(ret->why, sizeof(ret->why), "%.240s", why.text);
	}
	return 0;
}

int tmpl_format(struct tmpl_form *ret, struct err *e)
{
	return resolve(asked, ret, e);
}

bool store_has(int base, const char *digest)
{
	auto_close int dir = image_store_open(base, digest), tree = -1;

	return dir >= 0 || store_tree_open(base, digest, &tree) == 0;
}

bool store_wants(int base, const char *digest, const char *format)
{
	auto_close int dir = -1;

	if (str_eq(format, "tree"))
		return false;
	dir = image_store_open(base, digest);
	return dir < 0 && !(str_eq(format, "auto") && no_image_known(base, digest));
}

int store_mode(const char *tmpldir, int base, const char *digest, unsigned *ret, struct err *e)
{
	auto_close int dir = image_store_open(base, digest), tree = -1;
	struct err none = { 0 };
	struct tmpl_image i;
	struct stat st;

	if (dir >= 0 && image_info_load(dir, &i, &none) == 0 && i.mode) {
		*ret = i.mode;
		return 0;
	}
	if (tmpl_tree_open(tmpldir, digest, &tree, e) < 0)
		return -e->code;
	if (fstat(tree, &st) < 0)
		return err_set(e, errno, "template %.12s...", digest);
	*ret = st.st_mode & 07777;
	return 0;
}

/* An archive that does not name its root leaves the moment of the unpacking there: all that two images would differ in. */
static int settle_root(int tree, time_t begun, struct err *e)
{
	const struct timespec never[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 0 } };
	struct stat st;

	if (fstat(tree, &st) < 0)
		return err_set(e, errno, "the unpacked tree");
	if (st.st_mtime < begun || st.st_mtime > time(NULL))
		return 0;
	return futimens(tree, never) < 0 ? err_set(e, errno, "the unpacked tree") : 0;
}

int store_unpack(const struct tmpl *t, int archive, const struct tmpl_tmp *tmp, const struct tmpl_limits *l,
		 struct unpack_result *r, struct err *e)
{
	const time_t begun = time(NULL) - 1;	/* clocks of files are coarse */
	auto_close int tree = -1;

	if (mkdirat(tmp->dir, "tree", 0755) < 0)
		return err_set(e, errno, "tmp/%s/tree", tmp->name);
	tree = openat(tmp->dir, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree < 0 || fchmod(tree, 0755) < 0)
		return err_set(e, errno, "tmp/%s/tree", tmp->name);
	if (unpack_archive(archive, tree, l, r, e) < 0)
		return err_add(e, "OS template %s", t->name);
	return settle_root(tree, begun, e);
}

/* "auto" did not ask for an image in so many words: it may do without one, and says why, once: it is noted in @dir. */
static int or_tree(int dir, const char *name, const char *format, struct tmpl_ready *ret, struct err *e)
{
	if (!str_eq(format, "auto"))
		return -e->code;
	if (dir >= 0)
		no_image_note(dir, e);
	str_fmt(ret->note, sizeof(ret->note), "template %.100s is kept as an unpacked tree, in which big walks cost more than in "
		"an image: %.300s", name, e->text);
	err_clear(e);
	return 0;
}

/* Whether tmp/image was made: 1. */
static int maybe_image(const struct store_job *j, const struct tmpl_tmp *tmp, const char *tree, struct tmpl_image *i,
		       struct tmpl_ready *ret, struct err *e)
{
	struct tmpl_form f;

	if (resolve(j->format, &f, e) < 0)
		return -e->code;
	if (f.why[0])
		return err_say(e, ENOTSUP, "%s", f.why), or_tree(-1, i->name, j->format, ret, e);
	if (str_eq(f.format, "tree"))
		return 0;
	if (image_in_tmp(j->tmpldir, tmp, tree, f.format, i, e) == 0)
		return 1;
	return or_tree(tmp->dir, i->name, j->format, ret, e);
}

/* Moves @what (tree or image) and what is written of it to their place. Somebody else may have been faster: theirs stays. */
static int publish(int base, const struct tmpl_tmp *tmp, const char *digest, const char *what, struct err *e)
{
	auto_close int dir = -1, box = -1;
	char path[128], to[32];

	str_fmt(path, sizeof(path), "store/sha256/%.2s", digest);
	str_fmt(to, sizeof(to), "entry/%s", what);
	dir = path_mkdirs(base, path, 0700, e);
	if (dir < 0)
		return -e->code;
	if (mkdirat(tmp->dir, "entry", 0700) < 0 || renameat(tmp->dir, what, tmp->dir, to) < 0 ||
	    renameat(tmp->dir, "manifest", tmp->dir, "entry/manifest") < 0 ||
	    (renameat(tmp->dir, "notes", tmp->dir, "entry/notes") < 0 && errno != ENOENT) ||
	    (renameat(tmp->dir, NO_IMAGE, tmp->dir, "entry/" NO_IMAGE) < 0 && errno != ENOENT))
		return err_set(e, errno, "store/sha256/%.2s/%s", digest, digest);
	box = openat(tmp->dir, "entry", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (box < 0 || (str_eq(what, "tree") ? syncfs(box) : fsync(box)) < 0)
		return err_set(e, errno, "write the %s to disk", what);
	if (renameat(tmp->dir, "entry", dir, digest) < 0 && errno != EEXIST && errno != ENOTEMPTY)
		return err_set(e, errno, "store/sha256/%.2s/%s", digest, digest);
	return fio_fsync_dir(dir, e);
}

int store_make(const struct store_job *j, struct tmpl *t, int archive, struct tmpl_ready *ret, struct err *e)
{
	struct tmpl_tmp tmp auto_tmp = { .top = -1, .dir = -1 };
	struct tmpl_image i = { .name = "" };
	struct unpack_result r;
	char tree[4096];
	int rc;

	if (tmp_make(j->base, &tmp, e) < 0 || store_unpack(t, archive, &tmp, j->limits, &r, e) < 0 ||
	    store_manifest(&tmp, t, archive, &r, e) < 0)
		return -e->code;
	if (str_fmt(tree, sizeof(tree), "%s/tmp/%s/tree", j->tmpldir, tmp.name) < 0)
		return err_set(e, ENAMETOOLONG, "%s/tmp", j->tmpldir);
	str_copy(t->digest, sizeof(t->digest), r.digest);
	str_copy(i.digest, sizeof(i.digest), r.digest);
	str_copy(i.name, sizeof(i.name), t->name);
	i.entries = r.count.entries;
	i.tree_bytes = r.count.bytes;
	rc = maybe_image(j, &tmp, tree, &i, ret, e);
	if (rc < 0 || publish(j->base, &tmp, r.digest, rc ? "image" : "tree", e) < 0)
		return -e->code;
	ret->made = true;
	return 0;
}

int store_convert(const struct store_job *j, const struct tmpl *t, struct tmpl_ready *ret, struct err *e)
{
	auto_close int entry = -1;
	struct tmpl_image i;
	struct tmpl_form f;
	char path[128];

	if (resolve(j->format, &f, e) < 0)
		return -e->code;
	if (str_eq(f.format, "tree"))		/* why was said when it was unpacked */
		return 0;
	store_path(path, t->digest, "");
	entry = openat(j->base, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (image_put(j->tmpldir, t, f.format, &i, e) < 0)
		return or_tree(entry, t->name, j->format, ret, e);
	ret->made = true;
	return 0;
}
