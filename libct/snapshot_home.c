/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the snapshots of a container lie, in its area or beside it, and the tree that is read from there. What is done to
 * them is snapshot.c's, the tree as text snaptree.c's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/share.h"
#include "libct/snap.h"
#include "libct/snapshot.h"
#include "util/path.h"

int ct_snap_area(struct ct *ct, const struct ct_rootfs_ops **ret_ops, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	int fd;

	*ret_ops = ct_is_ploop(ct) ? NULL : ct_rootfs_by_name(ct->conf.layout);
	if (!*ret_ops || !(*ret_ops)->snap_take)
		return err_say(e, ENOTSUP, "Containers of layout %s have no snapshots: 'vzctl convert %u --layout overlay' "
			       "gives it one that has", ct->conf.layout ? ct->conf.layout : "", ct->id);
	if (!path) {
		err_say(e, EINVAL, "VE_PRIVATE is not set");
		return err_exit(e, VZ_VE_PRIVATE_NOTSET);
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err_say(e, errno, "Container private area %s does not exist", path);
	return fd < 0 ? err_exit(e, VZ_FS_NOPRVT) : fd;
}

static int home_beside(struct ct *ct, bool make, struct err *e)
{
	auto_area struct ct_area a = { 0 };
	char name[NAME_MAX + 1];
	int fd;

	if (ct_area_of(&a, ct->conf.private_dir, ct->id, e) < 0 ||
	    ct_path_fmt(name, sizeof(name), e, "%s." CT_SNAP_DIR, a.name) < 0)
		return -e->code;
	auto_close int parent = ct_area_parent(&a, false, e);
	if (parent < 0)
		return -e->code;
	if (make && mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make %s/%s", a.parent, name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open %s/%s", a.parent, name) : fd;
}

int ct_snap_home(struct ct *ct, bool make, struct err *e)
{
	const struct ct_rootfs_ops *ops;
	auto_close int area = ct_snap_area(ct, &ops, e);
	int fd;

	if (area < 0)
		return area;
	if (ops->snap_beside)
		return home_beside(ct, make, e);
	if (make && mkdirat(area, CT_SNAP_DIR, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make " CT_SNAP_DIR);
	fd = openat(area, CT_SNAP_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open " CT_SNAP_DIR) : fd;
}

int ct_snap_add_where(const struct ct *ct, struct err *e)
{
	const struct ct_rootfs_ops *ops = ct_rootfs_by_name(ct->conf.layout);
	auto_free char *path = ct_path_private(ct);

	return err_add(e, "snapshots of container %u in %s%s" CT_SNAP_DIR, ct->id, path ? path : "",
		       ops && ops->snap_beside ? "." : "/");
}

int ct_snaps_load(struct ct *ct, struct ct_snaps *ret, struct err *e)
{
	auto_close int home = ct_snap_home(ct, false, e);

	*ret = (struct ct_snaps){ 0 };
	if (home >= 0 && ct_snaps_load_at(home, ret, e) == 0)
		return 0;
	if (home >= 0 && e->code != ENOENT)
		return ct_snap_add_where(ct, e);
	if (e->code != ENOENT || e->exit)
		return err_add(e, "snapshots of container %u", ct->id);
	err_clear(e);
	return 0;
}

int ct_snap_check_tree(const struct ct *ct, int home, const struct ct_snaps *tree, struct err *e)
{
	return ct_snaps_check(home, tree, e) < 0 ? ct_snap_add_where(ct, e) : 0;
}

int ct_snap_files(int area, const char *suffix, struct str_list *ret, struct err *e)
{
	int fd = openat(area, CT_SNAP_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_closedir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (!d) {
		auto_close_(&fd);
		return err_set(e, errno, "read " CT_SNAP_DIR);
	}
	while ((de = readdir(d))) {
		char guid[CT_GUID_SIZE], low[CT_GUID_SIZE];

		if (strlen(de->d_name) != CT_GUID_SIZE - 1 + strlen(suffix) || !str_ends(de->d_name, suffix))
			continue;
		str_copy(guid, sizeof(guid), de->d_name);
		if (ct_guid_parse(guid, low) == 0 && str_list_add(ret, low, e) < 0)
			return -e->code;
	}
	return 0;
}

int ct_snap_none(struct ct *ct, const char *what, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	auto_close int area = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	auto_snaps struct ct_snaps tree = { 0 };
	const struct ct_rootfs_ops *ops = ct_is_ploop(ct) ? NULL : ct_rootfs_by_name(ct->conf.layout);
	auto_close int home = -1;
	int used;

	if (area < 0 || !ops || !ops->snap_take)
		return 0;
	if (ct_snaps_load(ct, &tree, e) < 0)
		return -e->code;
	home = ct_snap_home(ct, false, &(struct err){ 0 });
	if (home >= 0 && ct_snap_check_tree(ct, home, &tree, e) < 0)
		return -e->code;
	if (tree.n)
		return err_say(e, EBUSY, "Container %u has %zu snapshots, which %s would lose: 'vzctl snapshot-delete' them first",
			       ct->id, tree.n, what);
	/* layout dir: the area is the guest's own root, and a file "home" in it the guest's */
	used = ops == &ct_rootfs_overlay ? ct_share_used(ct->host, area, NULL, e) : 0;
	if (used > 0)
		return err_say(e, EBUSY, "Linked clones stand on the files of container %u, which %s would take from them", ct->id,
			       what);
	return used;
}
