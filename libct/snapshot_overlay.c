/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots of layout "overlay". A stopped container's upper layer becomes snap/GUID, read-only from then on, and a new
 * one is put on top: two renames. A running one's is copied, since its kernel holds on to it; the copy stands beside, not
 * below, what the container goes on writing into.
 *   snap/GUID         a layer
 *   snap/GUID.below   what it stands on (layers.h)
 *   upper.new, upper.old, snap/GUID.copy, .links    while something is under way
 * A first line of `layers` whose directory is missing means that the upper layer has yet to be renamed to it: so each
 * step below can tell what was done from what is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/overlay.h"
#include "libct/snap.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/treecopy.h"

#define COPY ".copy"
#define LINKS ".links"
#define LAYERS_NEW "layers.new"

struct name { char s[64]; };

static struct name in_snap(const char *guid, const char *suffix)
{
	struct name n;

	snprintf(n.s, sizeof(n.s), CT_SNAP_DIR "/%.36s%s", guid, suffix);
	return n;
}

static bool there(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int open_dir(int dir, const char *name, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "open %s", name) : fd;
}

static int make_dir(int dir, const char *name, struct err *e)
{
	return mkdirat(dir, name, 0700) < 0 && errno != EEXIST ? err_set(e, errno, "make %s", name) : 0;
}

static int move(int dir, const char *from, const char *to, struct err *e)
{
	return renameat2(dir, from, dir, to, RENAME_NOREPLACE) < 0 ? err_set(e, errno, "rename %s to %s", from, to) : 0;
}

static int remove_file(int dir, const char *name, struct err *e)
{
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? err_set(e, errno, "remove %s", name) : 0;
}

static int sync_names(int area, struct err *e)
{
	auto_close int snap = open_dir(area, CT_SNAP_DIR, e);

	return snap < 0 || fio_fsync_dir(snap, e) < 0 || fio_fsync_dir(area, e) < 0 ? -e->code : 0;
}

/* An empty upper layer, whose top looks like that of @like. */
static int fresh_upper(int area, const char *like, struct err *e)
{
	auto_close int from = open_dir(area, like, e), to = -1;

	if (from < 0 || path_rmtree(area, "upper.new", e) < 0 || make_dir(area, "upper.new", e) < 0)
		return -e->code;
	to = open_dir(area, "upper.new", e);
	return to < 0 ? -e->code : tree_copy_attrs(from, to, e);
}

/* An earlier attempt that came to no end: `layers` was not renamed, so the old root is the one that counts. */
static int unswitch(int area, struct err *e)
{
	if (there(area, LAYERS_NEW) && there(area, "upper.old")) {
		if (path_rmtree(area, "upper", e) < 0 || move(area, "upper.old", "upper", e) < 0)
			return -e->code;
	}
	return remove_file(area, LAYERS_NEW, e);
}

/* What is missing was moved away by hand: nothing is done above it, and it is never taken for gone. */
static int is_there(int area, const char *guid, struct err *e)
{
	struct name n = in_snap(guid, "");

	return there(area, n.s) ? 0 : err_say(e, ENOENT, "layer %s, which is stood on, is missing: put it back", n.s);
}

static int are_there(int area, const struct ct_layers *l, struct err *e)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->v[i].kind == CT_LAYER_SNAP && is_there(area, l->v[i].id, e) < 0)
			return -e->code;
	return 0;
}

int ct_overlay_whole(int area, const struct ct_snaps *tree, struct err *e)
{
	struct ct_layers l;

	for (size_t i = 0; i < tree->n; i++)
		if (is_there(area, tree->v[i].guid, e) < 0)
			return -e->code;
	return ct_layers_load(area, CT_LAYERS_FILE, &l, e) < 0 ? -e->code : are_there(area, &l, e);
}

/* --- take --- */

static int push_layer(int area, const char *guid, struct ct_layers *l, struct err *e)
{
	struct ct_layers head;

	if (l->n + 1 > CT_LAYERS_MAX)
		return err_say(e, E2BIG, "there are %u layers already, as many as can be: delete snapshots", l->n);
	ct_layers_head(l, &head);
	if (ct_below_save(area, guid, &head, e) < 0)
		return -e->code;
	memmove(&l->v[1], &l->v[0], l->n * sizeof(l->v[0]));
	l->v[0] = (struct ct_layer){ .kind = CT_LAYER_SNAP };
	str_copy(l->v[0].id, sizeof(l->v[0].id), guid);
	l->n++;
	return ct_layers_save(area, CT_LAYERS_FILE, l, e);
}

static bool is_top(const struct ct_layers *l, const char *guid)
{
	return l->v[0].kind == CT_LAYER_SNAP && str_eq(l->v[0].id, guid);
}

static int take_stopped(int area, const char *guid, struct ct_layers *l, struct err *e)
{
	if (!is_top(l, guid) && (fresh_upper(area, "upper", e) < 0 || push_layer(area, guid, l, e) < 0))
		return -e->code;
	if (!there(area, in_snap(guid, "").s) && move(area, "upper", in_snap(guid, "").s, e) < 0)
		return -e->code;
	if (!there(area, "upper") &&
	    ((!there(area, "upper.new") && fresh_upper(area, in_snap(guid, "").s, e) < 0) ||
	     move(area, "upper.new", "upper", e) < 0))
		return -e->code;
	return sync_names(area, e);
}

static int remove_tree(int area, const char *guid, const char *suffix, struct err *e)
{
	auto_close int snap = open_dir(area, CT_SNAP_DIR, e);
	struct name n;

	str_fmt(n.s, sizeof(n.s), "%s%s", guid, suffix);
	return snap < 0 ? -e->code : path_rmtree(snap, n.s, e);
}

/* Directories for a copy, whatever an earlier attempt has left. */
static int copy_dirs(int area, const char *guid, int ret[2], struct err *e)
{
	struct name copy = in_snap(guid, COPY), links = in_snap(guid, LINKS);

	if (remove_tree(area, guid, COPY, e) < 0 || remove_tree(area, guid, LINKS, e) < 0 || make_dir(area, copy.s, e) < 0 ||
	    make_dir(area, links.s, e) < 0)
		return -e->code;
	ret[0] = open_dir(area, copy.s, e);
	ret[1] = ret[0] < 0 ? -1 : open_dir(area, links.s, e);
	return ret[1] < 0 ? -e->code : 0;
}

static int copy_upper(int area, const char *guid, struct tree_copy *c, struct err *e)
{
	auto_close int from = open_dir(area, "upper", e), to = -1, stash = -1;
	int fd[2] = { -1, -1 }, rc;

	rc = from < 0 ? -e->code : copy_dirs(area, guid, fd, e);
	to = fd[0];
	stash = c->stash = fd[1];
	if (rc < 0 || tree_copy(from, to, c, e) < 0 || remove_tree(area, guid, LINKS, e) < 0)
		return -e->code;
	return move(area, in_snap(guid, COPY).s, in_snap(guid, "").s, e);
}

static int take_running(struct ct *ct, int area, const char *guid, const struct ct_layers *l, struct err *e)
{
	struct tree_copy c = { .stash = -1 };
	struct ct_layers head;

	if (there(area, in_snap(guid, "").s))
		return 0;
	ct_layers_head(l, &head);
	if (ct_below_save(area, guid, &head, e) < 0 || copy_upper(area, guid, &c, e) < 0)
		return -e->code;
	if (c.bytes_copied)
		ct_say(ct, 0, "Copied %llu KiB that the container has written: its file system cannot share blocks",
		       (unsigned long long)(c.bytes_copied + 1023) / 1024);
	return 0;
}

int ct_overlay_take(struct ct *ct, int area, const char *guid, bool running, struct err *e)
{
	struct ct_layers l;

	if (make_dir(area, CT_SNAP_DIR, e) < 0 || ct_layers_load(area, CT_LAYERS_FILE, &l, e) < 0)
		return -e->code;
	return running ? take_running(ct, area, guid, &l, e) : take_stopped(area, guid, &l, e);
}

/* --- switch --- */

int ct_overlay_discard(const struct ct *ct, int area, const char *name, struct err *e)
{
	auto_area struct ct_area a = { 0 }, old = { 0 };
	auto_free char *trash = NULL;
	char path[CT_PATH_MAX];

	if (!there(area, name))
		return 0;
	if (ct_area_of(&a, ct->conf.private_dir, ct->id, e) < 0 || ct_trash_plan(&a, &trash, e) < 0 ||
	    ct_path_fmt(path, sizeof(path), e, "%s/%s", a.path, name) < 0 || ct_area_of(&old, path, ct->id, e) < 0 ||
	    ct_trash_move(&old, trash, e) < 0)
		return -e->code;
	return ct_trash_empty(trash, NULL, 0, e);
}

static int exchange(int area, struct err *e)
{
	if (move(area, "upper", "upper.old", e) < 0 || move(area, "upper.new", "upper", e) < 0)
		return -e->code;
	return renameat(area, LAYERS_NEW, area, CT_LAYERS_FILE) < 0 ? err_set(e, errno, "rename " LAYERS_NEW) : 0;
}

/* Everything that needs room comes before the renames; what fails leaves the root as it was. */
int ct_overlay_switch(struct ct *ct, int area, const char *guid, struct err *e)
{
	struct ct_layers l;

	if (is_there(area, guid, e) < 0 || ct_layers_stack(area, guid, &l, e) < 0 || are_there(area, &l, e) < 0 ||
	    unswitch(area, e) < 0 || ct_overlay_discard(ct, area, "upper.old", e) < 0 ||
	    fresh_upper(area, in_snap(guid, "").s, e) < 0 || ct_layers_save(area, LAYERS_NEW, &l, e) < 0)
		return -e->code;
	if (exchange(area, e) < 0) {
		struct err undo = { 0 };

		return unswitch(area, &undo) < 0 ? err_add(e, "%s", undo.text) : -e->code;
	}
	/* the root is the other one by now: what is left over costs room, and is looked at again by the next change of snapshots */
	if (fio_fsync_dir(area, e) < 0 || ct_overlay_discard(ct, area, "upper.old", e) < 0 || ct_overlay_melt(ct, area, e) < 0)
		ct_snap_left(ct, e);
	return 0;
}

/* --- drop --- */

/* The top layer and the upper one, of which one is missing while a snapshot is taken: not when the tree names it already. */
static int finish_take(struct ct *ct, int area, struct ct_layers *l, struct err *e)
{
	auto_snaps struct ct_snaps tree = { 0 };
	const char *top = l->v[0].id;
	bool has_top;

	if (l->v[0].kind != CT_LAYER_SNAP)
		return 0;
	has_top = there(area, in_snap(top, "").s);
	if (has_top && there(area, "upper"))
		return 0;
	if (!has_top && ct_snaps_load(ct, &tree, e) < 0)
		return -e->code;
	if (!has_top && ct_snaps_find(&tree, top))
		return err_say(e, ENOENT, "the files of snapshot {%s} are missing: %s is not there, put it back", top,
			       in_snap(top, "").s);
	return take_stopped(area, top, l, e);
}

/* Whatever was stopped half-way comes to one end or the other, so that what follows finds a whole area. */
static int settle(struct ct *ct, int area, const char *guid, struct err *e)
{
	struct ct_layers l;

	if (unswitch(area, e) < 0 || ct_layers_load(area, CT_LAYERS_FILE, &l, e) < 0 || finish_take(ct, area, &l, e) < 0)
		return -e->code;
	if (path_rmtree(area, "upper.new", e) < 0 || remove_tree(area, guid, COPY, e) < 0 || remove_tree(area, guid, LINKS, e) < 0)
		return -e->code;
	return ct_overlay_discard(ct, area, "upper.old", e);
}

/* The tree of names has forgotten @guid, which makes its layer one of those that melt. */
int ct_overlay_drop(struct ct *ct, int area, const char *guid, const char *into, struct err *e)
{
	(void)into;		/* what stands on a layer is seen from the layers, not from the tree of names */
	if (!there(area, CT_SNAP_DIR))
		return path_rmtree(area, "upper.new", e);
	return settle(ct, area, guid, e) < 0 ? -e->code : ct_overlay_melt(ct, area, e);
}

int ct_overlay_snap_mount(struct ct *ct, int area, const char *guid, const char *at, struct err *e)
{
	struct ct_layers l;

	if (ct_layers_stack(area, guid, &l, e) < 0)
		return -e->code;
	return ct_overlay_mount(ct, area, &l, at, e);
}
