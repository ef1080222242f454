/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Picks the backend of a directory by its file system and checks what every backend would check: names, ids, whether a
 * limit can be enforced at all. Project quota is in q_prj.c, btrfs in q_btrfs.c, an image of the container's own in
 * q_disk.c, the storage pool in q_pool.c.
 */
#include "quota/quota.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "quota/quota_priv.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/path.h"
#include "util/str.h"

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif
#define QUOTA_ID_MAX 0x7ffffffeu

const char *quota_fd_path(int fd, char buf[QUOTA_FD_PATH])
{
	char link[40];
	ssize_t n = -1;

	if (str_fmt(link, sizeof(link), "/proc/self/fd/%d", fd) == 0)
		n = readlink(link, buf, QUOTA_FD_PATH - 1);
	if (n < 0)
		str_copy(buf, QUOTA_FD_PATH, "this directory");
	else
		buf[n] = '\0';
	return buf;
}

static int none_create(int parent, const char *name, uint32_t id, struct err *e)
{
	(void)id;
	return mkdirat(parent, name, 0700) < 0 ? err_set(e, errno, "make directory %s", name) : 0;
}

static int none_remove(int parent, const char *name, int dir, struct err *e)
{
	(void)dir;
	return path_rmtree(parent, name, e);
}

static int none_refuse(int dir, struct err *e)
{
	char path[QUOTA_FD_PATH];

	bool detached = str_eq(quota_fd_path(dir, path), "/");		/* a mount of it that is nowhere as yet */

	return err_say(e, ENOTSUP, "the file system %s%s cannot enforce disk limits: run 'vzhost pool' to make a "
		       "storage pool that can, or mount it with project quota (ext4, xfs: -o prjquota)",
		       detached ? "that it lies on" : "of ", detached ? "" : path);
}

static int none_set(int dir, uint32_t id, const struct quota_limit *l, struct err *e)
{
	(void)id;
	if (!l->soft_kib && !l->hard_kib && !l->soft_inodes && !l->hard_inodes)
		return 0;
	return none_refuse(dir, e);
}

static int none_get(int dir, uint32_t id, struct quota_usage *ret, struct err *e)
{
	(void)id;
	(void)ret;
	return none_refuse(dir, e);
}

static const struct quota_ops none_ops = {
	.caps = { .backend = "none" },
	.create = none_create, .remove = none_remove, .set = none_set, .get = none_get,
};

/*
 * btrfs is its own backend even while its quotas are off: an area is a subvolume then too, so that limits work once they
 * are switched on, and set() refuses until then.
 */
static int pick(int fd, const struct quota_ops **ret, struct err *e)
{
	struct statfs st;

	*ret = &none_ops;
	if (fstatfs(fd, &st) < 0)
		return err_set(e, errno, "statfs");
	if (q_disk_is(fd))
		*ret = &q_disk_ops;
	else if (st.f_type == BTRFS_SUPER_MAGIC)
		*ret = &q_btrfs_ops;
	else if ((st.f_type == EXT4_SUPER_MAGIC || st.f_type == XFS_SUPER_MAGIC) && q_prj_enforced(fd))
		*ret = &q_prj_ops;
	return 0;
}

int q_reopen(int dir, struct err *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "open directory") : fd;
}

int quota_probe(int dir, struct quota_caps *ret, struct err *e)
{
	const struct quota_ops *ops = &none_ops;
	auto_close int fd = q_reopen(dir, e);

	if (fd < 0 || pick(fd, &ops, e) < 0)
		return -e->code;
	if (ops == &q_btrfs_ops && !q_btrfs_enabled(fd))
		ops = &none_ops;
	*ret = ops->caps;
	return 0;
}

static int check_name(const char *name, struct err *e)
{
	if (!path_is_component(name) || strlen(name) > QUOTA_NAME_MAX)
		return err_say(e, EINVAL, "not a name for an area");
	return 0;
}

static int check_id(uint32_t id, struct err *e)
{
	return id > QUOTA_ID_MAX ? err_say(e, EINVAL, "quota id %u is above %u", id, QUOTA_ID_MAX) : 0;
}

/*
 * Made under another name and renamed when it is whole, so that after a crash an area either has what limits it or is
 * not there; the next create or remove of the same name clears the remains.
 */
int quota_area_create(int parent, const char *name, uint32_t id, struct err *e)
{
	const struct quota_ops *ops = &none_ops;
	char tmp[NAME_MAX + 1];
	struct stat st;
	struct err ignored = { 0 };

	if (check_name(name, e) < 0 || check_id(id, e) < 0)
		return -e->code;
	auto_close int fd = q_reopen(parent, e);
	if (fd < 0 || pick(fd, &ops, e) < 0)
		return -e->code;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(e, EEXIST, "area %s", name);
	if (str_fmt(tmp, sizeof(tmp), QUOTA_TMP_FMT, name) < 0)
		return err_set(e, ENAMETOOLONG, "area %s", name);
	if (fstatat(fd, tmp, &st, AT_SYMLINK_NOFOLLOW) == 0 && quota_area_remove(fd, tmp, e) < 0)
		return err_add(e, "clear the remains of area %s", name);
	if (ops->create(fd, tmp, id, e) < 0) {
		quota_area_remove(fd, tmp, &ignored);
		return err_add(e, "area %s", name);
	}
	if (renameat2(fd, tmp, fd, name, RENAME_NOREPLACE) < 0) {
		err_set(e, errno, "area %s", name);
		quota_area_remove(fd, tmp, &ignored);
		return -e->code;
	}
	if (ops->tidy)
		ops->tidy(fd);
	return 0;
}

static int remove_one(int parent, const struct quota_ops *ops, const char *name, struct err *e)
{
	auto_close int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0 && errno == ENOENT)
		return 0;
	if (dir < 0 && (errno == ENOTDIR || errno == ELOOP))
		return path_rmtree(parent, name, e);
	if (dir < 0)
		return err_set(e, errno, "open area %s", name);
	return ops->remove(parent, name, dir, e);
}

int quota_area_remove(int parent, const char *name, struct err *e)
{
	const struct quota_ops *ops = &none_ops;
	char tmp[NAME_MAX + 1];

	if (!path_is_component(name))
		return err_say(e, EINVAL, "not a name for an area");
	auto_close int fd = q_reopen(parent, e);
	if (fd < 0 || pick(fd, &ops, e) < 0)
		return -e->code;
	if (remove_one(fd, ops, name, e) < 0)
		return err_add(e, "remove area %s", name);
	if (str_fmt(tmp, sizeof(tmp), QUOTA_TMP_FMT, name) == 0 && remove_one(fd, ops, tmp, e) < 0)
		return err_add(e, "remove area %s", name);
	if (ops->tidy)
		ops->tidy(fd);
	return 0;
}

static uint64_t no_limit_is_zero(uint64_t v)
{
	return v >= NUM_UNLIMITED ? 0 : v;
}

static void pair_limit(const struct num_pair *p, uint64_t *soft, uint64_t *hard)
{
	if (!p->set)
		return;
	*hard = no_limit_is_zero(p->lim);
	*soft = no_limit_is_zero(p->bar);
	if (*hard && *soft >= *hard)
		*soft = 0;		/* the hard limit is met first */
}

void quota_conf_limit(const struct quota_conf *c, struct quota_limit *ret)
{
	*ret = (struct quota_limit){ 0 };
	if (c->enabled.set && !c->enabled.v)
		return;
	pair_limit(&c->space, &ret->soft_kib, &ret->hard_kib);
	pair_limit(&c->inodes, &ret->soft_inodes, &ret->hard_inodes);
}

int quota_set(int dir, uint32_t id, const struct quota_limit *l, struct err *e)
{
	const struct quota_ops *ops = &none_ops;

	if (check_id(id, e) < 0)
		return -e->code;
	if (l->soft_kib > UINT64_MAX >> 11 || l->hard_kib > UINT64_MAX >> 11)
		return err_say(e, ERANGE, "disk space limit is too large");
	auto_close int fd = q_reopen(dir, e);
	if (fd < 0 || pick(fd, &ops, e) < 0)
		return -e->code;
	return ops->set(fd, id, l, e);
}

int quota_get(int dir, uint32_t id, struct quota_usage *ret, struct err *e)
{
	const struct quota_ops *ops = &none_ops;
	struct quota_usage u = { 0 };

	if (check_id(id, e) < 0)
		return -e->code;
	auto_close int fd = q_reopen(dir, e);
	if (fd < 0 || pick(fd, &ops, e) < 0 || ops->get(fd, id, &u, e) < 0)
		return -e->code;
	*ret = u;
	return 0;
}
