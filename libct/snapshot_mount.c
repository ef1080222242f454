/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots that are looked at. Where one is mounted for `snapshot-mount` is noted in /run/vz/snap/CTID before it is; the
 * mount table has the last word, so a note that nothing answers to is nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/snap.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#define NOTE_DIR CT_RUN_DIR "/snap"

static bool is_mount_point(const char *path)
{
	struct statx sx;

	return statx(AT_FDCWD, path, AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW, 0, &sx) == 0 &&
	       (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* Notes have the GUID as key with '_' for '-', since keys are names. */
static void key_of(const char *guid, char key[CT_GUID_SIZE + 1])
{
	str_fmt(key, CT_GUID_SIZE + 1, "S%s", guid);
	for (char *p = key; *p; p++)
		if (*p == '-')
			*p = '_';
}

static void load_notes(const struct ct *ct, struct kv *ret)
{
	struct err ignored = { 0 };
	auto_close int dir = open(NOTE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0 && kv_load(ret, dir, ct->ids, &ignored) < 0)
		kv_done(ret);
}

static int save_notes(const struct ct *ct, const struct kv *kv, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	if (path_mkdir_host(CT_RUN_DIR, 0755, e) < 0 || path_mkdir_host(NOTE_DIR, 0700, e) < 0 || kv_print(kv, &b, e) < 0)
		return -e->code;
	auto_close int dir = open(NOTE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "open " NOTE_DIR);
	if (b.len == 0) {
		if (unlinkat(dir, ct->ids, 0) < 0 && errno != ENOENT)
			return err_set(e, errno, "remove " NOTE_DIR "/%s", ct->ids);
		rmdir(NOTE_DIR);	/* it stays as long as others have notes */
		return 0;
	}
	return fio_replace_run(dir, ct->ids, buf_str(&b), b.len, 0600, e);
}

char *ct_snapshot_target(const struct ct *ct, const char *guid)
{
	auto_kv struct kv kv = { 0 };
	char key[CT_GUID_SIZE + 1];
	const char *at;

	key_of(guid, key);
	load_notes(ct, &kv);
	at = kv_get(&kv, key);
	return at && is_mount_point(at) ? strdup(at) : NULL;
}

bool ct_snap_is_mounted(const struct ct *ct, const char *guid)
{
	auto_kv struct kv kv = { 0 };
	char key[CT_GUID_SIZE + 1] = "";

	if (guid)
		key_of(guid, key);
	load_notes(ct, &kv);
	for (size_t i = 0; i < kv.n; i++)
		if (kv.v[i].kind == KV_PAIR && (!guid || str_eq(kv.v[i].key, key)) && is_mount_point(kv.v[i].val))
			return true;
	return false;
}

bool ct_snap_busy(struct ct *ct)
{
	auto_snaps struct ct_snaps tree = { 0 };
	struct err e = { 0 };

	if (ct_is_running(ct, NULL) || ct_is_mounted(ct) || ct_snap_is_mounted(ct, NULL) || ct_snaps_load(ct, &tree, &e) < 0)
		return true;
	for (size_t i = 0; i < tree.n; i++)
		if (tree.v[i].owner && ct_snap_owner_alive(&tree.v[i]))
			return true;		/* somebody reads it, in a mount namespace that we cannot see */
	return false;
}

int ct_snap_in_use(struct ct *ct, struct err *e)
{
	auto_snaps struct ct_snaps tree = { 0 };
	struct err none = { 0 };

	if (ct_snap_is_mounted(ct, NULL))
		return err_say(e, EBUSY, "A snapshot of the container is mounted (snapshot-umount first)");
	if (ct_snaps_load(ct, &tree, &none) < 0)
		return 0;		/* broken, or of a layout that has none: in nobody's use */
	for (size_t i = 0; i < tree.n; i++)
		if (tree.v[i].owner && ct_snap_owner_alive(&tree.v[i]))
			return err_say(e, EBUSY, "Process %d reads a snapshot of the container, for a backup: end it first",
				       tree.v[i].owner);
	return 0;
}

static bool is_known(struct ct *ct, const char *guid, struct err *e)
{
	auto_snaps struct ct_snaps tree = { 0 };

	if (ct_snaps_load(ct, &tree, e) < 0)
		return false;
	if (ct_snaps_find(&tree, guid))
		return true;
	err_say(e, ENOENT, "Snapshot {%s} of container %u is not found", guid, ct->id);
	return false;
}

int ct_snap_tree(struct ct *ct, const char *guid, const char *at, struct err *e)
{
	const struct ct_rootfs_ops *ops;
	auto_close int area = ct_snap_area(ct, &ops, e);

	if (area < 0 || !is_known(ct, guid, e))
		return -e->code;
	return ops->snap_mount(ct, area, guid, at, e) < 0 ? ct_snap_missing(guid, e) : 0;
}

static int check_target(const struct ct *ct, const char *guid, const char *target, struct err *e)
{
	struct stat st;

	if (target[0] != '/' || stat(target, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_say(e, ENOTDIR, "Target %s is not the absolute path of a directory", target);
	if (is_mount_point(target))
		return err_say(e, EBUSY, "Something is mounted on %s already", target);
	auto_free char *at = ct_snapshot_target(ct, guid);
	return at ? err_say(e, EBUSY, "Snapshot {%s} is mounted on %s already", guid, at) : 0;
}

static int mount_it(struct ct *ct, const char *guid, const char *target, struct err *e)
{
	auto_free char *path = realpath(target, NULL);
	auto_kv struct kv kv = { 0 };
	char key[CT_GUID_SIZE + 1];

	if (!is_known(ct, guid, e) || !path || check_target(ct, guid, target, e) < 0)
		return e->code ? -e->code : err_say(e, errno, "Target %s: %s", target, strerror(errno));
	key_of(guid, key);
	load_notes(ct, &kv);
	if (kv_set(&kv, key, path, true, e) < 0 || save_notes(ct, &kv, e) < 0)
		return -e->code;
	if (ct_snap_tree(ct, guid, path, e) == 0)
		return 0;
	kv_unset(&kv, key);
	save_notes(ct, &kv, &(struct err){ 0 });
	return -e->code;
}

int ct_snapshot_mount(struct ct *ct, const char *guid, const char *target, struct err *e)
{
	if (mount_it(ct, guid, target, e) < 0)
		return err_exit(e, VZ_MOUNT_SNAPSHOT);
	ct_say(ct, 0, "Snapshot {%s} has been successfully mounted on %s", guid, target);
	return 0;
}

int ct_snapshot_umount(struct ct *ct, const char *guid, struct err *e)
{
	auto_free char *at = ct_snapshot_target(ct, guid);
	auto_kv struct kv kv = { 0 };
	char key[CT_GUID_SIZE + 1];

	if (!at) {
		err_say(e, EINVAL, "Snapshot {%s} is not mounted", guid);
		return err_exit(e, VZ_UMOUNT_SNAPSHOT);
	}
	if (umount2(at, UMOUNT_NOFOLLOW) < 0) {
		err_set(e, errno, "Can't umount %s", at);
		return err_exit(e, VZ_UMOUNT_SNAPSHOT);
	}
	key_of(guid, key);
	load_notes(ct, &kv);
	kv_unset(&kv, key);
	if (save_notes(ct, &kv, e) < 0)
		return err_exit(e, VZ_UMOUNT_SNAPSHOT);
	ct_say(ct, 0, "Snapshot {%s} has been successfully unmounted", guid);
	return 0;
}
