/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef QUOTA_Q_DISK_H
#define QUOTA_Q_DISK_H
/* Between q_disk.c (an area with a file system of its own) and q_disk_fs.c (what is in that file). */
#include "quota/quota.h"

struct disk_super {
	enum quota_disk_fs fs;
	uint64_t block, blocks;		/* bytes in one; all of the file system's */
	uint64_t usable, free;		/* as df counts them */
	uint64_t inodes, free_inodes;
	uint8_t imaxpct;		/* xfs */
	uint32_t group;			/* xfs: blocks of an allocation group, which it was made with; 0: not known */
	bool ugid;			/* ext4: counts users and groups */
};
int disk_super_parse(const void *first, size_t len, struct disk_super *ret, struct err *e);	/* its first 4 KiB */
int disk_super_read(int image, struct disk_super *ret, struct err *e);
int disk_mkfs(int image, const struct quota_disk *d, struct err *e);
/* ENOTSUP, ENOSPC: growing to @bytes would write so much that it takes hours or fills the file system of @image. */
int disk_may_grow(int image, const struct disk_super *s, uint64_t bytes, struct err *e);
int disk_grow(int mnt, const struct disk_super *s, uint64_t bytes, struct err *e);	/* while it is mounted */
/* Checks the ext4 in @image and makes it @bytes long, file and all. Not safe against a crash: give it a copy. */
int disk_resize_copy(int image, uint64_t bytes, struct err *e);
int disk_ugid_set(int image, bool on, struct err *e);	/* ext4: the feature, on an image that nobody has mounted */
/* One mount of @loop, detached. */
enum { DISK_UGID = 1, DISK_RO = 2 };
int disk_mount(const char *loop, enum quota_disk_fs fs, unsigned flags, int *ret_mnt, struct err *e);
int disk_copy(int from, int to, bool *ret_shared, struct err *e);	/* a reflink, or the data, sparse */
int disk_share(int from, int to);			/* a reflink, or -errno */

#endif
