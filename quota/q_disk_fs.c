/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file system in a container's image: made and resized by the distribution's own tools, mounted by the kernel, its
 * figures read from the superblock while it is not mounted. What is in it was written by the kernel alone; the guest sees
 * files, never the image.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "quota/q_disk.h"
#include "quota/quota_priv.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/spawn.h"
#include "util/str.h"
#include "util/sys.h"

#define SUPER_LEN 4096
#define EXT4_AT 1024
#define EXT4_MAGIC 0xef53
#define EXT4_INCOMPAT_64BIT 0x80
#define EXT4_RO_QUOTA 0x100
#define TOOL_MS 3600000
#define XFS_MIN_KIB (300u << 10)	/* mkfs.xfs makes none that is smaller */
#define XFS_GROUPS_MAX 4096		/* where growing stops: a thousand times as large as it was made */
#define XFS_GROUP_WRITES (64u << 10)	/* bytes, at most, that a new group begins with */
#define EXT4_MIN_KIB (16u << 10)
#define COPY_CHUNK (1u << 30)

#ifndef EXT4_IOC_RESIZE_FS
#define EXT4_IOC_RESIZE_FS _IOW('f', 16, uint64_t)
#endif
struct xfs_growfs { uint64_t newblocks; uint32_t imaxpct; };
#define XFS_IOC_GROW _IOW('X', 110, struct xfs_growfs)

const char *const quota_disk_fs_names[] = { [QUOTA_DISK_EXT4] = "ext4", [QUOTA_DISK_XFS] = "xfs" };
_Static_assert(ARRAY_SIZE(quota_disk_fs_names) == QUOTA_DISK_FS_N, "name every file system");

/* --- superblocks --------------------------------------------------------------------------------------------------- */
static uint32_t le32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint32_t be32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static uint64_t be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static uint64_t ext4_pair(const uint8_t *s, size_t lo, size_t hi)
{
	uint64_t high = le32(s + 0x60) & EXT4_INCOMPAT_64BIT ? le32(s + hi) : 0;

	return high << 32 | le32(s + lo);
}

static int parse_ext4(const uint8_t *s, struct disk_super *r, struct err *e)
{
	uint64_t overhead = le32(s + 0x248);
	uint32_t shift = le32(s + 0x18);

	r->fs = QUOTA_DISK_EXT4;
	r->blocks = ext4_pair(s, 0x4, 0x150);
	r->free = ext4_pair(s, 0xc, 0x158);
	r->inodes = le32(s);
	r->free_inodes = le32(s + 0x10);
	r->ugid = le32(s + 0x64) & EXT4_RO_QUOTA;
	if (shift > 6 || overhead > r->blocks || r->free > r->blocks - overhead || r->free_inodes > r->inodes ||
	    r->blocks > UINT64_MAX >> 16)
		return err_say(e, EBADMSG, "the superblock of the image is damaged: run e2fsck on " QUOTA_DISK_FILE);
	r->block = 1024ull << shift;
	r->usable = r->blocks - overhead;
	return 0;
}

static int parse_xfs(const uint8_t *s, struct disk_super *r, struct err *e)
{
	uint64_t log = be32(s + 96);

	r->fs = QUOTA_DISK_XFS;
	r->block = be32(s + 4);
	r->blocks = be64(s + 8);
	r->free = be64(s + 144);
	r->inodes = be64(s + 128);
	r->free_inodes = be64(s + 136);
	r->imaxpct = s[127];
	r->group = be32(s + 84);
	r->ugid = true;
	if (r->block < 512 || r->block > 65536 || r->blocks > UINT64_MAX >> 16 || log > r->blocks || r->free > r->blocks - log ||
	    r->free_inodes > r->inodes)
		return err_say(e, EBADMSG, "the superblock of the image is damaged: run xfs_repair on " QUOTA_DISK_FILE);
	r->usable = r->blocks - log;
	return 0;
}

int disk_super_parse(const void *first, size_t len, struct disk_super *ret, struct err *e)
{
	const uint8_t *s = first;

	*ret = (struct disk_super){ 0 };
	if (len < SUPER_LEN)
		return err_say(e, EBADMSG, "the image is cut off");
	if (memcmp(s, "XFSB", 4) == 0)
		return parse_xfs(s, ret, e);
	if ((le32(s + EXT4_AT + 0x38) & 0xffff) == EXT4_MAGIC)
		return parse_ext4(s + EXT4_AT, ret, e);
	return err_say(e, EBADMSG, "there is no ext4 and no xfs in the image");
}

int disk_super_read(int image, struct disk_super *ret, struct err *e)
{
	uint8_t s[SUPER_LEN];
	ssize_t n = pread(image, s, sizeof(s), 0);

	return n < 0 ? err_set(e, errno, "read the image") : disk_super_parse(s, (size_t)n, ret, e);
}

/* --- tools --------------------------------------------------------------------------------------------------------- */
/* The tool gets the image as a descriptor. @fine: the highest exit status that is none of a failure. */
static int run(const char *const *argv, int image, int fine, const char *package, struct err *e)
{
	auto_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const struct spawn s = { .argv = argv, .pass = &image, .n_pass = 1, .out = null, .err = -1, .timeout_ms = TOOL_MS,
				 .tied = true };
	int status = 0;

	if (null < 0)
		return err_set(e, errno, "/dev/null");
	if (access(argv[0], X_OK) < 0)
		return err_say(e, ENOTSUP, "%s is not installed: apt-get install %s", argv[0], package);
	if (spawn_wait(&s, &status, e) == 0)
		return 0;
	if (e->code == ECHILD && status > 0 && status <= fine) {
		err_clear(e);
		return 0;
	}
	return -e->code;
}

static int mkfs_ext4(const char *file, int image, const struct quota_disk *d, struct err *e)
{
	char n[24] = "";
	/* the file is new and sparse: what nobody has written is zero already */
	const char *argv[16] = { "/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", "-E",
				 d->ugid ? "lazy_itable_init=0,lazy_journal_init=1,quotatype=usrquota:grpquota"
					 : "lazy_itable_init=0,lazy_journal_init=1" };
	size_t at = 11;

	if (d->ugid) {
		argv[at++] = "-O";
		argv[at++] = "quota";
	}
	if (d->inodes) {
		str_fmt(n, sizeof(n), "-N%llu", (unsigned long long)d->inodes);
		argv[at++] = n;
	}
	argv[at] = file;
	return run(argv, image, 0, "e2fsprogs", e);
}

int disk_mkfs(int image, const struct quota_disk *d, struct err *e)
{
	const uint64_t min = d->fs == QUOTA_DISK_XFS ? XFS_MIN_KIB : EXT4_MIN_KIB;
	char file[40];

	if (str_fmt(file, sizeof(file), "/proc/self/fd/%d", image) < 0)
		return err_set(e, ERANGE, "image");
	if (d->kib < min)
		return err_say(e, EINVAL, "an image of %llu KiB is too small for %s: %llu KiB at least (--diskspace)",
			       (unsigned long long)d->kib, quota_disk_fs_names[d->fs], (unsigned long long)min);
	if (d->fs == QUOTA_DISK_XFS) {
		const char *const argv[] = { "/sbin/mkfs.xfs", "-q", "-f", file, NULL };

		return run(argv, image, 0, "xfsprogs", e);
	}
	if (mkfs_ext4(file, image, d, e) == 0)
		return 0;
	return d->inodes ? err_add(e, "an image of %llu KiB with %llu inodes", (unsigned long long)d->kib,
				   (unsigned long long)d->inodes) : -e->code;
}

int disk_resize_copy(int image, uint64_t bytes, struct err *e)
{
	char file[40], size[32];
	struct stat st;

	str_fmt(file, sizeof(file), "/proc/self/fd/%d", image);
	str_fmt(size, sizeof(size), "%lluK", (unsigned long long)(bytes >> 10));
	const char *const fsck[] = { "/sbin/e2fsck", "-f", "-y", file, NULL };
	const char *const resize[] = { "/sbin/resize2fs", file, size, NULL };

	if (fstat(image, &st) < 0)
		return err_set(e, errno, "stat the image");
	if ((uint64_t)st.st_size < bytes && ftruncate(image, (off_t)bytes) < 0)
		return err_set(e, errno, "enlarge the image");
	if (run(fsck, image, 1, "e2fsprogs", e) < 0)	/* 1: errors were corrected */
		return err_add(e, "check the file system");
	if (run(resize, image, 0, "e2fsprogs", e) < 0)
		return err_add(e, "resize the file system to %s", size);
	if ((uint64_t)st.st_size > bytes && ftruncate(image, (off_t)bytes) < 0)
		return err_set(e, errno, "cut the image");
	return fsync(image) < 0 ? err_set(e, errno, "write the image") : 0;
}

int disk_ugid_set(int image, bool on, struct err *e)
{
	char file[40];

	str_fmt(file, sizeof(file), "/proc/self/fd/%d", image);
	const char *const argv_on[] = { "/sbin/tune2fs", "-O", "quota", "-Q", "usrquota,grpquota", file, NULL };
	const char *const argv_off[] = { "/sbin/tune2fs", "-O", "^quota", file, NULL };

	if (run(on ? argv_on : argv_off, image, 0, "e2fsprogs", e) == 0)
		return 0;
	return err_add(e, "switch quotas of users and groups %s", on ? "on" : "off");
}

/* --- the kernel's part --------------------------------------------------------------------------------------------- */
/*
 * An xfs keeps the size of its groups, and writes headers for each of the new ones at once, in the kernel, where nothing
 * stops it: a typing error in a size could fill the disk of the host.
 */
int disk_may_grow(int image, const struct disk_super *s, uint64_t bytes, struct err *e)
{
	const uint64_t most = (uint64_t)s->group * XFS_GROUPS_MAX * s->block;
	struct statvfs v;

	if (s->fs != QUOTA_DISK_XFS || !s->group)
		return 0;
	if (bytes > most)
		return err_say(e, ENOTSUP, "an xfs that was made as small as this one grows to %llu KiB at most: "
			       "'vzctl convert CTID --layout image:ext4' makes a file system of another size",
			       (unsigned long long)most >> 10);
	if (fstatvfs(image, &v) < 0)
		return err_set(e, errno, "statfs");
	if (v.f_blocks && (bytes / s->block - s->blocks) / s->group * XFS_GROUP_WRITES > v.f_bavail * v.f_frsize)
		return err_set(e, ENOSPC, "grow the xfs: its own records have no room on the disk of the host");
	return 0;
}

int disk_grow(int mnt, const struct disk_super *s, uint64_t bytes, struct err *e)
{
	auto_close int dir = openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct xfs_growfs xfs = { .newblocks = bytes / s->block, .imaxpct = s->imaxpct };
	uint64_t ext4 = bytes / s->block;
	int rc;

	if (dir < 0)
		return err_set(e, errno, "open the file system");
	rc = s->fs == QUOTA_DISK_XFS ? ioctl(dir, XFS_IOC_GROW, &xfs) : ioctl(dir, EXT4_IOC_RESIZE_FS, &ext4);
	return rc < 0 ? err_set(e, errno, "grow the mounted %s", quota_disk_fs_names[s->fs]) : 0;
}

/* The kernel's own words, if it said any. */
static int mount_error(int ctx, int code, const char *loop, const char *fs, struct err *e)
{
	char msg[256], last[256] = "";
	ssize_t n;

	while ((n = read(ctx, msg, sizeof(msg) - 1)) > 2) {
		msg[n] = '\0';
		if (msg[0] == 'e')
			(void)str_copy(last, sizeof(last), str_trim(msg + 2));
	}
	return last[0] ? err_say(e, code, "mount %s as %s: %s", loop, fs, last) : err_set(e, code, "mount %s as %s", loop, fs);
}

int disk_mount(const char *loop, enum quota_disk_fs fs, unsigned flags, int *ret_mnt, struct err *e)
{
	const bool ugid = flags & DISK_UGID;
	static const char *const ext4[] = { "discard", NULL };
	static const char *const ext4_ugid[] = { "discard", "usrquota", "grpquota", NULL };
	static const char *const xfs[] = { "discard", "nouuid", NULL };		/* clones have one uuid */
	static const char *const xfs_ugid[] = { "discard", "nouuid", "uquota", "gquota", NULL };
	const char *const *opts = fs == QUOTA_DISK_XFS ? (ugid ? xfs_ugid : xfs) : ugid ? ext4_ugid : ext4;
	const char *name = quota_disk_fs_names[fs];
	auto_close int ctx = sys_fsopen(name, FSOPEN_CLOEXEC);
	bool ok;

	if (ctx < 0)
		return err_set(e, errno, "file system %s", name);
	ok = sys_fsconfig(ctx, FSCONFIG_SET_STRING, "source", loop, 0) == 0;
	if (flags & DISK_RO)
		ok = ok && sys_fsconfig(ctx, FSCONFIG_SET_FLAG, "ro", NULL, 0) == 0;
	for (; ok && *opts; opts++)
		ok = sys_fsconfig(ctx, FSCONFIG_SET_FLAG, *opts, NULL, 0) == 0;
	if (!ok || sys_fsconfig(ctx, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		mount_error(ctx, errno, loop, name, e);
		return ugid ? err_add(e, "with quotas of users and groups (QUOTAUGIDLIMIT), which this kernel may lack") : -e->code;
	}
	*ret_mnt = sys_fsmount(ctx, FSMOUNT_CLOEXEC,
			       MOUNT_ATTR_NODEV | (flags & DISK_RO ? MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID : 0));
	return *ret_mnt < 0 ? err_set(e, errno, "mount %s", loop) : 0;
}

static int copy_data(int from, int to, off_t size, struct err *e)
{
	off_t at = 0, end;

	while (at < size && (at = lseek(from, at, SEEK_DATA)) >= 0) {
		end = lseek(from, at, SEEK_HOLE);
		if (end < 0 || lseek(to, at, SEEK_SET) < 0 || lseek(from, at, SEEK_SET) < 0)
			return err_set(e, errno, "copy the image");
		while (at < end) {
			ssize_t n = copy_file_range(from, NULL, to, NULL, MIN((size_t)(end - at), COPY_CHUNK), 0);

			if (n <= 0)
				return err_set(e, n < 0 ? errno : EIO, "copy the image");
			at += n;
		}
	}
	return at < 0 && errno != ENXIO ? err_set(e, errno, "copy the image") : 0;
}

int disk_share(int from, int to)
{
	return ioctl(to, FICLONE, from) < 0 ? -errno : 0;
}

int disk_copy(int from, int to, bool *ret_shared, struct err *e)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return err_set(e, errno, "stat the image");
	*ret_shared = disk_share(from, to) == 0;
	if (*ret_shared)
		return 0;
	if (ftruncate(to, st.st_size) < 0)
		return err_set(e, errno, "size of the copy");
	return copy_data(from, to, st.st_size, e);
}
