/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The container's root as the host sees it, on VE_ROOT. */
#include "libct/rootmnt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "libct/ct_priv.h"
#include "util/path.h"
#include "util/sys.h"

static char *root_path(const struct ct *ct, struct err *e)
{
	char *path = ct_path_root(ct);

	if (!path) {
		err_say(e, EINVAL, "VE_ROOT is not set");
		err_exit(e, VZ_VE_ROOT_NOTSET);
	}
	return path;
}

static int make_point(const char *path, struct err *e)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST && path_mkdir_host(path, 0755, e) < 0)
		return err_exit(e, VZ_FS_MPOINTCREATE);
	return 0;
}

/* For the host's own users, set-user-id files and devices of a container are nothing; shared, so
 * that what is mounted below it reaches the container. */
static int restrict_point(const struct ct *ct, const char *path, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
				   .propagation = MS_SHARED };

	if (ct->conf.noatime.v) {
		attr.attr_set |= MOUNT_ATTR_NOATIME;
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	}
	if (sys_mount_setattr(AT_FDCWD, path, 0, &attr) < 0)
		return err_set(e, errno, "share %s", path);
	return 0;
}

int ct_root_attach(struct ct *ct, int tree, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	auto_free char *path = root_path(ct, e);

	if (!path || make_point(path, e) < 0)
		return -e->code;
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) < 0 ||
	    sys_move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0) {
		err_set(e, errno, "mount the root of CT %u on %s", ct->id, path);
		return err_exit(e, VZ_FS_CANTMOUNT);
	}
	return restrict_point(ct, path, e);
}

int ct_root_mount_host(struct ct *ct, const struct ct_rootfs_ops *ops, struct err *e)
{
	auto_free char *path = root_path(ct, e);

	if (!path || make_point(path, e) < 0)
		return -e->code;
	if (ops->mount_host(ct, path, e) < 0)
		return err_exit(e, VZ_FS_CANTMOUNT);
	return restrict_point(ct, path, e);
}

int ct_root_slave(struct ct *ct, int userns, struct err *e)
{
	struct mount_attr slave = { .propagation = MS_SLAVE };
	struct mount_attr top = { .attr_clr = MOUNT_ATTR_NOSUID };
	auto_free char *path = root_path(ct, e);
	auto_close int fd = -1;

	if (!path)
		return -e->code;
	if (userns >= 0) {
		top.attr_set = MOUNT_ATTR_IDMAP;
		top.userns_fd = (uint64_t)userns;
	}
	fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	/* set-uid programs work inside; recursive only for the propagation, so a hook's own nosuid
	 * mounts stay so */
	if (fd < 0 || sys_mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &slave) < 0 ||
	    sys_mount_setattr(fd, "", AT_EMPTY_PATH, &top) < 0)
		return err_set(e, errno, "clone %s for the container", path);
	return take_fd(&fd);
}

static int is_mount(const char *path)
{
	struct statx sx;

	return statx(AT_FDCWD, path, AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW, 0, &sx) == 0 &&
	       (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* Mounts below are the administrator's (hooks, bind mounts): they go with a detach, the tree
 * they show stays. Several mounts may be stacked if an interrupted start left one. */
int ct_root_detach(struct ct *ct, int lazy, struct err *e)
{
	auto_free char *path = root_path(ct, e);

	if (!path)
		return -e->code;
	for (int i = 0; i < 16 && is_mount(path); i++) {
		if (umount2(path, UMOUNT_NOFOLLOW) == 0)
			continue;
		if (errno == EBUSY && lazy && umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
			continue;
		err_set(e, errno, "Can't umount %s", path);
		return err_exit(e, VZ_FS_CANTUMOUNT);
	}
	return 0;
}
