/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owner, mode, attributes and times. Attributes are read and written by name in the working directory, which is the only
 * way to those of links and special files. Kept are the guest's own: user.*, POSIX ACLs, file capabilities; what would
 * steer this host's kernel is left out and counted, as in archives.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "templates/copy_proto.h"
#include "util/auto.h"
#include "util/str.h"

bool copy_keeps(const char *x)
{
	return (str_starts(x, "user.") && !str_starts(x, "user.overlay.")) || str_eq(x, "security.capability") ||
	       str_eq(x, "system.posix_acl_access") || str_eq(x, "system.posix_acl_default");
}

/* What the kernel shows of every file, and nobody wrote. */
static bool is_noise(const char *x)
{
	return str_eq(x, "security.selinux");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in @dir, those that are kept, each with its NUL, sorted. */
static int names_in(int dir, const char *name, struct copy_xattrs *ret)
{
	auto_free char *all = malloc(XATTR_LIST_MAX);
	auto_free char **v = NULL;
	size_t n = 0, len = 0;
	ssize_t got;

	*ret = (struct copy_xattrs){ 0 };
	if (!all)
		return -ENOMEM;
	if (fchdir(dir) < 0)
		return -errno;
	got = llistxattr(name, all, XATTR_LIST_MAX);
	if (got < 0)
		return errno == ENOTSUP ? 0 : -errno;
	v = calloc((size_t)got + 1, sizeof(*v));
	ret->names = malloc((size_t)got + 1);
	if (!v || !ret->names)
		return -ENOMEM;
	for (char *p = all; p < all + got; p += strlen(p) + 1) {
		if (copy_keeps(p))
			v[n++] = p;
		else if (!is_noise(p))
			ret->dropped++;
	}
	qsort(v, n, sizeof(*v), by_text);
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(v[i]) + 1;

		memcpy(ret->names + len, v[i], size);
		len += size;
	}
	ret->n_names = len;
	return 0;
}

int copy_xattr_names(const struct copy_at *at, struct copy_xattrs *ret, struct err *e)
{
	int rc = names_in(at->from, at->name, ret);

	return rc < 0 ? err_set(e, -rc, "attributes of /%s", at->path) : 0;
}

static ssize_t value_in(int dir, const char *file, const char *name, char *val)
{
	return fchdir(dir) < 0 ? -1 : lgetxattr(file, name, val, XATTR_SIZE_MAX);
}

int copy_xattrs_put(const struct copy_at *at, uint64_t *dropped, struct err *e)
{
	struct copy_xattrs x;
	int rc = copy_xattr_names(at, &x, e);
	auto_free char *names = x.names, *val = NULL;

	if (rc < 0)
		return rc;
	*dropped += x.dropped;
	if (!x.n_names)
		return 0;
	val = malloc(XATTR_SIZE_MAX);
	if (!val)
		return err_set(e, ENOMEM, "attributes of /%s", at->path);
	for (const char *p = names; p < names + x.n_names; p += strlen(p) + 1) {
		ssize_t n = value_in(at->from, at->name, p, val);

		if (n < 0 || fchdir(at->to) < 0 || lsetxattr(at->name, p, val, (size_t)n, 0) < 0)
			return err_set(e, errno, "attribute %s of /%s", p, at->path);
	}
	return 0;
}

static int differs(const struct copy_at *at, const char *what, struct err *e)
{
	return err_say(e, EIO, "/%s differs from what it was copied from: %s", at->path, what);
}

int copy_xattrs_same(const struct copy_at *at, struct err *e)
{
	struct copy_xattrs a, b = { 0 };
	int rc = copy_xattr_names(at, &a, e), rb = names_in(at->to, at->name, &b);
	auto_free char *na = a.names, *nb = b.names, *va = NULL, *vb = NULL;

	if (rc < 0)
		return rc;
	if (rb < 0)
		return err_set(e, -rb, "attributes of /%s", at->path);
	if (a.n_names != b.n_names || (a.n_names && memcmp(na, nb, a.n_names) != 0))
		return differs(at, "its attributes", e);
	if (!a.n_names)
		return 0;
	va = malloc(XATTR_SIZE_MAX);
	vb = malloc(XATTR_SIZE_MAX);
	if (!va || !vb)
		return err_set(e, ENOMEM, "attributes of /%s", at->path);
	for (const char *p = na; p < na + a.n_names; p += strlen(p) + 1) {
		ssize_t n = value_in(at->from, at->name, p, va), m = value_in(at->to, at->name, p, vb);

		if (n < 0 || m != n || memcmp(va, vb, (size_t)n) != 0)
			return differs(at, p, e);
	}
	return 0;
}

/* The owner first: it takes set-user-id bits and capabilities away. The mode before the ACL, which has its own idea of the
 * group's bits. */
int copy_meta(const struct copy_at *at, const struct stat *st, uint64_t *dropped, struct err *e)
{
	const struct timespec t[2] = { st->st_atim, st->st_mtim };

	if (fchownat(at->to, at->name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "owner of /%s", at->path);
	if (!S_ISLNK(st->st_mode) && fchmodat(at->to, at->name, st->st_mode & 07777, 0) < 0)
		return err_set(e, errno, "mode of /%s", at->path);
	if (copy_xattrs_put(at, dropped, e) < 0)
		return -e->code;
	if (utimensat(at->to, at->name, t, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "times of /%s", at->path);
	return 0;
}
