/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef QUOTA_QUOTA_H
#define QUOTA_QUOTA_H
/*
 * Space and inodes of a directory tree ("area"). Backends: project quota (ext4, xfs) and btrfs qgroups. An area is made
 * by quota_area_create(), so that the limit covers everything in it from the first byte. Also the storage pool: one sparse
 * file with a file system that can enforce limits, for hosts whose own cannot.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/num.h"
#include "util/param.h"

struct buf;
struct err;

struct quota_conf {
	struct num_pair space;		/* DISKSPACE, 1 KiB blocks soft:hard */
	struct num_pair inodes;		/* DISKINODES */
	struct num_opt quotatime;	/* QUOTATIME, seconds of grace */
	struct num_opt ugidlimit;	/* QUOTAUGIDLIMIT */
	struct num_opt enabled;		/* DISK_QUOTA, yes/no; unset = yes */
};
extern const struct param quota_params[];
extern const size_t quota_params_n;

struct quota_caps { const char *backend; bool blocks, inodes, soft; };	/* "project", "btrfs", "none" */
/* What the file system of @dir can enforce right now. Never fails for lack of support: backend = "none". */
int quota_probe(int dir, struct quota_caps *ret, struct err *e);

/* Makes parent/name (mode 0700, root) as an area: a directory with a project id of its own (@id, unless that is in
 * use by an area that is being removed) and inheritance, or a subvolume.
 * On a file system with no quota a plain directory. EEXIST if it is there. */
int quota_area_create(int parent, const char *name, uint32_t id, struct err *e);
/* Removes parent/name with all that is in it, limits included; does not cross mounts. ENOENT is success. btrfs: immediate. */
int quota_area_remove(int parent, const char *name, struct err *e);

/* Makes the directory @dir, which lies beside the area @area, part of it: what is made in it from now on is counted and limited
 * with the area. Nothing happens where areas are not projects. */
int quota_area_join(int area, int dir, struct err *e);

struct quota_limit { uint64_t soft_kib, hard_kib, soft_inodes, hard_inodes; };	/* 0 = none */
void quota_conf_limit(const struct quota_conf *c, struct quota_limit *ret);
/* Sets or replaces the limits of the area that @dir (its top directory) is. A limit the backend cannot enforce: ENOTSUP,
 * text says which, why and what to do (`vzhost pool`, another file system). Below use is allowed (like OpenVZ). */
int quota_set(int dir, uint32_t id, const struct quota_limit *l, struct err *e);
/* btrfs counts what is freed or overwritten at its next commit (30 s at most); a write that would fail commits first, so
 * nobody is refused what is free. ENOTSUP: nothing counts here. */
struct quota_usage {
	uint64_t used_kib, used_inodes;
	struct quota_limit limit;
	uint64_t block_expires, inode_expires;	/* when the grace above a soft limit ends, seconds since 1970; 0: not above it */
	uint64_t block_grace, inode_grace;	/* how long the file system lets it be exceeded, seconds; 0: no soft limits */
};
int quota_get(int dir, uint32_t id, struct quota_usage *ret, struct err *e);	/* of the area that @dir is; reads only */

/*
 * Requests that make btrfs subvolumes and snapshots: any user may, and what is in them is outside the area's limit. Who
 * shows an area itself to strangers, not through an overlay (which passes none of them), must filter these by seccomp.
 */
#define QUOTA_ESCAPE_IOCTLS { 0x5000940e, 0x50009418, 0x50009401, 0x50009417 }

/*
 * Subvolumes of an area on btrfs, counted and limited as one with it. A name that is there: EEXIST. Removed with
 * quota_area_remove(). ENOTSUP: not btrfs.
 */
int quota_sub_create(int area, const char *name, struct err *e);
/* Is a snapshot of what is not the area's charged for what is written to it alone, and made without counting all anew? So with
 * simple quotas, and where nothing counts. */
bool quota_sub_light(int area);
/* DIR/NAME, DIR in the area, becomes a snapshot of the subvolume @from, which may be another area's. */
int quota_sub_snap(int area, int dir, const char *name, int from, bool read_only, struct err *e);

/*
 * A file system of the area's own in AREA/root.img. The area is marked by an attribute that no guest can set; its limit is
 * the size of the file system, so quota_set() resizes it and quota_get() asks it. Growing works while it is mounted, where
 * the kernel lets us; all else while it is not.
 */
#define QUOTA_DISK_FILE "root.img"
#define QUOTA_DISK_MARK "trusted.vz.image"	/* of the area: no guest can have put the file there */
enum quota_disk_fs { QUOTA_DISK_EXT4, QUOTA_DISK_XFS, QUOTA_DISK_FS_N };
extern const char *const quota_disk_fs_names[];
struct quota_disk {
	enum quota_disk_fs fs;
	uint64_t kib, inodes;	/* inodes: ext4 only, fixed for good; 0: as its maker thinks fit */
	bool prealloc;		/* all blocks now */
	bool ugid;		/* limits of users and groups (ext4: the feature; xfs needs nothing) */
};
int quota_disk_make(int area, const struct quota_disk *d, struct err *e);	/* whole and synced, or nothing */
/*
 * Copies of it in AREA/snap, files *.img, count as used, by what they have beyond the image: as btrfs quotas say where the host
 * has them, else block by block. They cannot be stopped from growing apart from an image that is written to, so room for one
 * more is asked for: ENOSPC, the limit would be passed.
 */
#define QUOTA_DISK_SNAPS "snap"
int quota_disk_room(int area, struct err *e);
/* @n detached mounts of it, nodev; one loop device, which goes with the last of them. @ugid: users' and groups' limits count.
 * Blocks until one that is being unmounted is gone. */
int quota_disk_mount(int area, bool ugid, int *ret_mnt, unsigned n, struct err *e);
int quota_disk_mark(int area, struct err *e);		/* the attribute, which a copy by other tools may have lost */
/*
 * Copies of images, whole and synced under their name, or not there. They share blocks with the original where the file
 * system can, and *ret_shared says so; with @share it fails else, ENOTSUP. @live: the original is mounted, and nobody writes
 * to it now: what its journal has is put in place in the copy.
 */
struct quota_disk_copy { int from, to; const char *from_name, *to_name; bool live, share; };
int quota_disk_copy(const struct quota_disk_copy *c, bool *ret_shared, struct err *e);
int quota_disk_mount_ro(int dir, const char *name, int *ret_mnt, struct err *e);	/* nodev, nosuid; detached */
/* Gives blocks that its file system does not use back to the host. *ret_kib: what the file shrank by. */
int quota_disk_compact(int area, uint64_t *ret_kib, struct err *e);

/* --- users and groups ---------------------------------------------------------------------------------------------- */
/*
 * In a file system that a container has for itself; @mnt is any mount of it (quota_disk_mount() with @ugid). Ids are those
 * inside. The kernel asks for CAP_SYS_ADMIN of the host.
 */
enum quota_kind { QUOTA_USER, QUOTA_GROUP, QUOTA_KIND_N };
extern const char *const quota_kind_names[];
struct quota_ugid { enum quota_kind kind; uint32_t id; struct quota_usage now; };
struct quota_grace { uint64_t blocks, inodes; };	/* seconds that a soft limit may be exceeded */
enum { QUOTA_UGID_LIMITS = 1, QUOTA_UGID_TIMES = 2 };
bool quota_ugid_active(int mnt);		/* users and groups are counted, and their limits hold */
/* All that own something or have a limit, by id. A negative return of @fn ends it. */
int quota_ugid_each(int mnt, enum quota_kind kind, int (*fn)(void *arg, const struct quota_ugid *u, struct err *e), void *arg,
		    struct err *e);
int quota_ugid_set(int mnt, const struct quota_ugid *u, unsigned what, struct err *e);	/* what of u->now is set: QUOTA_UGID_* */
int quota_grace_get(int mnt, enum quota_kind kind, struct quota_grace *ret, struct err *e);
int quota_grace_set(int mnt, enum quota_kind kind, const struct quota_grace *g, struct err *e);	/* one for all ids */

/* q_ugids.c: all of them, and the text that vzdqdump and vzdqload exchange, which is that of the old tools. */
struct quota_ugids {
	bool active, has_grace;
	struct quota_grace grace[QUOTA_KIND_N];
	struct quota_ugid *v;
	size_t n, room;
};
enum { QUOTA_UGID_GRACE = 4, QUOTA_UGID_FIRST = 8 };	/* beside QUOTA_UGID_LIMITS and _TIMES */
int quota_ugids_read(int mnt, struct quota_ugids *ret, struct err *e);
/*
 * Sets what @u has and @what (QUOTA_UGID_LIMITS, _TIMES) wants. EDQUOT: more ids with limits than @max, the QUOTAUGIDLIMIT of
 * container @ctid, and nothing is set.
 */
int quota_ugids_write(int mnt, const struct quota_ugids *u, unsigned what, unsigned ctid, uint64_t max, struct err *e);
void quota_ugids_print(struct buf *b, const struct quota_ugids *u, unsigned what);
void quota_ugids_print_first(struct buf *b, const struct quota_usage *u, uint64_t grace);
int quota_ugids_parse(const char *text, struct quota_ugids *ret, unsigned *ret_has, struct err *e);	/* of a dump; EBADMSG */
void quota_ugids_done(struct quota_ugids *u);

/* --- pool --------------------------------------------------------------------------------------------------------- */
struct quota_pool { const char *image, *target; uint64_t size_bytes; };
/*
 * Makes (if absent) the sparse image with ext4+project quota where this kernel can mount that, else btrfs with quotas,
 * and mounts it on @target nodev,nosuid. Idempotent: mounted already is success, an image that exists is only mounted.
 * EBUSY: @target is not empty and not a mount point. ENOTSUP: no file system of this kernel can enforce limits.
 */
int quota_pool_up(const struct quota_pool *p, struct err *e);
int quota_pool_down(const struct quota_pool *p, struct err *e);		/* unmounts and detaches; the image stays */

#endif
