/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_ADD_H
#define TEMPLATES_ADD_H
/* vztmpl add: what is brought here by hand. Inside templates/. */
#include <stdbool.h>

#include "templates/tmpl.h"

/* oci.c: the image in the layout (a directory) as a tree in the empty directory @tree. */
int oci_to_tree(int layout, const struct tmpl_add *a, int tree, struct err *e);
/* In a tree that a stranger has made: links stay inside it. */
bool add_has(int tree, const char *path);
/* add.c: an empty directory tmp/NAME, opened. */
struct tmpl_tmp;
int add_dir(const struct tmpl_tmp *tmp, const char *name, struct err *e);
/* The tree as tmp/@file, a new archive. */
int add_pack(const struct tmpl_tmp *tmp, int tree, bool clean, const char *file, struct err *e);

#endif
