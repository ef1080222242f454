/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root of a stopped container as its own processes would see it, whatever the layout: put together by a short-lived
 * child in namespaces of the container, exactly as at a start, and handed over as a detached mount with the container's
 * ids. For those who read or copy a whole root (convert), in a box.
 */
#include "libct/roottree.h"

#include "libct/launch.h"
#include "libct/sync.h"
#include "util/auto.h"

int ct_roottree_run(struct ct *ct, struct ct_rootfs *r, enum ct_postcreate due, uint32_t *ret_base, int *ret_tree, struct err *e)
{
	struct ct_init plan = { .ct = ct, .rootfs = r, .mount_only = true, .script = -1, .postcreate = due };
	struct ct_launch l;
	struct ct_sync_msg m;
	int rc;

	if (ct_idmap_get(ct, ret_base, e) < 0 || ct_launch(ct, &plan, *ret_base, 0, -1, &l, e) < 0)
		return -e->code;
	rc = ct_rootfs_shift(r, l.userns, e);
	if (rc == 0)
		rc = ct_sync_send(l.sync, CT_SYNC_MAPPED, 0, NULL, 0, e);
	if (rc == 0)
		rc = ct_sync_wait(l.sync, CT_SYNC_ROOT, &m, e);
	if (rc == 0)
		*ret_tree = m.fd[0];
	ct_launch_abort(&l);
	return rc;
}

int ct_roottree_open(struct ct *ct, uint32_t *ret_base, int *ret_tree, struct err *e)
{
	struct ct_rootfs r;
	int rc;

	if (ct_rootfs_open(ct, &r, e) < 0)
		return -e->code;
	rc = ct_roottree_run(ct, &r, CT_POSTCREATE_NONE, ret_base, ret_tree, e);
	ct_rootfs_close(&r);
	return rc;
}
