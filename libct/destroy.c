/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * destroy: one rename takes the container's files away, then its names and configuration go. From that rename on an
 * interrupted destroy is rolled forward; every step may be repeated.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fio.h"
#include "util/path.h"

#include "libct/exitrec.h"
#include "libct/overquota.h"
#include "libct/traffic.h"
#include "libct/ugids.h"
#include "libct/files.h"
#include "libct/garbage.h"
#include "libct/pause.h"
#include "libct/share.h"
#include "libct/snap.h"
#include "libct/snapshot.h"

struct plan {
	const char *private_dir, *trash, *root;		/* trash NULL: nothing to remove (the area was a symbolic link) */
	const char *home;	/* clones stand on its layers: @trash is where they stay, under this name (share.h) */
	bool shared;		/* it stood on layers of others, which nobody may need any more */
	const char *tmpls;	/* what it stood on (garbage.h) */
	unsigned slots[2];
	size_t n_slots;
};

static void plan_slots(const struct ct *ct, const char *uid, struct plan *p)
{
	uint64_t base;
	unsigned slot;

	p->slots[p->n_slots++] = ct->id % CT_UID_SLOTS;
	if (uid && num_u64(uid, &base) == 0 && ct_slot_of(base, &slot) == 0 && slot != p->slots[0])
		p->slots[p->n_slots++] = slot;
}

static int retire_slots(const struct ct *ct, const struct plan *p, struct err *e)
{
	auto_close int dir = ct_idmap_dir(e);

	if (dir < 0)
		return -e->code;
	for (size_t i = 0; i < p->n_slots; i++) {
		int r = p->trash && !p->home ? ct_slot_retire(dir, p->slots[i], ct->id, p->trash, e) : -ENOSPC;

		if (r == -ENOSPC)		/* no trash to wait for, or no room to write its name: free at once */
			r = ct_slot_free(dir, p->slots[i], ct->id, e);
		if (r < 0)
			return r;
		err_clear(e);
	}
	return 0;
}

int ct_dump_remove(const struct ct *ct, struct err *e)
{
	auto_close int dir = open(ct->host->conf.dumpdir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[32];

	str_fmt(name, sizeof(name), "Dump.%u", ct->id);
	if (dir < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open %s", ct->host->conf.dumpdir);
	return path_rmtree(dir, name, e);
}

/* CTID.conf goes last: as long as it is there, the next command on the container comes by and finishes the work. */
static int retire_conf(const struct ct *ct, struct err *e)
{
	static const char *const suffixes[] = { "mount", "umount", "premount", "postumount", "start", "stop", "conf" };
	auto_close int dir = ct_store_dir(e);

	if (dir < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char from[64], to[64];

		str_fmt(from, sizeof(from), "%u.%s", ct->id, suffixes[i]);
		str_fmt(to, sizeof(to), "%u.%s.destroyed", ct->id, suffixes[i]);
		if (renameat(dir, from, dir, to) < 0 && errno != ENOENT)
			return err_set(e, errno, "rename " CT_CONF_DIR "/%s", from);
	}
	return fio_fsync_dir(dir, e);
}

static int keep_layers(struct ct *ct, const struct plan *p, struct err *e)
{
	auto_area struct ct_area a = { 0 };

	if (ct_area_of(&a, p->private_dir, ct->id, e) < 0)
		return -e->code;
	return ct_share_settle(ct->host, a.parent, p->home, e);
}

static int collect_layers(struct ct *ct, const struct plan *p, struct err *e)
{
	auto_area struct ct_area a = { 0 };

	if (ct_area_of(&a, p->private_dir, ct->id, e) < 0)
		return -e->code;
	return ct_share_collect(ct->host, a.parent, e);
}

/* One by one, as on btrfs they are subvolumes. */
static int drop_each(const char *path, struct err *e)
{
	auto_closedir DIR *d = opendir(path);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		char guid[CT_GUID_SIZE];

		if (ct_guid_parse(de->d_name, guid) == 0 && quota_area_remove(dirfd(d), de->d_name, e) < 0)
			return -e->code;
	}
	return 0;
}

/* The snapshots of a layout that keeps them beside the area. */
static int drop_beside(const struct ct *ct, const struct plan *p, struct err *e)
{
	const struct ct_rootfs_ops *ops = ct_rootfs_by_name(ct->conf.layout);
	auto_area struct ct_area a = { 0 };
	auto_free char *trash = NULL;
	char path[CT_PATH_MAX];

	if (!ops || !ops->snap_beside)
		return 0;
	if (ct_path_fmt(path, sizeof(path), e, "%s." CT_SNAP_DIR, p->private_dir) < 0)
		return -e->code;
	if (access(path, F_OK) < 0)
		return 0;
	if (drop_each(path, e) < 0)
		return -e->code;
	if (ct_area_of(&a, path, ct->id, e) < 0 || ct_trash_plan(&a, &trash, e) < 0 || ct_trash_move(&a, trash, e) < 0)
		return -e->code;
	return ct_trash_empty(trash, NULL, 0, e);
}

/* Everything after the rename of the area. */
static int finish(struct ct *ct, const struct plan *p, struct err *e)
{
	if (ct_dump_remove(ct, e) < 0 || drop_beside(ct, p, e) < 0 || (p->home && keep_layers(ct, p, e) < 0) ||
	    (p->shared && collect_layers(ct, p, e) < 0))
		return -e->code;
	if (p->root)
		rmdir(p->root);			/* not empty, busy: not ours to decide */
	ct_garbage_mark(ct, p->tmpls);
	ct_exit_forget(ct->id);
	ct_traffic_forget(ct->id);
	ct_overquota_forget(ct->id);
	ct_pause_forget(ct->id);
	ct_ugids_forget(ct->id);
	if (ct_name_unlink_all(ct->id, e) < 0 || ct_state_drop(ct, e) < 0 || retire_slots(ct, p, e) < 0 ||
	    retire_conf(ct, e) < 0)
		return -e->code;
	if (p->trash && !p->home && ct_trash_empty(p->trash, p->slots, p->n_slots, e) < 0)
		return -e->code;
	return 0;
}

int ct_destroy_recover(struct ct *ct, const struct kv *kv, struct err *e)
{
	auto_area struct ct_area area = { 0 };
	struct plan p = { .private_dir = kv_get(kv, "PRIVATE"), .trash = kv_get(kv, "TRASH"), .root = kv_get(kv, "ROOT"),
			  .home = kv_get(kv, "HOME"), .shared = kv_get(kv, "SHARED"), .tmpls = kv_get(kv, "TEMPLATES") };
	struct stat st;

	if (!p.private_dir || ct_area_of(&area, p.private_dir, ct->id, e) < 0)
		return e->code ? -e->code : err_say(e, EBADMSG, "the record lacks PRIVATE");
	/* a symbolic link at the place of the area: nothing behind it is ours */
	if (p.trash && lstat(area.path, &st) == 0 && ct_trash_move(&area, p.trash, e) < 0)
		return -e->code;
	if (!p.trash && lstat(area.path, &st) == 0 && S_ISLNK(st.st_mode) && unlink(area.path) < 0)
		return err_set(e, errno, "remove link %s", area.path);
	plan_slots(ct, kv_get(kv, "LOCAL_UID"), &p);
	return finish(ct, &p, e);
}

/* The message is standard output's and said here; the error that is returned has no text left to print. */
static int refuse(const struct ct *ct, int exit, const char *text, struct err *e)
{
	ct_say(ct, 0, "%s", text);
	err_say(e, EBUSY, "%s", "");
	return err_exit(e, exit);
}

static int check(struct ct *ct, const struct ct_area *area, struct stat *st, struct err *e)
{
	if (ct_is_running(ct, NULL))
		return refuse(ct, VZ_VE_RUNNING, "Container is currently running. Stop it first.", e);
	if (ct_is_mounted(ct))
		return refuse(ct, VZ_FS_MOUNTED, "Container is currently mounted (umount first)", e);
	if (lstat(area->path, st) < 0) {
		err_say(e, errno, "Container private area %s does not exist", area->path);
		return err_exit(e, VZ_FS_NOPRVT);
	}
	return ct_snap_in_use(ct, e) < 0 ? err_exit(e, VZ_FS_MOUNTED) : 0;
}

static int take_away(struct ct *ct, const struct ct_area *area, const struct plan *p, const char *uid, struct err *e)
{
	const char *const pairs[] = {
		"PRIVATE", area->path, "TRASH", p->trash, "ROOT", p->root, "LOCAL_UID", uid, "HOME", p->home,
		"SHARED", p->shared ? "yes" : NULL, "TEMPLATES", p->tmpls, NULL,
	};
	int r;

	/* an absent value ends nothing: ct_intent_begin() skips the pair */
	if (ct_intent_begin(ct, "destroy", pairs, e) < 0)
		return -e->code;
	r = p->trash ? ct_trash_move(area, p->trash, e)
		     : unlink(area->path) < 0 ? err_set(e, errno, "remove link %s", area->path) : 0;
	if (r < 0)
		ct_intent_end(ct, &(struct err){ 0 });
	return r;
}

/* Linked clones, in either direction. @home is the room for p->home. */
static int look_at_layers(struct ct *ct, int area, struct plan *p, char home[CT_GUID_SIZE], struct err *e)
{
	struct ct_layers l = { .n = 0 };
	struct err none = { 0 };
	int used;

	if (area < 0 || !str_eq(ct_area_layout(area), "overlay"))
		return 0;
	/* a broken list is no reason to keep a container */
	p->shared = ct_layers_load(area, CT_LAYERS_FILE, &l, &none) == 0 && ct_layers_shared(&l);
	if (ct_share_home(area, false, home, e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	used = ct_share_used(ct->host, area, NULL, e);
	if (used < 0)
		return used;
	p->shared = true;		/* its link goes, or more */
	if (used)
		p->home = home;
	return 0;
}

/* Where the area goes, and what it stood on. */
static int plan_trash(struct ct *ct, const struct ct_area *a, struct plan *p, char home[CT_GUID_SIZE], char **ret,
		      char **ret_tmpls, struct err *e)
{
	auto_close int area = open(a->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret_tmpls = ct_garbage_note(area);
	p->tmpls = *ret_tmpls && **ret_tmpls ? *ret_tmpls : NULL;
	if (look_at_layers(ct, area, p, home, e) < 0)
		return -e->code;
	if (!p->home)
		return ct_trash_plan(a, ret, e);
	*ret = ct_share_plan(a->parent, p->home);
	return *ret ? 0 : err_set(e, ENOMEM, "%s", a->path);
}

int ct_destroy(struct ct *ct, struct err *e)
{
	auto_area struct ct_area area = { 0 };
	auto_free char *trash = NULL, *tmpls = NULL, *root = ct_path_root(ct);
	struct plan p = { .root = root };
	char home[CT_GUID_SIZE];
	char uid[24];
	uint32_t base = 0;
	struct stat st = { 0 };

	if (!root && ct->conf.root && *ct->conf.root)
		return err_set(e, ENOMEM, "container %u", ct->id);
	if (ct_area_of(&area, ct->conf.private_dir, ct->id, e) < 0 || check(ct, &area, &st, e) < 0)
		return -e->code;
	ct_say(ct, 0, "Destroying container private area: %s", area.path);
	if (S_ISLNK(st.st_mode))
		ct_say(ct, -1, "Warning: %s is a symbolic link: the link is removed, what it points to is left", area.path);
	else if (plan_trash(ct, &area, &p, home, &trash, &tmpls, e) < 0)
		return err_exit(e, VZ_FS_DEL_PRVT);
	str_fmt(uid, sizeof(uid), "%" PRIu64, ct_idmap_find(ct, &base) ? base : ct->conf.local_uid.v);
	p.trash = trash;
	p.private_dir = area.path;
	plan_slots(ct, uid, &p);
	if (take_away(ct, &area, &p, uid, e) < 0 || finish(ct, &p, e) < 0 || ct_intent_end(ct, e) < 0)
		return err_exit(e, VZ_FS_DEL_PRVT);
	ct->has_conf = false;
	ct_garbage_collect(ct->host, NULL);
	ct_say(ct, 0, "Container private area was destroyed");
	return 0;
}
