/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pool's directory, for the one who writes it: made, filled, thinned out, checked. Nodes that read it are pool_*.c. */
#include "templates/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "templates/image.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/path.h"

#define auto_tmp __attribute__((cleanup(tmp_done)))

int pool_mark_read(int dir, char id[40], struct err *e)
{
	auto_kv struct kv kv = { 0 };
	const char *v;

	if (kv_load(&kv, dir, POOL_MARK, e) < 0)
		return -e->code;
	v = kv_get(&kv, "ID");
	if (!str_eq(kv_get(&kv, "SCHEMA"), "1") || !v || strlen(v) != 32 || strspn(v, "0123456789abcdef") != 32)
		return err_say(e, EBADMSG, "its file " POOL_MARK " is damaged or of a later version");
	return str_copy(id, 40, v);
}

bool pool_mark_alone(int dir)
{
	auto_kv struct kv kv = { 0 };
	struct err none = { 0 };

	return kv_load(&kv, dir, POOL_MARK, &none) == 0 && str_eq(kv_get(&kv, "ALONE"), "yes");
}

int pool_open_dir(const char *dir, char id[40], struct err *e)
{
	auto_close int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "pool %s", dir);
	if (pool_mark_read(fd, id, e) == 0)
		return take_fd(&fd);
	if (e->code == ENOENT)
		return err_say(e, EINVAL, "%s is no pool: it has no file " POOL_MARK ". If a device or an export belongs there, it "
			       "is not mounted; 'vzpool create %s' makes a new pool", dir, dir);
	return err_add(e, "pool %s", dir);
}

int pool_image_open(int dir, const char *digest)
{
	char path[128];

	str_fmt(path, sizeof(path), "sha256/%s", digest);
	return openat(dir, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int must_be_empty(int dir, const char *path, struct err *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d)
		return err_set(e, errno, "%s", path);
	while ((de = readdir(d))) {
		if (str_eq(de->d_name, POOL_MARK))
			return err_say(e, EEXIST, "%s is a pool already", path);
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, "..") && !str_eq(de->d_name, "lost+found") &&
		    !str_eq(de->d_name, POOL_LOCK))
			return err_say(e, ENOTEMPTY, "%s is not empty: a pool has a directory of its own", path);
	}
	return 0;
}

int tmpl_pool_create(const char *dir, bool alone, struct err *e)
{
	auto_close int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), lock = -1;
	uint64_t r[2];
	char text[100];

	if (fd < 0)
		return err_set(e, errno, "pool %s", dir);
	if (must_be_empty(fd, dir, e) < 0 || pool_lock(fd, dir, &lock, e) < 0 || must_be_empty(fd, dir, e) < 0)
		return -e->code;
	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return err_set(e, errno, "getrandom");
	str_fmt(text, sizeof(text), "SCHEMA=\"1\"\nID=\"%016llx%016llx\"\n%s", (unsigned long long)r[0], (unsigned long long)r[1],
		alone ? "ALONE=\"yes\"\n" : "");
	if (fchmodat(fd, ".", 0755, 0) < 0)
		return err_set(e, errno, "pool %s", dir);
	return fio_replace(fd, POOL_MARK, text, strlen(text), 0644, e) < 0 ? err_add(e, "pool %s", dir) : 0;
}

/* tmp/image to sha256/DIGEST. One that is there is sound and of the same template: it stays unless it is of another format. */
static int place_image(int dir, const struct tmpl_tmp *tmp, const struct tmpl_image *i, struct err *e)
{
	auto_close int all = path_mkdirs(dir, "sha256", 0755, e);
	struct err ignored;

	if (all < 0)
		return -e->code;
	if (renameat(tmp->dir, "image", all, i->digest) == 0)
		return fio_fsync_dir(all, e);
	if (errno != EEXIST && errno != ENOTEMPTY)
		return err_set(e, errno, "sha256/%s", i->digest);
	auto_close int there = pool_image_open(dir, i->digest);
	struct tmpl_image old;
	if (there >= 0 && image_info_load(there, &old, &ignored) == 0 && str_eq(old.format, i->format))
		return 0;
	return err_say(e, EEXIST, "the pool has %s in another format, and nodes may stand on it: 'vzpool rm --data' first",
		       i->name);
}

static int place_name(int dir, const struct tmpl_tmp *tmp, const struct tmpl_image *i, struct err *e)
{
	auto_close int names = path_mkdirs(dir, "name", 0755, e);
	char target[128];

	if (names < 0)
		return -e->code;
	str_fmt(target, sizeof(target), "../sha256/%s", i->digest);
	if (symlinkat(target, tmp->dir, "name") < 0 || renameat(tmp->dir, "name", names, i->name) < 0)
		return err_set(e, errno, "name/%s", i->name);
	return fio_fsync_dir(names, e);
}

/* A new image in tmp/image, unless the pool has this very one. */
static int fill(const char *dir, int fd, const struct tmpl_tmp *tmp, const char *tmpldir, struct tmpl *t, const char *format,
		struct tmpl_image *ret, struct err *e)
{
	auto_close int image = path_mkdirs(tmp->dir, "image", 0755, e), there = -1;
	struct err none;
	char into[4096];

	if (image < 0)
		return -e->code;
	there = pool_image_open(fd, t->digest);
	if (there >= 0 && image_info_load(there, ret, &none) == 0 && str_eq(ret->format, format))
		return str_copy(ret->name, sizeof(ret->name), t->name);		/* perhaps under another name */
	if (str_fmt(into, sizeof(into), "%s/tmp/%s/image", dir, tmp->name) < 0)
		return err_set(e, ENAMETOOLONG, "%s/tmp", dir);
	if (image_of_template(tmpldir, t, format, into, image, ret, e) < 0)
		return -e->code;
	return place_image(fd, tmp, ret, e);
}

/* The lock is held all the time: a collector between an image and its name would take the image, and another host's sweep what
 * is half made. */
int tmpl_pool_add(const char *dir, const char *tmpldir, struct tmpl *t, const char *format, struct tmpl_image *ret,
		  struct err *e)
{
	struct tmpl_tmp tmp auto_tmp = { .top = -1, .dir = -1 };
	auto_close int fd = -1, lock = -1;
	struct tmpl_ready r;
	char id[40];

	fd = pool_open_dir(dir, id, e);
	if (fd < 0 || tmpl_ready(tmpldir, t, NULL, &r, e) < 0 || pool_lock(fd, dir, &lock, e) < 0 ||
	    tmpl_sweep(dir, e) < 0 || tmpl_sweep(tmpldir, e) < 0)
		return -e->code;
	if (tmp_make(fd, &tmp, e) < 0 || fill(dir, fd, &tmp, tmpldir, t, format, ret, e) < 0)
		return err_add(e, "pool %s", dir);
	return place_name(fd, &tmp, ret, e);
}

static int digest_of_name(int dir, const char *name, char digest[TMPL_DIGEST_LEN + 1])
{
	char path[300], target[128];
	ssize_t n;

	if (str_fmt(path, sizeof(path), "name/%s", name) < 0)
		return -ENAMETOOLONG;
	n = readlinkat(dir, path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (!str_starts(target, "../sha256/") || !tmpl_is_digest(target + 10))
		return -EBADMSG;
	return str_copy(digest, TMPL_DIGEST_LEN + 1, target + 10);
}

int pool_digest_of(int dir, const char *name, char digest[TMPL_DIGEST_LEN + 1])
{
	return tmpl_name_ok(name) ? digest_of_name(dir, name, digest) : -ENOENT;
}

int tmpl_pool_digest(const char *dir, const char *name, char digest[TMPL_DIGEST_LEN + 1], struct err *e)
{
	auto_close int fd = -1;
	char id[40];
	int rc;

	fd = pool_open_dir(dir, id, e);
	if (fd < 0)
		return -e->code;
	rc = pool_digest_of(fd, name, digest);
	return rc < 0 ? err_set(e, -rc, "pool %s: name/%s", dir, name) : 0;
}

int tmpl_pool_rm(const char *dir, const char *name, bool data, struct err *e)
{
	auto_close int fd = -1, all = -1, lock = -1;
	char id[40], digest[TMPL_DIGEST_LEN + 1], path[300];
	int rc;

	fd = pool_open_dir(dir, id, e);
	if (fd < 0 || pool_lock(fd, dir, &lock, e) < 0)
		return -e->code;
	rc = pool_digest_of(fd, name, digest);
	if (rc < 0)
		return rc == -ENOENT ? err_say(e, ENOENT, "pool %s has no template %s", dir, name) :
				       err_set(e, -rc, "pool %s: name/%s", dir, name);
	str_fmt(path, sizeof(path), "name/%s", name);
	if (unlinkat(fd, path, 0) < 0)
		return err_set(e, errno, "pool %s: %s", dir, path);
	if (!data)
		return 0;
	all = openat(fd, "sha256", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return all < 0 ? err_set(e, errno, "pool %s", dir) : path_rmtree(all, digest, e);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct tmpl_image *)a)->name, ((const struct tmpl_image *)b)->name);
}

static int add_image(int dir, const char *name, struct tmpl_image **v, size_t *n, struct err *e)
{
	struct tmpl_image *more = realloc(*v, (*n + 1) * sizeof(**v)), *i;
	auto_close int at = -1;
	struct err why = { 0 };
	int rc;

	if (!more)
		return err_set(e, ENOMEM, "images of the pool");
	*v = more;
	i = &more[*n];
	memset(i, 0, sizeof(*i));
	rc = pool_digest_of(dir, name, i->digest);
	if (rc == 0) {
		at = pool_image_open(dir, i->digest);
		rc = at < 0 ? -errno : image_info_load(at, i, &why);
	}
	if (rc == -EIO || rc == -ESTALE || rc == -ETIMEDOUT)
		return err_set(e, -rc, "name/%s", name);
	if (rc < 0)		/* named all the same: verify says what is wrong with it */
		i->bytes = 0;
	str_copy(i->name, sizeof(i->name), name);
	(*n)++;
	return 0;
}

int pool_images(int dir, struct tmpl_image **ret, size_t *n, struct err *e)
{
	int fd = openat(dir, "name", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	auto_free struct tmpl_image *v = NULL;
	struct dirent *de;
	size_t m = 0;

	*ret = NULL;
	*n = 0;
	if (!d)
		return errno == ENOENT ? 0 : err_set(e, errno, "names of the pool");
	for (errno = 0; (de = readdir(d)); errno = 0)
		if (tmpl_name_ok(de->d_name) && add_image(dir, de->d_name, &v, &m, e) < 0)
			return -e->code;
	if (errno)
		return err_set(e, errno, "names of the pool");
	if (m > 1)
		qsort(v, m, sizeof(*v), by_name);
	*ret = take_ptr(v);
	*n = m;
	return 0;
}

int tmpl_pool_images(const char *dir, struct tmpl_image **ret, size_t *n, struct err *e)
{
	auto_close int fd = -1;
	char id[40];

	fd = pool_open_dir(dir, id, e);
	return fd < 0 ? -e->code : pool_images(fd, ret, n, e);
}

static int verify_one(int dir, const struct tmpl_image *i, struct err *e)
{
	auto_close int at = i->digest[0] ? pool_image_open(dir, i->digest) : -1;
	struct tmpl_image found;

	if (at < 0)
		return err_say(e, EBADMSG, "name/%s leads to no image", i->name);
	if (image_verify(at, &found, e) < 0)
		return -e->code;
	return str_eq(found.digest, i->digest) ? 0 : err_say(e, EBADMSG, "sha256/%s holds another template", i->digest);
}

int tmpl_pool_verify(const char *dir, const char *name, void (*say)(void *arg, const struct tmpl_image *i, const struct err *e),
		     void *arg, struct err *e)
{
	auto_free struct tmpl_image *v = NULL;
	size_t n = 0, seen = 0, bad = 0;
	auto_close int fd = -1;
	char id[40];

	fd = pool_open_dir(dir, id, e);
	if (fd < 0 || pool_images(fd, &v, &n, e) < 0)
		return -e->code;
	for (size_t k = 0; k < n; k++) {
		struct err why = { 0 };

		if (name && !str_eq(v[k].name, name))
			continue;
		seen++;
		bad += verify_one(fd, &v[k], &why) < 0;
		say(arg, &v[k], why.code ? &why : NULL);
	}
	if (name && !seen)
		return err_say(e, ENOENT, "pool %s has no template %s", dir, name);
	return bad ? err_say(e, EBADMSG, "pool %s: %zu of %zu images are damaged", dir, bad, seen) : 0;
}
