/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A digest's files, wherever this host has them: an image in the store, an unpacked tree there, or an image in an attached
 * pool, in that order. What comes first is local and quickest; all three hold the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "templates/image.h"
#include "templates/pool.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/sys.h"

struct layer { int tree, image; bool pool; };	/* one of the descriptors; the other is -1 */

static void layer_done(struct layer *l)
{
	auto_close_(&l->tree);
	auto_close_(&l->image);
}

static int find(const char *tmpldir, const char *digest, struct layer *l, struct err *e)
{
	auto_close int base = -1;
	int rc;

	if (!tmpl_is_digest(digest))
		return err_say(e, EINVAL, "\"%.80s\" is not a template's digest", digest);
	base = tmpl_base(tmpldir, e);
	if (base < 0)
		return -e->code;
	l->image = image_store_open(base, digest);
	if (l->image >= 0)
		return 0;
	rc = store_tree_open(base, digest, &l->tree);
	if (rc != -ENOENT)
		return rc < 0 ? err_set(e, -rc, "open"), store_damaged(tmpldir, digest, "tree", e) : 0;
	if (pool_find_image(tmpldir, digest, &l->image, e) == 0) {
		l->pool = true;
		return 0;
	}
	if (e->code != ENOENT)
		return -e->code;
	return err_say(e, ENOENT, "%s/store/sha256/%.2s/%s is missing, and no attached pool has it: put it back, or the archive "
		       "with that SHA-256 ('vztmpl add'), and create a container of it", tmpldir, digest, digest);
}

bool tmpl_is_local(const char *tmpldir, const char *digest)
{
	struct err none = { 0 };
	auto_close int base = tmpl_base(tmpldir, &none);

	return base >= 0 && tmpl_is_digest(digest) && store_has(base, digest);
}

/* A local one is read again quickly when its last user was gone; what a pool's device lost is to be seen. */
static int mount_image(const char *tmpldir, const struct layer *l, const char *digest, int *ret_fd, struct err *e)
{
	if (image_attach(l->image, digest, l->pool ? IMAGE_DIRECT : IMAGE_CACHED, ret_fd, e) == 0)
		return 0;
	if (!l->pool && (e->code == EBADMSG || e->code == ENOENT || e->code == EINVAL || e->code == EISDIR ||
			 e->code == EUCLEAN))
		store_damaged(tmpldir, digest, "image", e);
	return err_add(e, "template %.12s...", digest);
}

int tmpl_tree_open(const char *tmpldir, const char *digest, int *ret_fd, struct err *e)
{
	struct layer l auto_call(layer_done) = { .tree = -1, .image = -1 };

	if (find(tmpldir, digest, &l, e) < 0)
		return -e->code;
	if (l.image >= 0)
		return mount_image(tmpldir, &l, digest, ret_fd, e);
	*ret_fd = take_fd(&l.tree);
	return 0;
}

int tmpl_layer_open(const char *tmpldir, const char *digest, int *ret_mnt, struct err *e)
{
	struct layer l auto_call(layer_done) = { .tree = -1, .image = -1 };
	int fd;

	if (find(tmpldir, digest, &l, e) < 0)
		return -e->code;
	if (l.image >= 0)
		return mount_image(tmpldir, &l, digest, ret_mnt, e);
	fd = sys_open_tree(l.tree, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (fd < 0)
		return err_set(e, errno, "clone the mount of a template layer");
	*ret_mnt = fd;
	return 0;
}
