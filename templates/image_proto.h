/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_IMAGE_PROTO_H
#define TEMPLATES_IMAGE_PROTO_H
/*
 * What the privileged side and vz-mkimage say to each other. vz-mkimage starts with UNPACK_CTL, as all helpers do, and
 *   UNPACK_OUT  what the tool prints: a file that cannot grow
 * It gets the image's file and then the tree as mounts, runs mkfs.erofs or mksquashfs once, answers and exits.
 */
#include <stdint.h>

#include "util/err.h"

#define IMAGE_MAGIC 0x3149455au
#define IMAGE_BOX_TREE "/tree"		/* where the tool finds them */
#define IMAGE_BOX_OUT "/out"

struct image_go {
	uint32_t magic, n_args;
	uint64_t max_bytes;		/* of the image */
	char args[1024];		/* n_args words, each with its NUL; the first is the tool's path */
};
struct image_done {
	uint32_t magic;
	int32_t status;			/* of wait(2) */
	struct err err;			/* vz-mkimage's own; 0: the tool ran */
};

/* image_box.c, inside vz-mkimage. Both are mounts. */
int image_box_enter(int out, int tree, struct err *e);
/* In the tool's process: what it may use, and no system call that makes or changes anything but bytes of files. */
int image_box_limit(uint64_t max_bytes, struct err *e);
int image_box_seal(struct err *e);

#endif
