/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clones of layout "overlay". A linked one stands on the layers of its source: the source's upper layer becomes one of them
 * (a layer without a name in the tree of snapshots), and both go on with an empty one. What a running source has written is
 * copied, for its kernel holds on to its upper layer. A full one has a copy of all that lies above the templates, in one layer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/overlay.h"
#include "libct/share.h"
#include "util/dir.h"
#include "util/path.h"
#include "util/treecopy.h"

#define STASH "links.tmp"
#define BELOW_COPY "layer.tmp"

struct work {
	struct ct *src;
	int area, to;			/* the source's private area, and the clone's */
	struct ct_layers layers;	/* of the source, then of the clone */
	uint64_t copied;		/* bytes */
};

static int open_dir(int dir, const char *name, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "open %s", name) : fd;
}

static int make_dir(int dir, const char *name, struct err *e)
{
	return mkdirat(dir, name, 0700) < 0 ? err_set(e, errno, "make %s", name) : open_dir(dir, name, e);
}

static int is_empty(int dir, struct err *e)
{
	auto_close int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = dir_list(fd);
	struct dirent *de;

	if (!d)
		return err_set(e, errno, "read a layer");
	while ((de = readdir(d)))
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			return 0;
	return 1;
}

/* @from into the fresh directory @name of the clone. */
static int copy_layer(struct work *w, int from, const char *name, struct err *e)
{
	auto_close int to = make_dir(w->to, name, e), stash = -1;
	struct tree_copy c = { 0 };

	if (to < 0)
		return to;
	stash = c.stash = make_dir(w->to, STASH, e);
	if (stash < 0 || tree_copy(from, to, &c, e) < 0)
		return -e->code;
	w->copied += c.bytes_copied;
	return path_rmtree(w->to, STASH, e);
}

static int make_upper(struct work *w, int like, struct err *e)
{
	auto_close int to = make_dir(w->to, "upper", e);

	return to < 0 ? to : tree_copy_attrs(like, to, e);
}

/* Layers of the source's own become layers that it shares. */
static int share_own(struct work *w, struct err *e)
{
	auto_area struct ct_area a = { 0 };
	char home[CT_GUID_SIZE];
	bool offered = false;

	for (unsigned i = 0; i < w->layers.n; i++) {
		struct ct_layer *l = &w->layers.v[i];

		if (l->kind != CT_LAYER_SNAP)
			continue;
		if (!offered && (ct_area_of(&a, w->src->conf.private_dir, w->src->id, e) < 0 ||
				 ct_share_offer(w->area, a.name, home, e) < 0))
			return -e->code;
		offered = true;
		l->kind = CT_LAYER_SHARE;
		str_copy(l->home, sizeof(l->home), home);
	}
	return 0;
}

/* The source's upper layer becomes read-only, unless there is nothing in it. */
static int freeze_upper(struct work *w, struct err *e)
{
	auto_close int upper = open_dir(w->area, "upper", e);
	char guid[CT_GUID_SIZE];
	int empty = upper < 0 ? upper : is_empty(upper, e);

	if (empty < 0)
		return -e->code;
	if (empty)
		return 0;
	if (ct_guid_new(guid, e) < 0 || ct_overlay_take(w->src, w->area, guid, false, e) < 0)
		return -e->code;
	return ct_layers_load(w->area, CT_LAYERS_FILE, &w->layers, e);
}

static int clone_linked(struct work *w, bool live, struct err *e)
{
	auto_close int upper = -1;

	if (!live && freeze_upper(w, e) < 0)
		return -e->code;
	upper = open_dir(w->area, "upper", e);
	if (upper < 0 || share_own(w, e) < 0)
		return -e->code;
	return live ? copy_layer(w, upper, "upper", e) : make_upper(w, upper, e);
}

/* One more layer, under what the clone has by now. */
static int copy_below(struct work *w, const struct ct_layer *l, struct err *e)
{
	auto_close int from = -1, below = -1, upper = -1, tree = -1;

	if (ct_overlay_layer(w->src, w->area, l, &tree, e) < 0)
		return -e->code;
	from = open_dir(tree, ".", e);
	if (from < 0 || copy_layer(w, from, BELOW_COPY, e) < 0)
		return -e->code;
	below = open_dir(w->to, BELOW_COPY, e);
	upper = below < 0 ? -1 : open_dir(w->to, "upper", e);
	if (upper < 0 || ct_layer_merge(below, upper, e) < 0)
		return -e->code;
	return path_rmtree(w->to, BELOW_COPY, e);
}

static int clone_full(struct work *w, struct err *e)
{
	auto_close int upper = open_dir(w->area, "upper", e);
	struct ct_layers rest = { .n = 0 };

	if (upper < 0 || copy_layer(w, upper, "upper", e) < 0)
		return -e->code;
	for (unsigned i = 0; i < w->layers.n; i++) {
		if (w->layers.v[i].kind == CT_LAYER_TMPL)
			rest.v[rest.n++] = w->layers.v[i];
		else if (copy_below(w, &w->layers.v[i], e) < 0)
			return -e->code;
	}
	w->layers = rest;
	return 0;
}

/* The clone finds the layers by way of the directory that both areas lie in. */
static int check_beside(int area, int dst_area, struct err *e)
{
	struct stat a, b;

	if (fstatat(area, "..", &a, 0) < 0 || fstatat(dst_area, "..", &b, 0) < 0)
		return err_set(e, errno, "directory of the areas");
	if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return 0;
	return err_say(e, ENOTSUP, "a linked clone must have its private area in the same directory as its source: use --full");
}

int ct_overlay_clone(struct ct *src, int area, struct ct *dst, int dst_area, bool linked, struct err *e)
{
	struct work w = { .src = src, .area = area, .to = dst_area };
	bool live = ct_is_running(src, NULL) || ct_is_mounted(src);
	int rc;

	(void)dst;
	if ((linked && check_beside(area, dst_area, e) < 0) || ct_layers_load(area, CT_LAYERS_FILE, &w.layers, e) < 0)
		return -e->code;
	rc = linked ? clone_linked(&w, live, e) : clone_full(&w, e);
	if (rc < 0)
		return rc;
	if (mkdirat(dst_area, "work", 0700) < 0)
		return err_set(e, errno, "make the upper layer");
	if (linked && w.copied)
		ct_say(src, 0, "Copied %llu KiB that the container has written: it is running",
		       (unsigned long long)(w.copied + 1023) / 1024);
	return ct_layers_save(dst_area, CT_LAYERS_FILE, &w.layers, e);
}
