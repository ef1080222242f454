/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VZD_API_BACKUP_H
#define VZD_API_BACKUP_H
/*
 * What the files of /v1/backups share: a request that names an archive waits for vzdump's list, which says whether the caller
 * sees one of that name, and goes on with a step of its own.
 */
#include "vzd/api_ct.h"

#define VZDUMP VZ_SBINDIR "/vzdump"
#define VZRESTORE VZ_SBINDIR "/vzrestore"
#define LIST_MAX (1u << 20)	/* bytes of a list: a page, or a configuration */

/* A call that waits for a program's answer. */
struct backup_work {
	struct api_call *c;
	int (*then)(struct backup_work *w, struct err *e);
	json_t *list;			/* archives by name; or how many each tenant has */
	json_t *one;			/* borrowed from it: the one that the URL names */
	size_t under_way;		/* backups of the tenant's, when the question was asked */
	bool distrust;
};

enum { DONE, ASKING };		/* of a step; ASKING: another answer is waited for, and who asked frees the work */
/* Goes on with @then for the archive that the URL names, w->one; 404 if the caller sees none of this name. */
int backup_one_then(struct api_call *c, int (*then)(struct backup_work *w, struct err *e), struct err *e);
void backup_work_free(struct backup_work *w);
const char *backup_text(const json_t *o, const char *name);	/* a member that is text, else NULL */
int backup_path_word(const struct backup_work *w, struct conf_args *a, struct err *e);	/* the archive's path, one word more */

#endif
