/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quotaon, quotaoff, quotainit, compact, and the limits of a start. Usage is always counted here; what can
 * be switched is the limit. One that was lifted comes back with the next start at the latest.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"

static const struct { int exit; } ops[] = {
	[CT_QUOTA_ON] = { VZ_DQ_ON }, [CT_QUOTA_OFF] = { VZ_DQ_OFF }, [CT_QUOTA_INIT] = { VZ_DQ_INIT },
};

static int check(struct ct *ct, enum ct_quota_op op, struct err *e)
{
	const struct num_opt *on = &ct->conf.quota.enabled;

	if (on->set && !on->v) {
		ct_say(ct, 0, "Disk quota is not enabled, skipping operation");
		err_say(e, ENOTSUP, "%s", "");
		return err_exit(e, ops[op].exit);
	}
	if (op == CT_QUOTA_ON || !ct_is_running(ct, NULL))
		return 0;
	err_say(e, EBUSY, "Container is running -- stop it first");
	return err_exit(e, ops[op].exit);
}

/* Inodes are limited where they can be counted, as at a start. */
static void drop_uncounted(const char *path, struct ct_conf *c)
{
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct quota_caps caps = { 0 };
	struct err ignored = { 0 };

	if (dir >= 0 && quota_probe(dir, &caps, &ignored) == 0 && caps.blocks && !caps.inodes)
		c->quota.inodes = (struct num_pair){ 0 };
}

/* An empty directory, as vzmigrate makes it, becomes an area that can be limited. */
static int make_area(const struct ct *ct, struct err *e)
{
	auto_area struct ct_area a = { 0 };
	struct stat st;

	if (ct_area_of(&a, ct->conf.private_dir, ct->id, e) < 0)
		return -e->code;
	if (lstat(a.path, &st) < 0 || !S_ISDIR(st.st_mode) || ct_area_is_mountpoint(&a) || ct_area_exists(&a) != 2)
		return 0;
	auto_close int parent = ct_area_parent(&a, false, e);
	if (parent < 0 || quota_area_remove(parent, a.name, e) < 0)
		return -e->code;
	return quota_area_create(parent, a.name, ct->id, e);
}

int ct_quota(struct ct *ct, enum ct_quota_op op, struct err *e)
{
	auto_conf struct ct_conf c = { 0 };
	auto_free char *path = ct_path_private(ct);

	if (!path) {
		err_say(e, EINVAL, "VE_PRIVATE is not set");
		return err_exit(e, VZ_VE_PRIVATE_NOTSET);
	}
	if (access(path, F_OK) < 0) {
		err_say(e, ENOENT, "Container private area %s does not exist", path);
		return err_exit(e, VZ_FS_NOPRVT);
	}
	if (check(ct, op, e) < 0 || ct_conf_copy(&c, &ct->conf, e) < 0)
		return -e->code;
	if (op == CT_QUOTA_INIT && make_area(ct, e) < 0) {
		e->exit = ops[op].exit;
		return -e->code;
	}
	if (op == CT_QUOTA_OFF)
		c.quota.enabled = (struct num_opt){ .v = 0, .set = true };
	drop_uncounted(path, &c);
	if (ct_area_quota(ct, &c, true, e) == 0)
		return 0;
	e->exit = ops[op].exit;
	return -e->code;
}

/* A plain tree whose file was not written here: it has no range of ids that could be one of ours. */
static bool is_adopted(const struct ct *ct)
{
	const struct ct_rootfs_ops *layout = ct_rootfs_by_name(ct->conf.layout);
	unsigned slot;

	return layout && str_eq(layout->alias, "simfs") && (!ct->conf.local_uid.set || ct_slot_of(ct->conf.local_uid.v, &slot) < 0);
}

/*
 * A host whose file system never had project quota is moved into as it is: its containers run, and each start says that they
 * are not limited. One that was made here always can be, so there it is an error.
 */
static int unlimited(const struct ct *ct, struct err *e)
{
	auto_free char *path = ct_path_private(ct);

	if (e->code == ENOTSUP && is_adopted(ct)) {
		ct_say(ct, -1, "Warning: disk limits of %s are not enforced: %s", path ? path : "", e->text);
		err_clear(e);
		return 0;
	}
	err_add(e, "Disk limits of %s cannot be enforced ('vzctl set %u --diskspace unlimited --diskinodes unlimited "
		"--save' lifts them)", path ? path : "", ct->id);
	return err_exit(e, VZ_DQ_ON);
}

/* Inodes are limited where they can be counted, as create does with a sample. */
int ct_quota_start(const struct ct *ct, int area, struct err *e)
{
	struct quota_caps caps = { 0 };
	struct quota_limit l;

	quota_conf_limit(&ct->conf.quota, &l);
	if (quota_probe(area, &caps, e) < 0)
		return err_exit(e, VZ_DQ_ON);
	if (caps.blocks && !caps.inodes)
		l.soft_inodes = l.hard_inodes = 0;
	return quota_set(area, ct->id, &l, e) == 0 ? 0 : unlimited(ct, e);
}

/* --- what was said and is not so --- */

static bool has_soft(const struct num_pair *p)
{
	return p->set && p->bar < p->lim;
}

/* The kernel has one grace time for all projects of a file system. */
static void warn_time(const struct ct *ct, int dir, uint64_t want)
{
	struct quota_usage u = { 0 };
	struct err ignored = { 0 };

	if (quota_get(dir, ct->id, &u, &ignored) < 0 || (u.block_grace == want && u.inode_grace == want))
		return;
	ct_say(ct, -1, "Warning: QUOTATIME is kept, but what counts is the grace time of the file system of VE_PRIVATE, %llu s for "
	       "blocks and %llu s for inodes of all containers on it ('setquota -P -t BLOCKS INODES MOUNTPOINT' changes it)",
	       (unsigned long long)u.block_grace, (unsigned long long)u.inode_grace);
}

/* Pairs are what everybody passes; without a QUOTATIME nobody counts on more than the hard limit. */
void ct_quota_warn(const struct ct *ct, const struct quota_conf *said)
{
	auto_free char *path = ct_path_private(ct);
	auto_close int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	struct quota_caps caps = { 0 };
	struct err ignored = { 0 };
	struct quota_limit l;

	if (dir < 0 || ct_is_ploop(ct) || quota_probe(dir, &caps, &ignored) < 0 || !caps.blocks)
		return;		/* where nothing can be limited that is an error already */
	quota_conf_limit(said, &l);
	if (str_eq(caps.backend, "image") && said->space.set && !l.hard_kib)
		ct_say(ct, -1, "Warning: DISKSPACE without a limit is kept, but an image has a size and stays as large as it is "
		       "('vzctl convert %u --layout overlay' gives it a layout that has none)", ct->id);
	if (caps.soft && said->quotatime.set)
		warn_time(ct, dir, said->quotatime.v);
	else if (!caps.soft && ct->conf.quota.quotatime.v &&
		 (said->quotatime.set || has_soft(&said->space) || has_soft(&said->inodes)))
		ct_say(ct, -1, "Warning: soft limits and QUOTATIME are kept, but only the hard limits are enforced here: %s",
		       str_eq(caps.backend, "image") ? "an image has one size" : "btrfs has no others");
}

/* --- users and groups inside --- */

static int no_ugid(const struct ct *ct, struct err *e, const char *why)
{
	return err_say(e, ENOTSUP, "User and group quotas are inactive for CT %u: %s", ct->id, why);
}

int ct_ugid_open(struct ct *ct, int *ret_mnt, struct err *e)
{
	const struct num_opt *limit = &ct->conf.quota.ugidlimit;
	auto_free char *path = ct_path_private(ct);
	auto_close int dir = -1, mnt = -1;

	if (!ct_layout_is_image(ct->conf.layout) || ct_is_ploop(ct))
		return no_ugid(ct, e, "users are limited only in a file system of the container's own ('vzctl convert CTID "
			       "--layout image')");
	if (!limit->set || !limit->v)
		return no_ugid(ct, e, "QUOTAUGIDLIMIT is not set ('vzctl set CTID --quotaugidlimit N --save', in force at the next "
			       "start)");
	dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (dir < 0)
		return err_set(e, path ? errno : ENOMEM, "private area %s", path ? path : "");
	if (quota_disk_mount(dir, true, &mnt, 1, e) < 0)
		return -e->code;
	if (!quota_ugid_active(mnt))
		return no_ugid(ct, e, "it was started or mounted before QUOTAUGIDLIMIT was set ('vzctl restart CTID')");
	*ret_mnt = take_fd(&mnt);
	return 0;
}

int ct_compact(struct ct *ct, struct err *e)
{
	auto_free char *path = ct_path_private(ct);
	auto_close int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	uint64_t kib = 0;

	if (!ct_layout_is_image(ct->conf.layout) || ct_is_ploop(ct)) {
		ct_say(ct, 0, "Compact only makes sense for ploop containers");
		return 0;
	}
	if (dir < 0) {
		err_say(e, ENOENT, "Container private area %s does not exist", path ? path : "");
		return err_exit(e, VZ_FS_NOPRVT);
	}
	if (quota_disk_compact(dir, &kib, e) < 0)
		return err_exit(e, VZ_COMPACT_IMAGE);
	ct_say(ct, 0, "Image %s/" QUOTA_DISK_FILE " was compacted: %llu KiB given back", path, (unsigned long long)kib);
	return 0;
}
