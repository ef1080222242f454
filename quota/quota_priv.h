/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef QUOTA_QUOTA_PRIV_H
#define QUOTA_QUOTA_PRIV_H
/* Between the files of quota/. Every fd here is a real one (not O_PATH): ioctls need that. */
#include "quota/quota.h"

#define QUOTA_TMP_FMT ".%s.area-new"	/* an area before it has its limits' handle; same parent */
#define QUOTA_NAME_MAX 200
#define QUOTA_FD_PATH 512

struct quota_ops {
	struct quota_caps caps;
	/* Makes parent/name and whatever lets it be limited. @name does not exist. */
	int (*create)(int parent, const char *name, uint32_t id, struct err *e);
	/* Removes parent/name, which @dir is, and its limits. */
	int (*remove)(int parent, const char *name, int dir, struct err *e);
	int (*set)(int dir, uint32_t id, const struct quota_limit *l, struct err *e);
	int (*get)(int dir, uint32_t id, struct quota_usage *ret, struct err *e);
	void (*tidy)(int parent);	/* after create and remove; NULL: nothing to do */
};

extern const struct quota_ops q_prj_ops, q_btrfs_ops, q_disk_ops;

bool q_disk_is(int fd);				/* an area with an image (q_disk.c) */
bool q_prj_enforced(int fd);			/* project quota is accounted and enforced on fd's file system */
bool q_btrfs_enabled(int fd);			/* qgroups or simple quotas are on */
bool q_btrfs_full(int fd);			/* qgroups are on, which count what is shared for each */
int q_btrfs_enable(int fd, struct err *e);	/* simple quotas where the kernel has them, else qgroups; idempotent */
int q_btrfs_subvol(int fd, uint64_t *ret);	/* its number; -EINVAL: not the top of a subvolume */
/* 122/ID: of a level that is ours, so that groups made by hand stay out of it. */
#define QUOTA_GROUP_LEVEL 122ull
#define QUOTA_GROUP(subvol) ((subvol) | QUOTA_GROUP_LEVEL << 48)
bool q_btrfs_has_group(int fd, uint64_t group);
/* The group that counts what the area @subvol keeps in subvolumes. True: the area is in it itself, so that it counts all. */
bool q_btrfs_group_of(int fd, uint64_t subvol, uint64_t *ret);
int q_reopen(int dir, struct err *e);		/* a real descriptor of a directory that may have come as O_PATH */
/* What the fd is called, for messages: never fails. */
const char *quota_fd_path(int fd, char buf[QUOTA_FD_PATH]);

/* --- q_image.c --- */
enum image_fs { IMAGE_EXT4, IMAGE_BTRFS };
/* Opens the image read-write and says what is in it; makes it when it does not exist. @lock, held by the caller, is held
 * on by the program that makes the file system if that outlives the caller; -1: none. */
int image_open(const struct quota_pool *p, int lock, int *ret_fd, enum image_fs *ret_fs, struct err *e);
/* Mounts a loop device detached: *ret_mnt is an fsmount fd. Limits are on when it returns. */
int image_mount(const char *loop, enum image_fs fs, int *ret_mnt, struct err *e);

#endif
