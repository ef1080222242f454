/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * btrfs: an area is a subvolume and its limit that of its qgroup 0/ID, as "referenced" bytes. Simple quotas and full
 * qgroups answer to the same calls; simple ones cost nothing at a snapshot or a deletion, so they are what is switched
 * on where the kernel (6.7) has them.
 *
 * What an area keeps in subvolumes of its own (q_btrfs_sub.c) is counted in the group 122/ID and limited there.
 *
 * The kernel has no soft limit and no inode limit here. A subvolume made inside an area has a qgroup of its own without
 * a limit: see QUOTA_ESCAPE_IOCTLS. (A limit on a group above, 1/ID, does not help: who makes the subvolume may say that
 * it joins no group.)
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quota/quota_priv.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/num.h"
#include "util/path.h"
#include "util/str.h"

#define QUOTA_CTL_ENABLE_SIMPLE 4	/* not in the headers of 6.1 */
#define STATUS_SIMPLE (1ull << 3)	/* likewise */
#define SUBVOL_ROOT_INO BTRFS_FIRST_FREE_OBJECTID
#define SUBVOL_OF(qgroup) ((qgroup) & ((1ull << BTRFS_QGROUP_LEVEL_SHIFT) - 1))
#define SEARCH_BUF 32768
#define LIMIT_LEVELS 64			/* directories to go up */
#define SWEEP_MAX 32			/* qgroups taken away per call */
#define SWEEP_LOOK 8192			/* qgroups looked at per call */

_Static_assert(BTRFS_IOC_SUBVOL_CREATE == 0x5000940e && BTRFS_IOC_SUBVOL_CREATE_V2 == 0x50009418 &&
	       BTRFS_IOC_SNAP_CREATE == 0x50009401 && BTRFS_IOC_SNAP_CREATE_V2 == 0x50009417, "QUOTA_ESCAPE_IOCTLS");

/* --- reading trees ------------------------------------------------------------------------------------------------- */
struct found { uint64_t objectid, offset; const void *data; size_t len; };
/* Not 0 ends the search and is its result. */
typedef int found_fn(const struct found *f, void *arg);

struct range { uint64_t tree, objectid, type, from, to; };
#define QUOTA_ITEMS(type, from, to) ((struct range){ BTRFS_QUOTA_TREE_OBJECTID, 0, type, from, to })
#define ROOT_ITEMS(id, type) ((struct range){ BTRFS_ROOT_TREE_OBJECTID, id, type, 0, UINT64_MAX })

struct search {
	struct btrfs_ioctl_search_args_v2 a;
	char space[SEARCH_BUF];
};

static int search_page(struct search *s, const struct range *r, uint64_t *last, found_fn *fn, void *arg)
{
	const char *p = (const char *)s->a.buf, *end = p + SEARCH_BUF;
	struct btrfs_ioctl_search_header h;
	int rc;

	for (uint32_t i = 0; i < s->a.key.nr_items; i++) {
		if ((size_t)(end - p) < sizeof(h))
			return -EUCLEAN;
		memcpy(&h, p, sizeof(h));
		p += sizeof(h);
		if ((size_t)(end - p) < h.len)
			return -EUCLEAN;
		struct found f = { h.objectid, h.offset, p, h.len };
		p += h.len;
		*last = h.offset;
		if (h.objectid != r->objectid || h.type != r->type)
			continue;
		rc = fn(&f, arg);
		if (rc)
			return rc;
	}
	return 0;
}

/* Calls @fn for each item of @r. 0, what @fn ended with, or -errno. */
static int search(int fd, struct range r, found_fn *fn, void *arg)
{
	auto_free struct search *s = malloc(sizeof(*s));
	uint64_t last = 0;
	int rc;

	if (!s)
		return -ENOMEM;
	for (;;) {
		s->a.key = (struct btrfs_ioctl_search_key){
			.tree_id = r.tree, .min_objectid = r.objectid, .max_objectid = r.objectid,
			.min_type = (uint32_t)r.type, .max_type = (uint32_t)r.type,
			.min_offset = r.from, .max_offset = r.to,
			.max_transid = UINT64_MAX, .nr_items = UINT32_MAX,
		};
		s->a.buf_size = SEARCH_BUF;
		if (ioctl(fd, BTRFS_IOC_TREE_SEARCH_V2, &s->a) < 0)
			return -errno;
		if (s->a.key.nr_items == 0)
			return 0;
		rc = search_page(s, &r, &last, fn, arg);
		if (rc || last >= r.to)
			return rc;
		r.from = last + 1;
	}
}

static int take_first(const struct found *f, void *arg)
{
	*(uint64_t *)arg = f->offset;
	return 1;
}

/* --- quotas on and off --------------------------------------------------------------------------------------------- */
static int take_status(const struct found *f, void *arg)
{
	struct btrfs_qgroup_status_item it = { 0 };

	memcpy(&it, f->data, MIN(sizeof(it), f->len));
	*(uint64_t *)arg = le64toh(it.flags);
	return 1;
}

static uint64_t status_flags(int fd)
{
	uint64_t flags = 0;

	if (search(fd, QUOTA_ITEMS(BTRFS_QGROUP_STATUS_KEY, 0, 0), take_status, &flags) != 1)
		return 0;
	return flags;
}

bool q_btrfs_enabled(int fd)
{
	return status_flags(fd) & BTRFS_QGROUP_STATUS_FLAG_ON;
}

bool q_btrfs_full(int fd)
{
	return (status_flags(fd) & (BTRFS_QGROUP_STATUS_FLAG_ON | STATUS_SIMPLE)) == BTRFS_QGROUP_STATUS_FLAG_ON;
}

int q_btrfs_enable(int fd, struct err *e)
{
	struct btrfs_ioctl_quota_ctl_args simple = { .cmd = QUOTA_CTL_ENABLE_SIMPLE };
	struct btrfs_ioctl_quota_ctl_args full = { .cmd = BTRFS_QUOTA_CTL_ENABLE };

	if (q_btrfs_enabled(fd) || ioctl(fd, BTRFS_IOC_QUOTA_CTL, &simple) == 0)
		return 0;
	if (ioctl(fd, BTRFS_IOC_QUOTA_CTL, &full) < 0)
		return err_set(e, errno, "switch btrfs quotas on");
	if (ioctl(fd, BTRFS_IOC_QUOTA_RESCAN_WAIT) < 0)
		return err_set(e, errno, "wait for the first btrfs quota scan");
	return 0;
}

/* --- areas --------------------------------------------------------------------------------------------------------- */
static int btr_create(int parent, const char *name, uint32_t id, struct err *e)
{
	struct btrfs_ioctl_vol_args a = { 0 };

	(void)id;
	if (str_copy(a.name, sizeof(a.name), name) < 0)
		return err_set(e, ENAMETOOLONG, "subvolume %s", name);
	if (ioctl(parent, BTRFS_IOC_SUBVOL_CREATE, &a) < 0)
		return err_set(e, errno, "make subvolume %s", name);
	if (fchmodat(parent, name, 0700, 0) < 0)	/* it was made by the umask; nobody knows this name yet */
		return err_set(e, errno, "chmod %s", name);
	return 0;
}

int q_btrfs_subvol(int fd, uint64_t *ret)
{
	struct btrfs_ioctl_ino_lookup_args a = { .objectid = SUBVOL_ROOT_INO };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_ino != SUBVOL_ROOT_INO)
		return -EINVAL;
	if (ioctl(fd, BTRFS_IOC_INO_LOOKUP, &a) < 0)
		return -errno;
	*ret = a.treeid;
	return 0;
}

/*
 * The kernel charges the call itself to the subvolume it is made on, so at the limit no limit could be changed there:
 * then it is made on the directories above, up to the top of what can be seen of this file system.
 */
static int limit_subvol(int dir, uint64_t qgroup, uint64_t max_rfer)
{
	struct btrfs_ioctl_qgroup_limit_args a = {
		.qgroupid = qgroup, .lim = { .flags = BTRFS_QGROUP_LIMIT_MAX_RFER, .max_rfer = max_rfer },
	};
	struct btrfs_ioctl_fs_info_args fs = { 0 }, above = { 0 };
	auto_close int fd = -1;

	if (ioctl(dir, BTRFS_IOC_QGROUP_LIMIT, &a) == 0)
		return 0;
	if (errno != EDQUOT || ioctl(dir, BTRFS_IOC_FS_INFO, &fs) < 0)
		return -errno;
	for (int i = 0; i < LIMIT_LEVELS; i++) {
		int up = openat(fd < 0 ? dir : fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		SWAP(fd, up);
		auto_close_(&up);
		if (fd < 0 || ioctl(fd, BTRFS_IOC_FS_INFO, &above) < 0 || memcmp(fs.fsid, above.fsid, sizeof(fs.fsid)) != 0)
			return -EDQUOT;
		if (ioctl(fd, BTRFS_IOC_QGROUP_LIMIT, &a) == 0)
			return 0;
		if (errno != EDQUOT)
			return -errno;
	}
	return -EDQUOT;
}

/* Deletes the subvolumes below @top, innermost first; each walk down ends with the deletion of one without children. */
static int remove_nested(int fd, uint64_t top, struct err *e)
{
	struct btrfs_ioctl_vol_args_v2 a;
	uint64_t id, child;
	int rc;

	for (;;) {
		id = top;
		while ((rc = search(fd, ROOT_ITEMS(id, BTRFS_ROOT_REF_KEY), take_first, &child)) == 1)
			id = child;
		if (rc < 0)
			return err_set(e, -rc, "look for nested subvolumes");
		if (id == top)
			return 0;
		a = (struct btrfs_ioctl_vol_args_v2){ .flags = BTRFS_SUBVOL_SPEC_BY_ID, .subvolid = id };
		if (ioctl(fd, BTRFS_IOC_SNAP_DESTROY_V2, &a) < 0)
			return err_set(e, errno, "delete nested subvolume %llu", (unsigned long long)id);
	}
}

static int btr_remove(int parent, const char *name, int dir, struct err *e)
{
	struct btrfs_ioctl_vol_args a = { 0 };
	uint64_t id = 0;
	int rc = q_btrfs_subvol(dir, &id);

	if (rc == -EINVAL)
		return path_rmtree(parent, name, e);	/* a plain directory, not made by us */
	if (rc < 0)
		return err_set(e, -rc, "look at subvolume %s", name);
	if (str_copy(a.name, sizeof(a.name), name) < 0)
		return err_set(e, ENAMETOOLONG, "subvolume %s", name);
	if (ioctl(parent, BTRFS_IOC_SNAP_DESTROY, &a) == 0 || errno == ENOENT)
		return 0;		/* or another sweeper was faster */
	if (errno != ENOTEMPTY)
		return err_set(e, errno, "delete subvolume %s", name);
	(void)limit_subvol(parent, id, UINT64_MAX);	/* deleting what is nested is charged to the area */
	if (remove_nested(parent, id, e) < 0)
		return -e->code;
	if (ioctl(parent, BTRFS_IOC_SNAP_DESTROY, &a) < 0 && errno != ENOENT)
		return err_set(e, errno, "delete subvolume %s", name);
	return 0;
}

/* --- qgroups whose subvolume is gone ------------------------------------------------------------------------------- */
struct sweep { uint64_t running, stale[SWEEP_MAX]; unsigned n, seen; };

/*
 * A live subvolume owns its root block at least, so only empty qgroups are worth a second look. One of the running
 * transaction may belong to a subvolume that is being made at this moment.
 */
static int take_empty(const struct found *f, void *arg)
{
	struct sweep *s = arg;
	struct btrfs_qgroup_info_item it = { 0 };
	uint64_t level = f->offset >> BTRFS_QGROUP_LEVEL_SHIFT;

	memcpy(&it, f->data, MIN(sizeof(it), f->len));
	if (SUBVOL_OF(f->offset) >= BTRFS_FIRST_FREE_OBJECTID && (level == 0 || level == QUOTA_GROUP_LEVEL) && it.rfer == 0 &&
	    le64toh(it.generation) < s->running)
		s->stale[s->n++] = f->offset;
	return s->n == SWEEP_MAX || ++s->seen == SWEEP_LOOK;
}

/*
 * Newer kernels take a qgroup away with its subvolume, 6.1 never does, and with simple quotas it may have to wait until
 * the last reflink of its data is gone. So at each create and remove we take away those whose subvolume is really gone.
 * Errors do not matter: the next call tries again. Also restarts a scan that the kernel asks for, as the numbers of full
 * qgroups cannot be trusted before.
 */
static void btr_tidy(int parent)
{
	const uint64_t scan = BTRFS_QGROUP_STATUS_FLAG_ON | BTRFS_QGROUP_STATUS_FLAG_INCONSISTENT;
	struct btrfs_ioctl_quota_rescan_args rescan = { 0 };
	struct btrfs_ioctl_fs_info_args fs = { .flags = BTRFS_FS_INFO_FLAG_GENERATION };
	struct sweep s = { .n = 0 };
	uint64_t offset;

	if (ioctl(parent, BTRFS_IOC_FS_INFO, &fs) < 0)
		return;
	s.running = fs.generation;
	if (search(parent, QUOTA_ITEMS(BTRFS_QGROUP_INFO_KEY, 0, UINT64_MAX), take_empty, &s) < 0)
		return;
	for (unsigned i = 0; i < s.n; i++) {
		struct btrfs_ioctl_qgroup_create_args del = { .create = 0, .qgroupid = s.stale[i] };

		if (search(parent, ROOT_ITEMS(SUBVOL_OF(s.stale[i]), BTRFS_ROOT_ITEM_KEY), take_first,
			   &offset) == 0)
			(void)ioctl(parent, BTRFS_IOC_QGROUP_CREATE, &del);
	}
	if ((status_flags(parent) & (scan | BTRFS_QGROUP_STATUS_FLAG_RESCAN)) == scan)
		(void)ioctl(parent, BTRFS_IOC_QUOTA_RESCAN, &rescan);
}

bool q_btrfs_has_group(int fd, uint64_t group)
{
	uint64_t got;

	return search(fd, QUOTA_ITEMS(BTRFS_QGROUP_INFO_KEY, group, group), take_first, &got) == 1;
}

bool q_btrfs_group_of(int fd, uint64_t subvol, uint64_t *ret)
{
	const struct range r = { BTRFS_QUOTA_TREE_OBJECTID, subvol, BTRFS_QGROUP_RELATION_KEY, QUOTA_GROUP(0),
				 QUOTA_GROUP(SUBVOL_OF(UINT64_MAX)) };

	*ret = QUOTA_GROUP(subvol);
	return search(fd, r, take_first, ret) == 1;
}

/* --- limits -------------------------------------------------------------------------------------------------------- */
static int not_an_area(int dir, int rc, struct err *e)
{
	char path[QUOTA_FD_PATH];

	if (rc != -EINVAL)
		return err_set(e, -rc, "look at subvolume %s", quota_fd_path(dir, path));
	return err_say(e, ENOTSUP, "%s cannot be limited: it is not a btrfs subvolume", quota_fd_path(dir, path));
}

static int quotas_off(int dir, struct err *e)
{
	char path[QUOTA_FD_PATH];

	quota_fd_path(dir, path);
	return err_say(e, ENOTSUP, "btrfs quotas are off at %s, so disk limits cannot be enforced: run 'btrfs quota enable "
		       "--simple %s', or 'vzhost pool' to make a storage pool", path, path);
}

static int take_limit(const struct found *f, void *arg)
{
	struct btrfs_qgroup_limit_item it = { 0 };

	memcpy(&it, f->data, MIN(sizeof(it), f->len));
	if (le64toh(it.flags) & BTRFS_QGROUP_LIMIT_MAX_RFER)
		*(uint64_t *)arg = le64toh(it.max_rfer);
	return 1;
}

/* One that stands is not written again: a full area could not pay for that. */
static bool limit_is(int dir, uint64_t qgroup, uint64_t want)
{
	uint64_t max = 0;

	return search(dir, QUOTA_ITEMS(BTRFS_QGROUP_LIMIT_KEY, qgroup, qgroup), take_limit, &max) >= 0 && max && max == want;
}

static int btr_set(int dir, uint32_t id, const struct quota_limit *l, struct err *e)
{
	char path[QUOTA_FD_PATH];
	uint64_t subvol = 0, group;
	int rc;

	(void)id;
	if (l->soft_inodes || l->hard_inodes)
		return err_say(e, ENOTSUP, "inodes cannot be limited on btrfs (%s): put /vz on ext4 or xfs with project "
			       "quota", quota_fd_path(dir, path));
	rc = q_btrfs_subvol(dir, &subvol);
	if (rc == -EINVAL && !l->hard_kib)
		return 0;		/* a plain directory has no limit already */
	if (rc < 0)
		return not_an_area(dir, rc, e);
	const uint64_t max = l->hard_kib ? l->hard_kib * 1024 : UINT64_MAX;	/* all ones: no limit */

	rc = limit_is(dir, subvol, max) ? 0 : limit_subvol(dir, subvol, max);
	q_btrfs_group_of(dir, subvol, &group);
	if (rc == 0 && q_btrfs_has_group(dir, group))
		rc = limit_subvol(dir, group, max);
	if (rc == -ENOTCONN)
		return l->hard_kib ? quotas_off(dir, e) : 0;
	return rc < 0 ? err_set(e, -rc, "limit %s", quota_fd_path(dir, path)) : 0;
}

static int take_info(const struct found *f, void *arg)
{
	struct btrfs_qgroup_info_item it = { 0 };

	memcpy(&it, f->data, MIN(sizeof(it), f->len));
	*(uint64_t *)arg = le64toh(it.rfer);
	return 1;
}

static int sys_u64(int dir, const char *name, uint64_t *ret)
{
	auto_buf struct buf b = BUF_INIT;
	struct err ignored = { 0 };

	if (fio_read_at(dir, name, &b, &ignored) < 0 || buf_failed(&b) || !b.s)
		return -ENOENT;
	return num_u64(str_trim(b.s), ret);
}

/* What the kernel counts now: the tree is as old as the last commit (30 s), and written data not yet allocated is in
 * neither. Without sysfs the tree's number stands. */
static void live_usage(int fd, uint64_t qgroup, uint64_t *used)
{
	struct btrfs_ioctl_fs_info_args fs = { 0 };
	uint64_t rfer = 0, data = 0;
	char name[120];
	const uint8_t *u = fs.fsid;

	if (ioctl(fd, BTRFS_IOC_FS_INFO, &fs) < 0 ||
	    str_fmt(name, sizeof(name), "/sys/fs/btrfs/%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		    "%02x%02x%02x%02x%02x%02x/qgroups/%llu_%llu", u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8],
		    u[9], u[10], u[11], u[12], u[13], u[14], u[15],
		    (unsigned long long)(qgroup >> BTRFS_QGROUP_LEVEL_SHIFT), (unsigned long long)SUBVOL_OF(qgroup)) < 0)
		return;
	auto_close int dir = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0 && sys_u64(dir, "referenced", &rfer) == 0 && sys_u64(dir, "rsv_data", &data) == 0)
		*used = rfer + data;
}

/* Bytes in use of one group, and its limit if it has one. */
static int group_usage(int dir, uint64_t qgroup, uint64_t *used, uint64_t *max)
{
	int rc = search(dir, QUOTA_ITEMS(BTRFS_QGROUP_INFO_KEY, qgroup, qgroup), take_info, used);

	if (rc == 1)
		rc = search(dir, QUOTA_ITEMS(BTRFS_QGROUP_LIMIT_KEY, qgroup, qgroup), take_limit, max);
	else if (rc == 0)
		rc = -ENOENT;
	if (rc < 0)
		return rc;
	live_usage(dir, qgroup, used);
	return 0;
}

static int btr_get(int dir, uint32_t id, struct quota_usage *ret, struct err *e)
{
	uint64_t subvol = 0, used = 0, max = 0, more = 0, group;
	int rc = q_btrfs_subvol(dir, &subvol);
	bool member;

	(void)id;
	if (rc < 0)
		return not_an_area(dir, rc, e);
	rc = group_usage(dir, subvol, &used, &max);
	if (rc == -ENOENT)
		return quotas_off(dir, e);
	member = q_btrfs_group_of(dir, subvol, &group);
	if (rc == 0 && q_btrfs_has_group(dir, group) && (rc = group_usage(dir, group, &more, &max)) == 0)
		used = member ? more : used + more;
	if (rc < 0)
		return err_set(e, -rc, "read the quota tree");
	ret->used_kib = (used + 1023) / 1024;
	ret->limit.hard_kib = (max + 1023) / 1024;
	return 0;
}

const struct quota_ops q_btrfs_ops = {
	.caps = { .backend = "btrfs", .blocks = true },
	.create = btr_create, .remove = btr_remove, .set = btr_set, .get = btr_get, .tidy = btr_tidy,
};
