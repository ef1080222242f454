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
int recipe_scripts_check(const char *recipe, struct err *e);	/* before the builder's hour: all of them are files */

/* recipe_tool.c: a builder's tool, its words on our standard error. */
struct str_list;
struct recipe_tool {
	const struct str_list *argv;
	const char *package;		/* that has it */
	const char *epoch;		/* SOURCE_DATE_EPOCH, or NULL */
	int netns;			/* 0: this host's */
	int work;			/* a directory for what it makes on its way; 0: /tmp */
};
int recipe_tool(const struct recipe_tool *r, struct err *e);	/* a failure is told by recipe_why() */
/* Why, of what apt and mmdebstrap have said: ENOKEY, EKEYEXPIRED, EKEYREVOKED, EKEYREJECTED, EBADMSG, ENOSPC, ECHILD. false: it
 * is not known. */
bool recipe_why(const char *log, struct err *e);
/* Can the builder's apt read the keys in it? EACCES, EINVAL, or what open says. */
int recipe_keyring(const char *path, struct err *e);

#endif
