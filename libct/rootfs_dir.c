/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layout "dir" (OpenVZ's simfs): VE_PRIVATE is the root itself, shown through an idmapped mount. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "libct/dir.h"
#include "libct/files.h"
#include "util/sys.h"

/*
 * The files in it have natural ids: uid 0 of the guest is uid 0 of the host to whoever gets there by
 * path, set-user-id programs included. The root itself must be open to its own users, so the
 * directory above it is what keeps the host's users out.
 */
static int check_above(struct ct *ct, int area, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	char *slash = path ? strrchr(path, '/') : NULL;
	struct stat st;

	if (fstatat(area, "..", &st, 0) < 0)
		return err_set(e, errno, "directory of the private area");
	if (st.st_uid == 0 && !(st.st_mode & 077))
		return 0;
	if (slash)
		*slash = '\0';
	return err_say(e, EPERM,
		       "users of the host may enter %s and would find set-user-id files of the "
		       "container there: chmod 700 %s",
		       path ? path : "", path ? path : "");
}

static int dir_create(struct ct *ct, const struct ct_rootfs_new *n, struct err *e)
{
	if (check_above(ct, n->dir, e) < 0 || ct_area_mark_root(n->dir, e) < 0)
		return -e->code;
	if (fchmodat(n->dir, ".", 0755, 0) < 0)
		return err_set(e, errno, "open the private area to its container");
	return tmpl_unpack(n->tmpl, n->dir, NULL, e);
}

static int dir_adopt(struct ct *ct, const struct ct_rootfs_new *n, struct err *e)
{
	int fd;

	if (check_above(ct, n->dir, e) < 0 || ct_area_mark_root(n->dir, e) < 0)
		return -e->code;
	fd = openat(n->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "private area") : fd;
}

static int dir_open(struct ct *ct, struct ct_rootfs *r, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	auto_close int area = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (area < 0)
		return err_set(e, path ? errno : ENOMEM, "private area %s", path ? path : "");
	if (check_above(ct, area, e) < 0 || ct_area_mark_root(area, e) < 0)
		return -e->code;
	r->area = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return r->area < 0 ? err_set(e, errno, "private area %s", path) : 0;
}

static int dir_assemble(const struct ct_rootfs *r, struct err *e)
{
	int fd = sys_open_tree(AT_FDCWD, "area", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	(void)r;
	return fd < 0 ? err_set(e, errno, "clone the root") : fd;
}

static int dir_mount_host(struct ct *ct, const char *at, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	auto_close int tree = -1;

	if (!path)
		return err_set(e, ENOMEM, "private area");
	tree = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || sys_move_mount(tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "mount %s on %s", path, at);
	return 0;
}

const struct ct_rootfs_ops ct_rootfs_dir = {
	.name = "dir",
	.alias = "simfs",
	.create = dir_create,
	.adopt = dir_adopt,
	.open = dir_open,
	.assemble = dir_assemble,
	.mount_host = dir_mount_host,
	.host_beside = true,
	.snap_beside = true,
	.snap_take = ct_dir_take,
	.snap_switch = ct_dir_switch,
	.snap_drop = ct_dir_drop,
	.snap_mount = ct_dir_snap_mount,
	.clone = ct_dir_clone,
};
