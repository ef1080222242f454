/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CTID.conf: read, changed line by line, replaced atomically, copied into the private area so that a container can be
 * registered again when /etc is lost. What a value means is decided in conf.c and by the rows.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#include "libct/files.h"
#include "libct/ips.h"

#define COPY_XATTR "trusted.vz.conf"

int ct_store_dir(struct err *e)
{
	int fd = open(CT_CONF_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		if (path_mkdir_host(CT_CONF_DIR, 0755, e) < 0)
			return -e->code;
		fd = open(CT_CONF_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? err_set(e, errno, "open " CT_CONF_DIR) : fd;
}

/* A file from vzctl 4.x may say nothing: then what lies in the private area counts, never a default for new containers. */
static int find_layout(struct ct *ct, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	auto_close int area = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	const char *found = area >= 0 ? ct_area_layout(area) : NULL;
	char *layout = found ? strdup(found) : NULL;

	if (found && !layout)
		return err_set(e, ENOMEM, "VE_LAYOUT");
	if (!layout)
		return 0;
	free(ct->conf.layout);
	ct->conf.layout = layout;
	return 0;
}

/*
 * A place that the file names, but not so that we could go there, is not taken from the host's default: that would be
 * another container's, or files that nobody meant. Without one, every command on files says that it is not set.
 */
static void no_other_place(struct ct *ct, const char *key, bool was, char **field)
{
	const char *named = kv_get(&ct->kv, key);

	if (was || !named || !*named)
		return;
	free(*field);
	*field = NULL;
}

/* ct->conf again from ct->kv and the host's defaults. */
static int remerge(struct ct *ct, const struct ct *say, struct err *e)
{
	bool private_dir, root;
	char path[64];

	ct_conf_done(&ct->conf);
	str_fmt(path, sizeof(path), CT_CONF_DIR "/%u.conf", ct->id);
	if (ct_conf_from_kv(&ct->conf, &ct->kv, say, path, e) < 0)
		return -e->code;
	err_clear(e);
	private_dir = ct->conf.private_dir;
	root = ct->conf.root;
	ct_conf_defaults(&ct->conf, &ct->host->defaults, e);
	no_other_place(ct, "VE_PRIVATE", private_dir, &ct->conf.private_dir);
	no_other_place(ct, "VE_ROOT", root, &ct->conf.root);
	ct_ips_drop_v6(ct->host, &ct->conf.net.ip);	/* the file keeps them */
	return e->code || !ct->has_conf || kv_get(&ct->kv, "VE_LAYOUT") ? -e->code : find_layout(ct, e);
}

/* Warnings are given once per handle: the reload under the lock says nothing again. */
int ct_store_load(struct ct *ct, struct err *e)
{
	bool first = !ct->loaded;
	char path[64];

	kv_done(&ct->kv);
	ct->has_conf = false;
	ct->loaded = true;
	str_fmt(path, sizeof(path), CT_CONF_DIR "/%u.conf", ct->id);
	if (kv_load(&ct->kv, AT_FDCWD, path, e) < 0) {
		int code = e->code;
		struct err ignored = { 0 };

		remerge(ct, NULL, &ignored);
		return code == ENOENT ? -ENOENT : err_exit(e, code == EINVAL || code == EFBIG ? VZ_INVALID_CONFIG : VZ_NOCONFIG);
	}
	ct->has_conf = true;
	return remerge(ct, first ? ct : NULL, e);
}

int ct_store_adopt(struct ct *ct, struct kv *kv, struct err *e)
{
	SWAP(ct->kv, *kv);
	kv_done(kv);
	return remerge(ct, NULL, e);
}

/* --- the copy in the private area --- */

/* overlay has a directory of its own around what the container sees; in dir the area is the tree, so an attribute. */
static int copy_xattr(int area, const struct buf *b, struct err *e)
{
	auto_close int fd = openat(area, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "open the private area");
	if (fsetxattr(fd, COPY_XATTR, buf_str(b), b->len, 0) == 0 || errno == ENOTSUP || errno == E2BIG || errno == ERANGE ||
	    errno == ENOSPC || errno == EDQUOT || errno == EPERM)
		return 0;		/* a convenience: a file system that has no room for it does not fail a command */
	return err_set(e, errno, "copy the configuration into the private area");
}

int ct_store_copy(const struct ct *ct, int area, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	if (kv_print(&ct->kv, &b, e) < 0)
		return -e->code;
	if (str_eq(ct->conf.layout, "dir") || str_eq(ct->conf.layout, "simfs") || ct_is_ploop(ct))
		return copy_xattr(area, &b, e);
	if (fio_replace_run(area, CT_COPY_FILE, buf_str(&b), b.len, 0600, e) < 0 && e->code != EDQUOT && e->code != ENOSPC)
		return -e->code;
	err_clear(e);
	return 0;
}

static int load_xattr(int area, struct kv *kv, struct err *e)
{
	auto_free char *text = malloc(XATTR_SIZE_MAX);
	ssize_t n = text ? fgetxattr(area, COPY_XATTR, text, XATTR_SIZE_MAX) : -1;

	if (n < 0)
		return err_set(e, text ? ENOENT : ENOMEM, "configuration in the private area");
	return kv_parse(kv, text, (size_t)n, e);
}

/* In layout dir a file of that name would be the guest's. */
int ct_store_copy_load(int area, const char *layout, struct kv *kv, struct err *e)
{
	if (str_eq(layout, "ploop") && load_xattr(area, kv, e) == 0)
		return 0;
	err_clear(e);		/* OpenVZ keeps its own copy beside the image, under the same name */
	return str_eq(layout, "dir") ? load_xattr(area, kv, e) : kv_load(kv, area, CT_COPY_FILE, e);
}

/* The file is saved already: a copy that fails is worth a word, not a failure. */
static void copy_out(const struct ct *ct)
{
	auto_free char *path = ct_path_private(ct);
	auto_close int area = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	struct err e = { 0 };

	if (area >= 0 && ct_store_copy(ct, area, &e) < 0)
		ct_say(ct, -1, "Warning: %s", e.text);
}

/* --- writing --- */

static int save_error(struct err *e)
{
	err_add(e, "Unable to save the configuration");
	return err_exit(e, VZ_CONFIG_SAVE_ERROR);
}

int ct_store_kv(struct ct *ct, struct kv *kv, unsigned flags, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	auto_close int dir = ct_store_dir(e);
	char name[32];

	str_fmt(name, sizeof(name), "%u.conf", ct->id);
	if (dir < 0 || kv_print(kv, &b, e) < 0 || fio_replace(dir, name, buf_str(&b), b.len, 0644, e) < 0)
		return save_error(e);
	ct->has_conf = true;
	if (ct_store_adopt(ct, kv, e) < 0)
		return save_error(e);
	if (!(flags & CT_STORE_NO_COPY))
		copy_out(ct);
	if (!(flags & CT_STORE_QUIET))
		ct_say(ct, 0, "CT configuration saved to " CT_CONF_DIR "/%u.conf", ct->id);
	return 0;
}

static int set_row(struct kv *kv, const struct param *p, size_t base, const struct ct_conf *c, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	p->type->print(p, (const char *)c + base + p->off, &b);
	if (buf_failed(&b))
		return err_set(e, ENOMEM, "%s", p->key);
	if (kv_set(kv, p->key, buf_str(&b), p->flags & PARAM_RAW, e) < 0)
		return -e->code;
	if (p->alias_key)
		kv_unset(kv, p->alias_key);
	return 0;
}

/* Rows of @c that differ from @file go into @kv; those that equal @skip (NULL: none) only repeat a default. */
int ct_store_apply(struct kv *kv, const struct ct_conf *c, const struct ct_conf *file, const struct ct_conf *skip, bool *changed,
		   struct err *e)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base, other;

	while ((p = ct_row_next(&it, &base))) {
		if (!p->key || ct_param_by_key(p->key, &other) != p || !ct_conf_row_set(p, base, c))
			continue;
		if (ct_conf_row_set(p, base, file) ? ct_conf_row_equal(p, base, c, file)
						   : skip && ct_conf_row_equal(p, base, c, skip))
			continue;
		if (set_row(kv, p, base, c, e) < 0)
			return -e->code;
		*changed = true;
	}
	return 0;
}

static int kv_copy(struct kv *dst, const struct kv *src, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	return kv_print(src, &b, e) < 0 ? -e->code : kv_parse(dst, buf_str(&b), b.len, e);
}

int ct_store_rows(struct ct *ct, const struct ct_conf *c, unsigned flags, bool *changed, struct err *e)
{
	auto_conf struct ct_conf file = { 0 };
	auto_kv struct kv kv = { 0 };

	*changed = false;
	if (kv_copy(&kv, &ct->kv, e) < 0 || ct_conf_own(ct, &file, e) < 0 ||
	    ct_store_apply(&kv, c, &file, flags & CT_STORE_PIN ? NULL : &ct->conf, changed, e) < 0)
		return save_error(e);
	return *changed ? ct_store_kv(ct, &kv, flags, e) : 0;
}

int ct_store_put(struct ct *ct, const struct ct_conf *c, struct err *e)
{
	bool changed;

	return ct_store_rows(ct, c, 0, &changed, e);
}

int ct_store_layout(struct ct *ct, struct err *e)
{
	auto_conf struct ct_conf c = { 0 };
	bool changed;

	if (!ct->has_conf || kv_get(&ct->kv, "VE_LAYOUT") || !ct->conf.layout)
		return 0;
	c.layout = strdup(ct->conf.layout);
	if (!c.layout)
		return err_set(e, ENOMEM, "VE_LAYOUT");
	ct_say(ct, 0, "Saving VE layout '%s' to the VE config file", c.layout);
	return ct_store_rows(ct, &c, CT_STORE_PIN | CT_STORE_QUIET, &changed, e);
}
