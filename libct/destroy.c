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
#include "libct/files.h"

struct plan {
	const char *private_dir, *trash, *root;		/* trash NULL: nothing to remove (the area was a symbolic link) */
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
		int r = p->trash ? ct_slot_retire(dir, p->slots[i], ct->id, p->trash, e) : -ENOSPC;

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

/* Everything after the rename of the area. */
static int finish(struct ct *ct, const struct plan *p, struct err *e)
{
	if (ct_dump_remove(ct, e) < 0)
		return -e->code;
	if (p->root)
		rmdir(p->root);			/* not empty, busy: not ours to decide */
	ct_exit_forget(ct->id);
	if (ct_name_unlink_all(ct->id, e) < 0 || ct_state_drop(ct, e) < 0 || retire_slots(ct, p, e) < 0 ||
	    retire_conf(ct, e) < 0)
		return -e->code;
	if (p->trash && ct_trash_empty(p->trash, p->slots, p->n_slots, e) < 0)
		return -e->code;
	return 0;
}

int ct_destroy_recover(struct ct *ct, const struct kv *kv, struct err *e)
{
	auto_area struct ct_area area = { 0 };
	struct plan p = { .private_dir = kv_get(kv, "PRIVATE"), .trash = kv_get(kv, "TRASH"), .root = kv_get(kv, "ROOT") };
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

static int check(const struct ct *ct, const struct ct_area *area, struct stat *st, struct err *e)
{
	if (ct_is_running(ct, NULL))
		return refuse(ct, VZ_VE_RUNNING, "Container is currently running. Stop it first.", e);
	if (ct_is_mounted(ct))
		return refuse(ct, VZ_FS_MOUNTED, "Container is currently mounted (umount first)", e);
	if (lstat(area->path, st) < 0) {
		err_say(e, errno, "Container private area %s does not exist", area->path);
		return err_exit(e, VZ_FS_NOPRVT);
	}
	return 0;
}

static int take_away(struct ct *ct, const struct ct_area *area, const struct plan *p, const char *uid, struct err *e)
{
	const char *const pairs[] = {
		"PRIVATE", area->path, "TRASH", p->trash, "ROOT", p->root, "LOCAL_UID", uid, NULL,
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

int ct_destroy(struct ct *ct, struct err *e)
{
	auto_area struct ct_area area = { 0 };
	auto_free char *trash = NULL, *root = ct_path_root(ct);
	struct plan p = { .root = root };
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
	else if (ct_trash_plan(&area, &trash, e) < 0)
		return err_exit(e, VZ_FS_DEL_PRVT);
	str_fmt(uid, sizeof(uid), "%" PRIu64, ct_idmap_find(ct, &base) ? base : ct->conf.local_uid.v);
	p.trash = trash;
	plan_slots(ct, uid, &p);
	if (take_away(ct, &area, &p, uid, e) < 0 || finish(ct, &p, e) < 0 || ct_intent_end(ct, e) < 0)
		return err_exit(e, VZ_FS_DEL_PRVT);
	ct->has_conf = false;
	ct_say(ct, 0, "Container private area was destroyed");
	return 0;
}
