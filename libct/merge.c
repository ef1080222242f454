/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two overlay layers become one: what the lower one has and the upper one does not hide is renamed into the upper one, so
 * it costs as much as the lower one has directories and names, not bytes. Each step leaves a pair that looks the same from
 * above, so a merge that was killed is simply done again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "libct/overlay.h"
#include "util/path.h"
#include "util/walk.h"

#define OPAQUE "user.overlay.opaque"
#define IMPURE "user.overlay.impure"

struct fdname { char path[NAME_MAX + 40]; };

static struct fdname below(int dir, const char *name)
{
	struct fdname n;

	snprintf(n.path, sizeof(n.path), "/proc/self/fd/%d/%s", dir, name);
	return n;
}

/* "y": what is below does not shine through. Anything else, as "x", says something about whiteouts only. */
static bool is_opaque(int dir, const char *name)
{
	char v[4] = "";

	return lgetxattr(below(dir, name).path, OPAQUE, v, sizeof(v)) == 1 && v[0] == 'y';
}

static int mark(int dir, const char *name, const char *attr, struct err *e)
{
	if (lsetxattr(below(dir, name).path, attr, "y", 1, 0) < 0)
		return err_set(e, errno, "mark %s", name);
	return 0;
}

/* A directory's times are its own, whatever we put into it. */
static int keep_times(int dir, const struct stat *st, struct err *e)
{
	const struct timespec t[2] = { st->st_atim, st->st_mtim };

	return futimens(dir, t) < 0 ? err_set(e, errno, "set the times of a directory") : 0;
}

static int drop(const struct walk_at *at, struct err *e)
{
	return path_rmtree(at->from, at->name, e);
}

/* @to has nothing of that name: nothing there hides it, so it moves, whiteouts and opaque directories as they are. */
static int move(const struct walk_at *at, struct err *e)
{
	struct stat st;

	if (fstat(at->to, &st) < 0 || renameat2(at->from, at->name, at->to, at->name, RENAME_NOREPLACE) < 0)
		return err_set(e, errno, "move");
	return keep_times(at->to, &st, e);
}

static int on_entry(void *arg, const struct walk_at *at, struct err *e)
{
	struct stat st;

	(void)arg;
	if (fstatat(at->to, at->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? move(at, e) : err_set(e, errno, "look");
	if (!S_ISDIR(st.st_mode) || is_opaque(at->to, at->name))
		return drop(at, e);
	if (S_ISDIR(at->st.st_mode))
		return 1;
	/* a directory over a file or a whiteout, which has kept from it what lies further down */
	return mark(at->to, at->name, OPAQUE, e) < 0 ? -e->code : drop(at, e);
}

static int on_left(void *arg, const struct walk_at *at, struct err *e)
{
	char v[4];

	(void)arg;
	/* only now: before, it would have hidden what was still to be moved */
	if (is_opaque(at->from, at->name) && mark(at->to, at->name, OPAQUE, e) < 0)
		return -e->code;
	if (lgetxattr(below(at->from, at->name).path, IMPURE, v, sizeof(v)) > 0 && mark(at->to, at->name, IMPURE, e) < 0)
		return -e->code;
	if (unlinkat(at->from, at->name, AT_REMOVEDIR) < 0)
		return err_set(e, errno, "remove the merged directory");
	return 0;
}

int ct_layer_merge(int lower, int above, struct err *e)
{
	static const struct walk_ops ops = { .entry = on_entry, .left = on_left };

	return walk(lower, above, &ops, NULL, e);
}
