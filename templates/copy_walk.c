/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walking two trees at once. Directories wait in a list under their path from the root, two are open at a time: depth
 * costs no descriptors, but a path has to be shorter than the kernel's limit. Not util/walk.h, which has no paths (a further
 * name of a file is a path to its first) and goes into no other device, as a subvolume of the guest's own making is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "templates/copy_proto.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/dir.h"
#include "util/path.h"
#include "util/str.h"

#define PATH_CAP 4096

static int open_both(const struct copy_walk *w, const char *path, int *from, int *to, struct err *e)
{
	const char *at = *path ? path : ".";

	*from = path_open_beneath(w->from, at, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0, e);
	if (*from < 0)
		return *from;
	*to = path_open_beneath(w->to, at, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0, e);
	return *to < 0 ? *to : 0;
}

static int one(const struct copy_walk *w, struct str_list *dirs, const struct copy_at *at, struct err *e)
{
	struct stat st;

	if (fstatat(at->from, at->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "/%s", at->path);
	if (!S_ISDIR(st.st_mode))
		return w->file(w->arg, at, &st, e);
	if (w->dir(w->arg, at, &st, e) < 0)
		return -e->code;
	return str_list_add(dirs, at->path, e);
}

static int list(const struct copy_walk *w, struct str_list *dirs, const char *path, struct err *e)
{
	auto_close int from = -1, to = -1;
	auto_closedir DIR *d = NULL;
	const struct dirent *de;

	if (open_both(w, path, &from, &to, e) < 0)
		return err_add(e, "directory /%s", path);
	d = dir_list(from);
	if (!d)
		return err_set(e, errno, "read directory /%s", path);
	while (errno = 0, (de = readdir(d))) {
		auto_buf struct buf b = { .cap = PATH_CAP };

		if (str_eq(de->d_name, ".") || str_eq(de->d_name, ".."))
			continue;
		buf_addf(&b, "%s%s%s", path, *path ? "/" : "", de->d_name);
		if (buf_failed(&b))
			return err_say(e, ENAMETOOLONG, "a path is longer than %d bytes, as a program inside reaches only step by "
				       "step: shorten or remove what is below /%.150s...", PATH_CAP - 1, path);
		if (one(w, dirs, &(struct copy_at){ from, to, de->d_name, buf_str(&b) }, e) < 0)
			return -e->code;
	}
	return errno ? err_set(e, errno, "read directory /%s", path) : 0;
}

int copy_walk(const struct copy_walk *w, struct err *e)
{
	auto_call(str_list_clear) struct str_list dirs = { 0 };

	if (str_list_add(&dirs, "", e) < 0)
		return -e->code;
	for (size_t i = 0; i < dirs.n; i++) {
		auto_free char *path = strdup(dirs.v[i]);	/* the list moves as it grows */

		if (!path)
			return err_set(e, ENOMEM, "list of directories");
		if (list(w, &dirs, path, e) < 0)
			return -e->code;
	}
	for (size_t i = dirs.n; w->leave && i-- > 0;) {
		auto_close int from = -1, to = -1;

		if (open_both(w, dirs.v[i], &from, &to, e) < 0 || w->leave(w->arg, from, to, dirs.v[i], e) < 0)
			return -e->code;
	}
	return 0;
}
