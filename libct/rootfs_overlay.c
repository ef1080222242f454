/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout "overlay": read-only template layers below, the container's own upper layer above.
 *   VE_PRIVATE/upper, VE_PRIVATE/work   on one file system, as CRIU wants it
 *   VE_PRIVATE/layers                   what lies below, one a line, topmost first (layers.h)
 *   VE_PRIVATE/snap/                    upper layers of earlier times (snapshot_overlay.c)
 * The overlay is mounted by root of the container's own user namespace (one mounted by the host over idmapped upper
 * layers comes up read-only), with userxattr: redirects and metacopy are off, so a crafted upper layer reaches nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "libct/overlay.h"
#include "libct/share.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/sys.h"

static int overlay_create(struct ct *ct, const struct ct_rootfs_new *n, struct err *e)
{
	char line[TMPL_DIGEST_LEN + 2];
	struct tmpl_ready r;

	if (tmpl_ready(n->tmpldir, n->tmpl, NULL, &r, e) < 0)
		return -e->code;
	if (r.note[0])
		ct_say(ct, -1, "Warning: %s", r.note);
	if (mkdirat(n->dir, "upper", 0755) < 0 || fchmodat(n->dir, "upper", r.mode, 0) < 0 || mkdirat(n->dir, "work", 0700) < 0)
		return err_set(e, errno, "make the upper layer");
	snprintf(line, sizeof(line), "%s\n", n->tmpl->digest);
	/* synced with the rest of the area */
	return fio_replace_run(n->dir, CT_LAYERS_FILE, line, strlen(line), 0600, e) < 0 ? -e->code : 1;
}

/* All files are the container's own: above a layer that has none. */
static int overlay_adopt(struct ct *ct, const struct ct_rootfs_new *n, struct err *e)
{
	char digest[TMPL_DIGEST_LEN + 1], line[TMPL_DIGEST_LEN + 2];
	int fd;

	(void)ct;
	if (tmpl_tree_empty(n->tmpldir, digest, e) < 0)
		return -e->code;
	if (mkdirat(n->dir, "upper", 0755) < 0 || mkdirat(n->dir, "work", 0700) < 0)
		return err_set(e, errno, "make the upper layer");
	snprintf(line, sizeof(line), "%s\n", digest);
	if (fio_replace(n->dir, "layers", line, strlen(line), 0600, e) < 0)
		return -e->code;
	fd = openat(n->dir, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open the upper layer") : fd;
}

static int clone_tree(int dir, const char *name, const char *what, struct err *e)
{
	int fd = sys_open_tree(dir, name,
			       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (*name ? 0 : AT_EMPTY_PATH));

	return fd < 0 ? err_set(e, errno, "clone the mount of %s", what) : fd;
}

/* Without a descriptor it lies in the area. */
static int open_layer(struct ct *ct, struct ct_rootfs *r, int area, const struct ct_layer *l, struct err *e)
{
	auto_close int tree = -1;
	int fd = -1;

	if (l->kind == CT_LAYER_SNAP) {
		char path[CT_GUID_SIZE + sizeof(CT_SNAP_DIR "/")];

		str_fmt(path, sizeof(path), CT_SNAP_DIR "/%s", l->id);
		if (faccessat(area, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			return err_set(e, errno, "layer %s, which the container stands on", path);
		str_copy(r->own[r->n_layers], sizeof(r->own[0]), l->id);
	} else if (l->kind == CT_LAYER_TMPL) {
		if (tmpl_layer_open(ct->host->conf.template_dir, l->id, &fd, e) < 0)
			return err_add(e, "layer of CT %u", ct->id);
	} else {
		if (ct_overlay_layer(ct, area, l, &tree, e) < 0)
			return -e->code;
		fd = clone_tree(tree, "", "a read-only layer", e);
		if (fd < 0)
			return fd;
	}
	r->layer[r->n_layers++] = fd;
	return 0;
}

int ct_overlay_layer(struct ct *ct, int area, const struct ct_layer *l, int *ret_fd, struct err *e)
{
	char name[64];
	int fd;

	switch (l->kind) {
	case CT_LAYER_TMPL:
		if (tmpl_tree_open(ct->host->conf.template_dir, l->id, ret_fd, e) < 0)
			return err_add(e, "layer of CT %u", ct->id);
		return 0;
	case CT_LAYER_SHARE:
		fd = ct_share_open(area, l, e);
		if (fd < 0)
			return err_add(e, "CT %u", ct->id);
		*ret_fd = fd;
		return 0;
	case CT_LAYER_SNAP:
	case CT_LAYER_KIND_N:
		break;
	}
	str_fmt(name, sizeof(name), CT_SNAP_DIR "/%s", l->id);
	fd = openat(area, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "layer %s of CT %u", name, ct->id);
	*ret_fd = fd;
	return 0;
}

/* The private area, and its layers in @ret. Returns a descriptor. */
static int open_area(struct ct *ct, struct ct_layers *ret, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	auto_close int dir = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (dir < 0)
		return err_set(e, path ? errno : ENOMEM, "private area %s", path ? path : "");
	if (ct_layers_load(dir, CT_LAYERS_FILE, ret, e) < 0)
		return err_add(e, "private area %s", path);
	return take_fd(&dir);
}

static int overlay_open(struct ct *ct, struct ct_rootfs *r, struct err *e)
{
	struct ct_layers layers;
	auto_close int dir = open_area(ct, &layers, e);

	if (dir < 0)
		return dir;
	for (unsigned i = 0; i < layers.n; i++)
		if (open_layer(ct, r, dir, &layers.v[i], e) < 0)
			return -e->code;
	r->area = clone_tree(dir, "", "the private area", e);
	return r->area < 0 ? r->area : 0;
}

static int overlay_assemble(const struct ct_rootfs *r, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	int fd;

	buf_adds(&b, "userxattr,index=off,xino=off,lowerdir=");
	for (unsigned i = 0; i < r->n_layers; i++)
		buf_addf(&b, "%sl%u", i ? ":" : "", i);
	if (!r->lower_only)
		buf_adds(&b, ",upperdir=area/upper,workdir=area/work");
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "overlay options");
	if (mkdir("root", 0755) < 0)
		return err_set(e, errno, "make the mount point of the root");
	/* the source is what df shows; scripts look for the word */
	if (mount("/dev/simfs", "root", "overlay", r->lower_only ? MS_RDONLY : 0, buf_str(&b)) < 0)
		return err_set(e, errno, "mount the overlay of %u layers", r->n_layers);
	fd = clone_tree(AT_FDCWD, "root", "the root", e);
	return fd;
}

static void close_all(struct ct_rootfs *r)
{
	ct_rootfs_close(r);
}

/*
 * The same without shifted ids: they are natural, and what root writes belongs to the guest's root.
 * Only while the container is down, since two overlays must not share an upper layer.
 */
static int overlay_mount_host(struct ct *ct, const char *at, struct err *e)
{
	auto_call(close_all) struct ct_rootfs r = CT_ROOTFS_INIT;

	r.ops = &ct_rootfs_overlay;
	return overlay_open(ct, &r, e) < 0 ? -e->code : ct_rootfs_host(&r, at, e);
}

int ct_overlay_mount(struct ct *ct, int area, const struct ct_layers *l, const char *at, struct err *e)
{
	auto_call(close_all) struct ct_rootfs r = CT_ROOTFS_INIT;

	r.ops = &ct_rootfs_overlay;
	r.lower_only = true;
	for (unsigned i = 0; i < l->n; i++)
		if (open_layer(ct, &r, area, &l->v[i], e) < 0)
			return -e->code;
	r.area = clone_tree(area, "", "the private area", e);
	return r.area < 0 ? -e->code : ct_rootfs_host(&r, at, e);
}

const struct ct_rootfs_ops ct_rootfs_overlay = {
	.name = "overlay",
	.create = overlay_create,
	.adopt = overlay_adopt,
	.open = overlay_open,
	.assemble = overlay_assemble,
	.mount_host = overlay_mount_host,
	.snap_whole = ct_overlay_whole,
	.snap_take = ct_overlay_take,
	.snap_switch = ct_overlay_switch,
	.snap_drop = ct_overlay_drop,
	.snap_mount = ct_overlay_snap_mount,
	.clone_shares = true,
	.clone = ct_overlay_clone,
};
