/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fresh private area from an OS template, under a temporary name: what create and reinstall
 * share. And the template's archive, which a program of the host may fetch.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "util/spawn.h"

#include "libct/clone.h"
#include "libct/files.h"
#include "libct/postcreate.h"
#include "libct/ugids.h"

#define FETCH VZ_SBINDIR "/vztmpl-dl"

int ct_area_error(struct err *e)
{
	return err_exit(e, e->code == ENOSPC || e->code == EDQUOT ? VZ_FS_NO_DISK_SPACE
								  : VZ_FS_NEW_VE_PRVT);
}

/* What it prints is the user's; whether it helped is seen by looking again. */
static bool fetch(const char *name)
{
	const char *const argv[] = { FETCH, name, NULL };
	const struct spawn s = { .argv = argv };
	struct err ignored = { 0 };
	int status = 0;

	if (access(FETCH, X_OK) < 0)
		return false;
	spawn_wait(&s, &status, &ignored);
	return true;
}

int ct_template_find(const struct ct *ct, const char *name, struct tmpl *ret, struct err *e)
{
	const char *dir = ct->host->conf.template_dir;
	struct err first = { 0 };

	if (!name || !*name) {
		err_say(e, EINVAL, "OS template is not specified");
		return err_exit(e, VZ_VE_OSTEMPLATE_NOTSET);
	}
	if (tmpl_find(dir, name, ret, &first) < 0 &&
	    (first.code != ENOENT || strchr(name, '/') || !fetch(name) ||
	     tmpl_find(dir, name, ret, &first) < 0)) {
		*e = first;
		return err_exit(e, VZ_OSTEMPLATE_NOT_FOUND);
	}
	ct_say(ct, 1, "Looking for %s", ret->archive[0] ? ret->archive : ret->name);
	return 0;
}

/* The machine it was before: what is due after create is not due again. */
static int fill(struct ct *ct, const struct ct_newarea *n, const struct ct_rootfs_new *new, struct err *e)
{
	auto_close int tree = n->ops->adopt(ct, new, e);

	if (tree < 0 || n->src->fill(ct, tree, n->src->arg, e) < 0)
		return -e->code;
	return n->src->ugids && ct_ugids_put(ct, n->ops->own_fs ? tree : -1, n->quota, n->src->ugids, e) < 0 ? -e->code : 0;
}

/* Limits come before contents, so that unpacking cannot exceed them. */
int ct_newarea(struct ct *ct, const struct ct_newarea *n, struct err *e)
{
	struct quota_limit l;
	int rc;

	if (quota_area_remove(n->parent, n->tmp, e) < 0 ||
	    quota_area_create(n->parent, n->tmp, ct->id, e) < 0)
		return ct_area_error(e);
	auto_close int dir = openat(n->parent, n->tmp,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0) {
		err_set(e, errno, "open the new area %s", n->tmp);
		return ct_area_error(e);
	}
	quota_conf_limit(n->quota, &l);
	if (!n->ops->own_fs && quota_set(dir, ct->id, &l, e) < 0)
		return err_exit(e, VZ_DQ_SET);
	const struct ct_rootfs_new new = { .dir = dir, .tmpldir = ct->host->conf.template_dir, .layout = n->layout,
					   .tmpl = n->tmpl, .quota = n->quota };
	if (n->src)
		return fill(ct, n, &new, e) < 0 ? ct_area_error(e) : 0;
	rc = n->from ? ct_clone_area(n->from, ct, dir, n->linked, e) : n->ops->create(ct, &new, e);
	if (rc < 0)
		return ct_area_error(e);
	if (n->from && ct_ugids_copy(n->from->id, ct, e) < 0)
		return ct_area_error(e);
	ct_postcreate_due(dir);
	return !n->from && rc > 0;
}
