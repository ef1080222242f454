/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout "btrfs": the root is a subvolume of its own, VE_PRIVATE/root, in the area, which is one, too. Area, root and
 * snapshots have one limit together (quota_sub_create()). It begins as a snapshot of the template's seed (templates/seed.c)
 * where that costs nothing, else the template is unpacked into it. The root is shown through an idmapped mount, as with layout
 * "dir"; the area around it belongs to the host and keeps its users out.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "libct/dir.h"
#include "libct/files.h"
#include "libct/layers.h"
#include "libct/snap.h"
#include "util/fio.h"
#include "util/sys.h"

#define ROOT "root"
#define ROOT_NEW "root.new"	/* during a switch: the new one, then the old one */

static int btrfs_check(int parent, const struct ct_rootfs_new *n, struct err *e)
{
	struct statfs st;

	(void)n;
	if (fstatfs(parent, &st) < 0)
		return err_set(e, errno, "statfs");
	if (st.f_type == BTRFS_SUPER_MAGIC)
		return 0;
	return err_say(e, ENOTSUP, "Layout btrfs needs the private areas on a btrfs file system, and they are on another: use "
		       "--layout overlay or --layout image");
}

static int btrfs_adopt(struct ct *ct, const struct ct_rootfs_new *n, struct err *e)
{
	int fd;

	(void)ct;
	if (quota_sub_create(n->dir, ROOT, e) < 0)
		return -e->code;
	fd = openat(n->dir, ROOT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open the root's subvolume") : fd;
}

/* 1: the root is a snapshot of what the template was unpacked to once. */
static int from_seed(const struct ct_rootfs_new *n, struct err *e)
{
	auto_close int seed = -1;

	if (!quota_sub_light(n->dir))
		return 0;
	if (tmpl_seed(n->tmpldir, n->tmpl, NULL, n->dir, &seed, e) < 0)
		return e->code == ENOTSUP ? (err_clear(e), 0) : -e->code;
	return quota_sub_snap(n->dir, n->dir, ROOT, seed, false, e) < 0 ? -e->code : 1;
}

static int btrfs_create(struct ct *ct, const struct ct_rootfs_new *n, struct err *e)
{
	int rc = from_seed(n, e);
	auto_close int root = rc ? -1 : btrfs_adopt(ct, n, e);

	if (rc)
		return rc;
	return root < 0 ? root : tmpl_unpack(n->tmpl, root, NULL, e);
}

static int open_area(struct ct *ct, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	int fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	return fd < 0 ? err_set(e, path ? errno : ENOMEM, "private area %s", path ? path : "") : fd;
}

static int clone_root(int area, struct err *e)
{
	int fd = sys_open_tree(area, ROOT, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);

	return fd < 0 ? err_set(e, errno, "clone the mount of the root") : fd;
}

static int btrfs_open(struct ct *ct, struct ct_rootfs *r, struct err *e)
{
	r->area = open_area(ct, e);
	if (r->area < 0)
		return r->area;
	r->root = clone_root(r->area, e);
	r->host = r->root < 0 ? -1 : clone_root(r->area, e);
	return r->host < 0 ? -e->code : 0;
}

static int btrfs_mount_host(struct ct *ct, const char *at, struct err *e)
{
	auto_close int area = open_area(ct, e), tree = area < 0 ? -1 : clone_root(area, e);

	if (tree < 0)
		return -e->code;
	if (sys_move_mount(tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "mount the root on %s", at);
	return 0;
}

/* --- snapshots: subvolumes, read-only, in VE_PRIVATE/snap --- */

static int open_dir(int dir, const char *name, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "open %s", name) : fd;
}

/* Makes a snapshot in one step, so what has the name is whole. */
static int btrfs_snap_take(struct ct *ct, int area, const char *guid, bool running, struct err *e)
{
	auto_close int root = open_dir(area, ROOT, e), snap = -1;

	(void)ct;
	(void)running;
	if (root < 0)
		return root;
	if (mkdirat(area, CT_SNAP_DIR, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make " CT_SNAP_DIR);
	snap = open_dir(area, CT_SNAP_DIR, e);
	if (snap < 0)
		return snap;
	if (faccessat(snap, guid, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return quota_sub_snap(area, snap, guid, root, true, e) < 0 ? -e->code : fio_fsync_dir(snap, e);
}

/* Done twice it ends the same. */
static int btrfs_snap_switch(struct ct *ct, int area, const char *guid, struct err *e)
{
	auto_close int snap = open_dir(area, CT_SNAP_DIR, e), from = snap < 0 ? -1 : open_dir(snap, guid, e);

	if (from < 0 || quota_area_remove(area, ROOT_NEW, e) < 0 || quota_sub_snap(area, area, ROOT_NEW, from, false, e) < 0)
		return -e->code;
	if (renameat2(area, ROOT_NEW, area, ROOT, RENAME_EXCHANGE) < 0)
		return err_set(e, errno, "replace the root");
	if (fio_fsync_dir(area, e) < 0 || quota_area_remove(area, ROOT_NEW, e) < 0)
		ct_snap_left(ct, e);
	return 0;
}

static int btrfs_snap_drop(struct ct *ct, int area, const char *guid, const char *into, struct err *e)
{
	auto_close int snap = openat(area, CT_SNAP_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	(void)ct;
	(void)into;
	if (snap < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open " CT_SNAP_DIR);
	return quota_area_remove(snap, guid, e);
}

static int btrfs_snap_mount(struct ct *ct, int area, const char *guid, const char *at, struct err *e)
{
	struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	auto_close int snap = open_dir(area, CT_SNAP_DIR, e), tree = -1;

	(void)ct;
	if (snap < 0)
		return snap;
	tree = sys_open_tree(snap, guid, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, &ro) < 0 ||
	    sys_move_mount(tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "mount the snapshot on %s", at);
	return 0;
}

/*
 * A linked one is a snapshot, which needs its source no more, but what they share is charged to the source; a full one has
 * blocks of its own and pays for them.
 */
static int btrfs_clone(struct ct *src, int area, struct ct *dst, int dst_area, bool linked, struct err *e)
{
	auto_close int root = open_dir(area, ROOT, e), to = -1;

	(void)dst;
	if (root < 0 || quota_area_remove(dst_area, ROOT, e) < 0)
		return -e->code;
	if (linked)
		return quota_sub_snap(dst_area, dst_area, ROOT, root, false, e);
	if (quota_sub_create(dst_area, ROOT, e) < 0)
		return -e->code;
	to = open_dir(dst_area, ROOT, e);
	return to < 0 ? -e->code : ct_dir_copy(src, root, to, false, e);
}

const struct ct_rootfs_ops ct_rootfs_btrfs = {
	.name = "btrfs",
	.check = btrfs_check,
	.create = btrfs_create,
	.adopt = btrfs_adopt,
	.open = btrfs_open,
	.mount_host = btrfs_mount_host,
	.host_beside = true,
	.snap_take = btrfs_snap_take,
	.snap_switch = btrfs_snap_switch,
	.snap_drop = btrfs_snap_drop,
	.snap_mount = btrfs_snap_mount,
	.clone = btrfs_clone,
	.clone_shares = true,
};
