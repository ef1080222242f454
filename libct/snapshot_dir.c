/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots of layout "dir": copies of the whole tree, whose blocks are shared where the file system can. They lie beside
 * the private area, in VE_PRIVATE.snap, since the area itself is the guest's root; on ext4 and xfs they are of its project, on
 * btrfs they are snapshots of it in its group, so they count in its limit.
 *   VE_PRIVATE.snap/GUID                a tree; GUID.copy and GUID.links while it is made
 *   VE_PRIVATE.tmp                      the new root during a switch, then the old one
 */
#include "libct/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/snap.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/sys.h"
#include "util/treecopy.h"

struct name { char s[64]; };

static struct name with(const char *guid, const char *suffix)
{
	struct name n;

	snprintf(n.s, sizeof(n.s), "%.36s%s", guid, suffix);
	return n;
}

static int open_dir(int dir, const char *name, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "open %s", name) : fd;
}

/* An empty directory, whatever had the name. */
static int fresh(int dir, const char *name, struct err *e)
{
	if (path_rmtree(dir, name, e) < 0)
		return -e->code;
	return mkdirat(dir, name, 0700) < 0 ? err_set(e, errno, "make %s", name) : open_dir(dir, name, e);
}

static void tell(const struct ct *ct, const struct tree_copy *c)
{
	if (c->bytes_copied)
		ct_say(ct, 0, "Copied %llu KiB: the file system cannot share blocks",
		       (unsigned long long)(c->bytes_copied + 1023) / 1024);
}

int ct_dir_take(struct ct *ct, int area, const char *guid, bool running, struct err *e)
{
	auto_close int home = ct_snap_home(ct, true, e), to = -1, stash = -1;
	struct tree_copy c = { 0 };

	(void)running;
	if (home < 0 || quota_area_join(area, home, e) < 0)
		return -e->code;
	if (faccessat(home, guid, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (quota_sub_snap(area, home, guid, area, true, e) == 0)	/* btrfs: in one step */
		return fio_fsync_dir(home, e);
	if (e->code != ENOTSUP)
		return -e->code;
	err_clear(e);
	stash = c.stash = fresh(home, with(guid, ".links").s, e);
	to = stash < 0 ? -1 : fresh(home, with(guid, ".copy").s, e);
	if (to < 0 || tree_copy(area, to, &c, e) < 0 || path_rmtree(home, with(guid, ".links").s, e) < 0)
		return -e->code;
	if (syncfs(to) < 0 || renameat2(home, with(guid, ".copy").s, home, guid, RENAME_NOREPLACE) < 0)
		return err_set(e, errno, "keep the copy");
	tell(ct, &c);
	return fio_fsync_dir(home, e);
}

int ct_dir_drop(struct ct *ct, int area, const char *guid, const char *into, struct err *e)
{
	static const char *const suffixes[] = { "", ".copy", ".links" };
	auto_close int home = ct_snap_home(ct, false, e);

	(void)area, (void)into;
	if (home < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (quota_area_remove(home, with(guid, suffixes[i]).s, e) < 0)
			return -e->code;
	return 0;
}

/* The links' directory lies in @to until the end, under a name that nobody has. */
int ct_dir_copy(struct ct *ct, int from, int to, bool share, struct err *e)
{
	char links[CT_GUID_SIZE];
	struct tree_copy c = { .no_share = !share };
	auto_close int stash = -1;

	if (ct_guid_new(links, e) < 0)
		return -e->code;
	stash = c.stash = fresh(to, links, e);
	if (stash < 0 || tree_copy(from, to, &c, e) < 0 || path_rmtree(to, links, e) < 0 || tree_copy_attrs(from, to, e) < 0)
		return -e->code;
	if (share)
		tell(ct, &c);
	return 0;
}

/* Where limits are those of btrfs, a copy has its own blocks. */
static bool may_share(int area)
{
	struct quota_caps caps = { 0 };
	struct err ignored = { 0 };

	return quota_probe(area, &caps, &ignored) < 0 || !str_eq(caps.backend, "btrfs");
}

static int make_root(struct ct *ct, int area, int parent, const char *tmp, int from, struct err *e)
{
	auto_close int to = -1;

	if (quota_area_remove(parent, tmp, e) < 0)
		return -e->code;
	if (quota_sub_snap(area, parent, tmp, from, false, e) == 0) {		/* btrfs: it stays in the area's group */
		to = open_dir(parent, tmp, e);
		return to < 0 ? -e->code : ct_quota_start(ct, to, e);
	}
	if (e->code != ENOTSUP && e->code != EINVAL)
		return -e->code;
	err_clear(e);
	if (quota_area_create(parent, tmp, ct->id, e) < 0)
		return -e->code;
	to = open_dir(parent, tmp, e);
	if (to < 0 || ct_quota_start(ct, to, e) < 0 || ct_dir_copy(ct, from, to, may_share(to), e) < 0)
		return -e->code;
	return syncfs(to) < 0 ? err_set(e, errno, "sync %s", tmp) : 0;
}

/* The new root is made beside the old one and changes places with it by one rename. */
int ct_dir_switch(struct ct *ct, int area, const char *guid, struct err *e)
{
	auto_close int home = ct_snap_home(ct, false, e), from = -1, parent = -1;
	auto_area struct ct_area a = { 0 };
	char tmp[NAME_MAX + 1];

	from = home < 0 ? -1 : open_dir(home, guid, e);
	if (from < 0 || ct_area_of(&a, ct->conf.private_dir, ct->id, e) < 0 ||
	    ct_path_fmt(tmp, sizeof(tmp), e, "%s.tmp", a.name) < 0)
		return -e->code;
	parent = ct_area_parent(&a, false, e);
	if (parent < 0 || make_root(ct, area, parent, tmp, from, e) < 0)
		return -e->code;
	if (renameat2(parent, tmp, parent, a.name, RENAME_EXCHANGE) < 0)
		return err_set(e, errno, "replace %s", a.path);
	if (fio_fsync_dir(parent, e) < 0 || quota_area_remove(parent, tmp, e) < 0)
		ct_snap_left(ct, e);
	return 0;
}

int ct_dir_snap_mount(struct ct *ct, int area, const char *guid, const char *at, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
				   .propagation = MS_PRIVATE };
	auto_close int home = ct_snap_home(ct, false, e), tree = -1;

	(void)area;
	if (home < 0)
		return -e->code;
	tree = sys_open_tree(home, guid, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) < 0 ||
	    sys_move_mount(tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "mount snapshot {%s} on %s", guid, at);
	return 0;
}

int ct_dir_clone(struct ct *src, int area, struct ct *dst, int dst_area, bool linked, struct err *e)
{
	(void)dst;
	if (linked)
		return err_say(e, ENOTSUP, "Containers of layout dir have nothing to share: use --full");
	return ct_dir_copy(src, area, dst_area, may_share(dst_area), e);
}
