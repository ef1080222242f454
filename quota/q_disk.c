/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An area that has a file system of its own in one file (layout "image"). The limit is its size: set() resizes, get()
 * asks the file system, or its superblock while it is not mounted.
 *
 * The loop device goes away with its last mount, whoever dies. Its name is kept at the area as a hint, which counts only
 * when the device still has this very file behind it; all attaching happens here, so one without a hint is not attached.
 * What cannot be done to a mounted file system is done to a copy, which replaces the image by a rename.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "quota/q_disk.h"
#include "quota/quota_priv.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/loop.h"
#include "util/str.h"

#define MARK QUOTA_DISK_MARK
#define HINT "trusted.vz.loop"
#define NEW_FILE QUOTA_DISK_FILE ".new"
#define IDLE_TRIES 300
#define IDLE_US 10000

bool q_disk_is(int fd)
{
	char mark[8];

	return fgetxattr(fd, MARK, mark, sizeof(mark)) > 0;
}

int quota_disk_mark(int area, struct err *e)
{
	auto_close int fd = q_reopen(area, e);

	if (fd < 0)
		return fd;
	return fsetxattr(fd, MARK, "1", 1, 0) < 0 ? err_set(e, errno, "mark the area of an image") : 0;
}

static int open_image(int dir, struct err *e)
{
	auto_close int fd = openat(dir, QUOTA_DISK_FILE, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	char path[QUOTA_FD_PATH];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "open %s/" QUOTA_DISK_FILE, quota_fd_path(dir, path));
	if (!S_ISREG(st.st_mode))
		return err_say(e, EINVAL, "%s/" QUOTA_DISK_FILE " is not a regular file", quota_fd_path(dir, path));
	return take_fd(&fd);
}

/* The loop device that has @image: 1 and *ret_fd, 0: none. */
static int hinted(int dir, int image, int *ret_fd, char name[LOOP_NAME])
{
	ssize_t n = fgetxattr(dir, HINT, name, LOOP_NAME - 1);

	if (n <= 0)
		return 0;
	name[n] = '\0';
	return str_starts(name, "/dev/loop") && loop_open_backed(name, image, ret_fd);
}

static int attach(int dir, int image, int *ret_fd, char name[LOOP_NAME], struct err *e)
{
	int rc = hinted(dir, image, ret_fd, name);

	if (rc == 0)
		rc = loop_find(image, ret_fd, name, e);		/* somebody else's, or whose hint is lost */
	if (rc == 0)
		rc = loop_attach(image, ret_fd, name, e);
	if (rc < 0)
		return rc;
	return fsetxattr(dir, HINT, name, strlen(name), 0) < 0 ? err_set(e, errno, "note the loop device") : 0;
}

/* A mount of the image as it is; the loop device comes and goes with it. */
static int mount_here(int dir, int image, bool ugid, int *ret_mnt, unsigned n, struct err *e)
{
	auto_close int loop = -1;
	struct disk_super s;
	char name[LOOP_NAME] = "";

	for (unsigned i = 0; i < n; i++)
		ret_mnt[i] = -1;
	if (attach(dir, image, &loop, name, e) < 0 || disk_super_read(loop, &s, e) < 0)
		return -e->code;
	for (unsigned i = 0; i < n; i++) {
		if (disk_mount(name, s.fs, ugid ? DISK_UGID : 0, &ret_mnt[i], e) == 0)
			continue;
		while (i-- > 0)
			auto_close_(&ret_mnt[i]);
		return -e->code;
	}
	return 0;
}

/* An unmount ends a moment after the last one saw the mount. */
static bool is_idle(int dir, int image)
{
	char name[LOOP_NAME];

	for (int i = 0; i < IDLE_TRIES; i++) {
		auto_close int loop = -1;

		if (hinted(dir, image, &loop, name) == 0)
			return true;
		auto_close_(&loop);
		usleep(IDLE_US);
	}
	return false;
}

int quota_disk_mount(int area, bool ugid, int *ret_mnt, unsigned n, struct err *e)
{
	auto_close int dir = q_reopen(area, e);
	auto_close int image = dir < 0 ? -1 : open_image(dir, e);
	char path[QUOTA_FD_PATH];
	struct disk_super s;
	bool add;

	if (image < 0)
		return -e->code;
	if (ugid && disk_super_read(image, &s, e) < 0)
		return err_add(e, "%s", quota_fd_path(dir, path));
	add = ugid && !s.ugid && is_idle(dir, image);
	if (add && disk_ugid_set(image, true, e) < 0)
		return err_add(e, "%s", quota_fd_path(dir, path));
	if (mount_here(dir, image, ugid, ret_mnt, n, e) == 0)
		return 0;
	if (add && is_idle(dir, image))		/* else a kernel that cannot count could not mount it without, either */
		disk_ugid_set(image, false, &(struct err){ 0 });
	return err_add(e, "%s", quota_fd_path(dir, path));
}

/* --- making -------------------------------------------------------------------------------------------------------- */
static int new_file(int dir, struct err *e)
{
	int fd;

	if (unlinkat(dir, NEW_FILE, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove " NEW_FILE);
	fd = openat(dir, NEW_FILE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? err_set(e, errno, "make " NEW_FILE) : fd;
}

static int put_file(int dir, int fd, struct err *e)
{
	if (fsync(fd) < 0 || renameat(dir, NEW_FILE, dir, QUOTA_DISK_FILE) < 0)
		return err_set(e, errno, "write " QUOTA_DISK_FILE);
	return fio_fsync_dir(dir, e);
}

int quota_disk_make(int area, const struct quota_disk *d, struct err *e)
{
	const off_t size = (off_t)(d->kib << 10 & ~4095ull);
	auto_close int dir = q_reopen(area, e);
	auto_close int fd = dir < 0 ? -1 : new_file(dir, e);

	if (fd < 0)
		return -e->code;
	if (d->kib > INT64_MAX >> 10)
		err_set(e, EFBIG, "an image of %llu KiB", (unsigned long long)d->kib);
	else if (ftruncate(fd, size) < 0 || (d->prealloc && (errno = posix_fallocate(fd, 0, size)) != 0))
		err_set(e, errno, "an image of %llu KiB", (unsigned long long)d->kib);
	else if (disk_mkfs(fd, d, e) == 0 && quota_disk_mark(dir, e) == 0 && put_file(dir, fd, e) == 0)
		return 0;
	unlinkat(dir, NEW_FILE, 0);
	return -e->code;
}

/* --- size ---------------------------------------------------------------------------------------------------------- */
static int by_copy(int dir, int image, uint64_t bytes, struct err *e)
{
	auto_close int fd = new_file(dir, e);
	bool shared;

	if (fd < 0)
		return fd;
	if (disk_copy(image, fd, &shared, e) == 0 && disk_resize_copy(fd, bytes, e) == 0 && put_file(dir, fd, e) == 0)
		return 0;
	unlinkat(dir, NEW_FILE, 0);
	return -e->code;
}

static int shrink(int dir, int image, const struct disk_super *s, uint64_t bytes, struct err *e)
{
	if (s->fs == QUOTA_DISK_XFS)
		return err_say(e, ENOTSUP, "xfs never shrinks: 'vzctl convert CTID --layout image:ext4' makes a smaller ext4 of "
			       "it");
	if (!is_idle(dir, image))
		return err_say(e, EBUSY, "an image shrinks only while nobody uses it: stop the container first");
	return by_copy(dir, image, bytes, e);
}

/* The file first: killed after it, the next call finds the file system still small. */
static int grow(int dir, int image, const struct disk_super *s, uint64_t bytes, struct err *e)
{
	auto_close int loop = -1, mnt = -1;
	bool used;
	char name[LOOP_NAME] = "";
	struct stat st;

	if (disk_may_grow(image, s, bytes, e) < 0)
		return -e->code;
	if (fstat(image, &st) < 0 || ((uint64_t)st.st_size < bytes && ftruncate(image, (off_t)bytes) < 0))
		return err_set(e, errno, "enlarge " QUOTA_DISK_FILE);
	used = hinted(dir, image, &loop, name) == 1;
	if (mount_here(dir, image, false, &mnt, 1, e) < 0)
		return -e->code;
	if (loop < 0 && hinted(dir, image, &loop, name) != 1)
		return err_set(e, ENXIO, "the loop device of " QUOTA_DISK_FILE);
	if (ioctl(loop, LOOP_SET_CAPACITY, 0) < 0)
		return err_set(e, errno, "enlarge %s", name);
	if (disk_grow(mnt, s, bytes, e) == 0 || e->code != EPERM)
		return -e->code;
	auto_close_(&mnt);
	auto_close_(&loop);
	if (used && !is_idle(dir, image))
		return err_say(e, EPERM, "this process may not grow a mounted ext4 (CAP_SYS_RESOURCE is missing): stop the "
			       "container first, or use an image of xfs");
	err_clear(e);
	if (!is_idle(dir, image))
		return err_set(e, EBUSY, QUOTA_DISK_FILE);
	return by_copy(dir, image, bytes, e);
}

static int no_inodes(const struct disk_super *s, struct err *e)
{
	if (s->fs == QUOTA_DISK_XFS)
		return err_say(e, ENOTSUP, "inodes cannot be limited in an image of xfs");
	return err_say(e, ENOTSUP, "the number of inodes of an ext4 is fixed when it is made, %llu here: "
		       "'vzctl convert CTID --layout image:ext4' makes a new one by DISKINODES", (unsigned long long)s->inodes);
}

static int disk_set(int dir, uint32_t id, const struct quota_limit *l, struct err *e)
{
	const uint64_t bytes = l->hard_kib << 10 & ~4095ull;
	auto_close int image = open_image(dir, e);
	char path[QUOTA_FD_PATH];
	struct disk_super s;
	uint64_t now;
	int rc;

	(void)id;
	if (image < 0)
		return image;
	if (disk_super_read(image, &s, e) < 0)
		return err_add(e, "%s", quota_fd_path(dir, path));
	if (l->hard_inodes && l->hard_inodes != s.inodes)
		return no_inodes(&s, e);
	now = s.blocks * s.block;
	if (!bytes || bytes / s.block == s.blocks)
		return 0;		/* no limit: as large as it is */
	rc = bytes < now ? shrink(dir, image, &s, bytes, e) : grow(dir, image, &s, bytes, e);
	return rc < 0 ? err_add(e, "%s", quota_fd_path(dir, path)) : 0;
}

static void of_super(const struct disk_super *s, struct quota_usage *ret)
{
	const uint64_t unit = s->block / 512;

	ret->used_kib = ((s->usable - s->free) * unit + 1) / 2;
	ret->limit.hard_kib = s->usable * unit / 2;
	ret->used_inodes = s->inodes - s->free_inodes;
	ret->limit.hard_inodes = s->fs == QUOTA_DISK_EXT4 ? s->inodes : 0;
}

/* Blocks of the copies, in KiB; 0: there are none. */
static uint64_t copies_kib(int dir)
{
	int fd = openat(dir, QUOTA_DISK_SNAPS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	uint64_t blocks = 0;
	struct stat st;

	while (d && (de = readdir(d)))
		if (str_ends(de->d_name, ".img") && fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			blocks += (uint64_t)st.st_blocks;
	return (blocks + 1) / 2;
}

/*
 * What the copies take beyond the image. On btrfs the area is a subvolume, and its quota knows what they share; where its
 * quotas are off nobody does, and a copy is taken for free, as it was when it was made.
 */
static uint64_t beyond_kib(int dir, int image)
{
	uint64_t copies = copies_kib(dir), own;
	struct quota_usage all = { 0 };
	struct err ignored = { 0 };
	struct statfs fs;
	struct stat st;

	if (!copies || fstatfs(dir, &fs) < 0 || fs.f_type != BTRFS_SUPER_MAGIC)
		return copies;
	if (fstat(image, &st) < 0 || q_btrfs_ops.get(dir, 0, &all, &ignored) < 0)
		return 0;
	own = ((uint64_t)st.st_blocks + 1) / 2;
	return all.used_kib > own ? all.used_kib - own : 0;
}

static int disk_get(int dir, uint32_t id, struct quota_usage *ret, struct err *e)
{
	auto_close int image = open_image(dir, e), loop = -1, mnt = -1;
	struct disk_super s;
	struct statvfs v;
	char name[LOOP_NAME];

	(void)id;
	if (image < 0 || disk_super_read(image, &s, e) < 0)
		return -e->code;
	if (hinted(dir, image, &loop, name) == 1) {
		if (disk_mount(name, s.fs, 0, &mnt, e) < 0)
			return -e->code;
		if (fstatvfs(mnt, &v) < 0)
			return err_set(e, errno, "statfs");
		s.block = v.f_frsize;
		s.usable = v.f_blocks;
		s.free = v.f_bfree;
		s.inodes = v.f_files;
		s.free_inodes = v.f_ffree;
	}
	of_super(&s, ret);
	ret->used_kib += beyond_kib(dir, image);
	return 0;
}

/* Can the host's file system share blocks of @image? Tried on a file without a name. */
static bool can_share(int dir, int image)
{
	auto_close int tmp = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return tmp >= 0 && disk_share(image, tmp) == 0;
}

int quota_disk_room(int area, struct err *e)
{
	auto_close int dir = q_reopen(area, e), image = dir < 0 ? -1 : open_image(dir, e);
	struct quota_usage u = { 0 };
	uint64_t cost = 0;
	struct stat st;

	if (image < 0 || disk_get(dir, 0, &u, e) < 0)
		return -e->code;
	if (fstat(image, &st) < 0)
		return err_set(e, errno, "stat the image");
	if (!can_share(dir, image))
		cost = ((uint64_t)st.st_blocks + 1) / 2;
	if (u.used_kib + cost <= u.limit.hard_kib)
		return 0;
	return err_say(e, ENOSPC, "no room for another copy of the image in DISKSPACE: %llu KiB are used, snapshots included, "
		       "%llu more would be, and %llu are all: 'vzctl snapshot-delete' an old one, or 'vzctl set CTID --diskspace N "
		       "--save'",
		       (unsigned long long)u.used_kib, (unsigned long long)cost, (unsigned long long)u.limit.hard_kib);
}

int quota_disk_compact(int area, uint64_t *ret_kib, struct err *e)
{
	auto_close int dir = q_reopen(area, e), image = dir < 0 ? -1 : open_image(dir, e), mnt = -1;
	struct fstrim_range all = { .len = UINT64_MAX };
	struct stat before, after;

	if (image < 0 || mount_here(dir, image, false, &mnt, 1, e) < 0)
		return -e->code;
	auto_close int top = openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0 || syncfs(top) < 0 || fsync(image) < 0 || fstat(image, &before) < 0)
		return err_set(e, errno, "sync the image");
	if (ioctl(top, FITRIM, &all) < 0)
		return err_set(e, errno, "trim the file system (the host's must be able to make holes)");
	if (syncfs(top) < 0 || fsync(image) < 0 || fstat(image, &after) < 0)
		return err_set(e, errno, "sync the image");
	*ret_kib = before.st_blocks > after.st_blocks ? (uint64_t)(before.st_blocks - after.st_blocks) / 2 : 0;
	return 0;
}

static int never(int parent, const char *name, uint32_t id, struct err *e)
{
	(void)parent;
	(void)id;
	return err_say(e, EINVAL, "an area cannot be made inside an area with an image (%s)", name);
}

static int never_remove(int parent, const char *name, int dir, struct err *e)
{
	(void)dir;
	return never(parent, name, 0, e);
}

const struct quota_ops q_disk_ops = {
	.caps = { .backend = "image", .blocks = true },
	.create = never, .remove = never_remove, .set = disk_set, .get = disk_get,
};
