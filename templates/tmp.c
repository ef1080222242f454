/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TEMPLATE/tmp: what is being made. Each maker has a directory there and holds a flock() on it for as long as it lives;
 * one without a holder is rubbish. TEMPLATE/tmp/.lock is held for the moment between mkdir and flock, and by the sweeper
 * while it looks, so that neither sees the other half-way.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "templates/tmpl_priv.h"
#include "util/auto.h"
#include "util/dir.h"
#include "util/lock.h"
#include "util/path.h"

int tmp_make(int tmpldir, struct tmpl_tmp *ret, struct err *e)
{
	auto_close int top = path_mkdirs(tmpldir, "tmp", 0700, e), lock = -1, dir = -1;
	uint64_t rnd = 0;

	if (top < 0 || lock_take(top, ".lock", -1, &lock, e) < 0)
		return -e->code;
	if (getrandom(&rnd, sizeof(rnd), 0) != (ssize_t)sizeof(rnd))
		return err_set(e, errno, "getrandom");
	str_fmt(ret->name, sizeof(ret->name), "%d-%016llx", (int)getpid(), (unsigned long long)rnd);
	if (mkdirat(top, ret->name, 0700) < 0)
		return err_set(e, errno, "tmp/%s", ret->name);
	dir = openat(top, ret->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || flock(dir, LOCK_EX | LOCK_NB) < 0) {
		err_set(e, errno, "lock tmp/%s", ret->name);
		unlinkat(top, ret->name, AT_REMOVEDIR);
		return -e->code;
	}
	ret->top = take_fd(&top);
	ret->dir = take_fd(&dir);
	return 0;
}

void tmp_done(struct tmpl_tmp *t)
{
	struct err ignored;

	if (t->top >= 0 && t->dir >= 0)
		path_rmtree(t->top, t->name, &ignored);
	auto_close_(&t->dir);
	auto_close_(&t->top);
}

/* Removes tmp/@name if nobody holds it. The lock of tmp/ is given up as soon as the directory is ours. */
static int sweep_one(int top, const char *name, struct err *e)
{
	auto_close int lock = -1, dir = -1;

	if (lock_take(top, ".lock", -1, &lock, e) < 0)
		return -e->code;
	dir = openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || flock(dir, LOCK_EX | LOCK_NB) < 0)
		return 0;
	auto_close_(&lock);
	return path_rmtree(top, name, e);
}

int tmpl_sweep(const char *tmpldir, struct err *e)
{
	auto_close int top = -1, base = open(tmpldir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = NULL;
	struct dirent *de;

	if (base < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "%s", tmpldir);
	top = openat(base, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "%s/tmp", tmpldir);
	d = dir_list(top);
	if (!d)
		return err_set(e, errno, "%s/tmp", tmpldir);
	while ((de = readdir(d)))
		if (de->d_name[0] != '.' && sweep_one(top, de->d_name, e) < 0)
			return err_add(e, "sweep %s/tmp", tmpldir);
	return 0;
}
