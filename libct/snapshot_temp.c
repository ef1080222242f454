/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Temporary snapshots, which a process keeps while it reads them (a backup): a mark in the directory of intents says that
 * there may be one, so that ct_lock() asks nothing more where there is none; one whose process is dead is deleted.
 */
#include <fcntl.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/snap.h"
#include "libct/snapshot.h"

struct mark { char s[64]; };

static struct mark temp_mark(const struct ct *ct)
{
	struct mark m;

	str_fmt(m.s, sizeof(m.s), CT_INTENT_DIR "/%u.temp", ct->id);
	return m;
}

int ct_snap_temp_mark(const struct ct *ct, struct err *e)
{
	struct mark m = temp_mark(ct);
	auto_close int fd = open(m.s, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 || fsync(fd) < 0 ? err_set(e, errno, "make %s", m.s) : 0;
}

void ct_snap_temp_unmark(const struct ct *ct, const struct ct_snaps *tree)
{
	for (size_t i = 0; i < tree->n; i++)
		if (tree->v[i].owner)
			return;
	unlink(temp_mark(ct).s);
}

bool ct_snap_owner_alive(const struct ct_snap *s)
{
	struct err ignored = { 0 };
	auto_close int fd = ct_pid_open(s->owner, s->owner_start, &ignored);

	return fd >= 0;
}

int ct_snap_sweep(struct ct *ct, struct err *e)
{
	auto_snaps struct ct_snaps tree = { 0 };
	size_t alive = 0;

	if (access(temp_mark(ct).s, F_OK) < 0)
		return 0;
	if (ct_snaps_load(ct, &tree, e) < 0)
		return -e->code;
	for (size_t i = 0; i < tree.n; i++) {
		const struct ct_snap *s = &tree.v[i];

		alive += s->owner && ct_snap_owner_alive(s);
		if (s->owner && !ct_snap_owner_alive(s) && ct_snapshot_delete(ct, s->guid, e) < 0)
			return -e->code;
	}
	if (!alive)
		unlink(temp_mark(ct).s);	/* of one that was never taken */
	return 0;
}
