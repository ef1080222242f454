/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_BACKUP_WALK_H
#define TEMPLATES_BACKUP_WALK_H
/* What backup_walk.c (the tree) and backup_file.c (one file's contents, attributes and names) share. */
#include "templates/backup_box.h"

#define BK_XATTRS_MAX 256

struct bk_link;
struct bk_walk;
typedef int bk_look(struct bk_walk *w, const char *name, const struct stat *st, struct err *e);
struct bk_walk {
	struct bk_run *run;
	struct bk_zst *out;
	struct bk_pack *pack;
	uint32_t self;			/* this archive's number in its chain */
	bk_look *look;			/* instead of reading: backup_ahead.c */
	struct bk_ahead *ahead;
	uint64_t nth, seen;		/* files met, and what they hold */
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

uint64_t bk_weight(const struct stat *st);	/* bytes of contents to be read */
int bk_walk_tree(struct bk_walk *w, struct err *e);	/* all of it, top included, by put or by w->look */

/* backup_ahead.c: a thread that goes before the reader. */
struct bk_ahead;
/* @since: only what was changed then or later will be read, seconds since 1970. Ready for the filter of system calls. */
int bk_ahead_start(struct bk_ahead **ret, const struct bk_run *r, int64_t since, struct err *e);
void bk_ahead_stop(struct bk_ahead *a);		/* NULL is fine */
void bk_ahead_at(struct bk_ahead *a, const struct bk_walk *w);	/* the reader is there */
/* The reader takes a large file from @off on, in @len bytes: what comes after them is asked for, up to @end. */
void bk_ahead_in(int fd, uint64_t off, uint64_t len, uint64_t end);

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
