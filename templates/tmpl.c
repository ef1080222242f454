/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of templates and the archives in TEMPLATE/cache. Looks at names only; what is in an archive is unpack.c's matter.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "templates/pool.h"
#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/path.h"
#include "util/str.h"

/* In the order in which they are looked for. */
const char *const tmpl_suffixes[] = { ".tar", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", NULL };

/* The suffix of @file that makes it an archive, or NULL. */
const char *tmpl_suffix_of(const char *file)
{
	size_t len = strlen(file);

	for (size_t i = 0; tmpl_suffixes[i]; i++)
		if (len > strlen(tmpl_suffixes[i]) && str_ends(file, tmpl_suffixes[i]))
			return file + len - strlen(tmpl_suffixes[i]);
	return NULL;
}

bool tmpl_name_ok(const char *name)
{
	return path_is_component(name) && name[0] != '.' && name[0] != '-' && strlen(name) < 240;
}

static int bad_name(const char *name, struct err *e)
{
	char shown[64];
	size_t n = 0;

	for (; n < sizeof(shown) - 1 && name[n]; n++)
		shown[n] = (unsigned char)name[n] < 0x20 || name[n] == 0x7f ? '?' : name[n];
	shown[n] = '\0';
	return err_say(e, EINVAL, "Invalid OS template name \"%s\": give the name of a file in the template cache without "
		       "its suffix, or the full path of an archive", shown);
}

static int find_path(const char *path, struct tmpl *ret, struct err *e)
{
	const char *base = strrchr(path, '/') + 1, *suffix = tmpl_suffix_of(base);
	struct stat st;

	if (!suffix || str_has_ctrl(path) || str_copy(ret->archive, sizeof(ret->archive), path) < 0)
		return bad_name(path, e);
	if (str_fmt(ret->name, sizeof(ret->name), "%.*s", (int)(suffix - base), base) < 0 || !tmpl_name_ok(ret->name))
		return bad_name(path, e);
	if (stat(path, &st) < 0)
		return errno == ENOENT ? err_say(e, ENOENT, "OS template %s not found", path)
				       : err_set(e, errno, "OS template %s", path);
	if (!S_ISREG(st.st_mode))
		return err_say(e, EINVAL, "OS template %s is not a file", path);
	return 0;
}

int tmpl_find(const char *tmpldir, const char *name, struct tmpl *ret, struct err *e)
{
	struct err lost = { 0 };
	struct utsname u;
	struct stat st;

	memset(ret, 0, sizeof(*ret));
	if (name[0] == '/')
		return find_path(name, ret, e);
	if (!tmpl_name_ok(name))
		return bad_name(name, e);
	if (strcmp(name, "vz-base") == 0 && uname(&u) == 0)
		str_fmt(ret->name, sizeof(ret->name), "vz-base-%s", u.machine);
	else
		str_copy(ret->name, sizeof(ret->name), name);
	for (size_t i = 0; tmpl_suffixes[i]; i++) {
		if (str_fmt(ret->archive, sizeof(ret->archive), "%s/cache/%s%s", tmpldir, ret->name, tmpl_suffixes[i]) < 0)
			return bad_name(name, e);
		if (stat(ret->archive, &st) == 0 && S_ISREG(st.st_mode))
			return 0;
	}
	ret->archive[0] = '\0';
	if (pool_find_name(tmpldir, ret->name, ret->digest, &lost) == 0)
		return 0;
	if (lost.code != ENOENT)	/* a pool that does not answer may have it */
		return err_say(e, EIO, "OS template %s is not in the cache, and of the pools: %.300s", ret->name, lost.text);
	return err_say(e, ENOENT, "Cached OS template %s/cache/%s.tar[.gz|.bz2|.xz|.zst] not found", tmpldir, ret->name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int tmpl_list(const char *tmpldir, struct str_list *ret, struct err *e)
{
	auto_close int base = open(tmpldir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = base < 0 ? -1 : openat(base, "cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d && errno != ENOENT)
		return err_set(e, errno, "%s/cache", tmpldir);
	while (d && (de = readdir(d))) {
		const char *suffix = tmpl_suffix_of(de->d_name);
		char name[256];

		if (!suffix || str_fmt(name, sizeof(name), "%.*s", (int)(suffix - de->d_name), de->d_name) < 0 ||
		    !tmpl_name_ok(name) || str_list_has(ret, name))
			continue;
		if (str_list_add(ret, name, e) < 0)
			return -e->code;
	}
	if (pool_add_names(tmpldir, ret, e) < 0)
		return -e->code;
	if (ret->n > 1)
		qsort(ret->v, ret->n, sizeof(ret->v[0]), by_name);
	return 0;
}
