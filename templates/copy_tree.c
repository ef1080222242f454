/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies a tree, all of it as it is. Left out and counted: device nodes (a guest can make none but overlay's whiteouts,
 * which would hide files elsewhere) and flags of chattr(1).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "templates/copy_proto.h"
#include "util/auto.h"

#define TELLING_FLAGS (FS_SYNC_FL | FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL | FS_NOATIME_FL)

struct job { int from, to; struct tmpl_count *c; struct copy_links links; };

static int copy_symlink(const struct copy_at *at, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(at->from, at->name, target, sizeof(target) - 1);

	if (n < 0)
		return err_set(e, errno, "/%s", at->path);
	target[n] = '\0';
	return symlinkat(target, at->to, at->name) < 0 ? err_set(e, errno, "/%s", at->path) : 0;
}

static void count_flags(struct job *j, const struct copy_at *at)
{
	auto_close int fd = openat(at->from, at->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int flags = 0;

	if (fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & TELLING_FLAGS))
		j->c->flags_dropped++;
}

static int make(struct job *j, const struct copy_at *at, const struct stat *st, struct err *e)
{
	if (S_ISLNK(st->st_mode))
		return copy_symlink(at, e);
	if (!S_ISREG(st->st_mode))	/* a fifo, a socket */
		return mknodat(at->to, at->name, (st->st_mode & S_IFMT) | 0600, 0) < 0 ? err_set(e, errno, "/%s", at->path) : 0;
	j->c->bytes += (uint64_t)st->st_size;
	count_flags(j, at);
	return copy_data(at, st, e);
}

static int one(struct job *j, const struct copy_at *at, const struct stat *st, struct err *e)
{
	const char *first;

	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
		j->c->nodes_skipped++;
		return 0;
	}
	j->c->entries++;
	if (copy_links_first(&j->links, st, at->path, &first, e) < 0)
		return -e->code;
	if (first)
		return linkat(j->to, first, at->to, at->name, 0) < 0 ? err_set(e, errno, "link /%s", at->path) : 0;
	return make(j, at, st, e) < 0 ? -e->code : copy_meta(at, st, &j->c->xattrs_dropped, e);
}

static int on_file(void *arg, const struct copy_at *at, const struct stat *st, struct err *e)
{
	int rc = one(arg, at, st, e);

	copy_tell_file(st);
	return rc;
}

static int on_dir(void *arg, const struct copy_at *at, const struct stat *st, struct err *e)
{
	struct job *j = arg;

	j->c->entries++;
	copy_tell_file(st);
	return mkdirat(at->to, at->name, 0700) < 0 ? err_set(e, errno, "/%s", at->path) : 0;
}

/* After what is in it: that changes its times, and its default ACL would change what is in it. */
static int on_leave(void *arg, int from, int to, const char *path, struct err *e)
{
	struct job *j = arg;
	struct stat st;

	if (fstat(from, &st) < 0)
		return err_set(e, errno, "/%s", path);
	return copy_meta(&(struct copy_at){ from, to, ".", path }, &st, &j->c->xattrs_dropped, e);
}

int copy_tree(int from, int to, struct tmpl_count *c, struct err *e)
{
	struct job j = { .from = from, .to = to, .c = c };
	const struct copy_walk w = { .from = from, .to = to, .file = on_file, .dir = on_dir, .leave = on_leave, .arg = &j };
	int rc = copy_walk(&w, e);

	copy_links_done(&j.links);
	return rc;
}
