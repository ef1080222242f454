/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout "image": the root is a file system of its own, ext4 or xfs, in the file VE_PRIVATE/root.img: what people knew as
 * ploop, whose name is accepted. DISKSPACE is its size (quota/q_disk.c). The guest sees its files through an idmapped
 * mount; nothing in it ever names the image, the loop device or the area.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "libct/files.h"
#include "libct/layers.h"
#include "util/sys.h"

#define INODE_BYTES 256		/* of ext4 */
_Static_assert(sizeof(CT_SNAP_DIR) == sizeof(QUOTA_DISK_SNAPS), "copies are counted where snapshots are");

static const struct { const char *layout; enum quota_disk_fs fs; bool prealloc; } spellings[] = {
	{ "image", QUOTA_DISK_EXT4, false },	   { "image:ext4", QUOTA_DISK_EXT4, false },
	{ "image:xfs", QUOTA_DISK_XFS, false },	   { "ploop", QUOTA_DISK_EXT4, false },
	{ "ploop:expanded", QUOTA_DISK_EXT4, false }, { "ploop:raw", QUOTA_DISK_EXT4, false },
	{ "ploop:plain", QUOTA_DISK_EXT4, true },
};

bool ct_layout_is_image(const char *layout)
{
	for (size_t i = 0; layout && i < ARRAY_SIZE(spellings); i++)
		if (str_eq(spellings[i].layout, layout))
			return true;
	return false;
}

const char *ct_layout_stored(const char *layout)
{
	return ct_layout_is_image(layout) ? ct_rootfs_image.name : layout;
}

/* Inodes take room, too: more than a quarter of the image is not meant. */
static int plan(const struct ct_rootfs_new *n, struct quota_disk *d, struct err *e)
{
	struct quota_limit l;

	*d = (struct quota_disk){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		if (!str_eq(spellings[i].layout, n->layout))
			continue;
		d->fs = spellings[i].fs;
		d->prealloc = spellings[i].prealloc;
	}
	quota_conf_limit(n->quota, &l);
	d->kib = l.hard_kib;
	d->ugid = n->quota->ugidlimit.set && n->quota->ugidlimit.v > 0;
	if (!d->kib) {
		err_say(e, EINVAL, "Error: diskspace not set (required for %s)",
			str_starts(n->layout, "ploop") ? "ploop" : "image");
		return err_exit(e, VZ_DISKSPACE_NOT_SET);
	}
	d->inodes = l.hard_inodes;
	if (d->inodes && d->fs == QUOTA_DISK_XFS)
		return err_say(e, ENOTSUP, "inodes cannot be limited in an image of xfs (--diskinodes)");
	if (d->inodes > d->kib * 1024 / 4 / INODE_BYTES)
		return err_say(e, ENOSPC, "%llu inodes (--diskinodes) need more than a quarter of an image of %llu KiB "
			       "(--diskspace)", (unsigned long long)d->inodes, (unsigned long long)d->kib);
	return 0;
}

static int image_check(int parent, const struct ct_rootfs_new *n, struct err *e)
{
	struct quota_disk d;

	(void)parent;
	return plan(n, &d, e);
}

static bool has_ugid(const struct ct *ct)
{
	return ct->conf.quota.ugidlimit.set && ct->conf.quota.ugidlimit.v > 0;
}

static int image_adopt(struct ct *ct, const struct ct_rootfs_new *n, struct err *e)
{
	auto_close int mnt = -1;
	struct quota_disk d;

	(void)ct;
	if (plan(n, &d, e) < 0 || quota_disk_make(n->dir, &d, e) < 0 || quota_disk_mount(n->dir, d.ugid, &mnt, 1, e) < 0)
		return -e->code;
	if (unlinkat(mnt, "lost+found", AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_set(e, errno, "tidy the new file system");
	return take_fd(&mnt);
}

/* What was unpacked is in the image, and the image on the disk, before the area gets its name. */
static int image_create(struct ct *ct, const struct ct_rootfs_new *n, struct err *e)
{
	auto_close int root = image_adopt(ct, n, e), top = -1;

	if (root < 0 || tmpl_unpack(n->tmpl, root, NULL, e) < 0)
		return -e->code;
	top = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return top < 0 || syncfs(top) < 0 ? err_set(e, errno, "write the image") : 0;
}

static int open_area(struct ct *ct, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	auto_close int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		return err_set(e, path ? errno : ENOMEM, "private area %s", path ? path : "");
	if (faccessat(fd, QUOTA_DISK_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return err_say(e, ENOENT, "%s/" QUOTA_DISK_FILE ", the image of CT %u, is not there", path, ct->id);
	if (quota_disk_mark(fd, e) < 0 || ct_quota_start(ct, fd, e) < 0)	/* its size, while nobody uses it */
		return -e->code;
	return take_fd(&fd);
}

static int image_open(struct ct *ct, struct ct_rootfs *r, struct err *e)
{
	int mnt[2];

	r->area = open_area(ct, e);
	if (r->area < 0 || quota_disk_mount(r->area, has_ugid(ct), mnt, ARRAY_SIZE(mnt), e) < 0)
		return -e->code;
	r->root = mnt[0];
	r->host = mnt[1];
	return 0;
}

static int image_mount_host(struct ct *ct, const char *at, struct err *e)
{
	auto_close int area = open_area(ct, e), mnt = -1;

	if (area < 0 || quota_disk_mount(area, has_ugid(ct), &mnt, 1, e) < 0)
		return -e->code;
	if (sys_move_mount(mnt, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "mount the image on %s", at);
	return 0;
}

/* --- snapshots: images in VE_PRIVATE/snap, which share blocks where the host's file system can --- */

struct name { char s[64]; };

/* What its frozen processes have written reaches the image. */
static int sync_root(const struct ct *ct, struct err *e)
{
	auto_free char *path = ct_path_root(ct);
	auto_close int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

	return fd < 0 || syncfs(fd) < 0 ? err_set(e, path ? errno : ENOMEM, "sync the root of CT %u", ct->id) : 0;
}

static struct name file_of(const char *guid, const char *suffix)
{
	struct name n;

	str_fmt(n.s, sizeof(n.s), "%.36s.img%s", guid, suffix);
	return n;
}

static int open_snap(int area, struct err *e)
{
	int fd = openat(area, CT_SNAP_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "open " CT_SNAP_DIR) : fd;
}

static int image_snap_take(struct ct *ct, int area, const char *guid, bool running, struct err *e)
{
	struct name to = file_of(guid, "");
	struct quota_disk_copy c = { .from = area, .from_name = QUOTA_DISK_FILE, .to_name = to.s, .live = running };
	auto_close int snap = -1;
	bool shared = false;
	struct stat st;

	if (mkdirat(area, CT_SNAP_DIR, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make " CT_SNAP_DIR);
	snap = c.to = open_snap(area, e);
	if (snap < 0)
		return snap;
	if (faccessat(snap, to.s, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if ((running && sync_root(ct, e) < 0) || quota_disk_copy(&c, &shared, e) < 0)
		return -e->code;
	if (!shared && fstatat(snap, to.s, &st, AT_SYMLINK_NOFOLLOW) == 0)
		ct_say(ct, 0, "Copied the image, %llu KiB: its file system cannot share blocks",
		       (unsigned long long)st.st_blocks / 2);
	return 0;
}

static int image_snap_switch(struct ct *ct, int area, const char *guid, struct err *e)
{
	struct name from = file_of(guid, "");
	auto_close int snap = open_snap(area, e);
	const struct quota_disk_copy c = { .from = snap, .from_name = from.s, .to = area, .to_name = QUOTA_DISK_FILE };
	bool shared;

	(void)ct;
	return snap < 0 ? snap : quota_disk_copy(&c, &shared, e);
}

static int image_snap_drop(struct ct *ct, int area, const char *guid, const char *into, struct err *e)
{
	auto_close int snap = openat(area, CT_SNAP_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct name whole = file_of(guid, ""), half = file_of(guid, ".new");

	(void)ct;
	(void)into;
	if (snap < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open " CT_SNAP_DIR);
	if ((unlinkat(snap, whole.s, 0) < 0 && errno != ENOENT) || (unlinkat(snap, half.s, 0) < 0 && errno != ENOENT))
		return err_set(e, errno, "remove %s", whole.s);
	return 0;
}

static int image_snap_mount(struct ct *ct, int area, const char *guid, const char *at, struct err *e)
{
	auto_close int snap = open_snap(area, e), mnt = -1;
	struct name from = file_of(guid, "");

	(void)ct;
	if (snap < 0 || quota_disk_mount_ro(snap, from.s, &mnt, e) < 0)
		return -e->code;
	if (sys_move_mount(mnt, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "mount the snapshot on %s", at);
	return 0;
}

static int image_clone(struct ct *src, int area, struct ct *dst, int dst_area, bool linked, struct err *e)
{
	const struct quota_disk_copy c = { .from = area, .from_name = QUOTA_DISK_FILE, .to = dst_area,
					   .to_name = QUOTA_DISK_FILE, .live = ct_is_mounted(src), .share = linked };
	bool shared;

	(void)dst;
	return (c.live && sync_root(src, e) < 0) || quota_disk_copy(&c, &shared, e) < 0 ? -e->code : quota_disk_mark(dst_area, e);
}

const struct ct_rootfs_ops ct_rootfs_image = {
	.name = "image",
	.own_fs = true,
	.check = image_check,
	.create = image_create,
	.adopt = image_adopt,
	.open = image_open,
	.mount_host = image_mount_host,
	.host_beside = true,
	.snap_room = quota_disk_room,
	.snap_take = image_snap_take,
	.snap_switch = image_snap_switch,
	.snap_drop = image_snap_drop,
	.snap_mount = image_snap_mount,
	.clone = image_clone,
};
