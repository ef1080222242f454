/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_RECIPE_H
#define TEMPLATES_RECIPE_H
#include "templates/tmpl_priv.h"

/* recipe_finish.c: chroot.d and test.d of the directory @recipe on the archive tmp/@file, which may become another. */
int recipe_finish(const char *recipe, bool net, const struct tmpl_tmp *tmp, const char *file, struct err *e);

#endif
