/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images in the store: sha256/ab/DIGEST/image, instead of the tree or beside it. Containers that start stand on the image;
 * those that run keep what they have.
 */
#include "templates/image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/stat.h>

#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/fio.h"
#include "util/path.h"

#define auto_tmp __attribute__((cleanup(tmp_done)))

static int bad_format(const char *format, struct err *e)
{
	return err_say(e, EINVAL, "\"%.40s\" is no image format: use erofs, erofs-lz4 or squashfs", format);
}

int image_store_open(int base, const char *digest)
{
	char path[128];

	store_path(path, digest, "/image");
	return openat(base, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Where the files of a template are: in the store, or unpacked for as long as this lives. */
struct source { struct tmpl_tmp tmp; char path[4096]; };

static void source_done(struct source *s)
{
	tmp_done(&s->tmp);
}

static int unpack(const struct tmpl *t, const struct tmpl_tmp *tmp, struct err *e)
{
	auto_close int archive = -1;
	struct unpack_result r;

	if (!t->archive[0])
		return err_say(e, ENOTSUP, "template %s has no archive here: it comes from a pool ('vzpool list')", t->name);
	archive = open(t->archive, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (archive < 0)
		return err_set(e, errno, "%s", t->archive);
	if (store_unpack(t, archive, tmp, NULL, &r, e) < 0)
		return -e->code;
	return str_eq(r.digest, t->digest) ? 0 : err_say(e, EAGAIN, "%s changed while it was read", t->archive);
}

static int source_open(const char *tmpldir, const struct tmpl *t, struct source *s, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e), tree = -1;
	char sub[128];

	if (base < 0)
		return -e->code;
	store_path(sub, t->digest, "/tree");
	if (store_tree_open(base, t->digest, &tree) < 0) {
		if (tmp_make(base, &s->tmp, e) < 0 || unpack(t, &s->tmp, e) < 0)
			return -e->code;
		str_fmt(sub, sizeof(sub), "tmp/%s/tree", s->tmp.name);
	}
	return str_fmt(s->path, sizeof(s->path), "%s/%s", tmpldir, sub) < 0 ? err_set(e, ENAMETOOLONG, "%s", tmpldir) : 0;
}

/* What goes into info from the store. */
static int describe(const char *tmpldir, const struct tmpl *t, struct tmpl_image *i, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e);
	struct tmpl_info info;

	if (base < 0 || store_info(base, t->digest, &info, e) < 0)
		return -e->code;
	memset(i, 0, sizeof(*i));
	str_copy(i->name, sizeof(i->name), t->name);
	str_copy(i->digest, sizeof(i->digest), t->digest);
	i->entries = info.entries;
	i->tree_bytes = info.bytes;
	return 0;
}

int image_of_template(const char *tmpldir, struct tmpl *t, const char *format, const char *into, int dir,
		      struct tmpl_image *ret, struct err *e)
{
	struct source s auto_call(source_done) = { .tmp = { .top = -1, .dir = -1 } };
	struct image_job j = { .tree = s.path, .into = into, .dir = dir, .format = image_format(format), .image = ret };

	if (!j.format)
		return bad_format(format, e);
	if (describe(tmpldir, t, ret, e) < 0 || source_open(tmpldir, t, &s, e) < 0)
		return -e->code;
	return image_make(&j, e);
}

int image_in_tmp(const char *tmpldir, const struct tmpl_tmp *tmp, const char *tree, const char *format, struct tmpl_image *i,
		 struct err *e)
{
	auto_close int dir = path_mkdirs(tmp->dir, "image", 0700, e), mnt = -1;
	char into[4096];
	const struct image_job j = { .tree = tree, .into = into, .dir = dir, .format = image_format(format), .image = i };

	if (dir < 0)
		return -e->code;
	if (!j.format)
		return bad_format(format, e);
	if (str_fmt(into, sizeof(into), "%s/tmp/%s/image", tmpldir, tmp->name) < 0)
		return err_set(e, ENAMETOOLONG, "%s/tmp", tmpldir);
	return image_make(&j, e) < 0 ? -e->code : image_attach(dir, i->digest, IMAGE_DIRECT, &mnt, e);
}

/* Puts tmp/image in its place; one that was there before is left in tmp and goes with it. */
static int publish(int base, const struct tmpl_tmp *tmp, const char *digest, struct err *e)
{
	auto_close int entry = -1;
	char path[128];

	store_path(path, digest, "");
	entry = openat(base, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (entry < 0 || syncfs(entry) < 0)
		return err_set(e, errno, "%s", path);
	if (renameat2(tmp->dir, "image", entry, "image", RENAME_EXCHANGE) < 0 &&
	    (errno != ENOENT || renameat2(tmp->dir, "image", entry, "image", RENAME_NOREPLACE) < 0))
		return err_set(e, errno, "%s/image", path);
	return fio_fsync_dir(entry, e);
}

int image_put(const char *tmpldir, const struct tmpl *t, const char *format, struct tmpl_image *ret, struct err *e)
{
	struct source s auto_call(source_done) = { .tmp = { .top = -1, .dir = -1 } };
	struct tmpl_tmp tmp auto_tmp = { .top = -1, .dir = -1 };
	auto_close int base = tmpl_base(tmpldir, e);

	if (base < 0 || tmp_make(base, &tmp, e) < 0 || describe(tmpldir, t, ret, e) < 0 || source_open(tmpldir, t, &s, e) < 0 ||
	    image_in_tmp(tmpldir, &tmp, s.path, format, ret, e) < 0 || publish(base, &tmp, t->digest, e) < 0)
		return -e->code;
	no_image_forget(base, t->digest);
	return 0;
}

/* One that was made just now for this very call need not be made again. */
int tmpl_image_make(const char *tmpldir, struct tmpl *t, const char *format, struct tmpl_image *ret, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e);
	const struct store_job j = { .tmpldir = tmpldir, .base = base, .format = format };
	struct tmpl_ready r;

	if (base < 0)
		return -e->code;
	if (!image_format(format))
		return bad_format(format, e);
	if (tmpl_sweep(tmpldir, e) < 0 || store_ready(&j, t, &r, e) < 0)
		return -e->code;
	return r.made ? tmpl_image_info(tmpldir, t->digest, ret, e) : image_put(tmpldir, t, format, ret, e);
}

int tmpl_image_info(const char *tmpldir, const char *digest, struct tmpl_image *ret, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e), dir = -1;

	if (base < 0)
		return -e->code;
	dir = image_store_open(base, digest);
	return dir < 0 ? err_set(e, errno, "image of template %.12s...", digest) : image_info_load(dir, ret, e);
}

/* Its tree comes first: containers may start at any moment. */
int tmpl_image_drop(const char *tmpldir, struct tmpl *t, struct err *e)
{
	struct tmpl_tmp tmp auto_tmp = { .top = -1, .dir = -1 };
	auto_close int base = tmpl_base(tmpldir, e), entry = -1;
	const struct store_job j = { .tmpldir = tmpldir, .base = base, .format = "tree" };
	struct tmpl_ready r;
	char path[128];

	if (base < 0 || tmpl_sweep(tmpldir, e) < 0 || store_ready(&j, t, &r, e) < 0 || tmp_make(base, &tmp, e) < 0)
		return -e->code;
	store_path(path, t->digest, "");
	entry = openat(base, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (entry < 0)
		return err_set(e, errno, "%s", path);
	if (faccessat(entry, "tree", F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		if (unpack(t, &tmp, e) < 0)
			return -e->code;
		if (syncfs(entry) < 0 || (renameat2(tmp.dir, "tree", entry, "tree", RENAME_NOREPLACE) < 0 && errno != EEXIST) ||
		    fsync(entry) < 0)
			return err_set(e, errno, "%s/tree", path);
	}
	if (renameat(entry, "image", tmp.dir, "image") < 0 && errno != ENOENT)
		return err_set(e, errno, "%s/image", path);
	return fio_fsync_dir(entry, e);
}
