/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where containers live: /vz on a file system that can limit space. If the host's own cannot, a pool is made: one sparse
 * file with a file system that can, mounted on /vz. Says plainly what it found and did. The file systems are quota/'s.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/kv.h"
#include "util/path.h"
#include "vzctl/host.h"

#define POOL_MIN (UINT64_C(256) << 20)

int host_pool_mounted(const struct ct_host_conf *conf, struct err *e)
{
	if (access(HOST_VZ "/private", F_OK) == 0 || access(conf->pool_image, F_OK) < 0)
		return 0;
	return err_say(e, ENODEV, "The storage pool %s is not mounted on " HOST_VZ ": run 'vzhost up'", conf->pool_image);
}

static int storage_probe(struct quota_caps *ret, struct err *e)
{
	auto_close int dir = open(HOST_VZ, O_DIRECTORY | O_RDONLY | O_CLOEXEC);

	if (dir < 0)
		return err_set(e, errno, HOST_VZ);
	return quota_probe(dir, ret, e);
}

static bool storage_is_limited(const struct quota_caps *caps)
{
	return caps->blocks;
}

/* POOL_SIZE if vz.conf gives it; else four fifths of what is free now, taken only as it is used. */
static int storage_size(struct host_call *c, const char *image, uint64_t *ret, struct err *e)
{
	struct kv auto_kv kv = { 0 };
	struct buf auto_buf parent = BUF_INIT;
	const char *slash = strrchr(image, '/');
	struct statvfs vfs;

	if (kv_load(&kv, AT_FDCWD, "/etc/vz/vz.conf", e) == 0 && kv_get(&kv, "POOL_SIZE")) {
		*ret = ct_host_conf(c->host)->pool_size.v;
		return 0;
	}
	err_clear(e);
	buf_add(&parent, image, slash && slash > image ? (size_t)(slash - image) : 0);
	if (statvfs(parent.len ? buf_str(&parent) : "/", &vfs) < 0)
		return err_set(e, errno, "%s", image);
	*ret = (uint64_t)vfs.f_bavail * vfs.f_frsize / 5 * 4 & ~((UINT64_C(1) << 20) - 1);
	if (*ret < POOL_MIN)
		return err_say(e, ENOSPC, "%s: less than %u MiB would fit; free some space, or set POOL_IMAGE in "
			       "/etc/vz/vz.conf", image, (unsigned)(POOL_MIN >> 20));
	return 0;
}

static int storage_pool(struct host_call *c, uint64_t size, struct err *e)
{
	struct quota_pool pool = { .image = ct_host_conf(c->host)->pool_image, .target = HOST_VZ, .size_bytes = size };
	struct quota_caps caps = { .backend = "none" };
	bool there = access(pool.image, F_OK) == 0;

	if (!there && !size && storage_size(c, pool.image, &pool.size_bytes, e) < 0)
		return -e->code;
	if (quota_pool_up(&pool, e) < 0 || storage_probe(&caps, e) < 0)
		return err_add(e, "storage pool");
	if (there)
		ui_sayf(&c->ui, 0, "storage: %s is mounted on " HOST_VZ "; limits by %s", pool.image, caps.backend);
	else
		ui_sayf(&c->ui, 0, "storage: made %s, %llu MiB at most, and mounted it on " HOST_VZ "; limits by %s", pool.image,
			(unsigned long long)(pool.size_bytes >> 20), caps.backend);
	return 0;
}

int host_storage(struct host_call *c, bool make, struct err *e)
{
	const char *image = ct_host_conf(c->host)->pool_image;
	struct quota_caps caps = { .backend = "none" };

	if (storage_probe(&caps, e) < 0)
		return -e->code;
	if (storage_is_limited(&caps)) {
		ui_sayf(&c->ui, 0, "storage: " HOST_VZ " can limit space%s; limits by %s", caps.inodes ? " and inodes" : "",
			caps.backend);
		return 0;
	}
	if (make || access(image, F_OK) == 0)
		return storage_pool(c, 0, e);
	ui_sayf(&c->ui, 0, "storage: " HOST_VZ " cannot limit space; containers with --diskspace are refused "
		"('vzhost pool' makes a file system that can)");
	return 0;
}

int host_storage_dirs(struct host_call *c, struct err *e)
{
	const struct ct_host_conf *conf = ct_host_conf(c->host);
	struct buf auto_buf cache = BUF_INIT;

	buf_addf(&cache, "%s/cache", conf->template_dir);
	const struct { const char *path; mode_t mode; } dirs[] = {
		{ HOST_VZ "/private", 0700 }, { HOST_VZ "/root", 0700 }, { HOST_VZ "/vztmp", 0700 }, { conf->lockdir, 0755 },
		{ conf->dumpdir, 0700 }, { conf->template_dir, 0755 }, { buf_str(&cache), 0755 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (path_mkdir_host(dirs[i].path, dirs[i].mode, e) < 0)
			return -e->code;
	return 0;
}

int host_storage_down(struct host_call *c, struct err *e)
{
	const struct quota_pool pool = { .image = ct_host_conf(c->host)->pool_image, .target = HOST_VZ };

	if (access(pool.image, F_OK) < 0) {
		ui_say(&c->ui, 0, 0, "storage: there is no pool; nothing to unmount");
		return 0;
	}
	if (quota_pool_down(&pool, e) < 0)
		return -e->code;
	ui_sayf(&c->ui, 0, "storage: unmounted; everything is kept in %s", pool.image);
	return 0;
}

int host_pool(struct host_call *c)
{
	struct err e = { 0 };
	uint64_t size = 0;

	if (c->argv[0] && (c->argv[1] || num_size(c->argv[0], NUM_BYTES, &size) < 0 || size < POOL_MIN)) {
		ui_sayf(&c->ui, -1, "Bad size '%s': a number of bytes, or like 20G; at least %u MiB", c->argv[0],
			(unsigned)(POOL_MIN >> 20));
		return VZ_INVALID_PARAMETER_VALUE;
	}
	if (host_open(c, &e) < 0 || storage_pool(c, size, &e) < 0 || host_storage_dirs(c, &e) < 0)
		return ui_fail(&c->ui, &e);
	return 0;
}
