/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mount` and `umount`: the root on VE_ROOT without a running container. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libct/ct_priv.h"
#include "libct/down.h"
#include "libct/postcreate.h"
#include "libct/rootmnt.h"
#include "libct/roottree.h"

static int check(struct ct *ct, struct err *e)
{
	auto_free char *priv = ct_path_private(ct);

	if (!priv) {
		err_say(e, EINVAL, "VE_PRIVATE is not set");
		return err_exit(e, VZ_VE_PRIVATE_NOTSET);
	}
	if (!ct->conf.root) {
		err_say(e, EINVAL, "VE_ROOT is not set");
		return err_exit(e, VZ_VE_ROOT_NOTSET);
	}
	if (access(priv, F_OK) < 0) {
		err_say(e, ENOENT, "Container private area %s does not exist", priv);
		return err_exit(e, VZ_FS_NOPRVT);
	}
	return 0;
}

/* What is due after create is done in the container's own namespaces: by a short-lived child that
 * puts the root together exactly as a start does. */
static int finish_create(struct ct *ct, struct ct_rootfs *r, struct err *e)
{
	const enum ct_postcreate due = ct_postcreate_is_due(r->area);
	auto_close int tree = -1;
	uint32_t base;

	if (!due)
		return 0;
	if (ct_roottree_run(ct, r, due, &base, &tree, e) < 0)
		return -e->code;
	ct_postcreate_done(r->area);
	return 0;
}

static int mount_root(struct ct *ct, struct err *e)
{
	const struct ct_rootfs_ops *ops;
	struct err limits = { 0 };
	struct ct_rootfs r;
	int rc;

	if (ct_rootfs_open(ct, &r, e) < 0)
		return -e->code;
	ops = r.ops;
	if (ct_quota_start(ct, r.area, &limits) < 0)	/* who wants his files back is not refused them */
		ct_say(ct, -1, "Warning: %s", limits.text);
	rc = finish_create(ct, &r, e);
	ct_rootfs_close(&r);	/* before the host mounts the same directories */
	return rc < 0 ? err_exit(e, VZ_FS_CANTMOUNT) : ct_root_mount_host(ct, ops, e);
}

static int undo(struct ct *ct, struct err *e)
{
	struct err down = { 0 };

	ct_root_detach(ct, 1, &down);
	ct_state_drop(ct, &down);
	return -e->code;
}

int ct_mount(struct ct *ct, struct err *e)
{
	struct ct_state s = { .stage = CT_STAGE_STARTING };

	if (check(ct, e) < 0)
		return -e->code;
	if (ct_is_mounted(ct)) {
		ct_say(ct, -1, "Container is already mounted");
		return 0;
	}
	if (ct_state_save(ct, &s, e) < 0)
		return -e->code;
	if (ct_hook_run(ct, CT_HOOK_PREMOUNT, e) < 0 || mount_root(ct, e) < 0 ||
	    ct_hook_run(ct, CT_HOOK_MOUNT, e) < 0)
		return undo(ct, e);
	s.stage = CT_STAGE_MOUNTED;
	if (ct_state_save(ct, &s, e) < 0)
		return undo(ct, e);
	ct_event(ct, CT_EVENT_MOUNT);
	ct_say(ct, 0, "Container is mounted");
	return 0;
}

int ct_umount(struct ct *ct, struct err *e)
{
	if (ct_is_running(ct, NULL)) {
		err_say(e, EBUSY, "Container is running -- stop it first");
		return err_exit(e, VZ_VE_RUNNING);
	}
	if (!ct_is_mounted(ct)) {
		err_say(e, EINVAL, "CT is not mounted");
		return err_exit(e, VZ_FS_NOT_MOUNTED);
	}
	if (ct_hook_run(ct, CT_HOOK_UMOUNT, e) < 0 || ct_root_detach(ct, 0, e) < 0)
		return -e->code;
	if (ct_hook_run(ct, CT_HOOK_POSTUMOUNT, e) < 0 || ct_state_drop(ct, e) < 0)
		return -e->code;
	ct_event(ct, CT_EVENT_UMOUNT);
	ct_say(ct, 0, "Container is unmounted");
	return 0;
}
