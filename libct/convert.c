/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * convert: a stopped container changes its layout. Its files are copied into a new area beside the old one and compared
 * with what they came from; a ploop image of OpenVZ is read and its files are counted. From the commit on the new area
 * takes the old one's name, and the old one stays under a name of its own until somebody removes it. Killed before the
 * commit: the new area is removed; after it: the renames are finished, and which of them are due is seen from what is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/fio.h"

#include "libct/files.h"
#include "libct/garbage.h"
#include "libct/postcreate.h"
#include "libct/roottree.h"
#include "libct/share.h"
#include "libct/snap.h"
#include "libct/ugids.h"

#define TMP_SUFFIX "tmp"
#define DISK "root.hdd"

struct work {
	struct ct_area area;
	char *tmp, *keep;		/* names beside the area */
	const struct ct_rootfs_ops *ops;
	const char *layout;
	int parent;
	struct tmpl_ploop_set set;
	bool opened;			/* the images of @set: it comes from ploop */
	const char *old;		/* the layout it has */
	struct tmpl_count count;
	tmpl_copy_tell *tell;		/* hears how far copying is */
	void *arg;
	bool ugids_in;			/* limits of users and groups are in the new file system */
};

static void work_done(struct work *w)
{
	if (w->opened)
		tmpl_ploop_close(&w->set);
	ct_area_done(&w->area);
	free(w->tmp);
	free(w->keep);
	auto_close_(&w->parent);
}

static bool is_there(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* An image becomes another one, of xfs or with another number of inodes, when its file system is named. */
static int check_old(struct ct *ct, struct work *w, struct err *e)
{
	const struct ct_rootfs_ops *now = ct_rootfs_by_name(ct->conf.layout);

	w->old = ct_is_ploop(ct) ? "ploop" : now ? now->name : NULL;
	if (!w->old)
		return err_say(e, EINVAL, "VE_LAYOUT \"%s\" of CT %u is unknown", ct->conf.layout ? ct->conf.layout : "", ct->id);
	if (now == w->ops && !str_starts(w->layout, "image:") && !str_eq(w->old, "ploop"))
		return err_say(e, EEXIST, "CT %u has the layout %s already", ct->id, now->name);
	return 0;
}

static int check_state(struct ct *ct, const char *layout, struct work *w, struct err *e)
{
	if (ct_need_down(ct, e) < 0)
		return -e->code;
	w->ops = ct_rootfs_by_name(layout);
	w->layout = layout;
	if (!w->ops)
		return err_say(e, EINVAL, "unknown layout %s: use overlay, dir, btrfs or image", layout);
	return check_old(ct, w, e);
}

static int name_beside(const struct work *w, const char *suffix, char **ret, struct err *e)
{
	auto_buf struct buf b = { .cap = 256 };

	buf_addf(&b, "%s.%s", w->area.name, suffix);
	*ret = buf_take(&b);
	return *ret ? 0 : err_set(e, ENAMETOOLONG, "%s", w->area.path);
}

static int check_host(struct ct *ct, const struct work *w, struct err *e)
{
	const struct ct_rootfs_new n = { .layout = w->layout, .quota = &ct->conf.quota };

	if ((!str_eq(w->old, "ploop") && ct_snap_none(ct, "a conversion", e) < 0))
		return -e->code;
	return w->ops->check ? w->ops->check(w->parent, &n, e) : 0;
}

static int check_place(struct ct *ct, struct work *w, struct err *e)
{
	struct stat st;

	if (ct_area_of(&w->area, ct->conf.private_dir, ct->id, e) < 0)
		return -e->code;
	if (name_beside(w, TMP_SUFFIX, &w->tmp, e) < 0 || name_beside(w, w->old, &w->keep, e) < 0)
		return -e->code;
	if (lstat(w->area.path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		err_say(e, ENOENT, "Container private area %s does not exist", w->area.path);
		return err_exit(e, VZ_FS_NOPRVT);
	}
	if (ct_area_is_mountpoint(&w->area))
		return err_say(e, EBUSY, "private area %s is a mount point: it cannot change places with the converted one",
			       w->area.path);
	w->parent = ct_area_parent(&w->area, false, e);
	if (w->parent < 0)
		return -e->code;
	if (is_there(w->parent, w->keep))
		return err_say(e, EEXIST, "%s/%s is there from another conversion: the old files would be kept under that name; "
			       "move it away", w->area.parent, w->keep);
	return check_host(ct, w, e);
}

static int open_disk(struct work *w, struct err *e)
{
	auto_buf struct buf b = { .cap = CT_PATH_MAX };

	buf_addf(&b, "%s/" DISK, w->area.path);
	if (buf_failed(&b))
		return err_set(e, ENAMETOOLONG, "%s/" DISK, w->area.path);
	if (tmpl_ploop_open(buf_str(&b), false, &w->set, e) < 0)
		return -e->code;
	w->opened = true;
	return 0;
}

static int read_error(const struct ct *ct, const struct work *w, struct err *e)
{
	if (e->code == EBUSY)
		return err_say(e, EBUSY, "%s/" DISK " is marked as in use: the container runs on another host, or its host "
			       "crashed, or it was copied while it ran. Stop it there and copy again; the image of a crashed "
			       "host is read with --force", w->area.path);
	err_add(e, "%s/" DISK, w->area.path);
	if (e->code == EDQUOT)
		err_add(e, "the limits of the container are too small ('vzctl set %u --diskspace N --diskinodes N --save')",
			ct->id);
	return -e->code;
}

static int read_disk(const struct ct *ct, struct work *w, int tree, bool force, struct err *e)
{
	if (tmpl_ploop_extract(&w->set, tree, force, w->tell, w->arg, &w->count, e) < 0)
		return read_error(ct, w, e);
	if (w->tell)
		w->tell(w->arg, w->count.bytes, w->count.bytes);
	return 0;
}

static int copy_error(const struct ct *ct, struct err *e)
{
	if (e->code == EDQUOT || e->code == ENOSPC)
		err_add(e, "the limits of the container are too small ('vzctl set %u --diskspace N --diskinodes N --save'), or "
			"the host is full", ct->id);
	return err_add(e, "copy the files");
}

/* What is due at the first start stays due. */
static int copy_root(struct ct *ct, struct work *w, int tree, int dir, struct err *e)
{
	auto_close int old = open(w->area.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), from = -1;
	uint32_t base = 0;

	if (old < 0)
		return err_set(e, errno, "open %s", w->area.path);
	if (ct_postcreate_is_due(old))
		ct_postcreate_due(dir);
	if (ct_roottree_open(ct, &base, &from, e) < 0)
		return -e->code;
	if (tmpl_copy(from, tree, base, w->tell, w->arg, &w->count, e) < 0)
		return copy_error(ct, e);
	if (w->tell)
		w->tell(w->arg, w->count.bytes, w->count.bytes);
	return 0;
}

/* In an image: the file system in it, whose mount goes with @tree. */
static int to_disk(int tree)
{
	auto_close int top = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return top < 0 ? -1 : syncfs(top);
}

/* The files, whole and on disk, under the temporary name. */
static int make_area(struct ct *ct, struct work *w, bool force, struct err *e)
{
	auto_buf struct buf ugids = { .cap = CT_UGIDS_MAX };
	auto_close int dir = -1, tree = -1;

	if (!w->opened && ct_ugids_get(ct, &ugids, e) < 0)
		return -e->code;
	if (quota_area_remove(w->parent, w->tmp, e) < 0 || quota_area_create(w->parent, w->tmp, ct->id, e) < 0)
		return -e->code;
	dir = openat(w->parent, w->tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "open the new area %s", w->tmp);
	if (!w->ops->own_fs && ct_quota_start(ct, dir, e) < 0)
		return -e->code;
	const struct ct_rootfs_new new = { .dir = dir, .tmpldir = ct->host->conf.template_dir, .layout = w->layout,
					   .quota = &ct->conf.quota };
	tree = w->ops->adopt(ct, &new, e);
	if (tree < 0)
		return -e->code;
	if ((w->opened ? read_disk(ct, w, tree, force, e) : copy_root(ct, w, tree, dir, e)) < 0)
		return -e->code;
	int kept = ugids.len ? ct_ugids_put(ct, w->ops->own_fs ? tree : -1, &ct->conf.quota, buf_str(&ugids), e) : 1;
	if (kept < 0)
		return -e->code;
	w->ugids_in = kept == 0;
	if (to_disk(tree) < 0)
		return err_set(e, errno, "write the files to disk");
	return syncfs(dir) < 0 ? err_set(e, errno, "sync %s", w->area.path) : 0;
}

static int save_layout(struct ct *ct, const char *layout, struct err *e)
{
	auto_conf struct ct_conf c = { .layout = strdup(layout) };
	bool changed;

	return c.layout ? ct_store_rows(ct, &c, CT_STORE_PIN, &changed, e) : err_set(e, ENOMEM, "VE_LAYOUT");
}

/* After the commit; each step may have been done before. */
static int finish(struct ct *ct, int parent, const char *area, const char *tmp, const char *keep, const char *layout, struct err *e)
{
	if (is_there(parent, tmp)) {
		if (!is_there(parent, keep) && renameat2(parent, area, parent, keep, RENAME_NOREPLACE) < 0)
			return err_set(e, errno, "keep the old files as %s", keep);
		if (renameat2(parent, tmp, parent, area, RENAME_NOREPLACE) < 0)
			return err_set(e, errno, "rename %s to %s", tmp, area);
		if (fio_fsync_dir(parent, e) < 0)
			return -e->code;
	}
	return save_layout(ct, layout, e);
}

int ct_convert_recover(struct ct *ct, const struct kv *kv, struct err *e)
{
	const char *private_dir = kv_get(kv, "PRIVATE"), *tmp = kv_get(kv, "TMP"), *keep = kv_get(kv, "KEEP"),
		   *layout = kv_get(kv, "LAYOUT");
	auto_area struct ct_area a = { 0 };
	auto_close int parent = -1;

	if (!private_dir || !tmp || !keep || !layout || ct_area_of(&a, private_dir, ct->id, e) < 0)
		return e->code ? -e->code : err_say(e, EBADMSG, "the record is not whole");
	parent = ct_area_parent(&a, false, e);
	if (parent < 0)
		return -e->code;
	if (!kv_get(kv, "COMMIT"))
		return quota_area_remove(parent, tmp, e);
	if (ct_store_load(ct, e) < 0)
		return e->code ? -e->code : err_set(e, ENOENT, CT_CONF_DIR "/%u.conf", ct->id);
	if (finish(ct, parent, a.name, tmp, keep, layout, e) < 0)
		return -e->code;
	ct_garbage_mark(ct, kv_get(kv, "TEMPLATES"));
	return 0;
}

static int convert(struct ct *ct, struct work *w, bool force, struct err *e)
{
	auto_close int old = open(w->area.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_free char *tmpls = ct_garbage_note(old);
	const char *const pairs[] = { "PRIVATE", w->area.path, "TMP", w->tmp, "KEEP", w->keep,
				      "LAYOUT", ct_layout_stored(w->layout), "TEMPLATES", tmpls, NULL };

	if (w->opened)
		ct_say(ct, 0, "Reading %s/" DISK " (%u image%s)", w->area.path, w->set.p.n, w->set.p.n == 1 ? "" : "s");
	else
		ct_say(ct, 0, "Copying and comparing the files of layout %s", w->old);
	if (ct_intent_begin(ct, "convert", pairs, e) < 0)
		return -e->code;
	if (make_area(ct, w, force, e) < 0 || ct_intent_commit(ct, e) < 0) {
		if (quota_area_remove(w->parent, w->tmp, &(struct err){ 0 }) == 0)
			ct_intent_end(ct, &(struct err){ 0 });
		return -e->code;
	}
	if (finish(ct, w->parent, w->area.name, w->tmp, w->keep, ct_layout_stored(w->layout), e) < 0)
		return err_add(e, "The files are there, the next command goes on");
	if (w->ugids_in)
		ct_ugids_forget(ct->id);
	ct_garbage_mark(ct, tmpls);	/* the old files are the only user from now on, until somebody removes them */
	if (ct_intent_end(ct, e) < 0)
		return -e->code;
	ct_share_collect(ct->host, w->area.parent, &(struct err){ 0 });		/* layers that it shares with nobody by now */
	ct_garbage_collect(ct->host, NULL);
	return 0;
}

static void tell(struct ct *ct, const struct work *w)
{
	const struct tmpl_count *c = &w->count;

	if (w->set.p.journal)
		ct_say(ct, 0, "The image was not unmounted cleanly: changes in its journal were taken over");
	if (c->nodes_skipped || c->xattrs_dropped || c->flags_dropped)
		ct_say(ct, 0, "Left out: %llu device nodes, %llu extended attributes that steer the host, chattr(1) flags of "
		       "%llu files",
		       (unsigned long long)c->nodes_skipped, (unsigned long long)c->xattrs_dropped,
		       (unsigned long long)c->flags_dropped);
	ct_say(ct, 0, "Container was successfully converted: %llu files, %llu bytes", (unsigned long long)c->entries,
	       (unsigned long long)c->bytes);
	if (w->opened)
		ct_say(ct, 0, "The image is kept in %s/%s; remove it when the container works", w->area.parent, w->keep);
	else
		ct_say(ct, 0, "The old files are kept in %s/%s; remove them when the container works", w->area.parent, w->keep);
}

int ct_convert(struct ct *ct, const char *layout, bool force, ct_tell *tell_done, void *arg, struct err *e)
{
	auto_call(work_done) struct work w = { .parent = -1, .tell = tell_done, .arg = arg };

	if (check_state(ct, layout, &w, e) < 0 || check_place(ct, &w, e) < 0 || (str_eq(w.old, "ploop") && open_disk(&w, e) < 0) ||
	    convert(ct, &w, force, e) < 0)
		return err_exit(e, VZ_CONVERT_IMAGE);
	tell(ct, &w);
	return 0;
}
