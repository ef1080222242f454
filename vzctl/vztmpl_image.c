/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vztmpl image: a template as one read-only file system. */
#include <stdio.h>

#include "util/err.h"
#include "util/str.h"
#include "vzctl/vztmpl.h"

int vztmpl_image(struct vztmpl *v, struct err *e)
{
	struct tmpl_image i;
	struct tmpl t;

	if (tmpl_find(v->dir, v->operand[0], &t, e) < 0)
		return -e->code;
	if (str_eq(v->format, "none")) {
		if (tmpl_image_drop(v->dir, &t, e) < 0)
			return -e->code;
		printf("The image of %s is removed; containers that start from now on stand on its tree.\n", t.name);
		return 0;
	}
	if (tmpl_image_make(v->dir, &t, v->format, &i, e) < 0)
		return -e->code;
	printf("Name:       %s\nImage:      %s, %llu bytes\nTree:       %llu bytes\nSHA-256:    %s\n", i.name, i.format,
	       (unsigned long long)i.bytes, (unsigned long long)i.tree_bytes, i.sha256);
	return 0;
}
