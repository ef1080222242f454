/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mounts an image for one user. The first attaches a loop device that clears itself; later ones find it by the name kept in
 * the lock file, and the kernel gives them the same superblock, so one page cache serves all. Nothing else counts users: the
 * mounts lie in no namespace of the host, and with the last of them superblock and loop device go, after a kill -9 too.
 * (The kernel's file-backed erofs needs no loop, but makes a superblock, and so a cache, of every mount.)
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>

#include "templates/image.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/lock.h"
#include "util/loop.h"
#include "util/path.h"
#include "util/sys.h"

#define LOCK_DIR "/run/vz/lock"		/* its files are never removed */

struct magic { const char *fs, *bytes; size_t off, len; };
static const struct magic magics[] = {
	{ "erofs", "\xe2\xe1\xf5\xe0", 1024, 4 },
	{ "squashfs", "hsqs", 0, 4 },
	{ "xfs", "XFSB", 0, 4 },
	{ "ext4", "\x53\xef", 1024 + 56, 2 },
	{ "btrfs", "_BHRfS_M", 65536 + 64, 8 },
};

int image_detect(const void *head, size_t n, const char **ret_fs)
{
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		const struct magic *m = &magics[i];

		if (m->off + m->len <= n && memcmp((const char *)head + m->off, m->bytes, m->len) == 0) {
			*ret_fs = m->fs;
			return 0;
		}
	}
	return -ENODATA;
}

/* The loop device that the lock file's holder before us made, if it still is one of @image. */
static bool known_loop(int lock, int image, char name[LOOP_NAME], int *ret_fd)
{
	ssize_t n = pread(lock, name, LOOP_NAME - 1, 0);

	name[n > 0 ? n : 0] = '\0';
	return strncmp(name, "/dev/loop", 9) == 0 && loop_open_backed(name, image, ret_fd);
}

static int take_loop(int lock, int image, enum image_cache how, char name[LOOP_NAME], int *ret_fd, struct err *e)
{
	if (known_loop(lock, image, name, ret_fd))
		return 0;
	if ((how == IMAGE_CACHED ? loop_attach_cached : loop_attach)(image, ret_fd, name, e) < 0)
		return -e->code;
	if (ftruncate(lock, 0) < 0 || pwrite(lock, name, strlen(name), 0) < 0) {
		auto_close_(ret_fd);
		return err_set(e, errno, "remember %s", name);
	}
	return 0;
}

static int mount_loop(const char *fs, const char *loop, int *ret_mnt, struct err *e)
{
	auto_close int ctx = sys_fsopen(fs, FSOPEN_CLOEXEC);
	int mnt;

	if (ctx < 0 && errno == ENODEV)
		return err_say(e, ENOTSUP, "this kernel has no %s", fs);
	if (ctx < 0 || sys_fsconfig(ctx, FSCONFIG_SET_STRING, "source", loop, 0) < 0 ||
	    sys_fsconfig(ctx, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0 ||
	    sys_fsconfig(ctx, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_set(e, errno, "mount the %s image on %s", fs, loop);
	mnt = sys_fsmount(ctx, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (mnt < 0)
		return err_set(e, errno, "mount the %s image on %s", fs, loop);
	*ret_mnt = mnt;
	return 0;
}

static int open_data(int dir, const struct tmpl_image *i, struct stat *st, struct err *e)
{
	auto_close int fd = openat(dir, "data", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0)
		return err_set(e, errno, "image data");
	if (!S_ISREG(st->st_mode) || (uint64_t)st->st_size != i->bytes)
		return err_say(e, EBADMSG, "the image is cut or was exchanged: it has %lld bytes and should have %llu",
			       (long long)st->st_size, (unsigned long long)i->bytes);
	return take_fd(&fd);
}

static int lock_image(const struct stat *st, int *ret_fd, struct err *e)
{
	auto_close int dir = -1;
	char name[64];

	if (path_mkdir_host(LOCK_DIR, 0700, e) < 0)
		return -e->code;
	dir = open(LOCK_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, LOCK_DIR);
	str_fmt(name, sizeof(name), "image-%x-%x-%llx", major(st->st_dev), minor(st->st_dev), (unsigned long long)st->st_ino);
	return lock_take(dir, name, -1, ret_fd, e);
}

/* As "6.1" of "6.1.0-42-amd64": is this kernel at least that? */
static bool kernel_has(const char *min)
{
	unsigned have[2] = { 0 }, want[2] = { 0 };
	struct utsname u;

	if (!min || uname(&u) < 0)
		return true;
	if (sscanf(u.release, "%u.%u", &have[0], &have[1]) != 2 || sscanf(min, "%u.%u", &want[0], &want[1]) != 2)
		return true;
	return have[0] > want[0] || (have[0] == want[0] && have[1] >= want[1]);
}

static int check_kernel(const struct image_format *f, struct err *e)
{
	if (kernel_has(f->min_kernel))
		return 0;
	return err_say(e, ENOTSUP, "containers on %s images need Linux %s: make the image with --format erofs", f->fs,
		       f->min_kernel);
}

bool image_mountable(const struct image_format *f, struct err *e)
{
	auto_close int ctx = sys_fsopen(f->fs, FSOPEN_CLOEXEC);

	if (check_kernel(f, e) < 0)
		return false;
	if (ctx < 0) {
		err_say(e, errno, errno == ENODEV ? "this kernel has no %s" : "this kernel does not let us mount %s", f->fs);
		return false;
	}
	return loop_works(e) == 0;
}

int image_attach(int dir, const char *digest, enum image_cache how, int *ret_mnt, struct err *e)
{
	auto_close int data = -1, lock = -1, loop = -1;
	const struct image_format *f;
	char name[LOOP_NAME];
	struct tmpl_image i;
	struct stat st;

	if (image_info_load(dir, &i, e) < 0)
		return -e->code;
	if (!str_eq(i.digest, digest))
		return err_say(e, EBADMSG, "the image is of another template, %.12s...", i.digest);
	f = image_format(i.format);
	if (check_kernel(f, e) < 0)
		return -e->code;
	data = open_data(dir, &i, &st, e);
	if (data < 0 || lock_image(&st, &lock, e) < 0 || take_loop(lock, data, how, name, &loop, e) < 0)
		return -e->code;
	return mount_loop(f->fs, name, ret_mnt, e);
}
