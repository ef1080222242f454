/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vztmpl save: the root of a container, stopped or running, as the archive of a template. What is read is a snapshot taken
 * for it, so the archive is of one moment. It is read in the box of vz-unpack. Killed, the snapshot is dropped by the next
 * command on the container.
 */
#include "libct/save.h"

#include <errno.h>
#include <unistd.h>

#include "libct/backup_tree.h"
#include "libct/files.h"
#include "libct/snapshot.h"
#include "templates/tmpl.h"

#define LOCK_MS 60000

static int check(struct ct *ct, struct err *e)
{
	auto_free char *path = ct_path_private(ct);

	if (ct_is_ploop(ct))
		return err_say(e, ENOTSUP, "The root of CT %u is a ploop image: 'vzctl convert %u --layout overlay' first", ct->id,
			       ct->id);
	if (!path || access(path, F_OK) < 0)
		return err_say(e, ENOENT, "Container private area %s does not exist", path ? path : "");
	return 0;
}

static int take(struct ct *ct, char guid[CT_GUID_SIZE], struct err *e)
{
	const struct ct_snap_new n = { .temp = true, .skip_config = true };
	int rc;

	if (ct_lock(ct, e) < 0)
		return -e->code;
	rc = check(ct, e) < 0 || ct_snapshot(ct, &n, guid, e) < 0 ? -e->code : 0;
	ct_unlock(ct);
	return rc;
}

static void drop(struct ct *ct, const char *guid)
{
	struct err e = { 0 };

	if (ct_lock_wait(ct, LOCK_MS, &e) < 0 || ct_snapshot_delete(ct, guid, &e) < 0)
		ct_say(ct, -1, "Warning: %s; the next command on container %u drops the snapshot", e.text, ct->id);
	ct_unlock(ct);
}

int ct_save(struct ct *ct, int out, struct err *e)
{
	char guid[CT_GUID_SIZE] = "";
	auto_close int tree = -1;
	int rc;

	if (take(ct, guid, e) < 0)
		return -e->code;
	rc = ct_backup_tree(ct, guid, &tree, e);
	if (rc == 0)
		rc = tmpl_pack(tree, out, TMPL_PACK_CLEAN | TMPL_PACK_MERGED, NULL, e);
	auto_close_(&tree);
	drop(ct, guid);
	return rc;
}
