/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_COPY_PROTO_H
#define TEMPLATES_COPY_PROTO_H
/* What the privileged side and vz-copy say to each other, and what the files of vz-copy share. It gets the source and then
 * the target as mounts, tells how far it is, answers once and exits. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "templates/tmpl.h"
#include "util/err.h"

#define COPY_MAGIC 0x3159435au
struct copy_go { uint32_t magic; };
enum copy_stage { COPY_PROGRESS = 1, COPY_DONE };
struct copy_done {
	uint32_t magic, stage;
	uint64_t done, total;		/* progress only: of what there is to do */
	struct tmpl_count count;
	struct err err;
};

/* A file: its name in the two directories that lie open. */
struct copy_at { int from, to; const char *name, *path; };	/* path: from the root, for messages */

/* copy_walk.c: every file below @from with the same place below @to; directories before what is in them. */
struct copy_walk {
	int from, to;
	int (*file)(void *arg, const struct copy_at *at, const struct stat *st, struct err *e);
	/* A directory in the walk's order; its place in @to exists, unless this makes it. */
	int (*dir)(void *arg, const struct copy_at *at, const struct stat *st, struct err *e);
	/* All that was in the directory @path is done; backwards. NULL: nothing to do. */
	int (*leave)(void *arg, int from, int to, const char *path, struct err *e);
	void *arg;
};
int copy_walk(const struct copy_walk *w, struct err *e);

/* copy_meta.c */
bool copy_keeps(const char *xattr);	/* is it the guest's own, and no word to this host? */
/* Attributes of the file @at, as a sorted text "NAME\0LENGTH VALUE..."; the caller frees *ret. */
struct copy_xattrs { char *names; size_t n_names; uint64_t dropped; };
int copy_xattr_names(const struct copy_at *at, struct copy_xattrs *ret, struct err *e);	/* of the source; sorted */
int copy_xattrs_put(const struct copy_at *at, uint64_t *dropped, struct err *e);
int copy_xattrs_same(const struct copy_at *at, struct err *e);
int copy_meta(const struct copy_at *at, const struct stat *st, uint64_t *dropped, struct err *e);

/* copy_data.c */
int copy_data(const struct copy_at *at, const struct stat *st, struct err *e);
int copy_data_same(const struct copy_at *at, const struct stat *st, struct err *e);

/* copy_tell.c: to the socket @fd, every 200 ms or so; before the first call of it nobody is told anything */
int copy_tell_begin(int fd, int from, struct err *e);	/* walks through @from once */
void copy_tell_part(uint64_t bytes);			/* of the file in work */
void copy_tell_file(const struct stat *st);		/* it is done */

/* copy_links.c: which files are one, by device and inode number of the source */
struct copy_links { struct copy_link *v; size_t n, cap; };
/* The first name of the file, or NULL when this is it; then @path is kept. */
int copy_links_first(struct copy_links *l, const struct stat *st, const char *path, const char **ret, struct err *e);
void copy_links_done(struct copy_links *l);

/* copy_tree.c, copy_check.c */
int copy_tree(int from, int to, struct tmpl_count *c, struct err *e);
int copy_check(int from, int to, struct err *e);	/* EIO: a file differs, and which */

#endif
