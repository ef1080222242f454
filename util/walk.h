/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_WALK_H
#define UTIL_WALK_H
/*
 * Walks a tree and one beside it in step, by descriptors: no link is followed, no mount is crossed. Depth is bounded by
 * memory alone. What is in a directory is read before the first call for it, so calls may remove or move entries; the way
 * up is "..", believed only if it leads to the directory we came from, so a tree that others move about ends with ESTALE.
 */
#include <sys/stat.h>

struct err;

struct walk_at {
	int from, to;			/* the directories that hold, or will hold, @name; @to -1 when only one tree is walked */
	const char *name;
	struct stat st;			/* of @from/@name */
};
struct walk_ops {
	/* Each entry. 1: a directory to go into, which @to must have too by now; 0: done with it; < 0: *e is filled. */
	int (*entry)(void *arg, const struct walk_at *at, struct err *e);
	/* All in it is done: @from and @to are the directory and its pair themselves. NULL: nothing to do. */
	int (*leave)(void *arg, int from, int to, const struct stat *st, struct err *e);
	/* Then once more from above, as in entry. NULL: nothing to do. */
	int (*left)(void *arg, const struct walk_at *at, struct err *e);
};
/* The tops themselves get neither entry nor left, but leave. */
int walk(int from, int to, const struct walk_ops *ops, void *arg, struct err *e);

#endif
