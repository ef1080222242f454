/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_BACKUP_WALK_H
#define TEMPLATES_BACKUP_WALK_H
/* What backup_walk.c (the tree) and backup_file.c (one file's contents, attributes and names) share. */
#include "templates/backup_box.h"

#define BK_XATTRS_MAX 256

struct bk_link;
struct bk_walk {
	struct bk_run *run;
	struct bk_zst *out;
	struct bk_pack *pack;
	uint32_t self;			/* this archive's number in its chain */
	bool counting;			/* the first walk: only how much there is */
	char path[4096];		/* of the file at hand, "." the top */
	const char *name;		/* the same in the current directory */
	unsigned depth;
	dev_t dev;
	struct bk_in in;		/* the archive before, and the line of it that is next */
	struct bk_rows *before;
	struct bk_row before_row;
	bool before_valid;
	struct buf head, map, xattrs;
	struct bk_xattr xattr[BK_XATTRS_MAX];	/* of the file at hand, in @xattrs */
	size_t n_xattr;
	struct bk_seg *seg;		/* what holds data in the file at hand */
	size_t n_seg, max_seg;
	uint64_t stored;		/* bytes that its member has */
	struct bk_link **links;
	size_t n_links, n_slots;
};

/* What is in @fd: w->seg, w->stored and whether it is sparse. */
int bk_segments(struct bk_walk *w, int fd, struct bk_row *r, struct err *e);
/* Do attributes and contents have the digest that @before has? */
int bk_same(struct bk_walk *w, int fd, struct bk_row *r, const struct bk_row *before, bool *same, struct err *e);
int bk_contents(struct bk_walk *w, int fd, struct bk_row *r, struct err *e);	/* into the archive; fills r->sha */
int bk_xattrs(struct bk_walk *w, const struct bk_row *r, struct err *e);	/* w->xattr */
/* The path under which this inode was met before; NULL: never, and from now on it is the one at hand. */
int bk_links_find(struct bk_walk *w, const struct stat *st, const char **first, struct err *e);
void bk_links_done(struct bk_walk *w);
int bk_seal_threads(struct err *e);	/* system call filter, once all threads are there */

#endif
