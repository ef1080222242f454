/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_PATH_H
#define UTIL_PATH_H
/* Paths are fds. Inside a hostile tree only path_open*() may be used: they resolve inside @root and retry EAGAIN. */
#include <stdbool.h>
#include <sys/types.h>

struct err;

/* RESOLVE_IN_ROOT|NO_MAGICLINKS: symlinks are followed, but inside @root. O_CLOEXEC is added. Returns fd or -errno. */
int path_open(int root, const char *path, int flags, mode_t mode, struct err *e);
/* RESOLVE_BENEATH|NO_SYMLINKS|NO_MAGICLINKS|NO_XDEV: for what we write or mount on. */
int path_open_beneath(int root, const char *path, int flags, mode_t mode, struct err *e);
/* mkdir -p below @root with the beneath rules; each missing level gets @mode. Returns an O_PATH fd of the last one. */
int path_mkdirs(int root, const char *path, mode_t mode, struct err *e);
/* Trusted host path (ours, root-owned): mkdir -p. */
int path_mkdir_host(const char *path, mode_t mode, struct err *e);
/* rm -rf of one entry below @dir without following symlinks or crossing mounts. ENOENT is success. */
int path_rmtree(int dir, const char *name, struct err *e);
bool path_is_component(const char *name);	/* one safe name: not empty, ".", "..", no '/', no control characters, <= 255 */

#endif
