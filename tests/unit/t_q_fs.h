/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_T_Q_FS_H
#define TESTS_UNIT_T_Q_FS_H
/*
 * Small file systems in image files for the tests of quota/, mounted in a mount namespace of the test's own, so that
 * mount and loop device go away with its process. What this kernel cannot mount is a skip that says so.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "quota/quota_priv.h"
#include "util/loop.h"
#include "tests/lib/test.h"
#include "util/spawn.h"
#include "util/str.h"
#include "util/sys.h"

enum q_kind { Q_BTRFS, Q_BTRFS_OFF, Q_EXT4, Q_EXT4_PLAIN, Q_XFS };

#define Q_UNUSED __attribute__((unused))
#define Q_IMAGE_SIZE (400ll << 20)

static inline void q_path(char *dst, size_t size, const char *name)
{
	CHECK_EQ(str_fmt(dst, size, "%s/%s", test_tmp(), name), 0);
}

/* Root with this capability is not held by ext4's limits, and hosts exist whose root does not have it. */
static inline void q_drop_resource(void)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	CHECK_EQ(syscall(SYS_capget, &h, d), 0);
	d[0].effective &= ~(1u << CAP_SYS_RESOURCE);
	d[0].permitted &= ~(1u << CAP_SYS_RESOURCE);
	d[0].inheritable &= ~(1u << CAP_SYS_RESOURCE);
	CHECK_EQ(syscall(SYS_capset, &h, d), 0);
}

static inline void q_private(void)
{
	CHECK_EQ(unshare(CLONE_NEWNS), 0);
	CHECK_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	q_drop_resource();
}

static inline void q_mkfs(enum q_kind kind, const char *file)
{
	const char *const btrfs[] = { "/sbin/mkfs.btrfs", "-q", "-f", file, NULL };
	const char *const ext4[] = { "/sbin/mkfs.ext4", "-q", "-F", "-O", "quota,project", "-E", "quotatype=prjquota", file,
				     NULL };
	const char *const plain[] = { "/sbin/mkfs.ext4", "-q", "-F", file, NULL };
	const char *const xfs[] = { "/sbin/mkfs.xfs", "-q", "-f", file, NULL };
	const char *const *const argv[] = { [Q_BTRFS] = btrfs, [Q_BTRFS_OFF] = btrfs, [Q_EXT4] = ext4,
					    [Q_EXT4_PLAIN] = plain, [Q_XFS] = xfs };
	auto_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct spawn s = { .argv = argv[kind], .out = null, .err = -1, .timeout_ms = 60000 };
	struct err e = { 0 };
	int status = 0;

	if (access(s.argv[0], X_OK) < 0)
		SKIP("%s is not installed", s.argv[0]);
	CHECK_OK(spawn_wait(&s, &status, &e), &e);
}

static inline int q_mount_plain(const char *fs, const char *loop, const char *option, int *ret, struct err *e)
{
	auto_close int ctx = sys_fsopen(fs, FSOPEN_CLOEXEC);

	if (ctx < 0 || sys_fsconfig(ctx, FSCONFIG_SET_STRING, "source", loop, 0) < 0 ||
	    (option && sys_fsconfig(ctx, FSCONFIG_SET_FLAG, option, NULL, 0) < 0) ||
	    sys_fsconfig(ctx, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_set(e, errno, "mount %s %s", fs, option ? option : "");
	*ret = sys_fsmount(ctx, FSMOUNT_CLOEXEC, 0);
	return *ret < 0 ? err_set(e, errno, "fsmount") : 0;
}

static inline int q_mount(enum q_kind kind, const char *loop, int *ret, struct err *e)
{
	switch (kind) {
	case Q_BTRFS:
		return image_mount(loop, IMAGE_BTRFS, ret, e);
	case Q_BTRFS_OFF:
		return q_mount_plain("btrfs", loop, NULL, ret, e);
	case Q_EXT4:
		return image_mount(loop, IMAGE_EXT4, ret, e);
	case Q_EXT4_PLAIN:
		return q_mount_plain("ext4", loop, NULL, ret, e);
	case Q_XFS:
		return q_mount_plain("xfs", loop, "prjquota", ret, e);
	}
	return -EINVAL;
}

/* Returns the root directory of a fresh file system, mounted on test_tmp()/mnt. */
static inline int q_fs_up(enum q_kind kind)
{
	char image[300], target[300], loop_name[32];
	struct err e = { 0 };
	auto_close int loop = -1;
	auto_close int mnt = -1;

	q_private();
	q_path(image, sizeof(image), "image");
	q_path(target, sizeof(target), "mnt");
	auto_close int fd = open(image, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, Q_IMAGE_SIZE), 0);
	q_mkfs(kind, image);
	CHECK_OK(loop_attach(fd, &loop, loop_name, &e), &e);
	if (q_mount(kind, loop_name, &mnt, &e) < 0)
		SKIP("this kernel cannot do it: %s", e.text);
	CHECK_EQ(mkdir(target, 0700), 0);
	CHECK_EQ(sys_move_mount(mnt, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH), 0);
	int root = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
	return root;
}

/* Writes up to @mib MiB to dir/name; what came through in KiB, and the errno that ended it. */
static inline Q_UNUSED long q_fill(int dir, const char *name, int mib, int *why)
{
	static char block[65536];
	long kib = 0;
	auto_close int fd = openat(dir, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);

	*why = 0;
	memset(block, 0x5a, sizeof(block));
	if (fd < 0) {
		*why = errno;
		return 0;
	}
	while (kib < mib * 1024l) {
		ssize_t n = write(fd, block, sizeof(block));

		if (n < 0) {
			*why = errno;
			break;
		}
		kib += n / 1024;
	}
	if (fsync(fd) < 0 && !*why)
		*why = errno;
	return kib;
}

static inline Q_UNUSED bool q_is_full(int why)
{
	return why == EDQUOT || why == ENOSPC;		/* xfs says the latter */
}

static inline Q_UNUSED int q_open_dir(int parent, const char *name)
{
	int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

/* From create to remove on any backend that can limit blocks. */
static inline Q_UNUSED void q_area_life(int root)
{
	const struct quota_limit twenty = { .hard_kib = 20480 }, five = { .hard_kib = 5120 },
		thirty = { .hard_kib = 30720 }, none = { 0 };
	struct quota_usage u;
	struct err e = { 0 };
	struct stat st;
	int why;
	long kib;

	umask(0);
	CHECK_OK(quota_area_create(root, "a", 101, &e), &e);
	CHECK_EQ(fstatat(root, "a", &st, 0), 0);
	CHECK_EQ(st.st_mode, S_IFDIR | 0700);
	CHECK_ERR(quota_area_create(root, "a", 101, &e), EEXIST);
	int a = q_open_dir(root, "a");

	CHECK_OK(quota_set(a, 101, &twenty, &e), &e);
	kib = q_fill(a, "f", 40, &why);
	CHECK(q_is_full(why));
	CHECK(kib <= 20480 && kib >= 20000);
	CHECK_OK(quota_get(a, 101, &u, &e), &e);
	CHECK_EQ(u.limit.hard_kib, 20480);
	CHECK(u.used_kib <= 20480 && u.used_kib >= (uint64_t)kib);

	CHECK_OK(quota_set(a, 101, &five, &e), &e);		/* below what is used */
	CHECK_EQ(q_fill(a, "g", 1, &why), 0);
	CHECK(q_is_full(why));
	CHECK_EQ(mkdirat(root, "beside", 0700), 0);		/* nobody else is held up */
	CHECK_EQ(unlinkat(a, "f", 0), 0);			/* and who is over the limit can clean up */
	CHECK_OK(quota_set(a, 101, &thirty, &e), &e);
	CHECK(q_fill(a, "h", 25, &why) == 25600 && why == 0);	/* what was freed can be used again */
	CHECK_OK(quota_set(a, 101, &none, &e), &e);
	CHECK(q_fill(a, "i", 40, &why) == 40960 && why == 0);
	CHECK_OK(quota_get(a, 101, &u, &e), &e);
	CHECK_EQ(u.limit.hard_kib, 0);
	close(a);

	CHECK_OK(quota_area_remove(root, "a", &e), &e);
	CHECK_EQ(fstatat(root, "a", &st, 0), -1);
	CHECK_OK(quota_area_remove(root, "a", &e), &e);
}

#endif
