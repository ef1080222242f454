/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout "btrfs": the root is a subvolume of its own, VE_PRIVATE/root, in the area, which is one, too. Area, root and
 * snapshots have one limit together (quota_sub_create()). The root is shown through an idmapped mount, as with layout
 * "dir"; the area around it belongs to the host and keeps its users out.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "libct/ct_priv.h"
#include "util/sys.h"

#define ROOT "root"

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

static int btrfs_create(struct ct *ct, const struct ct_rootfs_new *n, struct err *e)
{
	auto_close int root = btrfs_adopt(ct, n, e);

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

const struct ct_rootfs_ops ct_rootfs_btrfs = {
	.name = "btrfs",
	.check = btrfs_check,
	.create = btrfs_create,
	.adopt = btrfs_adopt,
	.open = btrfs_open,
	.mount_host = btrfs_mount_host,
	.host_beside = true,
};
