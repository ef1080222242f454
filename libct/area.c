/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The private area as a directory: where it lies, whether it is there, its limits. What is in it is the layout's. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "util/path.h"

#include "libct/files.h"

#define BTRFS_TOP_INO 256	/* of every subvolume */
#define ROOT_MARK "trusted.vz.root"

int ct_area_of(struct ct_area *a, const char *pattern, unsigned id, struct err *e)
{
	*a = (struct ct_area){ 0 };
	if (!pattern || !*pattern) {
		err_say(e, EINVAL, "VE_PRIVATE is not set");
		return err_exit(e, VZ_VE_PRIVATE_NOTSET);
	}
	a->path = ct_expand(pattern, id);
	if (!a->path)
		return err_set(e, ENOMEM, "private area");
	return ct_path_split(a->path, &a->parent, &a->name, e);
}

void ct_area_done(struct ct_area *a)
{
	free(a->path);
	free(a->parent);
	free(a->name);
	*a = (struct ct_area){ 0 };
}

/* The directory of private areas is root's alone: files in it carry the ids that containers see. */
static int make_parent(const struct ct_area *a, struct err *e)
{
	auto_free char *up = NULL, *name = NULL;

	if (strcmp(a->parent, "/") != 0) {
		if (ct_path_split(a->parent, &up, &name, e) < 0)
			return -e->code;
		if (path_mkdir_host(up, 0755, e) < 0 || path_mkdir_host(a->parent, 0700, e) < 0)
			return -e->code;
	}
	return 0;
}

int ct_area_parent(const struct ct_area *a, bool make, struct err *e)
{
	int fd = open(a->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && make) {
		if (make_parent(a, e) < 0)
			return -e->code;
		fd = open(a->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? err_set(e, errno, "open %s", a->parent) : fd;
}

int ct_area_exists(const struct ct_area *a)
{
	auto_closedir DIR *d = opendir(a->path);
	struct dirent *de;

	if (!d)
		return errno == ENOENT ? 0 : 1;		/* a file, a dangling mount: something is there */
	while ((de = readdir(d))) {
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			return 1;
	}
	return 2;
}

int ct_area_is_mountpoint(const struct ct_area *a)
{
	struct statx st;

	return statx(AT_FDCWD, a->path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &st) == 0 &&
	       (st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) && (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

int ct_area_quota(const struct ct *ct, const struct ct_conf *c, bool inodes, struct err *e)
{
	const struct ct_rootfs_ops *ops = ct_rootfs_by_name(ct->conf.layout);
	auto_free char *path = ct_path_private(ct);
	auto_close int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	struct quota_limit l;

	if (dir < 0 || ct_is_ploop(ct))
		return 0;		/* no area yet: its start, its creation or its conversion sets them */
	quota_conf_limit(&c->quota, &l);
	if (!inodes && ops && ops->own_fs)
		l.soft_inodes = l.hard_inodes = 0;
	return quota_set(dir, ct->id, &l, e) < 0 ? err_exit(e, VZ_DQ_SET) : 0;
}

/* --- what it is --------------------------------------------------------------------------------------------------------- */
/* In layout dir all that lies in the area was put there by the guest, so only what it cannot write tells: an attribute. */
static bool has_mark(int area, const char *mark)
{
	char path[40];

	str_fmt(path, sizeof(path), "/proc/self/fd/%d", area);		/* @area may be of O_PATH */
	return getxattr(path, mark, NULL, 0) > 0;
}

/* A root of a guest that has never run here has no mark yet; but no area around a root has a directory etc. */
bool ct_area_is_root(int area)
{
	struct stat st;

	return has_mark(area, ROOT_MARK) || (fstatat(area, "etc", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode));
}

int ct_area_mark_root(int area, struct err *e)
{
	char path[40];

	if (has_mark(area, ROOT_MARK))
		return 0;
	str_fmt(path, sizeof(path), "/proc/self/fd/%d", area);
	return setxattr(path, ROOT_MARK, "1", 1, 0) < 0 ? err_set(e, errno, "mark the private area as a container's root") : 0;
}

const char *ct_area_layout(int area)
{
	struct stat st;

	if (ct_area_is_root(area))
		return "simfs";
	if (faccessat(area, "layers", F_OK, AT_SYMLINK_NOFOLLOW) == 0 && faccessat(area, "upper", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return "overlay";
	if (faccessat(area, "root.hdd", F_OK, 0) == 0)
		return "ploop";
	if (faccessat(area, QUOTA_DISK_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)	/* the kernel would mount whatever it is */
		return has_mark(area, QUOTA_DISK_MARK) ? "image" : NULL;
	if (fstatat(area, ".", &st, 0) == 0 && st.st_uid == 0 && !(st.st_mode & 077) &&
	    fstatat(area, "root", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == BTRFS_TOP_INO)
		return "btrfs";
	return NULL;
}
