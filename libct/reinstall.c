/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reinstall: new files are made beside the old ones and change places with them by one rename;
 * what then lies under the temporary name, old or half-made, is rubbish at any time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/fio.h"

#include "libct/files.h"
#include "libct/garbage.h"
#include "libct/snap.h"
#include "libct/snapshot.h"

struct work {
	struct ct_area area, tmp;
	struct tmpl tmpl;
	const struct ct_create_src *src;	/* in place of a template */
	const struct ct_rootfs_ops *ops;
	char *trash;
	int parent;
};

static void work_done(struct work *w)
{
	ct_area_done(&w->area);
	ct_area_done(&w->tmp);
	free(w->trash);
	auto_close_(&w->parent);
}

static int check(struct ct *ct, struct work *w, const char *verb, struct err *e)
{
	struct stat st;

	if (ct_need_down(ct, e) < 0)
		return -e->code;
	if (ct_area_of(&w->area, ct->conf.private_dir, ct->id, e) < 0)
		return -e->code;
	if (lstat(w->area.path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		err_say(e, ENOENT, "Container private area %s does not exist", w->area.path);
		return err_exit(e, VZ_FS_NOPRVT);
	}
	if (ct_snap_none(ct, verb, e) < 0)
		return -e->code;
	w->ops = ct_rootfs_by_name(ct->conf.layout);
	if (w->ops)
		return 0;
	err_say(e, EINVAL, "unknown layout %s: use overlay, dir, btrfs or image", ct->conf.layout);
	return err_exit(e, VZ_UNK_MOUNT_TYPE);
}

static int open_parent(const struct ct *ct, struct work *w, struct err *e)
{
	auto_buf struct buf b = { .cap = CT_PATH_MAX };

	buf_addf(&b, "%s.tmp", w->area.path);
	if (buf_failed(&b) || ct_area_of(&w->tmp, buf_str(&b), ct->id, e) < 0)
		return e->code ? -e->code : err_set(e, ENAMETOOLONG, "%s", w->area.path);
	w->parent = ct_area_parent(&w->area, false, e);
	return w->parent < 0 ? -e->code : ct_trash_plan(&w->tmp, &w->trash, e);
}

static int swap_areas(const struct ct *ct, const struct work *w, struct err *e)
{
	auto_close int dir = openat(w->parent, w->tmp.name,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0 || syncfs(dir) < 0)
		return err_set(e, errno, "%s", w->tmp.path);
	if (ct_store_copy(ct, dir, e) < 0)
		return -e->code;
	if (renameat2(w->parent, w->tmp.name, w->parent, w->area.name, RENAME_EXCHANGE) < 0)
		return err_set(e, errno, "replace %s", w->area.path);
	return fio_fsync_dir(w->parent, e);
}

static int save_template(struct ct *ct, const struct work *w, const char *name, struct err *e)
{
	auto_conf struct ct_conf c = { 0 };
	bool changed;

	if (!name)
		return 0;
	c.ostemplate = strdup(strchr(name, '/') ? w->tmpl.name : name);
	if (!c.ostemplate)
		return err_set(e, ENOMEM, "OSTEMPLATE");
	return ct_store_rows(ct, &c, CT_STORE_PIN, &changed, e);
}

int ct_reinstall_recover(struct ct *ct, const struct kv *kv, struct err *e)
{
	const char *tmp = kv_get(kv, "TMP"), *trash = kv_get(kv, "TRASH");
	auto_area struct ct_area a = { 0 };
	auto_close int parent = -1;

	if (!tmp || ct_area_of(&a, tmp, ct->id, e) < 0)
		return e->code ? -e->code : err_say(e, EBADMSG, "the record lacks TMP");
	parent = ct_area_parent(&a, false, e);
	if (parent >= 0 && quota_area_remove(parent, a.name, e) < 0)
		return -e->code;
	err_clear(e);
	if (trash && ct_trash_empty(trash, NULL, 0, e) < 0)
		return -e->code;
	ct_garbage_mark(ct, kv_get(kv, "TEMPLATES"));
	return 0;
}

static int work(struct ct *ct, struct work *w, const char *name, struct err *e)
{
	const struct ct_newarea n = { .parent = w->parent, .tmp = w->tmp.name, .ops = w->ops,
				      .layout = ct->conf.layout, .tmpl = w->src ? NULL : &w->tmpl, .src = w->src,
				      .quota = &ct->conf.quota };

	if (!w->src)
		ct_say(ct, 0, "Creating container private area (%s)", w->tmpl.name);
	if (ct_newarea(ct, &n, e) < 0 || swap_areas(ct, w, e) < 0) {
		quota_area_remove(w->parent, w->tmp.name, &(struct err){ 0 });
		return ct_area_error(e);
	}
	if (!w->src)
		ct_say(ct, 0, "Performing postcreate actions");
	if (save_template(ct, w, name, e) < 0 || ct_trash_move(&w->tmp, w->trash, e) < 0)
		return -e->code;
	return ct_trash_empty(w->trash, NULL, 0, e);
}

static int recorded(struct ct *ct, struct work *w, const char *name, struct err *e)
{
	auto_close int old = open(w->area.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_free char *tmpls = ct_garbage_note(old);
	const char *const pairs[] = { "TMP", w->tmp.path, "TRASH", w->trash, "TEMPLATES", tmpls, NULL };
	int rc;

	if (ct_intent_begin(ct, "reinstall", pairs, e) < 0)
		return ct_area_error(e);
	rc = work(ct, w, name, e);
	if (rc == 0)
		ct_garbage_mark(ct, tmpls);
	ct_intent_end(ct, &(struct err){ 0 });
	if (rc == 0)
		ct_garbage_collect(ct->host, NULL);
	return rc;
}

int ct_reinstall(struct ct *ct, const char *ostemplate, struct err *e)
{
	auto_call(work_done) struct work w = { .parent = -1 };
	const char *name = ostemplate ? ostemplate : ct->conf.ostemplate;

	if (check(ct, &w, "reinstall", e) < 0 || ct_template_find(ct, name, &w.tmpl, e) < 0 ||
	    open_parent(ct, &w, e) < 0 || recorded(ct, &w, ostemplate, e) < 0)
		return -e->code;
	ct_say(ct, 0, "Container was successfully reinstalled");
	return 0;
}

int ct_refill(struct ct *ct, const struct ct_create_src *src, struct err *e)
{
	auto_call(work_done) struct work w = { .parent = -1, .src = src };

	return check(ct, &w, "restore", e) < 0 || open_parent(ct, &w, e) < 0 ? -e->code : recorded(ct, &w, NULL, e);
}
