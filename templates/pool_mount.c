/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node's way to a pool: its directory, mounted when it is not. A device is mounted read-only in the one way that leaves
 * its journal alone, since other nodes have it too; NFS by the distribution's mount.nfs, soft, so that a lost server is an
 * I/O error and not a process nobody can kill. What a device needs to be there (iscsiadm) is the distribution's business,
 * and comes back at boot by the distribution's means; one of an NBD server is made here (pool_nbd_dev.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "templates/image.h"
#include "templates/pool.h"
#include "templates/pool_nbd.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/lock.h"
#include "util/path.h"
#include "util/spawn.h"
#include "util/sys.h"

#define LOCK_DIR "/run/vz/lock"
#define LOCK_MS 30000
#define UMOUNT_WAIT_MS 2000
#define UMOUNT_NAP_MS 50
#define ATTRS (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

struct fs_options { const char *fs, *flags[3]; };
static const struct fs_options options[] = {
	{ "erofs", { NULL } },
	{ "squashfs", { NULL } },
	{ "ext4", { "noload", NULL } },
	{ "xfs", { "norecovery", "nouuid", NULL } },
};

static int lock_pool(const char *name, int *ret_fd, struct err *e)
{
	auto_close int dir = -1;
	char file[80];

	if (path_mkdir_host(LOCK_DIR, 0700, e) < 0)
		return -e->code;
	dir = open(LOCK_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	str_fmt(file, sizeof(file), "pool-%s", name);
	return dir < 0 ? err_set(e, errno, LOCK_DIR) : lock_take(dir, file, LOCK_MS, ret_fd, e);
}

static const struct fs_options *options_of(const char *dev, struct err *e)
{
	static char head[4096];
	auto_close int fd = open(dev, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const char *fs = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0) {
		err_set(e, errno, "%s", dev);
		return NULL;
	}
	if (!S_ISBLK(st.st_mode)) {
		err_say(e, ENOTBLK, "%s is no block device", dev);
		return NULL;
	}
	n = pread(fd, head, sizeof(head), 0);
	if (n < 0) {
		err_set(e, errno, "read %s", dev);
		return NULL;
	}
	if (n == 0) {
		err_say(e, EIO, "%s has no bytes: the device is not connected", dev);
		return NULL;
	}
	for (size_t i = 0; image_detect(head, (size_t)n, &fs) == 0 && i < ARRAY_SIZE(options); i++)
		if (str_eq(options[i].fs, fs))
			return &options[i];
	err_say(e, ENOTSUP, "%s has no file system that several nodes can read: use ext4, xfs, erofs or squashfs", dev);
	return NULL;
}

static int mount_dev(const char *dev, const char *at, struct err *e)
{
	const struct fs_options *o = options_of(dev, e);
	auto_close int ctx = o ? sys_fsopen(o->fs, FSOPEN_CLOEXEC) : -1, mnt = -1;

	if (!o)
		return -e->code;
	if (ctx < 0)
		return err_set(e, errno, "file system %s", o->fs);
	if (sys_fsconfig(ctx, FSCONFIG_SET_STRING, "source", dev, 0) < 0 ||
	    sys_fsconfig(ctx, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0)
		return err_set(e, errno, "mount %s", dev);
	for (size_t i = 0; o->flags[i]; i++)
		if (sys_fsconfig(ctx, FSCONFIG_SET_FLAG, o->flags[i], NULL, 0) < 0)
			return err_set(e, errno, "mount %s: option %s", dev, o->flags[i]);
	if (sys_fsconfig(ctx, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return errno == EBUSY ? err_say(e, EBUSY, "%s is mounted for writing here: attach that directory instead", dev) :
					err_set(e, errno, "mount %s (%s)", dev, o->fs);
	mnt = sys_fsmount(ctx, FSMOUNT_CLOEXEC, ATTRS);
	if (mnt < 0 || sys_move_mount(mnt, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_set(e, errno, "mount %s on %s", dev, at);
	return 0;
}

static int mount_nfs(const char *source, const char *at, struct err *e)
{
	const char *const argv[] = { "/bin/mount", "-t", "nfs", "-o",
		"ro,soft,timeo=50,retrans=2,nosuid,nodev,noexec", "--", source, at, NULL };
	const struct spawn s = { .argv = argv, .out = -1, .err = -1, .timeout_ms = 60000 };
	int status = 0;

	if (access("/sbin/mount.nfs", X_OK) < 0)
		return err_say(e, ENOENT, "mount.nfs is not installed: apt-get install nfs-common");
	return spawn_wait(&s, &status, e) < 0 ? err_add(e, "mount %s", source) : 0;
}

/* Is something mounted on @path, and is it the device that @source is now? */
static bool is_mounted(const struct tmpl_pool *p, bool *stale)
{
	auto_close int fd = open(p->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat here, up, dev;

	*stale = false;
	if (fd < 0 || fstat(fd, &here) < 0)
		return fd >= 0;			/* a dead mount that does not even answer */
	if (fstatat(AT_FDCWD, p->path, &here, 0) < 0 || fstatat(fd, "..", &up, 0) < 0)
		return true;
	if (here.st_dev == up.st_dev)
		return false;
	*stale = p->kind == TMPL_POOL_DEV && stat(p->source, &dev) == 0 && S_ISBLK(dev.st_mode) && dev.st_rdev != here.st_dev;
	return true;
}

static int mount_nbd(const struct tmpl_pool *p, struct err *e)
{
	char dev[32];

	return pool_nbd_device(p, dev, e) < 0 ? -e->code : mount_dev(dev, p->path, e);
}

static int mount_now(const char *tmpldir, const struct tmpl_pool *p, struct err *e)
{
	auto_close int lock = -1;
	struct tmpl_pool now;
	bool stale;

	if (lock_pool(p->name, &lock, e) < 0 || pool_conf_load(tmpldir, p->name, &now, e) < 0)	/* not one detached meanwhile */
		return -e->code;
	if (is_mounted(p, &stale)) {
		if (!stale)
			return 0;
		/* The device came back as another one. What runs on the old mount keeps it. */
		if (umount2(p->path, MNT_DETACH) < 0)
			return err_set(e, errno, "unmount %s, whose device has changed", p->path);
	}
	if (path_mkdir_host(p->path, 0700, e) < 0)
		return -e->code;
	if (p->kind == TMPL_POOL_NBD)
		return mount_nbd(p, e);
	return p->kind == TMPL_POOL_DEV ? mount_dev(p->source, p->path, e) : mount_nfs(p->source, p->path, e);
}

int pool_open(const char *tmpldir, const struct tmpl_pool *p, struct err *e)
{
	auto_close int fd = -1;
	char id[40] = "";
	bool stale;

	if (p->kind != TMPL_POOL_DIR && (!is_mounted(p, &stale) || stale) && mount_now(tmpldir, p, e) < 0)
		return err_add(e, "pool %s", p->name);
	fd = pool_open_dir(p->path, id, e);
	if (fd < 0)
		return err_add(e, "pool %s", p->name);
	if (p->id[0] && !str_eq(p->id, id))
		return err_say(e, ENXIO, "pool %s: there is another pool at %s now", p->name, p->source);
	return take_fd(&fd);
}

/* Whoever asks how the pool is, vzd every few seconds, is in it for a moment. */
static int umount_patiently(const char *path)
{
	const struct timespec nap = { .tv_nsec = UMOUNT_NAP_MS * 1000000L };

	for (int ms = 0; umount2(path, 0) < 0; ms += UMOUNT_NAP_MS) {
		if (errno != EBUSY || ms >= UMOUNT_WAIT_MS)
			return -errno;
		nanosleep(&nap, NULL);
	}
	return 0;
}

int pool_umount(const char *tmpldir, const struct tmpl_pool *p, struct err *e)
{
	char all[4096];

	if (p->kind == TMPL_POOL_DIR)
		return 0;
	if (umount_patiently(p->path) == -EBUSY)
		return err_say(e, EBUSY, "pool %s is in use: containers that run on it, or somebody in %s", p->name, p->path);
	if (p->kind == TMPL_POOL_NBD && pool_nbd_drop(p->name, e) < 0)
		return -e->code;
	if (rmdir(p->path) < 0 && errno == EBUSY)
		return err_set(e, errno, "unmount pool %s from %s", p->name, p->path);
	if (str_fmt(all, sizeof(all), "%s/pool", tmpldir) == 0)
		rmdir(all);		/* the last one goes with its pool */
	return 0;
}

/* A half-attached pool of somebody who died is forgotten. */
static int forget_half(const char *tmpldir, const char *name, struct err *e)
{
	struct tmpl_pool p;
	struct err none;

	if (pool_conf_load(tmpldir, name, &p, &none) < 0)
		return none.code == ENOENT ? 0 : (*e = none, -e->code);
	if (p.id[0])
		return err_say(e, EEXIST, "pool %s is attached already, from %s", name, p.source);
	return pool_umount(tmpldir, &p, e) < 0 ? -e->code : pool_conf_remove(name, e);
}

static int lock_attach(int *ret_fd, struct err *e)
{
	return lock_pool("", ret_fd, e);	/* no pool has that name */
}

int tmpl_pool_attach(const char *tmpldir, const char *name, const char *source, struct err *e)
{
	auto_close int lock = -1, fd = -1;
	struct tmpl_pool p = { .name = "" };
	struct err ignored;

	if (pool_name_check(name, e) < 0 || pool_source_kind(source, &p.kind, e) < 0 || lock_attach(&lock, e) < 0 ||
	    forget_half(tmpldir, name, e) < 0)
		return -e->code;
	str_copy(p.name, sizeof(p.name), name);
	str_copy(p.source, sizeof(p.source), source);
	if (pool_conf_store(&p, e) < 0 || pool_conf_load(tmpldir, name, &p, e) < 0)
		return -e->code;
	fd = pool_open(tmpldir, &p, e);
	p.alone = fd >= 0 && p.kind == TMPL_POOL_DIR && pool_mark_alone(fd);
	if (fd >= 0 && pool_mark_read(fd, p.id, e) == 0 && pool_conf_store(&p, e) == 0)
		return 0;
	auto_close_(&fd);
	if (pool_umount(tmpldir, &p, &ignored) == 0)
		pool_conf_remove(name, &ignored);
	return -e->code;
}

int tmpl_pool_detach(const char *tmpldir, const char *name, struct err *e)
{
	auto_close int lock = -1, mounting = -1;
	struct tmpl_pool p;

	if (lock_attach(&lock, e) < 0 || pool_conf_load(tmpldir, name, &p, e) < 0 || lock_pool(name, &mounting, e) < 0)
		return -e->code;
	return pool_umount(tmpldir, &p, e) < 0 ? -e->code : pool_conf_remove(name, e);
}
