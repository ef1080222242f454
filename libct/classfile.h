/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIBCT_CLASSFILE_H
#define LIBCT_CLASSFILE_H
/*
 * /etc/vz/conf/networks_classes as a list that is read and replaced as a whole. What runs counts by the new one after
 * vznetstat -l; whatever starts or changes a network afterwards makes the kernel follow, too.
 */
#include <stdbool.h>

#include "util/str.h"

struct err;

#define CT_CLASSES_FILE "networks_classes"	/* in CT_CONF_DIR */

struct ct_classes {
	struct str_list rows;		/* "CLASS NETWORK", as they stand there */
	bool usual;			/* there is no file: everything is class 1 */
	char tag[17];			/* of the file's text, for ct_classes_save() */
};
/* EINVAL: the file says nothing sensible. *ret is zeroed before, and for ct_classes_done() afterwards. */
int ct_classes_load(struct ct_classes *ret, struct err *e);
void ct_classes_done(struct ct_classes *c);
int ct_classes_check(const struct str_list *rows, struct err *e);	/* EINVAL: which is wrong, and why */
/* No rows: the file goes. @tag: ESTALE unless the file is still the one that had it; NULL: whatever it is. */
int ct_classes_save(const struct str_list *rows, const char *tag, struct err *e);

#endif
