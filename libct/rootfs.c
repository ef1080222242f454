/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Root file systems: choice of the layout, and the steps all layouts share. Natural ids on disk,
 * shifted by idmapped mounts; nothing is ever chowned. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/layers.h"
#include "util/sys.h"

static const struct ct_rootfs_ops *const layouts[] = {
	&ct_rootfs_overlay, &ct_rootfs_dir, &ct_rootfs_btrfs, &ct_rootfs_image,
};

const struct ct_rootfs_ops *ct_rootfs_by_name(const char *layout)
{
	for (size_t i = 0; layout && i < ARRAY_SIZE(layouts); i++)
		if (str_eq(layouts[i]->name, layout) || str_eq(layouts[i]->alias, layout))
			return layouts[i];
	return ct_layout_is_image(layout) ? &ct_rootfs_image : NULL;
}

bool ct_is_ploop(const struct ct *ct)
{
	auto_free char *path = ct_path_private(ct);
	auto_close int dir = -1;

	dir = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (kv_get(&ct->kv, "VE_LAYOUT") || !path)
		return ct->conf.layout && str_starts(ct->conf.layout, "ploop") &&
		       (dir < 0 || faccessat(dir, QUOTA_DISK_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0);
	return dir >= 0 && str_eq(ct_area_layout(dir), "ploop") &&
	       faccessat(dir, "root.hdd/DiskDescriptor.xml", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int ct_rootfs_open(struct ct *ct, struct ct_rootfs *r, struct err *e)
{
	*r = (struct ct_rootfs)CT_ROOTFS_INIT;
	r->ops = ct_rootfs_by_name(ct->conf.layout);
	if (ct_is_ploop(ct)) {
		err_say(e, ENOTSUP, "The root of CT %u is a ploop image: 'vzctl convert %u --layout overlay' makes files of it",
			ct->id, ct->id);
		return err_exit(e, VZ_UNK_MOUNT_TYPE);
	}
	if (!r->ops) {
		err_say(e, EINVAL, "VE_LAYOUT \"%s\" of CT %u is unknown: use overlay, dir, btrfs or image",
			ct->conf.layout ? ct->conf.layout : "", ct->id);
		return err_exit(e, VZ_UNK_MOUNT_TYPE);
	}
	if (r->ops->open(ct, r, e) < 0) {
		ct_rootfs_close(r);
		return err_exit(e, VZ_FS_CANTMOUNT);
	}
	return 0;
}

static int shift(int tree, int userns, unsigned attrs, const char *what, struct err *e)
{
	/* private: a clone is a peer of the mount it was made from, and systemd shares them all */
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP | attrs,
				   .propagation = MS_PRIVATE,
				   .userns_fd = (uint64_t)userns,
				   .attr_clr = MOUNT_ATTR_NOSUID };

	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) == 0)
		return 0;
	if (errno == EINVAL)
		return err_say(e, EINVAL,
			       "%s: this file system has no idmapped mounts on this kernel: put "
			       "/vz on ext4, xfs or btrfs",
			       what);
	return err_set(e, errno, "idmapped mount of %s", what);
}

int ct_rootfs_shift(const struct ct_rootfs *r, int userns, struct err *e)
{
	if (r->root >= 0)
		return shift(r->root, userns, MOUNT_ATTR_NODEV, "the root", e);
	if (r->area >= 0 && shift(r->area, userns, MOUNT_ATTR_NODEV, "the private area", e) < 0)
		return -e->code;
	for (unsigned i = 0; i < r->n_layers; i++)
		if (r->layer[i] >= 0 && shift(r->layer[i], userns, MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY,
			  "a template layer", e) < 0)
			return -e->code;
	return 0;
}

static int attach(int tree, const char *at, struct err *e)
{
	if (mkdir(at, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make %s", at);
	if (sys_move_mount(tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "attach layer %s", at);
	return 0;
}

/* What lies in the area is reached through the area's mount: a short name for it, since all names must fit into a page. */
static int link_own(const char *guid, const char *at, struct err *e)
{
	char to[64];

	str_fmt(to, sizeof(to), "area/" CT_SNAP_DIR "/%s", guid);
	return symlink(to, at) < 0 ? err_set(e, errno, "name layer %s", at) : 0;
}

int ct_rootfs_assemble(const struct ct_rootfs *r, struct err *e)
{
	char at[16];
	int fd;

	if (r->root >= 0) {
		if (attach(r->root, "top", e) < 0)
			return -e->code;
		fd = sys_open_tree(AT_FDCWD, "top", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		return fd < 0 ? err_set(e, errno, "clone the root") : fd;
	}
	for (unsigned i = 0; i < r->n_layers; i++) {
		snprintf(at, sizeof(at), "l%u", i);
		if (r->layer[i] < 0 ? link_own(r->own[i], at, e) < 0 : attach(r->layer[i], at, e) < 0)
			return -e->code;
	}
	if (r->area >= 0 && attach(r->area, "area", e) < 0)
		return -e->code;
	return r->ops->assemble(r, e);
}

void ct_rootfs_close(struct ct_rootfs *r)
{
	auto_close_(&r->area);
	auto_close_(&r->root);
	auto_close_(&r->host);
	for (unsigned i = 0; i < r->n_layers; i++)
		auto_close_(&r->layer[i]);
	r->n_layers = 0;
}
