/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pool's image: a sparse file with a file system that can enforce limits. It is made under another name and renamed
 * when the file system on it is whole and on disk, so an image that has its name is complete and never made again.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "quota/quota_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/loop.h"
#include "util/path.h"
#include "util/spawn.h"
#include "util/str.h"
#include "util/sys.h"

#define IMAGE_MIN (256ull << 20)	/* below it btrfs has no room for its own trees */
#define PROBE_SIZE (8 << 20)
#define MKFS_MS 600000

/* One percent stays for the host, which must be able to stop and remove what filled the pool. */
#define EXT4_ARGS "-q", "-F", "-m", "1", "-O", "quota,project", "-E", "quotatype=prjquota,lazy_itable_init=1,nodiscard"

static const char *const fs_names[] = { [IMAGE_EXT4] = "ext4", [IMAGE_BTRFS] = "btrfs" };

/* --- file systems -------------------------------------------------------------------------------------------------- */
/* The kernel's own words about a failed mount, if it said any. */
static int fs_error(int fs, int code, const char *what, struct err *e)
{
	char msg[256], last[256] = "";
	ssize_t n;

	while ((n = read(fs, msg, sizeof(msg) - 1)) > 2) {
		msg[n] = '\0';
		if (msg[0] == 'e')
			(void)str_copy(last, sizeof(last), str_trim(msg + 2));
	}
	return last[0] ? err_say(e, code, "%s: %s", what, last) : err_set(e, code, "%s", what);
}

int image_mount(const char *loop, enum image_fs fs, int *ret_mnt, struct err *e)
{
	const char *name = fs_names[fs];
	auto_close int ctx = sys_fsopen(name, FSOPEN_CLOEXEC);
	bool ok;

	if (ctx < 0)
		return err_set(e, errno, "file system %s", name);
	ok = sys_fsconfig(ctx, FSCONFIG_SET_STRING, "source", loop, 0) == 0;
	if (fs == IMAGE_EXT4)
		ok = ok && sys_fsconfig(ctx, FSCONFIG_SET_FLAG, "prjquota", NULL, 0) == 0;
	else	/* freed space goes back to the host's file system */
		ok = ok && sys_fsconfig(ctx, FSCONFIG_SET_STRING, "discard", "async", 0) == 0;
	if (!ok || sys_fsconfig(ctx, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_add((fs_error(ctx, errno, name, e), e), "mount %s", loop);
	auto_close int mnt = sys_fsmount(ctx, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOATIME);
	if (mnt < 0)
		return err_set(e, errno, "mount %s", loop);
	auto_close int root = openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || fchmod(root, 0711) < 0)
		return err_set(e, errno, "open the root of %s", loop);
	if (fs == IMAGE_BTRFS && q_btrfs_enable(root, e) < 0)
		return -e->code;
	if (fs == IMAGE_EXT4 && !q_prj_enforced(root))
		return err_say(e, ENOTSUP, "this kernel mounts %s, but does not enforce project quota on it", loop);
	*ret_mnt = take_fd(&mnt);
	return 0;
}

static int mkfs(enum image_fs fs, const char *file, int pass, struct err *e)
{
	const char *const ext4[] = { "/sbin/mkfs.ext4", EXT4_ARGS, "-L", "vz-pool", file, NULL };
	/* One copy of everything: the file lies on a disk that has its own redundancy, or none. */
	const char *const btrfs[] = { "/sbin/mkfs.btrfs", "-q", "-f", "--nodiscard", "-m", "single", "-d", "single",
				      "-L", "vz-pool", file, NULL };
	auto_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const struct spawn s = {
		.argv = fs == IMAGE_EXT4 ? ext4 : btrfs, .pass = &pass, .n_pass = pass >= 0, .out = null, .err = -1,
		.timeout_ms = MKFS_MS,
	};
	int status = 0;

	if (null < 0)
		return err_set(e, errno, "/dev/null");
	if (access(s.argv[0], X_OK) < 0)
		return err_say(e, ENOTSUP, "%s is not installed: apt-get install %s", s.argv[0] + 6,
			       fs == IMAGE_EXT4 ? "e2fsprogs" : "btrfs-progs");
	return spawn_wait(&s, &status, e) < 0 ? err_add(e, "make %s on %s", fs_names[fs], file) : 0;
}

/* Does this kernel mount ext4 with project quota? Asked with a small one in memory, which nothing is left of. */
static int ext4_probe(struct err *e)
{
	char file[40], name[32];
	auto_close int loop = -1;
	auto_close int mnt = -1;
	auto_close int mem = memfd_create("vz-pool-probe", MFD_CLOEXEC);

	if (mem < 0 || ftruncate(mem, PROBE_SIZE) < 0)
		return err_set(e, errno, "memory for a test image");
	if (str_fmt(file, sizeof(file), "/proc/self/fd/%d", mem) < 0 || mkfs(IMAGE_EXT4, file, mem, e) < 0)
		return -e->code;
	if (loop_attach(mem, &loop, name, e) < 0)
		return -e->code;
	return image_mount(name, IMAGE_EXT4, &mnt, e);
}

static int choose_fs(enum image_fs *ret, struct err *e)
{
	struct err why = { 0 };
	auto_close int ctx = -1;

	if (ext4_probe(&why) == 0) {
		*ret = IMAGE_EXT4;
		return 0;
	}
	ctx = sys_fsopen("btrfs", FSOPEN_CLOEXEC);
	if (ctx < 0)
		return err_say(e, ENOTSUP, "no file system of this kernel can enforce disk limits: btrfs: %s; ext4 with "
			       "project quota: %.200s", strerrordesc_np(errno), why.text);
	*ret = IMAGE_BTRFS;
	return 0;
}

/* --- the file ------------------------------------------------------------------------------------------------------ */
static int check_room(int dir, const char *path, uint64_t size, struct err *e)
{
	struct statvfs st;

	if (size < IMAGE_MIN)
		return err_say(e, EINVAL, "a pool of %llu MiB is too small: %llu MiB are needed",
			       (unsigned long long)(size >> 20), IMAGE_MIN >> 20);
	if (fstatvfs(dir, &st) < 0)
		return err_set(e, errno, "statfs of %s", path);
	if (size / st.f_frsize > st.f_bavail)
		return err_say(e, ENOSPC, "no room for %s: the pool would have %llu MiB, and %llu MiB are free there", path,
			       (unsigned long long)(size >> 20),
			       (unsigned long long)(st.f_bavail * st.f_frsize >> 20));
	return 0;
}

/*
 * @tmp is ours alone: the caller holds the pool's lock, so what has this name is what an interrupted call left. mkfs holds
 * the lock as well, for when it outlives us.
 */
static int make(int dir, const char *base, const struct quota_pool *p, int lock, struct err *e)
{
	const char *path = p->image;
	auto_buf struct buf tmp = BUF_INIT;
	enum image_fs fs = IMAGE_BTRFS;

	buf_addf(&tmp, "%s.tmp", path);
	if (buf_failed(&tmp))
		return err_set(e, ENOMEM, "%s", path);
	const char *tmp_base = strrchr(buf_str(&tmp), '/') + 1;
	if (unlinkat(dir, tmp_base, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove %s", buf_str(&tmp));
	if (check_room(dir, path, p->size_bytes, e) < 0 || choose_fs(&fs, e) < 0)
		return -e->code;
	auto_close int fd = openat(dir, tmp_base, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, errno, "make %s", buf_str(&tmp));
	if (ftruncate(fd, (off_t)(p->size_bytes & ~0xfffffull)) < 0)
		err_set(e, errno, "size of %s", buf_str(&tmp));
	else if (mkfs(fs, buf_str(&tmp), lock, e) == 0 && fsync(fd) < 0)
		err_set(e, errno, "write %s", buf_str(&tmp));
	else if (!e->code && renameat2(dir, tmp_base, dir, base, RENAME_NOREPLACE) < 0)
		err_set(e, errno, "rename %s", buf_str(&tmp));
	if (e->code) {
		unlinkat(dir, tmp_base, 0);
		return -e->code;
	}
	return fio_fsync_dir(dir, e);
}

static int detect(int fd, const char *path, enum image_fs *ret, struct err *e)
{
	char btrfs[8] = "";
	uint16_t ext4 = 0;

	if (pread(fd, btrfs, sizeof(btrfs), 0x10040) == sizeof(btrfs) && memcmp(btrfs, "_BHRfS_M", 8) == 0)
		*ret = IMAGE_BTRFS;
	else if (pread(fd, &ext4, sizeof(ext4), 1024 + 56) == sizeof(ext4) && le16toh(ext4) == 0xef53)
		*ret = IMAGE_EXT4;
	else
		return err_say(e, EINVAL, "%s is not a pool image (no ext4 or btrfs in it): move it away", path);
	return 0;
}

int image_open(const struct quota_pool *p, int lock, int *ret_fd, enum image_fs *ret_fs, struct err *e)
{
	const char *path = p->image;
	const char *slash = strrchr(path, '/');
	auto_free char *parent = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : NULL;
	const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
	struct stat st;

	if (!parent)
		return slash ? err_set(e, ENOMEM, "%s", path) : err_say(e, EINVAL, "%s is not an absolute path", path);
	auto_close int dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "%s", parent);
	auto_close int fd = openat(dir, slash + 1, flags);
	if (fd < 0 && errno == ENOENT) {
		if (make(dir, slash + 1, p, lock, e) < 0)
			return -e->code;
		fd = openat(dir, slash + 1, flags);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "open pool image %s", path);
	if (!S_ISREG(st.st_mode))
		return err_say(e, EINVAL, "%s is not a regular file", path);
	if (detect(fd, path, ret_fs, e) < 0)
		return -e->code;
	*ret_fd = take_fd(&fd);
	return 0;
}
