/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images in the store: sha256/ab/DIGEST/image beside the tree. Containers that start from then on stand on the image; those
 * that run keep what they have. The tree stays for layouts that copy.
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

/* What goes into info from the store, and where its tree lies. */
static int describe(const char *tmpldir, struct tmpl *t, struct tmpl_image *i, char tree[4096], struct err *e)
{
	auto_close int fd = -1;
	struct tmpl_info info;
	char sub[128];
	struct stat st;

	if (tmpl_tree(tmpldir, t, NULL, &fd, e) < 0 || tmpl_info(tmpldir, t, &info, e) < 0)
		return -e->code;
	memset(i, 0, sizeof(*i));
	str_copy(i->name, sizeof(i->name), t->name);
	str_copy(i->digest, sizeof(i->digest), t->digest);
	i->entries = info.entries;
	i->tree_bytes = info.bytes;
	store_path(sub, t->digest, "/tree");
	if (str_fmt(tree, 4096, "%s/%s", tmpldir, sub) < 0)
		return err_set(e, ENAMETOOLONG, "%s/%s", tmpldir, sub);
	if (stat(tree, &st) < 0)
		return err_say(e, ENOENT, "template %s has no unpacked tree here to make an image of", t->name);
	return 0;
}

int image_of_template(const char *tmpldir, struct tmpl *t, const char *format, const char *into, int dir,
		      struct tmpl_image *ret, struct err *e)
{
	char tree[4096];
	struct image_job j = { .tree = tree, .into = into, .dir = dir, .format = image_format(format), .image = ret };

	if (!j.format)
		return bad_format(format, e);
	return describe(tmpldir, t, ret, tree, e) < 0 ? -e->code : image_make(&j, e);
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

int tmpl_image_make(const char *tmpldir, struct tmpl *t, const char *format, struct tmpl_image *ret, struct err *e)
{
	struct tmpl_tmp tmp auto_tmp = { .top = -1, .dir = -1 };
	auto_close int base = tmpl_base(tmpldir, e), dir = -1;
	char into[4096];

	if (base < 0)
		return -e->code;
	if (!image_format(format))
		return bad_format(format, e);
	if (tmpl_sweep(tmpldir, e) < 0 || tmp_make(base, &tmp, e) < 0)
		return -e->code;
	dir = path_mkdirs(tmp.dir, "image", 0700, e);
	if (dir < 0)
		return -e->code;
	if (str_fmt(into, sizeof(into), "%s/tmp/%s/image", tmpldir, tmp.name) < 0)
		return err_set(e, ENAMETOOLONG, "%s/tmp", tmpldir);
	if (image_of_template(tmpldir, t, format, into, dir, ret, e) < 0)
		return -e->code;
	return publish(base, &tmp, t->digest, e);
}

int tmpl_image_info(const char *tmpldir, const char *digest, struct tmpl_image *ret, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e), dir = -1;

	if (base < 0)
		return -e->code;
	dir = image_store_open(base, digest);
	return dir < 0 ? err_set(e, errno, "image of template %.12s...", digest) : image_info_load(dir, ret, e);
}

int tmpl_image_drop(const char *tmpldir, const char *digest, struct err *e)
{
	struct tmpl_tmp tmp auto_tmp = { .top = -1, .dir = -1 };
	auto_close int base = tmpl_base(tmpldir, e);
	char path[128];

	store_path(path, digest, "/tree");
	if (base < 0 || tmp_make(base, &tmp, e) < 0)
		return -e->code;
	if (faccessat(base, path, F_OK, 0) < 0)
		return err_say(e, EBUSY, "the image is all that is left of template %.12s...: containers need it", digest);
	store_path(path, digest, "/image");
	return renameat(base, path, tmp.dir, "image") < 0 ? err_set(e, errno, "%s", path) : 0;
}
