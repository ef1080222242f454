/* SPDX-License-Identifier: GPL-2.0-or-later */
/* btrfs subvolumes: each call is one request of the kernel, so none can be found half done. */
#include "util/subvol.h"

#include <errno.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "util/err.h"
#include "util/path.h"
#include "util/str.h"

bool subvol_possible(int dir)
{
	struct statfs st;

	return fstatfs(dir, &st) == 0 && st.f_type == BTRFS_SUPER_MAGIC;
}

bool subvol_same_fs(int a, int b)
{
	struct btrfs_ioctl_fs_info_args x = { 0 }, y = { 0 };

	return subvol_possible(a) && subvol_possible(b) && ioctl(a, BTRFS_IOC_FS_INFO, &x) == 0 &&
	       ioctl(b, BTRFS_IOC_FS_INFO, &y) == 0 && memcmp(x.fsid, y.fsid, sizeof(x.fsid)) == 0;
}

int subvol_make(int dir, const char *name, struct err *e)
{
	struct btrfs_ioctl_vol_args a = { 0 };

	if (!path_is_component(name) || str_copy(a.name, sizeof(a.name), name) < 0)
		return err_say(e, EINVAL, "not a name for a subvolume");
	if (ioctl(dir, BTRFS_IOC_SUBVOL_CREATE, &a) < 0 || fchmodat(dir, name, 0755, 0) < 0)
		return err_set(e, errno, "make subvolume %s", name);
	return 0;
}

int subvol_freeze(int dir, const char *name, int from, struct err *e)
{
	struct btrfs_ioctl_vol_args_v2 a = { .fd = from, .flags = BTRFS_SUBVOL_RDONLY };

	if (!path_is_component(name) || str_copy(a.name, sizeof(a.name), name) < 0)
		return err_say(e, EINVAL, "not a name for a subvolume");
	return ioctl(dir, BTRFS_IOC_SNAP_CREATE_V2, &a) < 0 ? err_set(e, errno, "make the snapshot %s", name) : 0;
}

int subvol_delete(int dir, const char *name, struct err *e)
{
	struct btrfs_ioctl_vol_args a = { 0 };

	if (!path_is_component(name) || str_copy(a.name, sizeof(a.name), name) < 0)
		return err_say(e, EINVAL, "not a name for a subvolume");
	return ioctl(dir, BTRFS_IOC_SNAP_DESTROY, &a) < 0 && errno != ENOENT ? err_set(e, errno, "delete subvolume %s", name) : 0;
}
