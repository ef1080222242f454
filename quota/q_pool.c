/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The storage pool: brings the image (q_image.c) to its mount point and takes it down. Calls for one image wait for each
 * other. Killed anywhere, the next call goes on: a loop device goes away with its last user, the mount point is the last
 * thing to change.
 */
#include "quota/quota.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quota/quota_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/lock.h"
#include "util/loop.h"
#include "util/path.h"
#include "util/str.h"
#include "util/sys.h"

#define LOCK_MS 660000		/* a little more than making a file system may take */
#define MOUNTINFO_CAP (16u << 20)

enum at_target { AT_NOTHING, AT_POOL, AT_OTHER };

static int lock_image(const char *image, int *ret, struct err *e)
{
	const char *slash = strrchr(image, '/');
	auto_buf struct buf b = BUF_INIT;
	char name[256];

	if (image[0] != '/' || !path_is_component(slash + 1) || str_fmt(name, sizeof(name), ".%s.lock", slash + 1) < 0)
		return err_say(e, EINVAL, "'%s' is not a path for a pool image", image);
	buf_add(&b, image, slash == image ? 1 : (size_t)(slash - image));
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "%s", image);
	if (path_mkdir_host(buf_str(&b), 0711, e) < 0)
		return -e->code;
	auto_close int dir = open(buf_str(&b), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "%s", buf_str(&b));
	return lock_take(dir, name, LOCK_MS, ret, e) < 0 ? err_add(e, "pool %s", image) : 0;
}

/* The mount source (the word after " - TYPE ") of mount @id; NULL when it is not there. */
static const char *mount_source(char *info, uint64_t id)
{
	char *save = NULL, *sep, *end;

	for (char *line = strtok_r(info, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strtoull(line, NULL, 10) != id)
			continue;
		sep = strstr(line, " - ");
		sep = sep ? strchr(sep + 3, ' ') : NULL;
		if (!sep)
			return NULL;
		end = strchr(++sep, ' ');
		if (end)
			*end = '\0';
		return sep;
	}
	return NULL;
}

static int look_at_target(const char *target, const char *image, enum at_target *ret, struct err *e)
{
	const unsigned want = STATX_MNT_ID;
	auto_buf struct buf b = BUF_INIT;
	struct statx sx;
	const char *source;

	*ret = AT_NOTHING;
	if (statx(AT_FDCWD, target, AT_SYMLINK_NOFOLLOW, want, &sx) < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "%s", target);
	if (!(sx.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return 0;
	*ret = AT_OTHER;
	buf_init(&b, MOUNTINFO_CAP);
	if (fio_read_at(AT_FDCWD, "/proc/self/mountinfo", &b, e) < 0)
		return -e->code;
	source = b.s ? mount_source(b.s, sx.stx_mnt_id) : NULL;
	auto_close int fd = open(image, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && source && str_starts(source, "/dev/loop") && loop_is_backed_by(source, fd))
		*ret = AT_POOL;
	return 0;
}

static int check_target(const char *target, struct err *e)
{
	const struct dirent *de;
	auto_closedir DIR *d = NULL;

	if (target[0] != '/')
		return err_say(e, EINVAL, "'%s' is not an absolute path", target);
	d = opendir(target);
	if (!d)
		return errno == ENOENT ? 0 : err_set(e, errno, "%s", target);
	while ((de = readdir(d))) {
		if (str_eq(de->d_name, ".") || str_eq(de->d_name, ".."))
			continue;
		/* a command that came while the pool was not there has had its lock in it */
		if (!str_eq(de->d_name, "lock") || unlinkat(dirfd(d), de->d_name, AT_REMOVEDIR) < 0)
			return err_say(e, EBUSY, "%s is not empty: move what is in it away, or make the file system it is on "
				       "enforce project quota", target);
	}
	return 0;
}

static int bring_up(const struct quota_pool *p, int lock, struct err *e)
{
	char name[32];
	enum image_fs fs;
	auto_close int image = -1;
	auto_close int loop = -1;
	auto_close int mnt = -1;
	int rc;

	if (image_open(p, lock, &image, &fs, e) < 0)
		return -e->code;
	rc = loop_find(image, &loop, name, e);
	if (rc == 0)
		rc = loop_attach(image, &loop, name, e);
	if (rc < 0 || image_mount(name, fs, &mnt, e) < 0)
		return err_add(e, "pool %s", p->image);
	if (path_mkdir_host(p->target, 0711, e) < 0)
		return -e->code;
	if (sys_move_mount(mnt, "", AT_FDCWD, p->target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "mount pool %s on %s", p->image, p->target);
	return 0;
}

int quota_pool_up(const struct quota_pool *p, struct err *e)
{
	auto_close int lock = -1;
	enum at_target at;

	if (lock_image(p->image, &lock, e) < 0 || look_at_target(p->target, p->image, &at, e) < 0)
		return -e->code;
	if (at == AT_POOL)
		return 0;
	if (at == AT_OTHER)
		return err_say(e, EBUSY, "%s is the mount point of something else than %s", p->target, p->image);
	if (check_target(p->target, e) < 0)
		return -e->code;
	return bring_up(p, lock, e);
}

int quota_pool_down(const struct quota_pool *p, struct err *e)
{
	auto_close int lock = -1;
	enum at_target at;

	if (lock_image(p->image, &lock, e) < 0 || look_at_target(p->target, p->image, &at, e) < 0)
		return -e->code;
	if (at == AT_NOTHING)
		return 0;
	if (at == AT_OTHER)
		return err_say(e, EINVAL, "%s is the mount point of something else than %s", p->target, p->image);
	if (umount2(p->target, UMOUNT_NOFOLLOW) == 0)
		return 0;
	if (errno == EBUSY)
		return err_say(e, EBUSY, "%s is in use: stop the containers first", p->target);
	return err_set(e, errno, "unmount %s", p->target);
}
