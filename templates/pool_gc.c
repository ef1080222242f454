/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of a pool that no name leads to and nobody stands on. Nodes never write to a pool, so it cannot know who stands on
 * what: the nodes are asked from outside (vzpool used), and their answers come here as lists. One that is not whole is an error.
 */
#include "templates/pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "templates/image.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#define auto_tmp __attribute__((cleanup(tmp_done)))
#define USED_HEAD "vzpool used 1\n"
#define USED_END "end\n"
#define USED_MAX (8u << 20)

int tmpl_pool_used_print(const struct str_list *digests, struct buf *b, struct err *e)
{
	buf_adds(b, USED_HEAD);
	for (size_t i = 0; i < digests->n; i++)
		buf_addf(b, "%s\n", digests->v[i]);
	buf_adds(b, USED_END);
	return buf_failed(b) ? err_set(e, ENOMEM, "list of templates") : 0;
}

int tmpl_pool_used_parse(const char *text, size_t len, struct str_list *ret, struct err *e)
{
	const char *s = text + strlen(USED_HEAD), *end = text + len - strlen(USED_END);
	char digest[TMPL_DIGEST_LEN + 1];

	if (len < strlen(USED_HEAD USED_END) || !str_starts(text, USED_HEAD) || memcmp(end, USED_END, strlen(USED_END)) != 0)
		return err_say(e, EBADMSG, "is not a whole answer of 'vzpool used'");
	for (; s < end; s += TMPL_DIGEST_LEN + 1) {
		if (end - s < TMPL_DIGEST_LEN + 1 || s[TMPL_DIGEST_LEN] != '\n' ||
		    (str_fmt(digest, sizeof(digest), "%.64s", s), !tmpl_is_digest(digest)))
			return err_say(e, EBADMSG, "has a line that 'vzpool used' does not write");
		if (!str_list_has(ret, digest) && str_list_add(ret, digest, e) < 0)
			return -e->code;
	}
	return 0;
}

int tmpl_pool_used_load(const char *path, struct str_list *ret, struct err *e)
{
	auto_buf struct buf b = { .cap = USED_MAX };
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char part[8192];
	ssize_t n = 1;

	if (fd < 0)
		return err_set(e, errno, "%s", path);
	while (n > 0) {		/* a pipe will do: <(ssh node vzpool used) */
		n = read(fd, part, sizeof(part));
		if (n > 0)
			buf_add(&b, part, (size_t)n);
	}
	if (n < 0 || buf_failed(&b))
		return err_set(e, n < 0 ? errno : EFBIG, "%s", path);
	return tmpl_pool_used_parse(buf_str(&b), b.len, ret, e) < 0 ? err_add(e, "%s", path) : 0;
}

struct gc {
	struct tmpl_pool_gc *g;
	int dir, all, lock;
	struct tmpl_tmp tmp;
	struct str_list named;
};

static void gc_done(struct gc *x)
{
	tmp_done(&x->tmp);
	str_list_clear(&x->named);
	auto_close_(&x->all);
	auto_close_(&x->lock);
	auto_close_(&x->dir);
}

static int find_named(struct gc *x, struct err *e)
{
	auto_free struct tmpl_image *v = NULL;
	size_t n = 0;

	if (pool_images(x->dir, &v, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < n; i++)
		if (v[i].digest[0] && str_list_add(&x->named, v[i].digest, e) < 0)
			return -e->code;
	return 0;
}

/* Nobody gives or takes a name from here on, unless it is only a look. */
static int begin(struct gc *x, const char *path, struct err *e)
{
	if (!x->g->dry_run && (pool_lock(x->dir, path, &x->lock, e) < 0 || tmpl_sweep(path, e) < 0))
		return -e->code;
	return find_named(x, e);
}

static int take(struct gc *x, const char *digest, struct err *e)
{
	auto_close int at = pool_image_open(x->dir, digest);
	struct tmpl_image i = { .bytes = 0 };
	struct err none = { 0 };

	if (at >= 0 && image_info_load(at, &i, &none) < 0)
		i.bytes = 0;
	import_say(x->g->ui, "%s %.12s %s %llu bytes", x->g->dry_run ? "would remove" : "removed", digest,
		   i.name[0] ? i.name : "-", (unsigned long long)i.bytes);
	x->g->n++;
	x->g->bytes += i.bytes;
	if (x->g->dry_run)
		return 0;
	if (x->tmp.dir < 0 && tmp_make(x->dir, &x->tmp, e) < 0)
		return -e->code;
	return renameat(x->all, digest, x->tmp.dir, digest) < 0 ? err_set(e, errno, "sha256/%s", digest) : 0;
}

int tmpl_pool_gc(const char *dir, struct tmpl_pool_gc *g, struct err *e)
{
	struct gc x __attribute__((cleanup(gc_done))) = { .g = g, .dir = -1, .all = -1, .lock = -1,
							  .tmp = { .top = -1, .dir = -1 } };
	auto_closedir DIR *d = NULL;
	struct dirent *de;
	char id[40];

	g->n = g->bytes = 0;
	x.dir = pool_open_dir(dir, id, e);
	if (x.dir < 0 || begin(&x, dir, e) < 0)
		return -e->code;
	x.all = openat(x.dir, "sha256", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	d = x.all < 0 ? NULL : fdopendir(dup(x.all));
	if (!d)
		return errno == ENOENT ? 0 : err_set(e, errno, "pool %s", dir);
	while ((de = readdir(d)))
		if (tmpl_is_digest(de->d_name) && !str_list_has(&x.named, de->d_name) && !str_list_has(g->used, de->d_name) &&
		    take(&x, de->d_name, e) < 0)
			return err_add(e, "pool %s", dir);
	return g->n && !g->dry_run ? fio_fsync_dir(x.all, e) : 0;
}

/* --- pools that only this host has --- */

static int open_alone(const char *name, const char *digest, struct tmpl_pool *p)
{
	auto_close int fd = -1, image = -1;
	struct err none = { 0 };
	char id[40];

	if (pool_conf_load("", name, p, &none) < 0 || !p->alone || !p->id[0])
		return -1;
	fd = pool_open_dir(p->path, id, &none);
	if (fd < 0 || !str_eq(id, p->id) || !pool_mark_alone(fd))
		return -1;
	image = pool_image_open(fd, digest);
	return image < 0 ? -1 : take_fd(&fd);
}

static bool has_name(int pool, const char *digest)
{
	auto_free struct tmpl_image *v = NULL;
	struct err none = { 0 };
	size_t n = 0;

	if (pool_images(pool, &v, &n, &none) < 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i].digest, digest))
			return true;
	return false;
}

bool pool_alone_has(const char *digest, bool named)
{
	struct str_list names __attribute__((cleanup(str_list_clear))) = { 0 };
	struct err none = { 0 };
	struct tmpl_pool p;

	if (pool_conf_names(&names, &none) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++) {
		auto_close int fd = open_alone(names.v[i], digest, &p);

		if (fd >= 0 && (named || !has_name(fd, digest)))
			return true;
	}
	return false;
}

static int collect_in(const char *path, int *dir, const char *digest, struct tmpl_pool_gc *g, struct err *e)
{
	struct gc x __attribute__((cleanup(gc_done))) = { .g = g, .dir = take_fd(dir), .all = -1, .lock = -1,
							  .tmp = { .top = -1, .dir = -1 } };

	if (begin(&x, path, e) < 0)
		return -e->code;
	if (str_list_has(&x.named, digest))
		return 0;
	x.all = openat(x.dir, "sha256", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (x.all < 0)
		return err_set(e, errno, "sha256");
	if (take(&x, digest, e) < 0)
		return -e->code;
	return g->dry_run ? 0 : fio_fsync_dir(x.all, e);
}

int pool_alone_collect(const char *digest, const struct tmpl_gc *g, struct err *e)
{
	struct str_list names __attribute__((cleanup(str_list_clear))) = { 0 };
	struct tmpl_pool_gc one = { .dry_run = g->dry_run, .ui = g->ui };
	struct tmpl_pool p;

	if (pool_conf_names(&names, e) < 0)
		return -e->code;
	for (size_t i = 0; i < names.n; i++) {
		auto_close int fd = open_alone(names.v[i], digest, &p);

		if (fd < 0)
			continue;
		if (collect_in(p.path, &fd, digest, &one, e) < 0)
			return err_add(e, "pool %s", p.name);
	}
	return one.n > 0;
}
