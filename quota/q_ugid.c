/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quotas of users and groups in a file system that a container has for itself (layout image). The ids are those on its
 * disk, which are those inside. The generic quotactl commands serve ext4 and xfs, by any mount of the file system: whether
 * anybody counts was decided when it was mounted first.
 */
#include <errno.h>
#include <linux/dqblk_xfs.h>
#include <linux/quota.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "quota/quota.h"
#include "util/auto.h"
#include "util/err.h"

const char *const quota_kind_names[] = { [QUOTA_USER] = "user", [QUOTA_GROUP] = "group" };
_Static_assert(ARRAY_SIZE(quota_kind_names) == QUOTA_KIND_N, "name every kind");
_Static_assert((unsigned)QUOTA_USER == USRQUOTA && (unsigned)QUOTA_GROUP == GRPQUOTA, "kinds are the kernel's");

/* QCMD() of the kernel's header shifts into the sign bit. */
static int ctl(int mnt, unsigned cmd, enum quota_kind kind, uint32_t id, void *arg)
{
	return (int)syscall(SYS_quotactl_fd, mnt, cmd << SUBCMDSHIFT | kind, id, arg);
}

bool quota_ugid_active(int mnt)
{
	const unsigned need = FS_QUOTA_UDQ_ACCT | FS_QUOTA_UDQ_ENFD | FS_QUOTA_GDQ_ACCT | FS_QUOTA_GDQ_ENFD;
	struct fs_quota_statv st = { .qs_version = FS_QSTATV_VERSION1 };

	return ctl(mnt, Q_XGETQSTATV, QUOTA_USER, 0, &st) == 0 && (st.qs_flags & need) == need;
}

static void of_kernel(enum quota_kind kind, const struct if_nextdqblk *d, struct quota_ugid *r)
{
	*r = (struct quota_ugid){
		.kind = kind, .id = d->dqb_id,
		.now = { .used_kib = (d->dqb_curspace + 1023) / 1024, .used_inodes = d->dqb_curinodes,
			 .limit = { d->dqb_bsoftlimit, d->dqb_bhardlimit, d->dqb_isoftlimit, d->dqb_ihardlimit },
			 .block_expires = d->dqb_btime, .inode_expires = d->dqb_itime },
	};
}

int quota_ugid_each(int mnt, enum quota_kind kind, int (*fn)(void *arg, const struct quota_ugid *u, struct err *e), void *arg,
		    struct err *e)
{
	struct if_nextdqblk d = { 0 };
	struct quota_ugid u;

	for (uint32_t id = 0;; id = d.dqb_id + 1) {
		if (ctl(mnt, Q_GETNEXTQUOTA, kind, id, &d) < 0)
			return errno == ENOENT ? 0 : err_set(e, errno, "read quotas of %ss", quota_kind_names[kind]);
		of_kernel(kind, &d, &u);
		if (fn(arg, &u, e) < 0)
			return -e->code;
		if (d.dqb_id == UINT32_MAX)
			return 0;
	}
}

int quota_ugid_set(int mnt, const struct quota_ugid *u, unsigned what, struct err *e)
{
	const struct quota_usage *n = &u->now;
	struct if_dqblk d = {
		.dqb_bsoftlimit = n->limit.soft_kib, .dqb_bhardlimit = n->limit.hard_kib,
		.dqb_isoftlimit = n->limit.soft_inodes, .dqb_ihardlimit = n->limit.hard_inodes,
		.dqb_btime = n->block_expires, .dqb_itime = n->inode_expires,
	};

	d.dqb_valid = (what & QUOTA_UGID_LIMITS ? QIF_LIMITS : 0) | (what & QUOTA_UGID_TIMES ? QIF_TIMES : 0);
	if (ctl(mnt, Q_SETQUOTA, u->kind, u->id, &d) < 0)
		return err_set(e, errno, "set the quota of %s %u", quota_kind_names[u->kind], u->id);
	return 0;
}

int quota_grace_get(int mnt, enum quota_kind kind, struct quota_grace *ret, struct err *e)
{
	struct if_dqinfo i = { 0 };

	if (ctl(mnt, Q_GETINFO, kind, 0, &i) < 0)
		return err_set(e, errno, "read the grace times of %ss", quota_kind_names[kind]);
	*ret = (struct quota_grace){ .blocks = i.dqi_bgrace, .inodes = i.dqi_igrace };
	return 0;
}

int quota_grace_set(int mnt, enum quota_kind kind, const struct quota_grace *g, struct err *e)
{
	struct if_dqinfo i = { .dqi_bgrace = g->blocks, .dqi_igrace = g->inodes, .dqi_valid = IIF_BGRACE | IIF_IGRACE };

	if (ctl(mnt, Q_SETINFO, kind, 0, &i) < 0)
		return err_set(e, errno, "set the grace times of %ss", quota_kind_names[kind]);
	return 0;
}
