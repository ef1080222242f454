/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layers of container images, laid one on the other: what a layer takes away (".wh.NAME", ".wh..wh..opq") goes before
 * anything of it is written, in a reading of its own, since an archive may name its files in any order. Only vz-unpack
 * links it; the tree is its root.
 */
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "templates/unpack_proto.h"
#include "util/auto.h"
#include "util/dir.h"
#include "util/path.h"
#include "util/str.h"

#define WH ".wh."
#define OPAQUE ".wh..wh..opq"

bool layer_is_whiteout(const char *path)
{
	const char *slash = strrchr(path, '/');

	return str_starts(slash ? slash + 1 : path, WH);
}

static int empty_dir(int dir, struct err *e)
{
	auto_close int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = dir_list(fd);
	struct dirent *de;

	if (!d)
		return err_set(e, errno, "empty a directory");
	while (errno = 0, (de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0 && path_rmtree(fd, de->d_name, e) < 0)
			return -e->code;
	return errno ? err_set(e, errno, "empty a directory") : 0;
}

/* @parent: of the entry, -1: not there, so there is nothing to take away. */
int layer_whiteout(int parent, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (strcmp(name, OPAQUE) == 0)
		return parent < 0 ? 0 : empty_dir(parent, e);
	name += strlen(WH);
	if (!path_is_component(name) || str_starts(name, WH))
		return err_say(e, EBADMSG, "a whiteout of \"%s\"", name);
	return parent < 0 ? 0 : path_rmtree(parent, name, e);
}

/* An entry of this layer takes the place of what a lower one has there, unless both are directories. */
int layer_make_room(int parent, const char *path, mode_t type, mode_t there, struct err *e)
{
	const char *slash = strrchr(path, '/');

	if (parent < 0 || !there || (type == S_IFDIR && there == S_IFDIR))
		return 0;
	return path_rmtree(parent, slash ? slash + 1 : path, e);
}
