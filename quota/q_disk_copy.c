/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of a container's image: snapshots, clones, the way back. Made under another name, synced, renamed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quota/q_disk.h"
#include "quota/quota_priv.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/loop.h"
#include "util/str.h"

#define NAME_CAP 256

/* Mounted once, writable: what is in the journal of one that was copied while it was mounted is in its place then. */
static int settle(int image, struct err *e)
{
	auto_close int loop = -1, mnt = -1;
	char name[LOOP_NAME] = "";
	struct disk_super s;

	if (disk_super_read(image, &s, e) < 0 || loop_attach(image, &loop, name, e) < 0 ||
	    disk_mount(name, s.fs, 0, &mnt, e) < 0)
		return err_add(e, "settle the copy");
	auto_close int top = openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return top < 0 || syncfs(top) < 0 ? err_set(e, errno, "settle the copy") : 0;
}

static int fill(const struct quota_disk_copy *c, int from, int to, bool *ret_shared, struct err *e)
{
	int rc;

	if (c->share && (rc = disk_share(from, to)) < 0)
		return err_say(e, ENOTSUP, "the host's file system cannot share blocks between files (%s): btrfs and xfs can",
			       strerrordesc_np(-rc));
	if (c->share)
		*ret_shared = true;
	else if (disk_copy(from, to, ret_shared, e) < 0)
		return -e->code;
	if (c->live && settle(to, e) < 0)
		return -e->code;
	return fsync(to) < 0 ? err_set(e, errno, "write %s", c->to_name) : 0;
}

int quota_disk_copy(const struct quota_disk_copy *c, bool *ret_shared, struct err *e)
{
	auto_close int from = openat(c->from, c->from_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), to = -1;
	char tmp[NAME_CAP];

	if (from < 0)
		return err_set(e, errno, "open %s", c->from_name);
	if (str_fmt(tmp, sizeof(tmp), "%s.new", c->to_name) < 0)
		return err_set(e, ENAMETOOLONG, "%s", c->to_name);
	if (unlinkat(c->to, tmp, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove %s", tmp);
	to = openat(c->to, tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return err_set(e, errno, "make %s", tmp);
	if (fill(c, from, to, ret_shared, e) < 0) {
		unlinkat(c->to, tmp, 0);
		return -e->code;
	}
	if (renameat(c->to, tmp, c->to, c->to_name) < 0)
		return err_set(e, errno, "rename to %s", c->to_name);
	return fio_fsync_dir(c->to, e);
}

int quota_disk_mount_ro(int dir, const char *name, int *ret_mnt, struct err *e)
{
	auto_close int image = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), loop = -1;
	char dev[LOOP_NAME] = "";
	struct disk_super s;

	if (image < 0)
		return err_set(e, errno, "open %s", name);
	if (disk_super_read(image, &s, e) < 0 || loop_attach(image, &loop, dev, e) < 0)
		return err_add(e, "%s", name);
	return disk_mount(dev, s.fs, DISK_RO, ret_mnt, e);
}
