/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Project quota of ext4 and xfs. An area is a directory with a project id and the inherit flag, set while it is empty:
 * everything made below it later belongs to the project, and the kernel refuses links and renames between projects.
 * The generic quotactl commands serve both file systems.
 *
 * A task with CAP_SYS_RESOURCE in the first user namespace is not stopped by ext4's limits: what writes into an area on
 * a container's behalf must run in the container's user namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "quota/quota_priv.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/path.h"

/*
 * Ids of ours are the upper half of the id space: never zero, and out of the way of the small ids that administrators
 * (/etc/projid) and container engines hand out. An area gets PRJ_BASE + its id when nothing has that yet. What has it may
 * be an area that is on its way out (a removal takes as long as its files are many), and must not be counted against the
 * next one: that gets another project, so what an area's project is only the area itself knows.
 */
#define PRJ_BASE 0x80000000u
#define PRJ_TRIES 256
#define PRJ_STEP 0x1e3779b1u	/* odd: walks over all ids */

static uint32_t prj_candidate(uint32_t id, uint32_t try)
{
	uint32_t project = PRJ_BASE + ((id + try * PRJ_STEP) & (PRJ_BASE - 1));

	return project == UINT32_MAX ? PRJ_BASE : project;	/* the kernel's "no id" */
}

/* QCMD() of the kernel's header shifts into the sign bit. */
static int prj_ctl(int fd, unsigned cmd, uint32_t id, void *arg)
{
	return (int)syscall(SYS_quotactl_fd, fd, cmd << SUBCMDSHIFT | PRJQUOTA, id, arg);
}

bool q_prj_enforced(int fd)
{
	const unsigned need = FS_QUOTA_PDQ_ACCT | FS_QUOTA_PDQ_ENFD;
	struct fs_quota_statv st = { .qs_version = FS_QSTATV_VERSION1 };

	return prj_ctl(fd, Q_XGETQSTATV, 0, &st) == 0 && (st.qs_flags & need) == need;
}

static int prj_read(int fd, uint32_t project, struct if_dqblk *ret, struct err *e)
{
	*ret = (struct if_dqblk){ 0 };
	if (prj_ctl(fd, Q_GETQUOTA, project, ret) == 0 || errno == ENOENT)	/* xfs: nothing is known of it yet */
		return 0;
	return err_set(e, errno, "read quota of project %u", project);
}

static int prj_write(int fd, uint32_t project, const struct quota_limit *l, struct err *e)
{
	struct if_dqblk d = {
		.dqb_bsoftlimit = l->soft_kib, .dqb_bhardlimit = l->hard_kib,
		.dqb_isoftlimit = l->soft_inodes, .dqb_ihardlimit = l->hard_inodes,
		.dqb_valid = QIF_LIMITS,
	};

	if (prj_ctl(fd, Q_SETQUOTA, project, &d) < 0)
		return err_set(e, errno, "set quota of project %u", project);
	return 0;
}

/* Limits that a removal left behind when it was killed must not meet the next owner of the id. */
static int prj_forget(int fd, uint32_t project, uint64_t inodes, struct err *e)
{
	struct if_dqblk d;

	if (prj_read(fd, project, &d, e) < 0)
		return -e->code;
	if (d.dqb_curinodes > inodes || !(d.dqb_bhardlimit | d.dqb_bsoftlimit | d.dqb_ihardlimit | d.dqb_isoftlimit))
		return 0;
	return prj_write(fd, project, &(struct quota_limit){ 0 }, e);
}

static int prj_adopt(int dir, uint32_t project, struct err *e)
{
	struct fsxattr x = { 0 };

	if (ioctl(dir, FS_IOC_FSGETXATTR, &x) < 0)
		return err_set(e, errno, "read attributes");
	x.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	x.fsx_projid = project;
	if (ioctl(dir, FS_IOC_FSSETXATTR, &x) < 0)
		return err_set(e, errno, "set project id %u", project);
	return 0;
}

int quota_area_join(int area, int dir, struct err *e)
{
	struct fsxattr x = { 0 }, now = { 0 };

	if (ioctl(area, FS_IOC_FSGETXATTR, &x) < 0 || !(x.fsx_xflags & FS_XFLAG_PROJINHERIT) || !x.fsx_projid)
		return 0;
	if (ioctl(dir, FS_IOC_FSGETXATTR, &now) == 0 && now.fsx_projid == x.fsx_projid)
		return 0;
	return prj_adopt(dir, x.fsx_projid, e);
}

static int prj_inodes(int fd, uint32_t project, uint64_t *ret, struct err *e)
{
	struct if_dqblk d;

	if (prj_read(fd, project, &d, e) < 0)
		return -e->code;
	*ret = d.dqb_curinodes;
	return 0;
}

/* Two that choose the same project at the same time both see it, and both look for another. */
static int prj_choose(int dir, uint32_t id, struct err *e)
{
	uint64_t inodes = 0;

	for (uint32_t try = 0; try < PRJ_TRIES; try++) {
		uint32_t project = prj_candidate(id, try);

		if (prj_inodes(dir, project, &inodes, e) < 0)
			return -e->code;
		if (inodes > 0)
			continue;
		if (prj_forget(dir, project, 0, e) < 0 || prj_adopt(dir, project, e) < 0 ||
		    prj_inodes(dir, project, &inodes, e) < 0)
			return -e->code;
		if (inodes == 1)
			return 0;
	}
	return err_say(e, EBUSY, "no free project id for area %u", id);
}

static int prj_create(int parent, const char *name, uint32_t id, struct err *e)
{
	if (mkdirat(parent, name, 0700) < 0)
		return err_set(e, errno, "make directory %s", name);
	auto_close int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "open %s", name);
	return prj_choose(dir, id, e);
}

static int prj_remove(int parent, const char *name, int dir, struct err *e)
{
	struct fsxattr x = { 0 };

	if (ioctl(dir, FS_IOC_FSGETXATTR, &x) < 0)
		return err_set(e, errno, "read attributes of %s", name);
	if (path_rmtree(parent, name, e) < 0)
		return -e->code;
	if (x.fsx_projid < PRJ_BASE)
		return 0;
	return prj_forget(parent, x.fsx_projid, 1, e);	/* @dir still holds the one inode that is left */
}

/* The project of an area. A directory that is none, made before project quota was on, would not be limited. */
static int prj_of(int dir, uint32_t *ret, struct err *e)
{
	char path[QUOTA_FD_PATH];
	struct fsxattr x = { 0 };

	if (ioctl(dir, FS_IOC_FSGETXATTR, &x) < 0)
		return err_set(e, errno, "read attributes of %s", quota_fd_path(dir, path));
	*ret = x.fsx_projid;
	if (x.fsx_projid >= PRJ_BASE && (x.fsx_xflags & FS_XFLAG_PROJINHERIT))
		return 0;
	return err_say(e, ENOTSUP, "%s cannot be limited: it was not made under project quota (its project id is %u); "
		       "move its contents to a new container", quota_fd_path(dir, path), x.fsx_projid);
}

static int prj_set(int dir, uint32_t id, const struct quota_limit *l, struct err *e)
{
	bool none = !l->soft_kib && !l->hard_kib && !l->soft_inodes && !l->hard_inodes;
	uint32_t project = 0;

	(void)id;
	if (prj_of(dir, &project, e) == 0)
		return prj_write(dir, project, l, e);
	if (none && e->code == ENOTSUP) {
		err_clear(e);		/* what cannot be limited is not limited */
		return 0;
	}
	return -e->code;
}

static int prj_get(int dir, uint32_t id, struct quota_usage *ret, struct err *e)
{
	struct if_dqinfo i = { 0 };
	struct if_dqblk d = { 0 };
	uint32_t project = 0;

	(void)id;
	if (prj_of(dir, &project, e) < 0 || prj_read(dir, project, &d, e) < 0)
		return -e->code;
	if (prj_ctl(dir, Q_GETINFO, 0, &i) == 0) {
		ret->block_grace = i.dqi_bgrace;
		ret->inode_grace = i.dqi_igrace;
	}
	ret->used_kib = (d.dqb_curspace + 1023) / 1024;
	ret->used_inodes = d.dqb_curinodes;
	ret->limit = (struct quota_limit){ d.dqb_bsoftlimit, d.dqb_bhardlimit, d.dqb_isoftlimit, d.dqb_ihardlimit };
	ret->block_expires = d.dqb_btime;
	ret->inode_expires = d.dqb_itime;
	return 0;
}

const struct quota_ops q_prj_ops = {
	.caps = { .backend = "project", .blocks = true, .inodes = true, .soft = true },
	.create = prj_create, .remove = prj_remove, .set = prj_set, .get = prj_get,
};
