/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files with several names: the first name of each by device and inode number, in an open hash table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "templates/copy_proto.h"
#include "util/auto.h"

struct copy_link { dev_t dev; ino_t ino; char *path; };		/* path NULL: free */

static struct copy_link *find(const struct copy_links *l, dev_t dev, ino_t ino)
{
	size_t i = (size_t)((ino ^ dev << 7) * 0x9e3779b97f4a7c15ull) & (l->cap - 1);

	while (l->v[i].path && (l->v[i].ino != ino || l->v[i].dev != dev))
		i = (i + 1) & (l->cap - 1);
	return &l->v[i];
}

static int grow(struct copy_links *l)
{
	struct copy_links bigger = { .cap = l->cap ? l->cap * 2 : 1024 };

	if (l->n * 2 < l->cap)
		return 0;
	bigger.v = calloc(bigger.cap, sizeof(*bigger.v));
	if (!bigger.v)
		return -ENOMEM;
	for (size_t i = 0; i < l->cap; i++)
		if (l->v[i].path)
			*find(&bigger, l->v[i].dev, l->v[i].ino) = l->v[i];
	bigger.n = l->n;
	free(l->v);
	*l = bigger;
	return 0;
}

int copy_links_first(struct copy_links *l, const struct stat *st, const char *path, const char **ret, struct err *e)
{
	struct copy_link *at;

	*ret = NULL;
	if (st->st_nlink < 2)
		return 0;
	if (grow(l) < 0)
		return err_set(e, ENOMEM, "list of hard links");
	at = find(l, st->st_dev, st->st_ino);
	if (at->path) {
		*ret = at->path;
		return 0;
	}
	*at = (struct copy_link){ st->st_dev, st->st_ino, strdup(path) };
	if (!at->path)
		return err_set(e, ENOMEM, "list of hard links");
	l->n++;
	return 0;
}

void copy_links_done(struct copy_links *l)
{
	for (size_t i = 0; i < l->cap; i++)
		free(l->v[i].path);
	free(l->v);
	*l = (struct copy_links){ 0 };
}
