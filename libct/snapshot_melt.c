/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layers that are no snapshot any more (the tree does not name them) go: at once when nothing stands on them; into the one
 * layer that stands on them when nobody has that mounted; else they wait for the next time somebody looks.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/overlay.h"
#include "libct/share.h"
#include "libct/snap.h"
#include "util/fio.h"
#include "util/path.h"
#include "util/treecopy.h"

#define BELOW ".below"
#define UPPER "upper"

struct name { char s[64]; };
struct melt {
	struct ct *ct;
	int area;
	struct ct_layers layers;	/* of the root */
	bool busy;			/* somebody may have any of it mounted */
};

static struct name in_snap(const char *guid, const char *suffix)
{
	struct name n;

	snprintf(n.s, sizeof(n.s), CT_SNAP_DIR "/%.36s%s", guid, suffix);
	return n;
}

static bool stands_on(const struct ct_layers *l, const char *guid)
{
	return l->n && l->v[0].kind == CT_LAYER_SNAP && str_eq(l->v[0].id, guid);
}

/* What stands right on @guid, the last one found, and how many there are. */
static int children(const struct melt *m, const char *guid, struct name *ret, unsigned *n, struct err *e)
{
	auto_call(str_list_clear) struct str_list files = { 0 };
	struct ct_layers l;

	*n = 0;
	if (stands_on(&m->layers, guid)) {
		str_copy(ret->s, sizeof(ret->s), UPPER);
		++*n;
	}
	if (ct_snap_files(m->area, BELOW, &files, e) < 0)
		return -e->code;
	for (size_t i = 0; i < files.n; i++) {
		if (ct_below_load(m->area, files.v[i], &l, e) < 0)
			return -e->code;
		if (stands_on(&l, guid)) {
			*ret = in_snap(files.v[i], "");
			++*n;
		}
	}
	return 0;
}

static int unlist_root(struct melt *m, const char *guid, struct err *e)
{
	for (unsigned i = 0; i < m->layers.n; i++) {
		if (m->layers.v[i].kind != CT_LAYER_SNAP || !str_eq(m->layers.v[i].id, guid))
			continue;
		memmove(&m->layers.v[i], &m->layers.v[i + 1], (m->layers.n - i - 1) * sizeof(m->layers.v[0]));
		m->layers.n--;
		return ct_layers_save(m->area, CT_LAYERS_FILE, &m->layers, e);
	}
	return 0;
}

/* The lists of the root and of the child, without @guid. The child's is the last: by it a second attempt knows what is due. */
static int unlist(struct melt *m, const char *guid, const struct name *child, struct err *e)
{
	struct ct_layers below;

	if (ct_below_load(m->area, guid, &below, e) < 0 || unlist_root(m, guid, e) < 0)
		return -e->code;
	return str_eq(child->s, UPPER) ? 0 : ct_below_save(m->area, child->s + strlen(CT_SNAP_DIR "/"), &below, e);
}

/* The list goes last: as long as it is there, this is done again. */
static int forget(struct melt *m, const char *guid, struct err *e)
{
	struct name list = in_snap(guid, BELOW);

	if (ct_overlay_discard(m->ct, m->area, in_snap(guid, "").s, e) < 0)
		return -e->code;
	return unlinkat(m->area, list.s, 0) < 0 && errno != ENOENT ? err_set(e, errno, "remove %s", list.s) : 0;
}

/* Nothing was written on top of @guid: it takes the place of the empty layer by one rename. */
static int take_place(struct melt *m, const char *guid, const struct name *child, struct err *e)
{
	auto_close int layer = openat(m->area, in_snap(guid, "").s, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_close int top = openat(m->area, child->s, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (layer < 0 || top < 0)
		return err_set(e, errno, "open layer %s", guid);
	if (tree_copy_attrs(top, layer, e) < 0)
		return -e->code;
	if (renameat(m->area, in_snap(guid, "").s, m->area, child->s) == 0)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return ct_layer_merge(layer, top, e);
	return err_set(e, errno, "rename layer %s", guid);
}

static int melt_one(struct melt *m, const char *guid, bool *progress, struct err *e)
{
	struct name child;
	unsigned n;
	int used;

	if (children(m, guid, &child, &n, e) < 0)
		return -e->code;
	if (n > 1 || (n == 1 && m->busy))
		return 0;
	used = ct_share_used(m->ct->host, m->area, guid, e);
	if (used != 0)
		return used < 0 ? used : 0;
	if (n == 1 && faccessat(m->area, in_snap(guid, "").s, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
	    take_place(m, guid, &child, e) < 0)
		return err_add(e, "merge layer %s", guid);
	if (n == 1 && unlist(m, guid, &child, e) < 0)
		return -e->code;
	*progress = true;
	return forget(m, guid, e);
}

/* One round over all layers. */
static int melt_round(struct melt *m, const struct ct_snaps *tree, bool *progress, struct err *e)
{
	auto_call(str_list_clear) struct str_list files = { 0 };

	*progress = false;
	if (ct_snap_files(m->area, BELOW, &files, e) < 0)
		return -e->code;
	for (size_t i = 0; i < files.n; i++)
		if (!ct_snaps_find(tree, files.v[i]) && melt_one(m, files.v[i], progress, e) < 0)
			return -e->code;
	return 0;
}

int ct_overlay_melt(struct ct *ct, int area, struct err *e)
{
	struct melt m = { .ct = ct, .area = area, .busy = ct_snap_busy(ct) };
	auto_snaps struct ct_snaps tree = { 0 };
	bool progress = true;

	if (ct_layers_load(area, CT_LAYERS_FILE, &m.layers, e) < 0 || ct_snaps_load(ct, &tree, e) < 0)
		return -e->code;
	while (progress)
		if (melt_round(&m, &tree, &progress, e) < 0)
			return -e->code;
	return 0;
}
