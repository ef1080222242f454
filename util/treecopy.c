/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copy of a tree, entry by entry. */
#include "util/treecopy.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "util/walk.h"

#define CHUNK (8u << 20)

/* --- attributes: by the magic link of an O_PATH descriptor, the only way to those of links and nodes --- */

struct fdname { char path[40]; };

static struct fdname name_of(int fd)
{
	struct fdname n;

	str_fmt(n.path, sizeof(n.path), "/proc/self/fd/%d", fd);
	return n;
}

static int copy_xattr(const char *from, const char *to, const char *name, char **room, struct err *e)
{
	ssize_t n;

	if (!*room)
		*room = malloc(XATTR_SIZE_MAX);
	if (!*room)
		return err_set(e, ENOMEM, "extended attributes");
	n = getxattr(from, name, *room, XATTR_SIZE_MAX);
	if (n < 0)
		return errno == ENODATA ? 0 : err_set(e, errno, "read attribute %s", name);
	if (setxattr(to, name, *room, (size_t)n, 0) == 0)
		return 0;
	/* a label of this host's policy is not the file's own */
	if ((errno == ENOTSUP || errno == EPERM) && str_eq(name, "security.selinux"))
		return 0;
	return err_set(e, errno, "write attribute %s", name);
}

static int copy_xattrs(const char *from, const char *to, struct err *e)
{
	auto_free char *list = NULL, *room = NULL;
	ssize_t n = listxattr(from, NULL, 0);

	if (n < 0 && (errno == ENOTSUP || errno == EPERM))
		return 0;
	if (n <= 0)
		return n < 0 ? err_set(e, errno, "list attributes") : 0;
	list = malloc((size_t)n);
	if (!list)
		return err_set(e, ENOMEM, "extended attributes");
	n = listxattr(from, list, (size_t)n);
	if (n < 0)
		return err_set(e, errno, "list attributes");
	for (char *p = list; p < list + n; p += strlen(p) + 1)
		if (copy_xattr(from, to, p, &room, e) < 0)
			return -e->code;
	return 0;
}

/* Owner before mode and attributes, since a change of it drops set-user-id bits and capabilities; times last. */
static int copy_attrs(int from, int to, const struct stat *st, struct err *e)
{
	const struct timespec t[2] = { st->st_atim, st->st_mtim };
	struct fdname f = name_of(from), d = name_of(to);

	if (fchownat(to, "", st->st_uid, st->st_gid, AT_EMPTY_PATH) < 0)
		return err_set(e, errno, "set the owner");
	if (!S_ISLNK(st->st_mode) && chmod(d.path, st->st_mode & 07777) < 0)
		return err_set(e, errno, "set the mode");
	if (!S_ISLNK(st->st_mode) && copy_xattrs(f.path, d.path, e) < 0)
		return -e->code;
	if (utimensat(to, "", t, AT_EMPTY_PATH) == 0)
		return 0;
	return utimensat(AT_FDCWD, d.path, t, 0) < 0 ? err_set(e, errno, "set the times") : 0;
}

int tree_copy_attrs(int from, int to, struct err *e)
{
	auto_close int f = openat(from, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int t = openat(to, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (f < 0 || t < 0 || fstat(f, &st) < 0)
		return err_set(e, errno, "attributes of a directory");
	return copy_attrs(f, t, &st, e);
}

/* --- contents --- */

/* [pos, end) is data. */
static int copy_range(int from, int to, off_t pos, off_t end, struct err *e)
{
	if (lseek(to, pos, SEEK_SET) < 0)
		return err_set(e, errno, "seek");
	while (pos < end) {
		ssize_t n = sendfile(to, from, &pos, (size_t)MIN(end - pos, (off_t)CHUNK));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "copy contents");
		if (n == 0)
			break;		/* shorter than it was: the caller said nobody writes */
	}
	return 0;
}

static int copy_data(int from, int to, off_t size, struct tree_copy *c, struct err *e)
{
	off_t pos = 0;

	if (ftruncate(to, size) < 0)
		return err_set(e, errno, "set the size");
	while (pos < size) {
		off_t data = lseek(from, pos, SEEK_DATA), hole;

		if (data < 0 && errno == ENXIO)
			return 0;	/* a hole up to the end */
		hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
		if (hole < 0)
			return err_set(e, errno, "find holes");
		if (copy_range(from, to, data, MIN(hole, size), e) < 0)
			return -e->code;
		c->bytes_copied += (uint64_t)(MIN(hole, size) - data);
		pos = hole;
	}
	return 0;
}

static int copy_contents(int from, int to, const struct stat *st, struct tree_copy *c, struct err *e)
{
	if (st->st_size == 0)
		return 0;
	if (!c->no_share) {
		if (ioctl(to, FICLONE, from) == 0) {
			c->bytes_shared += (uint64_t)st->st_blocks * 512;
			return 0;
		}
		if (errno == ENOSPC || errno == EDQUOT || errno == EIO)
			return err_set(e, errno, "share blocks");
		c->no_share = errno == EOPNOTSUPP || errno == EXDEV || errno == ENOTTY;
	}
	return copy_data(from, to, st->st_size, c, e);
}

/* --- entries --- */

static void stash_name(char *name, size_t size, const struct stat *st)
{
	str_fmt(name, size, "%llx", (unsigned long long)st->st_ino);
}

/* 1: it was there under another name, and is here now too. */
static int link_known(const struct walk_at *at, const struct tree_copy *c, struct err *e)
{
	char name[24];

	if (at->st.st_nlink < 2)
		return 0;
	stash_name(name, sizeof(name), &at->st);
	if (linkat(c->stash, name, at->to, at->name, 0) == 0)
		return 1;
	return errno == ENOENT ? 0 : err_set(e, errno, "link");
}

static int remember(const struct walk_at *at, const struct tree_copy *c, struct err *e)
{
	char name[24];

	if (at->st.st_nlink < 2)
		return 0;
	stash_name(name, sizeof(name), &at->st);
	return linkat(at->to, at->name, c->stash, name, 0) < 0 ? err_set(e, errno, "remember a hard link") : 0;
}

static int copy_file(const struct walk_at *at, struct tree_copy *c, struct err *e)
{
	auto_close int from = openat(at->from, at->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC), to = -1;
	struct stat st;

	if (from < 0 || fstat(from, &st) < 0)
		return err_set(e, errno, "open");
	if (st.st_ino != at->st.st_ino || !S_ISREG(st.st_mode))
		return err_set(e, ESTALE, "it was replaced meanwhile");
	to = openat(at->to, at->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return err_set(e, errno, "make");
	return copy_contents(from, to, &st, c, e) < 0 ? -e->code : copy_attrs(from, to, &st, e);
}

static int copy_link(const struct walk_at *at, struct err *e)
{
	auto_free char *target = malloc(PATH_MAX);
	ssize_t n = target ? readlinkat(at->from, at->name, target, PATH_MAX - 1) : -1;

	if (n < 0)
		return err_set(e, target ? errno : ENOMEM, "read link");
	target[n] = '\0';
	return symlinkat(target, at->to, at->name) < 0 ? err_set(e, errno, "make link") : 0;
}

/* Everything that is neither a file nor a directory. */
static int copy_special(const struct walk_at *at, struct err *e)
{
	auto_close int from = -1, to = -1;

	if (S_ISLNK(at->st.st_mode)) {
		if (copy_link(at, e) < 0)
			return -e->code;
	} else if (mknodat(at->to, at->name, (at->st.st_mode & S_IFMT) | 0600, at->st.st_rdev) < 0) {
		return err_set(e, errno, "make a node");
	}
	from = openat(at->from, at->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	to = openat(at->to, at->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || to < 0)
		return err_set(e, errno, "open");
	return copy_attrs(from, to, &at->st, e);
}

static int on_entry(void *arg, const struct walk_at *at, struct err *e)
{
	struct tree_copy *c = arg;
	int rc;

	c->entries++;
	if (S_ISDIR(at->st.st_mode))
		return mkdirat(at->to, at->name, 0700) < 0 ? err_set(e, errno, "make a directory") : 1;
	if (c->go_on && !c->go_on(c->arg, c))
		return err_say(e, ECANCELED, "cancelled");
	rc = link_known(at, c, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = S_ISREG(at->st.st_mode) ? copy_file(at, c, e) : copy_special(at, e);
	return rc < 0 ? rc : remember(at, c, e);
}

static int on_leave(void *arg, int from, int to, const struct stat *st, struct err *e)
{
	(void)arg;
	return copy_attrs(from, to, st, e);
}

int tree_copy(int from, int to, struct tree_copy *c, struct err *e)
{
	static const struct walk_ops ops = { .entry = on_entry, .leave = on_leave };

	c->entries = c->bytes_copied = c->bytes_shared = 0;
	return walk(from, to, &ops, c, e);
}
