/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two trees in step. The stack is on the heap; of each level only the deepest pair of directories is open. */
#include "util/grow.h"
#include "util/walk.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "util/auto.h"
#include "util/dir.h"
#include "util/err.h"
#include "util/str.h"

struct level {
	struct str_list names;		/* what is in @from */
	size_t next;
	struct stat st, to_st;		/* of the pair itself */
	char name[NAME_MAX + 1];	/* in the level above; "" for the tops */
};
struct walker {
	const struct walk_ops *ops;
	void *arg;
	struct level *level;
	size_t depth, room;
	int from, to;			/* the pair of the deepest level */
};

static void walker_done(struct walker *w)
{
	while (w->depth > 0)
		str_list_clear(&w->level[--w->depth].names);
	free(w->level);
	auto_close_(&w->from);
	auto_close_(&w->to);
}

static int read_names(int dir, struct str_list *ret, struct err *e)
{
	auto_closedir DIR *d = dir_list(dir);
	struct dirent *de;

	if (!d)
		return err_set(e, errno, "read a directory");
	for (errno = 0; (de = readdir(d)); errno = 0) {
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0 && str_list_add(ret, de->d_name, e) < 0)
			return -e->code;
	}
	return errno ? err_set(e, errno, "read a directory") : 0;
}

static int open_dir(int dir, const char *name, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "open %s", name) : fd;
}

/* Takes @from and @to over, whatever happens. */
static int push(struct walker *w, int from, int to, const char *name, struct err *e)
{
	auto_close int old_from = w->from, old_to = w->to;
	struct level *l;

	w->from = from;
	w->to = to;
	if (GROW(w->level, w->depth, w->room) < 0)
		return err_set(e, ENOMEM, "walk a tree");
	l = &w->level[w->depth];
	*l = (struct level){ .next = 0 };
	str_copy(l->name, sizeof(l->name), name);
	w->depth++;
	if (fstat(from, &l->st) < 0 || (to >= 0 && fstat(to, &l->to_st) < 0))
		return err_set(e, errno, "look at %s", name);
	if (w->depth > 1 && l->st.st_dev != l[-1].st.st_dev)
		return err_say(e, EXDEV, "%s is a mount point, which nobody expects here", name);
	return read_names(from, &l->names, e);
}

static int go_up(int *dir, const struct stat *st, struct err *e)
{
	auto_close int up = -1;
	struct stat now;

	if (*dir < 0)
		return 0;
	up = open_dir(*dir, "..", e);
	if (up < 0 || fstat(up, &now) < 0)
		return e->code ? -e->code : err_set(e, errno, "leave a directory");
	if (now.st_dev != st->st_dev || now.st_ino != st->st_ino)
		return err_set(e, ESTALE, "a directory was moved meanwhile");
	auto_close_(dir);
	*dir = take_fd(&up);
	return 0;
}

static int pop(struct walker *w, struct err *e)
{
	struct level *l = &w->level[w->depth - 1];
	struct walk_at at = { .st = l->st };
	char name[NAME_MAX + 1];

	if (w->ops->leave && w->ops->leave(w->arg, w->from, w->to, &l->st, e) < 0)
		return -e->code;
	str_copy(name, sizeof(name), l->name);
	str_list_clear(&l->names);
	if (--w->depth == 0)
		return 0;
	l--;
	if (go_up(&w->from, &l->st, e) < 0 || go_up(&w->to, &l->to_st, e) < 0)
		return -e->code;
	at.from = w->from;
	at.to = w->to;
	at.name = name;
	return w->ops->left ? w->ops->left(w->arg, &at, e) : 0;
}

/* The next entry of the deepest directory. */
static int step(struct walker *w, struct err *e)
{
	struct level *l = &w->level[w->depth - 1];
	struct walk_at at = { .from = w->from, .to = w->to };
	auto_close int from = -1, to = -1;
	int rc;

	if (l->next == l->names.n)
		return pop(w, e);
	at.name = l->names.v[l->next++];
	if (fstatat(w->from, at.name, &at.st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "look at %s", at.name);
	rc = w->ops->entry(w->arg, &at, e);
	if (rc <= 0)
		return rc < 0 ? err_add(e, "%.200s", at.name) : 0;
	from = open_dir(w->from, at.name, e);
	to = w->to >= 0 && from >= 0 ? open_dir(w->to, at.name, e) : -1;
	if (from < 0 || (w->to >= 0 && to < 0))
		return -e->code;
	return push(w, take_fd(&from), take_fd(&to), at.name, e);
}

int walk(int from, int to, const struct walk_ops *ops, void *arg, struct err *e)
{
	auto_call(walker_done) struct walker w = { .ops = ops, .arg = arg, .from = -1, .to = -1 };
	auto_close int f = open_dir(from, ".", e), t = -1;

	if (f < 0)
		return f;
	if (to >= 0) {
		t = open_dir(to, ".", e);
		if (t < 0)
			return t;
	}
	if (push(&w, take_fd(&f), take_fd(&t), "", e) < 0)
		return -e->code;
	while (w.depth > 0)
		if (step(&w, e) < 0)
			return -e->code;
	return 0;
}
