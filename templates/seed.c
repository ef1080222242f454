/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seeds, TEMPLATE/store/btrfs/DIGEST: a template unpacked once into a read-only subvolume. A root of the layout btrfs is a
 * snapshot of it, made in an instant and without space, and needs it no more. So a seed has no users, and is kept for as
 * long as an archive in the cache has its digest. It appears and goes in one step of the kernel's; what it is made of lies
 * in TEMPLATE/tmp and goes with that.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "templates/gc.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/dir.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/subvol.h"

#define SEEDS "store/btrfs"
#define auto_tmp __attribute__((cleanup(tmp_done)))

static int open_seeds(int base)
{
	return openat(base, SEEDS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int open_seed(int base, const char *digest, int *ret_fd)
{
	char path[128];
	int fd;

	str_fmt(path, sizeof(path), SEEDS "/%s", digest);
	fd = openat(base, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

bool seed_is(int base, const char *digest)
{
	char path[128];

	str_fmt(path, sizeof(path), SEEDS "/%s", digest);
	return faccessat(base, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* From tmp/seed, which is written to the disk before anybody can find it by its digest. */
static int publish(int base, int seed, const char *digest, struct err *e)
{
	auto_close int made = path_mkdirs(base, SEEDS, 0700, e), dir = made < 0 ? -1 : open_seeds(base);

	if (dir < 0)
		return made < 0 ? -e->code : err_set(e, errno, SEEDS);
	if (syncfs(seed) < 0)
		return err_set(e, errno, "write the template to disk");
	if (subvol_freeze(dir, digest, seed, e) < 0 && e->code != EEXIST)
		return -e->code;
	err_clear(e);
	return fio_fsync_dir(dir, e);
}

static int make(int base, struct tmpl *t, int archive, const struct tmpl_limits *l, struct err *e)
{
	struct tmpl_tmp tmp auto_tmp = { .top = -1, .dir = -1 };
	auto_close int seed = -1;
	struct unpack_result r;

	if (tmp_make(base, &tmp, e) < 0 || subvol_make(tmp.dir, "seed", e) < 0)
		return -e->code;
	seed = openat(tmp.dir, "seed", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (seed < 0)
		return err_set(e, errno, "tmp/%s/seed", tmp.name);
	if (unpack_archive(archive, seed, l, &r, e) < 0)
		return err_add(e, "OS template %s", t->name);
	str_copy(t->digest, sizeof(t->digest), r.digest);
	if (publish(base, seed, r.digest, e) < 0)
		return -e->code;
	auto_close_(&seed);
	return subvol_delete(tmp.dir, "seed", e);	/* at once; else it would be emptied file by file */
}

/* Under the archive's lock: who held it before us may have made it, or only the memory of the digest is gone. */
static int make_once(const char *tmpldir, int base, struct tmpl *t, int archive, const struct stat *st,
		     const struct tmpl_limits *l, struct err *e)
{
	auto_close int lock = -1;

	if (store_lock(base, st, &lock, e) < 0 || tmpl_sweep(tmpldir, e) < 0)
		return -e->code;
	if (store_digest_of(base, st, t->digest) && seed_is(base, t->digest))
		return 0;
	if (make(base, t, archive, l, e) < 0) {
		t->digest[0] = '\0';
		return -e->code;
	}
	return store_remember(base, t->archive, t->digest, e);
}

int tmpl_seed(const char *tmpldir, struct tmpl *t, const struct tmpl_limits *l, int beside, int *ret_fd, struct err *e)
{
	auto_close int base = tmpl_base(tmpldir, e), archive = -1, top = -1;
	struct stat st;
	int rc;

	if (base < 0 || gc_hold(base, e) < 0)
		return -e->code;
	top = openat(base, "store", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!t->archive[0] || top < 0 || !subvol_same_fs(top, beside))
		return err_say(e, ENOTSUP, "template %s and the new root are not on one btrfs", t->name);
	archive = open(t->archive, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (archive < 0 || fstat(archive, &st) < 0)
		return err_set(e, errno, "%s", t->archive);
	if ((!store_digest_of(base, &st, t->digest) || !seed_is(base, t->digest)) &&
	    make_once(tmpldir, base, t, archive, &st, l, e) < 0)
		return -e->code;
	rc = open_seed(base, t->digest, ret_fd);
	return rc < 0 ? err_set(e, -rc, "%s/" SEEDS "/%s", tmpldir, t->digest) : 0;
}

int seed_drop(int base, const char *digest, struct err *e)
{
	auto_close int dir = open_seeds(base);

	if (dir < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, SEEDS);
	return subvol_delete(dir, digest, e);
}

int seed_list(int base, struct str_list *ret, struct err *e)
{
	auto_close int dir = open_seeds(base);
	auto_closedir DIR *d = dir_list(dir);
	struct dirent *de;

	if (!d)
		return errno == ENOENT ? 0 : err_set(e, errno, SEEDS);
	while ((de = readdir(d)))
		if (tmpl_is_digest(de->d_name) && str_list_add(ret, de->d_name, e) < 0)
			return -e->code;
	return 0;
}
