/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layout "dir" (OpenVZ's simfs): VE_PRIVATE is the root itself, shown through an idmapped mount. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "libct/ct_priv.h"
#include "util/sys.h"

static int dir_create(struct ct *ct, int dir, const char *tmpldir, struct tmpl *t, struct err *e)
{
	(void)ct;
	(void)tmpldir;
	if (fchmodat(dir, ".", 0755, 0) < 0)
		return err_set(e, errno, "open the private area to its container");
	return tmpl_unpack(t, dir, NULL, e);
}

static int dir_open(struct ct *ct, struct ct_rootfs *r, struct err *e)
{
	auto_free char *path = ct_path_private(ct);

	if (!path)
		return err_set(e, ENOMEM, "private area");
	r->area = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return r->area < 0 ? err_set(e, errno, "private area %s", path) : 0;
}

static int dir_assemble(const struct ct_rootfs *r, struct err *e)
{
	int fd = sys_open_tree(AT_FDCWD, "area", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	(void)r;
	return fd < 0 ? err_set(e, errno, "clone the root") : fd;
}

const struct ct_rootfs_ops ct_rootfs_dir = {
	.name = "dir",
	.alias = "simfs",
	.create = dir_create,
	.open = dir_open,
	.assemble = dir_assemble,
};
