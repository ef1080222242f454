/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Subvolumes inside an area: the root of a container, its snapshots. Each joins the group 122/ID of the area's subvolume as
 * it is made, so that together they have the area's limit; a kernel with simple quotas charges what they share to whom
 * wrote it, one with full ones charges it once.
 */
#include <errno.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "quota/quota_priv.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/path.h"
#include "util/str.h"

struct inherit {
	struct btrfs_qgroup_inherit i;
	uint64_t group;			/* i.qgroups[0] */
};

static int open_area(int area, uint64_t *ret_subvol, struct err *e)
{
	auto_close int fd = q_reopen(area, e);
	char path[QUOTA_FD_PATH];
	struct statfs st;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &st) < 0)
		return err_set(e, errno, "statfs");
	if (st.f_type != BTRFS_SUPER_MAGIC || q_btrfs_subvol(fd, ret_subvol) < 0)
		return err_say(e, ENOTSUP, "%s is not a btrfs subvolume", quota_fd_path(fd, path));
	return take_fd(&fd);
}

/* 1: there is a group, 0: nothing is counted here. */
static int ensure_group(int fd, uint64_t subvol, uint64_t *ret, struct err *e)
{
	struct btrfs_ioctl_qgroup_create_args make = { .create = 1 };
	struct quota_usage u = { 0 };

	if (!q_btrfs_enabled(fd))
		return 0;
	q_btrfs_group_of(fd, subvol, ret);
	make.qgroupid = *ret;
	if (q_btrfs_has_group(fd, *ret))
		return 1;
	if (q_btrfs_ops.get(fd, 0, &u, e) < 0)
		return -e->code;
	if (ioctl(fd, BTRFS_IOC_QGROUP_CREATE, &make) < 0 && errno != EEXIST)
		return err_set(e, errno, "make a quota group of the area");
	return q_btrfs_ops.set(fd, 0, &u.limit, e) < 0 ? -e->code : 1;
}

/*
 * An area that is the root itself joins its group before it has its first snapshot: then the kernel knows how much they share
 * without counting all anew. What it made of it after a switch was in the group from the start.
 */
static int join(int fd, uint64_t subvol, uint64_t group, struct err *e)
{
	struct btrfs_ioctl_qgroup_assign_args a = { .assign = 1, .src = subvol, .dst = group };
	uint64_t is;

	if (q_btrfs_group_of(fd, subvol, &is) || ioctl(fd, BTRFS_IOC_QGROUP_ASSIGN, &a) >= 0 || errno == EEXIST)
		return 0;
	return err_set(e, errno, "put the area into its quota group");
}

/* The subvolume @from is the area, or what its root is kept as. */
static bool is_own(int from, uint64_t subvol)
{
	uint64_t id = 0;

	return from >= 0 && q_btrfs_subvol(from, &id) == 0 && id == subvol;
}

static int make(int area, int dir, const char *name, int from, bool read_only, struct err *e)
{
	struct btrfs_ioctl_vol_args_v2 a = { .fd = from };
	struct inherit in = { .i = { .num_qgroups = 1 } };
	uint64_t subvol = 0;
	auto_close int fd = open_area(area, &subvol, e), at = fd < 0 ? -1 : q_reopen(dir, e);
	int rc = at < 0 ? -e->code : ensure_group(fd, subvol, &in.group, e);

	if (rc < 0 || (rc == 1 && is_own(from, subvol) && join(fd, subvol, in.group, e) < 0))
		return -e->code;
	if (!path_is_component(name) || str_copy(a.name, sizeof(a.name), name) < 0)
		return err_say(e, EINVAL, "not a name for a subvolume");
	if (rc == 1) {
		a.flags |= BTRFS_SUBVOL_QGROUP_INHERIT;
		a.size = sizeof(in);
		a.qgroup_inherit = &in.i;
	}
	if (read_only)
		a.flags |= BTRFS_SUBVOL_RDONLY;
	if (ioctl(at, from < 0 ? BTRFS_IOC_SUBVOL_CREATE_V2 : BTRFS_IOC_SNAP_CREATE_V2, &a) < 0)
		return err_set(e, errno, "make subvolume %s", name);
	q_btrfs_ops.tidy(at);		/* one of another group: kernels count all anew then, if they are told to */
	return 0;
}

int quota_sub_create(int area, const char *name, struct err *e)
{
	if (make(area, area, name, -1, false, e) < 0)
		return -e->code;
	return fchmodat(area, name, 0755, 0) < 0 ? err_set(e, errno, "chmod %s", name) : 0;
}

int quota_sub_snap(int area, int dir, const char *name, int from, bool read_only, struct err *e)
{
	auto_close int fd = q_reopen(from, e);

	return fd < 0 ? fd : make(area, dir, name, fd, read_only, e);
}

bool quota_sub_light(int area)
{
	struct err none = { 0 };
	auto_close int fd = q_reopen(area, &none);

	return fd >= 0 && !q_btrfs_full(fd);
}
