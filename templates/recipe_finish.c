/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a recipe does to a tree that its builder has made: chroot.d/NN-* run inside, test.d/NN-* judge the result. Scripts
 * come as standard input of the shell inside, so nothing of the recipe lies in the tree; test.d runs in a container of the
 * result, which the caller makes, and one that fails means that there is no template.
 */
#include "templates/recipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "templates/add.h"
#include "templates/outlet.h"
#include "templates/run.h"
#include "util/auto.h"
#include "util/str.h"

#define TIMEOUT_MS (3600 * 1000)

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A directory would be a script that does nothing, a pipe one that never begins. */
static int is_script(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(e, errno, "%s", path);
	return S_ISREG(st.st_mode) ? 0 : err_say(e, EINVAL, "%s is no file: want a script", path);
}

static int scripts(const char *recipe, const char *sub, struct str_list *ret, struct err *e)
{
	char dir[4200], path[4500];
	auto_closedir DIR *d = NULL;
	struct dirent *de;

	str_fmt(dir, sizeof(dir), "%s/%s", recipe, sub);
	d = opendir(dir);
	if (!d)
		return errno == ENOENT ? 0 : err_set(e, errno, "%s", dir);
	while ((de = readdir(d)))
		if (de->d_name[0] >= '0' && de->d_name[0] <= '9') {
			str_fmt(path, sizeof(path), "%s/%s", dir, de->d_name);
			if (is_script(path, e) < 0 || str_list_add(ret, path, e) < 0)
				return -e->code;
		}
	if (ret->n > 1)
		qsort(ret->v, ret->n, sizeof(ret->v[0]), by_name);
	return 0;
}

int recipe_scripts_check(const char *recipe, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };

	return scripts(recipe, "chroot.d", &l, e) < 0 || scripts(recipe, "test.d", &l, e) < 0 ? -e->code : 0;
}

static int run_all(const struct str_list *l, int tree, int netns, struct err *e)
{
	static const char *const argv[] = { "/bin/sh", "-s", NULL };

	for (size_t i = 0; i < l->n; i++) {
		auto_close int in = open(l->v[i], O_RDONLY | O_CLOEXEC);
		struct tree_run r = { .tree = tree, .argv = argv, .netns = netns, .in = in, .timeout_ms = TIMEOUT_MS };
		int status = 0;

		if (in < 0)
			return err_set(e, errno, "%s", l->v[i]);
		if (tree_run(&r, &status, e) < 0)
			return err_add(e, "%s", l->v[i]);
	}
	return 0;
}

static int unpack_to(const struct tmpl_tmp *tmp, const char *file, const char *dir, struct err *e)
{
	auto_close int fd = openat(tmp->dir, file, O_RDONLY | O_CLOEXEC), tree = -1;
	struct unpack_result r;

	if (fd < 0)
		return err_set(e, errno, "tmp/%s/%s", tmp->name, file);
	tree = add_dir(tmp, dir, e);
	if (tree < 0 || unpack_archive(fd, tree, NULL, &r, e) < 0)
		return -e->code;
	return take_fd(&tree);
}

int recipe_finish(const struct recipe_finish *f, struct err *e)
{
	struct str_list hooks __attribute__((cleanup(str_list_clear))) = { 0 };
	struct str_list tests __attribute__((cleanup(str_list_clear))) = { 0 };
	struct outlet net __attribute__((cleanup(outlet_close))) = OUTLET_NONE;
	auto_close int tree = -1;
	char archive[4400];

	if (scripts(f->recipe, "chroot.d", &hooks, e) < 0 || scripts(f->recipe, "test.d", &tests, e) < 0)
		return -e->code;
	if (tests.n && !f->trial)
		return err_say(e, ENOTSUP, "%s/test.d wants containers, which nobody makes here", f->recipe);
	if (hooks.n) {
		tree = unpack_to(f->tmp, f->file, "chroot", e);
		if (tree < 0 || (f->net && outlet_open(&net, NULL, e) < 0) || run_all(&hooks, tree, net.netns, e) < 0)
			return -e->code;
		outlet_close(&net);
		if (unlinkat(f->tmp->dir, f->file, 0) < 0)
			return err_set(e, errno, "tmp/%s/%s", f->tmp->name, f->file);
		if (add_pack(f->tmp, tree, true, f->file, e) < 0)
			return -e->code;
	}
	if (!tests.n)
		return 0;
	if (str_fmt(archive, sizeof(archive), "%s/tmp/%s/%s", f->tmpldir, f->tmp->name, f->file) < 0)
		return err_set(e, ENAMETOOLONG, "%s", f->tmpldir);
	return f->trial->run(f->trial->arg, archive, &tests, e) < 0 ? err_add(e, "the template was not made") : 0;
}
