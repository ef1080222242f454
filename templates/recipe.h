/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_RECIPE_H
#define TEMPLATES_RECIPE_H
#include "templates/tmpl_priv.h"

/* recipe_finish.c: chroot.d and test.d of the directory @recipe on the archive tmp/@file, which may become another. */
struct recipe_finish {
	const char *tmpldir, *recipe, *file;
	bool net;			/* for chroot.d */
	const struct tmpl_tmp *tmp;
	const struct tmpl_trial *trial;	/* NULL: a recipe with tests cannot be made */
};
int recipe_finish(const struct recipe_finish *f, struct err *e);

#endif
