/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /etc/vz/pools/NAME.conf: which pools this host takes templates from. SOURCE, and ID once it was seen to be a pool. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "templates/pool.h"
#include "templates/pool_nbd.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/kv.h"
#include "util/path.h"

const char *pool_conf_dir = "/etc/vz/pools";

const char *const tmpl_pool_kind_names[] = {
	[TMPL_POOL_DIR] = "directory", [TMPL_POOL_DEV] = "device", [TMPL_POOL_NFS] = "nfs",
	[TMPL_POOL_NBD] = "nbd",
};
_Static_assert(ARRAY_SIZE(tmpl_pool_kind_names) == TMPL_POOL_KIND_N, "name every kind");

int pool_name_check(const char *name, struct err *e)
{
	size_t n = strlen(name);

	if (n && n < 64 && name[0] != '-' && name[0] != '.' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n && !str_ends(name, ".conf"))
		return 0;
	return err_say(e, EINVAL, "\"%.64s\" is no name for a pool: letters, digits, '.', '_' and '-', at most 63",
		       str_has_ctrl(name) ? "?" : name);
}

int pool_source_kind(const char *source, enum tmpl_pool_kind *ret, struct err *e)
{
	const char *colon = strstr(source, ":/");
	struct nbd_uri uri;

	if (str_has_ctrl(source) || strchr(source, '"') || strchr(source, ',') || strlen(source) >= 4000)
		return err_say(e, EINVAL, "the pool's source has a character that no path or export has");
	if (str_starts(source, "nbd://")) {
		*ret = TMPL_POOL_NBD;
		return nbd_uri_parse(source, &uri, e);
	}
	if (str_starts(source, "/dev/"))
		*ret = TMPL_POOL_DEV;
	else if (source[0] == '/')
		*ret = TMPL_POOL_DIR;
	else if (colon && colon != source && source[0] != '-' && !memchr(source, '/', (size_t)(colon - source)))
		*ret = TMPL_POOL_NFS;
	else
		return err_say(e, EINVAL, "\"%.200s\" is no source of a pool: give a directory, a device below /dev, HOST:/PATH or "
			       "nbd://HOST/EXPORT",
			       source);
	return 0;
}

static int where(const char *tmpldir, struct tmpl_pool *p, struct err *e)
{
	int rc = p->kind == TMPL_POOL_DIR ? str_copy(p->path, sizeof(p->path), p->source) :
					    str_fmt(p->path, sizeof(p->path), "%s/pool/%s", tmpldir, p->name);

	return rc < 0 ? err_set(e, ENAMETOOLONG, "pool %s", p->name) : 0;
}

static int open_dir(struct err *e)
{
	int fd = open(pool_conf_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "%s", pool_conf_dir) : fd;
}

static int no_such(const char *name, struct err *e)
{
	return err_say(e, ENOENT, "no pool %s is attached ('vzpool list' names those that are)", name);
}

int pool_conf_load(const char *tmpldir, const char *name, struct tmpl_pool *ret, struct err *e)
{
	auto_kv struct kv kv = { 0 };
	auto_close int dir = -1;
	const char *source, *id;
	char file[80];

	if (pool_name_check(name, e) < 0)
		return -e->code;
	memset(ret, 0, sizeof(*ret));
	str_copy(ret->name, sizeof(ret->name), name);
	str_fmt(file, sizeof(file), "%s.conf", name);
	dir = open_dir(e);
	if (dir < 0)
		return e->code == ENOENT ? no_such(name, e) : -e->code;
	if (kv_load(&kv, dir, file, e) < 0)
		return e->code == ENOENT ? no_such(name, e) : err_add(e, "%s", pool_conf_dir);
	source = kv_get(&kv, "SOURCE");
	id = kv_get(&kv, "ID");
	if (!source || pool_source_kind(source, &ret->kind, e) < 0 || str_copy(ret->source, sizeof(ret->source), source) < 0 ||
	    str_copy(ret->id, sizeof(ret->id), id ? id : "") < 0)
		return err_say(e, EINVAL, "%s/%s: SOURCE or ID is missing or wrong", pool_conf_dir, file);
	ret->alone = ret->kind == TMPL_POOL_DIR && str_eq(kv_get(&kv, "ALONE"), "yes");
	return where(tmpldir, ret, e);
}

int pool_conf_store(const struct tmpl_pool *p, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	auto_close int dir = -1;
	char file[80];

	if (path_mkdir_host(pool_conf_dir, 0755, e) < 0)
		return -e->code;
	dir = open_dir(e);
	if (dir < 0)
		return -e->code;
	str_fmt(file, sizeof(file), "%s.conf", p->name);
	buf_addf(&b, "SOURCE=\"%s\"\nID=\"%s\"\n%s", p->source, p->id, p->alone ? "ALONE=\"yes\"\n" : "");
	return buf_failed(&b) ? err_set(e, ENOMEM, "%s", file) : fio_replace(dir, file, buf_str(&b), b.len, 0644, e);
}

int pool_conf_remove(const char *name, struct err *e)
{
	auto_close int dir = open_dir(e);
	char file[80];

	if (dir < 0)
		return -e->code;
	str_fmt(file, sizeof(file), "%s.conf", name);
	if (unlinkat(dir, file, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove %s/%s", pool_conf_dir, file);
	return fio_fsync_dir(dir, e);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int pool_conf_names(struct str_list *ret, struct err *e)
{
	auto_closedir DIR *d = opendir(pool_conf_dir);
	struct dirent *de;
	struct err bad;
	char name[80];

	if (!d)
		return errno == ENOENT ? 0 : err_set(e, errno, "%s", pool_conf_dir);
	while ((de = readdir(d))) {
		size_t n = strlen(de->d_name);

		if (!str_ends(de->d_name, ".conf") || str_fmt(name, sizeof(name), "%.*s", (int)(n - 5), de->d_name) < 0 ||
		    pool_name_check(name, &bad) < 0)
			continue;
		if (str_list_add(ret, name, e) < 0)
			return -e->code;
	}
	if (ret->n > 1)
		qsort(ret->v, ret->n, sizeof(ret->v[0]), by_name);
	return 0;
}

int tmpl_pool_get(const char *tmpldir, const char *name, struct tmpl_pool *ret, struct err *e)
{
	return pool_conf_load(tmpldir, name, ret, e);
}

int tmpl_pool_list(const char *tmpldir, struct tmpl_pool **ret, size_t *n, struct err *e)
{
	struct str_list names auto_call(str_list_clear) = { 0 };
	auto_free struct tmpl_pool *v = NULL;

	if (pool_conf_names(&names, e) < 0)
		return -e->code;
	v = calloc(names.n + 1, sizeof(*v));
	if (!v)
		return err_set(e, ENOMEM, "pools");
	for (size_t i = 0; i < names.n; i++)
		if (pool_conf_load(tmpldir, names.v[i], &v[i], e) < 0)
			return -e->code;
	*ret = take_ptr(v);
	*n = names.n;
	return 0;
}
