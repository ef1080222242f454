/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of containers: /etc/vz/names/NAME is a symbolic link to /etc/vz/conf/CTID.conf. A link counts only while that
 * file says the same NAME, so a link that an interrupted command left never blocks a name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/lock.h"
#include "util/path.h"

#include "libct/files.h"

#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-+_. "

static bool is_number(const char *s)
{
	s += *s == '-' || *s == '+';
	return *s && !s[strspn(s, "0123456789")];
}

/* Not a number (it could never be looked up), no slash, no control character, not a hidden file. */
static bool is_name(const char *s)
{
	return path_is_component(s) && !s[strspn(s, NAME_CHARS)] && *s != '.' && !is_number(s);
}

static int link_target(int dir, const char *name, unsigned *ret)
{
	char target[CT_PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);
	const char *base;
	char *end;
	unsigned long v;

	if (n < 0)
		return -ENOENT;
	target[n] = '\0';
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	if (*base < '0' || *base > '9')
		return -ENOENT;
	errno = 0;
	v = strtoul(base, &end, 10);
	if (errno || v > CT_ID_MAX || strcmp(end, ".conf") != 0)
		return -ENOENT;
	*ret = (unsigned)v;
	return 0;
}

int ct_name_lookup(const char *name, unsigned *ret)
{
	auto_close int dir = open(CT_NAMES_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 || !path_is_component(name))
		return -ENOENT;
	return link_target(dir, name, ret);
}

/* Does container @id say that it has this name? */
static bool owns_name(unsigned id, const char *name)
{
	auto_kv struct kv kv = { 0 };
	char path[CT_PATH_MAX];
	struct err ignored = { 0 };

	return str_fmt(path, sizeof(path), CT_CONF_DIR "/%u.conf", id) == 0 &&
	       kv_load(&kv, AT_FDCWD, path, &ignored) == 0 && str_eq(kv_get(&kv, "NAME"), name);
}

int ct_name_check(const struct ct *ct, const char *name, struct err *e)
{
	unsigned owner;

	/* libvirt gives each container its own number as a name */
	if (!is_name(name) && strcmp(name, ct->ids) != 0) {
		err_say(e, EINVAL, "Error: invalid name %s", name);
		return err_exit(e, VZ_SET_NAME_ERROR);
	}
	if (ct_name_lookup(name, &owner) == 0 && owner != ct->id && owns_name(owner, name)) {
		err_say(e, EEXIST, "Conflict: name %s already used by container %u", name, owner);
		return err_exit(e, VZ_SET_NAME_ERROR);
	}
	return 0;
}

static int make_link(const struct ct *ct, int dir, const char *name, struct err *e)
{
	char target[64], tmp[64];

	str_fmt(target, sizeof(target), CT_CONF_DIR "/%u.conf", ct->id);
	str_fmt(tmp, sizeof(tmp), ".%u.tmp", ct->id);
	unlinkat(dir, tmp, 0);
	if (symlinkat(target, dir, tmp) < 0 || renameat(dir, tmp, dir, name) < 0) {
		err_set(e, errno, "make link " CT_NAMES_DIR "/%s", name);
		unlinkat(dir, tmp, 0);
		return -e->code;
	}
	return 0;
}

/* One at a time on the host, or two containers could find the same name free. */
static int lock_names(int *ret_fd, struct err *e)
{
	if (path_mkdir_host(CT_RUN_DIR, 0755, e) < 0 || path_mkdir_host(CT_LOCK_DIR, 0700, e) < 0 ||
	    path_mkdir_host(CT_NAMES_DIR, 0755, e) < 0)
		return -e->code;
	return lock_take(AT_FDCWD, CT_LOCK_DIR "/names", 10000, ret_fd, e);
}

int ct_name_claim(const struct ct *ct, const char *name, int *ret_lock, struct err *e)
{
	auto_close int lock = -1, dir = -1;

	if (lock_names(&lock, e) < 0)
		return err_exit(e, VZ_SET_NAME_ERROR);
	dir = open(CT_NAMES_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		err_set(e, errno, "open " CT_NAMES_DIR);
		return err_exit(e, VZ_SET_NAME_ERROR);
	}
	if (ct_name_check(ct, name, e) < 0 || make_link(ct, dir, name, e) < 0)
		return err_exit(e, VZ_SET_NAME_ERROR);
	if (ret_lock)
		*ret_lock = take_fd(&lock);
	return 0;
}

int ct_name_unlink(unsigned id, const char *name, struct err *e)
{
	auto_close int dir = open(CT_NAMES_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned owner;

	if (dir < 0 || !path_is_component(name) || link_target(dir, name, &owner) < 0 || owner != id)
		return 0;
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove link " CT_NAMES_DIR "/%s", name);
	return 0;
}

int ct_name_unlink_all(unsigned id, struct err *e)
{
	auto_closedir DIR *d = opendir(CT_NAMES_DIR);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		unsigned owner;

		if (de->d_type != DT_LNK && de->d_type != DT_UNKNOWN)
			continue;
		if (link_target(dirfd(d), de->d_name, &owner) < 0 || owner != id)
			continue;
		if (unlinkat(dirfd(d), de->d_name, 0) < 0 && errno != ENOENT)
			return err_set(e, errno, "remove link " CT_NAMES_DIR "/%s", de->d_name);
	}
	return 0;
}
