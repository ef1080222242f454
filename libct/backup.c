/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backup: a temporary snapshot under the container's lock, then its files into an archive without the lock, then the
 * snapshot goes (backup_still.c: layouts without snapshots). The archive has no name until it is whole and on disk, so
 * nothing half-made is ever there to be found; the snapshot of a backup that was killed is dropped by the next command on
 * the container.
 */
#include "libct/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/backup_still.h"
#include "libct/backup_tree.h"
#include "libct/files.h"
#include "libct/pause.h"
#include "libct/snapshot.h"
#include "libct/ugids.h"
#include "util/buf.h"
#include "util/fio.h"
#include "util/path.h"

#define LEVEL 3
#define LOCK_MS 600000		/* how long the end waits for another command, to drop the snapshot */

struct work {
	const struct ct_backup *b;
	int dir, out, tree;
	char tmp[CT_BACKUP_NAME_MAX + 8];	/* name of the unfinished file, where the file system wants one */
	struct buf meta;
	struct tmpl_chain before;
	uint8_t key[32];
	int key_len;
	char guid[CT_GUID_SIZE];
	bool snapped;
	bool locked;			/* until the end: the layout has no snapshots */
	struct ct_still still;
};

static void work_done(struct work *w)
{
	if (w->tmp[0])
		unlinkat(w->dir, w->tmp, 0);
	tmpl_chain_close(&w->before);
	buf_done(&w->meta);
	auto_close_(&w->tree);
	auto_close_(&w->out);
	auto_close_(&w->dir);
}

/* --- where it goes ------------------------------------------------------------------------------------------------------- */

/* An unfinished file of a backup that was killed, where files need names. */
static void sweep(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		auto_close int f = -1;

		if (!str_starts(de->d_name, ".vzdump-openvz-") || !str_ends(de->d_name, ".tmp"))
			continue;
		f = openat(dir, de->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (f >= 0 && flock(f, LOCK_EX | LOCK_NB) == 0)
			unlinkat(dir, de->d_name, 0);
	}
}

static int open_out(const struct ct *ct, struct work *w, const char *dumpdir, struct err *e)
{
	w->out = openat(w->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (w->out >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
		return err_set(e, errno, "write in %s", dumpdir);
	sweep(w->dir);
	str_fmt(w->tmp, sizeof(w->tmp), ".vzdump-openvz-%u-%d.tmp", ct->id, (int)getpid());
	w->out = openat(w->dir, w->tmp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (w->out >= 0 && flock(w->out, LOCK_EX | LOCK_NB) == 0)
		return 0;
	err_set(e, errno, "write in %s", dumpdir);
	if (w->out < 0)
		w->tmp[0] = '\0';
	return -e->code;
}

static int open_dir(const struct ct *ct, struct work *w, struct err *e)
{
	const char *path = w->b->dumpdir ? w->b->dumpdir : ct->host->conf.dumpdir;

	if (!w->b->dumpdir && path_mkdir_host(path, 0700, e) < 0)
		return -e->code;
	w->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->dir < 0)
		return err_set(e, errno, "directory for the archive %s", path);
	return w->b->out < 0 ? open_out(ct, w, path, e) : 0;
}

/* The newest whole archive of this container, for one that holds only what has changed. */
static int find_before(const struct ct *ct, struct work *w, struct ct_backup_result *ret, struct err *e)
{
	const char *owner = ct->conf.policy.owner ? ct->conf.policy.owner : "";
	auto_dumps struct ct_dumps l = { 0 };

	if (!w->b->incremental)
		return 0;
	if (ct_dumps_load(w->dir, ct->id, &l, e) < 0)
		return -e->code;
	for (size_t i = l.n; i-- > 0; ) {
		const struct ct_dump *d = &l.v[i];

		if (!d->ours || d->broken[0] || strcmp(d->end.owner, owner) != 0)	/* nobody's builds on another's */
			continue;
		if (d->end.depth + 2 > BK_CHAIN_MAX) {
			ct_say(ct, 0, "%s already needs %u others: making a whole archive", d->name, d->end.depth);
			return 0;
		}
		str_copy(ret->before, sizeof(ret->before), d->name);
		return tmpl_chain_open(w->dir, d->name, &w->before, e);
	}
	ct_say(ct, 0, "There is no earlier archive to build on: making a whole one");
	return 0;
}

static int publish(struct ct *ct, struct work *w, const struct bk_end *end, char name[CT_BACKUP_NAME_MAX], struct err *e)
{
	char self[40];

	if (fsync(w->out) < 0)
		return err_set(e, errno, "write the archive");
	str_fmt(self, sizeof(self), "/proc/self/fd/%d", w->out);
	for (time_t when = (time_t)end->created; ; when++) {	/* two in a second: the later one is of the next */
		int rc;

		if (ct_dump_name(name, CT_BACKUP_NAME_MAX, ct->id, when, end->depth > 0) < 0)
			return err_set(e, ENAMETOOLONG, "archive");
		rc = w->tmp[0] ? renameat2(w->dir, w->tmp, w->dir, name, RENAME_NOREPLACE)
			       : linkat(AT_FDCWD, self, w->dir, name, AT_SYMLINK_FOLLOW);
		if (rc == 0)
			break;
		if (errno != EEXIST || when > (time_t)end->created + 100)
			return err_set(e, errno, "name the archive %s", name);
	}
	w->tmp[0] = '\0';
	return fio_fsync_dir(w->dir, e);
}

/* --- what goes in ---------------------------------------------------------------------------------------------------------- */

static int add_scripts(const struct ct *ct, struct buf *meta, struct err *e)
{
	static const char *const suffixes[] = { "start", "stop", "mount", "umount", "premount", "postumount" };
	auto_close int dir = ct_store_dir(e);

	if (dir < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		auto_buf struct buf b = { .cap = 1 << 20 };
		char name[40], part[40];

		str_fmt(name, sizeof(name), "%u.%s", ct->id, suffixes[i]);
		str_fmt(part, sizeof(part), "vps.%s", suffixes[i]);
		if (fio_read_at(dir, name, &b, e) < 0) {
			if (e->code != ENOENT)
				return err_add(e, "script of the container");
			err_clear(e);
			continue;
		}
		bk_meta_add(meta, part, buf_str(&b), b.len);
	}
	return 0;
}

/*
 * What the root stands on. Read-only images have no ctime of their own: a file of another template may have the same name,
 * size, time and inode number, so only under the same ones do inodes tell that nothing was changed.
 */
static int add_root(const struct ct *ct, struct buf *meta, struct err *e)
{
	struct str_list l __attribute__((cleanup(str_list_clear))) = { 0 };
	auto_buf struct buf b = BUF_INIT;

	if (ct_templates(ct, &l, e) < 0)
		return -e->code;
	buf_addf(&b, "%s\n", ct->conf.layout);
	for (size_t i = 0; i < l.n; i++)
		buf_addf(&b, "%s\n", l.v[i]);
	bk_meta_add(meta, "root", buf_str(&b), b.len);
	return buf_failed(&b) ? err_set(e, ENOMEM, "layers") : 0;
}

static bool same_root(const struct work *w)
{
	auto_buf struct buf old = { .cap = BK_META_MAX + 1 };
	struct err ignored = { 0 };
	const char *was, *is;
	size_t n_was, n_is;

	return tmpl_backup_meta(&w->before, &old, &ignored) == 0 &&
	       bk_meta_get(buf_str(&old), old.len, "root", &was, &n_was, &ignored) == 0 &&
	       bk_meta_get(buf_str(&w->meta), w->meta.len, "root", &is, &n_is, &ignored) == 0 &&
	       n_was == n_is && memcmp(was, is, n_is) == 0;
}

static int make_meta(struct ct *ct, struct work *w, struct err *e)
{
	auto_buf struct buf conf = BUF_INIT, ugids = { .cap = CT_UGIDS_MAX };

	if (kv_print(&ct->kv, &conf, e) < 0)
		return -e->code;
	bk_meta_add(&w->meta, "vps.conf", buf_str(&conf), conf.len);
	if (add_root(ct, &w->meta, e) < 0 || add_scripts(ct, &w->meta, e) < 0 || ct_ugids_get(ct, &ugids, e) < 0)
		return -e->code;
	if (ugids.len)
		bk_meta_add(&w->meta, CT_UGIDS_PART, buf_str(&ugids), ugids.len);
	return buf_failed(&w->meta) ? err_set(e, EFBIG, "configuration and scripts") : 0;
}

/* --- the snapshot ------------------------------------------------------------------------------------------------------------ */

static int check(struct ct *ct, struct err *e)
{
	auto_free char *path = ct_path_private(ct);

	if (!ct_rootfs_by_name(ct->conf.layout) || ct_is_ploop(ct)) {
		err_say(e, ENOTSUP, "The root of CT %u is a ploop image: 'vzctl convert %u --layout overlay' first", ct->id,
				ct->id);
		return err_exit(e, VZ_UNK_MOUNT_TYPE);
	}
	if (!path || access(path, F_OK) < 0) {
		err_say(e, ENOENT, "Container private area %s does not exist", path ? path : "");
		return err_exit(e, VZ_FS_NOPRVT);
	}
	return 0;
}

static int snap(struct ct *ct, struct work *w, struct err *e)
{
	const struct ct_snap_new n = { .temp = true, .skip_config = true };
	bool running = ct_is_running(ct, NULL), stop = running && w->b->mode == CT_BACKUP_STOP;
	int rc;

	if (stop && ct_pause_stop(ct, e) < 0)
		return -e->code;
	rc = ct_snapshot(ct, &n, w->guid, e);
	w->snapped = rc == 0;
	if (stop) {
		struct err start = { 0 };

		if (ct_pause_start(ct, &start) < 0 && rc == 0) {
			*e = start;
			return err_add(e, "the container was stopped for the backup and does not start again");
		}
	}
	return rc;
}

/* A snapshot of layout dir is a second copy of all files: only for one that must run on meanwhile. */
static bool stands_still(const struct ct *ct, enum ct_backup_mode mode)
{
	const struct ct_rootfs_ops *ops = ct_rootfs_by_name(ct->conf.layout);

	return !ops->snap_take || (ops == &ct_rootfs_dir && (mode != CT_BACKUP_SNAPSHOT || !ct_is_running(ct, NULL)));
}

/* Under the lock; it is given up when there is a snapshot. */
static int take(struct ct *ct, struct work *w, struct err *e)
{
	bool had = ct->locked, still = false;
	int rc;

	if (!had && ct_lock(ct, e) < 0)
		return -e->code;
	rc = check(ct, e) < 0 || make_meta(ct, w, e) < 0 ? -e->code : 0;
	if (rc == 0) {
		still = stands_still(ct, w->b->mode);
		rc = still ? ct_still_begin(ct, w->b->mode, &w->still, e) : snap(ct, w, e);
	}
	w->locked = !had && still && rc == 0;
	if (!had && !w->locked)
		ct_unlock(ct);
	if (rc == 0)
		rc = ct_backup_tree(ct, still ? NULL : w->guid, &w->tree, e);
	return rc;
}

/* What cannot be put back now is put back by the next command. */
static void drop(struct ct *ct, struct work *w)
{
	struct err e = { 0 };
	bool had = ct->locked;

	auto_close_(&w->tree);
	if (ct_still_end(ct, &w->still, &e) < 0)
		ct_say(ct, -1, "Warning: %s; the next command on container %u tries again", e.text, ct->id);
	if (w->snapped && ((!had && ct_lock_wait(ct, LOCK_MS, &e) < 0) || ct_snapshot_delete(ct, w->guid, &e) < 0))
		ct_say(ct, -1, "Warning: %s; the next command on container %u drops the snapshot of this backup", e.text, ct->id);
	if (w->locked || (w->snapped && !had))
		ct_unlock(ct);
}

static int write_it(struct ct *ct, struct work *w, struct ct_backup_result *ret, struct err *e)
{
	const struct tmpl_backup job = {
		.tree = w->tree, .out = w->b->out >= 0 ? w->b->out : w->out, .ctid = ct->id, .owner = ct->conf.policy.owner,
		.before = w->before.n ? &w->before : NULL, .compare = w->before.n && !same_root(w), .before_name = ret->before,
		.exclude = w->b->exclude, .meta = &w->meta, .key = w->key, .key_len = (size_t)w->key_len,
		.level = w->b->level ? (int)w->b->level : LEVEL, .bytes_per_s = w->b->bytes_per_s, .tell = w->b->tell,
		.arg = w->b->arg,
	};
	struct bk_end end;

	if (tmpl_backup_write(&job, &ret->count, &end, e) < 0)
		return -e->code;
	return w->b->out < 0 ? publish(ct, w, &end, ret->name, e) : 0;
}

int ct_backup(struct ct *ct, const struct ct_backup *b, struct ct_backup_result *ret, struct err *e)
{
	auto_call(work_done) struct work w = { .b = b, .dir = -1, .out = -1, .tree = -1, .meta = { .cap = BK_META_MAX } };
	int rc;

	*ret = (struct ct_backup_result){ 0 };
	str_copy(ret->dir, sizeof(ret->dir), b->dumpdir ? b->dumpdir : ct->host->conf.dumpdir);
	if (open_dir(ct, &w, e) < 0 || find_before(ct, &w, ret, e) < 0)
		return -e->code;
	w.key_len = ct_backup_key(true, w.key, e);
	if (w.key_len < 0)
		return -e->code;
	rc = take(ct, &w, e);
	if (rc == 0)
		rc = write_it(ct, &w, ret, e);
	drop(ct, &w);
	return rc;
}
