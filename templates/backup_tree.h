/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_BACKUP_TREE_H
#define TEMPLATES_BACKUP_TREE_H
/* An archive's files as a tree in memory, and their contents: what a mounted archive is served from (backup_fuse.c). */
#include "templates/backup_box.h"

#define BK_NODES_MAX 8000000u

struct bk_node {
	struct bk_row row;		/* path and target are owned by the tree */
	const char *name;		/* the last part of the path */
	uint32_t parent, child, last, next;	/* 0: none; the top is 1 */
	uint32_t link;			/* the node that has the contents: itself, or that of a hard link's target */
};
struct bk_tree {
	struct bk_in in[BK_CHAIN_MAX];
	unsigned n_in;
	uint32_t bad;			/* which of @in an error of bk_tree_open() is about, from 1 */
	struct bk_node *v;
	uint32_t n, max;		/* nodes 1 to n */
	uint32_t *slots, n_slots;
};
int bk_tree_open(struct bk_tree *t, const int *fds, unsigned n, struct err *e);
void bk_tree_close(struct bk_tree *t);
uint32_t bk_tree_find(const struct bk_tree *t, uint32_t dir, const char *name);	/* 0: no such */
/* The parts of a file that hold data; a file that is not sparse is one. The caller frees *ret. */
int bk_tree_map(struct bk_tree *t, uint32_t node, struct bk_seg **ret, size_t *n, uint64_t *data, struct err *e);
/* @size bytes from @off into @to, zeros where the map has none; *got: fewer at the file's end. */
int bk_tree_read(struct bk_tree *t, uint32_t node, const struct bk_seg *seg, size_t n, uint64_t data, uint64_t off, void *to,
		 size_t size, size_t *got, struct err *e);

#endif
