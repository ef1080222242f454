/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEMPLATES_IMAGE_H
#define TEMPLATES_IMAGE_H
/*
 * A template as one read-only file system: a directory with "data" (erofs or squashfs) and "info" (KEY="value"). In the
 * store it is sha256/ab/DIGEST/image beside the tree, in a pool sha256/DIGEST. Made aside, renamed into place as a whole.
 */
#include "templates/tmpl.h"

struct kv;

struct image_format { const char *name, *fs; const char *min_kernel; };	/* NULL: any that vz runs on */
const struct image_format *image_format(const char *name);	/* NULL: none of that name */

/* image_info.c. @kv is a stranger's: EBADMSG. */
int image_info_parse(const struct kv *kv, struct tmpl_image *ret, struct err *e);
int image_info_load(int dir, struct tmpl_image *ret, struct err *e);
int image_info_write(int dir, const struct tmpl_image *i, struct err *e);

/* image_mount.c: a detached read-only mount of the image in the directory @dir. Whoever mounts it shares one loop device and
 * one page cache; both go away by themselves with the last mount. EBADMSG: cut or not what @digest's image should be. */
enum image_cache {
	IMAGE_DIRECT,		/* one page cache; gone with the last mount */
	IMAGE_CACHED,		/* that, and the file's own, which the first start after the last stop finds */
};
int image_attach(int dir, const char *digest, enum image_cache how, int *ret_mnt, struct err *e);
bool image_mountable(const struct image_format *f, struct err *e);		/* by this kernel, as far as can be seen */
int image_detect(const void *head, size_t n, const char **ret_fs);	/* by its superblock; -ENODATA: unknown */

/* image_make.c */
struct image_job {
	const char *tree;		/* path of the unpacked tree */
	const char *into;		/* path of an empty directory: gets data and info */
	int dir;			/* the same, opened */
	const struct image_format *format;
	struct tmpl_image *image;	/* name, digest, entries, tree_bytes given; the rest filled */
};
int image_make(const struct image_job *j, struct err *e);
bool image_maker(const struct image_format *f, struct err *e);	/* is its mkfs installed? The text says what to install */
const char *image_maker_path(const struct image_format *f);	/* NULL: not installed */
/* Reads all of data. EBADMSG: its size or SHA-256 is not that of info. */
int image_verify(int dir, struct tmpl_image *ret, struct err *e);

#endif
