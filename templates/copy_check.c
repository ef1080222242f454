/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares a copy with what it was made from, file by file: kind, owner, mode, size, contents, holes, link, attributes, time
 * of change to the nanosecond, which names are one file, and that nothing else is there. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "templates/copy_proto.h"
#include "util/auto.h"

struct job { uint64_t seen; struct copy_links from, to; };

static int differs(const struct copy_at *at, const char *what, struct err *e)
{
	return err_say(e, EIO, "/%s differs from what it was copied from: %s", at->path, what);
}

static int same_link(const struct copy_at *at, struct err *e)
{
	char a[PATH_MAX], b[PATH_MAX];
	ssize_t n = readlinkat(at->from, at->name, a, sizeof(a)), m = readlinkat(at->to, at->name, b, sizeof(b));

	if (n < 0 || n != m || memcmp(a, b, (size_t)n) != 0)
		return differs(at, "where it points", e);
	return 0;
}

static int same_stat(const struct copy_at *at, const struct stat *a, struct stat *b, struct err *e)
{
	if (fstatat(at->to, at->name, b, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? differs(at, "it is not there", e) : err_set(e, errno, "/%s", at->path);
	if (a->st_mode != b->st_mode)
		return differs(at, "its kind or mode", e);
	if (a->st_uid != b->st_uid || a->st_gid != b->st_gid)
		return differs(at, "its owner", e);
	if (a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec)
		return differs(at, "its time", e);
	return 0;
}

/* Both are the first name of a file, or both are a further name of the same one. */
static int same_names(struct job *j, const struct copy_at *at, const struct stat *a, const struct stat *b, bool *ret_first,
		      struct err *e)
{
	const char *fa, *fb;

	if (copy_links_first(&j->from, a, at->path, &fa, e) < 0 || copy_links_first(&j->to, b, at->path, &fb, e) < 0)
		return -e->code;
	*ret_first = !fa;
	if (!fa != !fb || (fa && strcmp(fa, fb) != 0))
		return differs(at, "its other names", e);
	return 0;
}

static int one(struct job *j, const struct copy_at *at, const struct stat *a, struct err *e)
{
	bool first = true;
	struct stat b;

	if (S_ISCHR(a->st_mode) || S_ISBLK(a->st_mode))
		return 0;
	j->seen++;
	if (same_stat(at, a, &b, e) < 0 || same_names(j, at, a, &b, &first, e) < 0)
		return -e->code;
	if (!first)
		return 0;
	if (copy_xattrs_same(at, e) < 0)
		return -e->code;
	if (S_ISLNK(a->st_mode))
		return same_link(at, e);
	return S_ISREG(a->st_mode) ? copy_data_same(at, a, e) : 0;
}

static int on_file(void *arg, const struct copy_at *at, const struct stat *a, struct err *e)
{
	int rc = one(arg, at, a, e);

	copy_tell_file(a);
	return rc;
}

static int on_dir(void *arg, const struct copy_at *at, const struct stat *a, struct err *e)
{
	struct job *j = arg;
	struct stat b;

	j->seen++;
	copy_tell_file(a);
	return same_stat(at, a, &b, e) < 0 ? -e->code : copy_xattrs_same(at, e);
}

static int count_file(void *arg, const struct copy_at *at, const struct stat *st, struct err *e)
{
	(void)at;
	(void)st;
	(void)e;
	++*(uint64_t *)arg;
	return 0;
}

static int check_top(int from, int to, struct err *e)
{
	const struct copy_at at = { from, to, ".", "" };
	struct stat a, b;

	if (fstatat(from, ".", &a, 0) < 0)
		return err_set(e, errno, "the root");
	return same_stat(&at, &a, &b, e) < 0 ? -e->code : copy_xattrs_same(&at, e);
}

int copy_check(int from, int to, struct err *e)
{
	struct job j = { .seen = 0 };
	const struct copy_walk both = { .from = from, .to = to, .file = on_file, .dir = on_dir, .arg = &j };
	uint64_t there = 0;
	const struct copy_walk count = { .from = to, .to = to, .file = count_file, .dir = count_file, .arg = &there };
	int rc = copy_walk(&both, e);

	copy_links_done(&j.from);
	copy_links_done(&j.to);
	if (rc < 0)
		return rc;
	if (check_top(from, to, e) < 0 || copy_walk(&count, e) < 0)
		return -e->code;
	return there == j.seen ? 0 : err_say(e, EIO, "%llu files are in the copy, %llu were copied", (unsigned long long)there,
					     (unsigned long long)j.seen);
}
