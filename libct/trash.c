/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Destroyed areas wait in vztmp on their own file system, so that destroy is one rename, and are removed in the
 * background. Who removes one holds flock() on it: what is unlocked was left by a dead remover and is swept by the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/detach.h"
#include "util/path.h"

#include "libct/files.h"

#define TRASH_PREFIX "vzctl-rm-me."
#define TRASH_DIR "vztmp"

static bool same_fs(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev;
}

/* /vz/private/101: /vz/vztmp. A parent that is the top of its file system keeps the trash inside, hidden. */
static char *trash_dir(const struct ct_area *a, struct err *e)
{
	auto_free char *up = NULL, *name = NULL;
	auto_buf struct buf b = { .cap = CT_PATH_MAX };

	if (strcmp(a->parent, "/") != 0 && ct_path_split(a->parent, &up, &name, e) < 0)
		return NULL;
	if (up && same_fs(up, a->parent))
		buf_addf(&b, "%s/" TRASH_DIR, strcmp(up, "/") ? up : "");
	else
		buf_addf(&b, "%s/." TRASH_DIR, strcmp(a->parent, "/") ? a->parent : "");
	return buf_take(&b);
}

int ct_trash_plan(const struct ct_area *a, char **ret_trash, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	auto_free char *dir = trash_dir(a, e);
	auto_buf struct buf b = { .cap = CT_PATH_MAX };
	unsigned char r[6];

	if (!dir)
		return e->code ? -e->code : err_set(e, ENOMEM, "%s", a->path);
	if (path_mkdir_host(dir, 0700, e) < 0)
		return -e->code;
	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		return err_set(e, errno, "random name");
	buf_addf(&b, "%s/" TRASH_PREFIX, dir);
	for (size_t i = 0; i < sizeof(r); i++)
		buf_addc(&b, letters[r[i] % (sizeof(letters) - 1)]);
	*ret_trash = buf_take(&b);
	return *ret_trash ? 0 : err_set(e, ENOMEM, "%s", a->path);
}

int ct_trash_move(const struct ct_area *a, const char *trash, struct err *e)
{
	auto_close int parent = ct_area_parent(a, false, e);

	if (parent < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	if (renameat2(parent, a->name, AT_FDCWD, trash, RENAME_NOREPLACE) == 0 || errno == ENOENT)
		return 0;
	if (errno == EXDEV)		/* a file system of its own after all */
		return quota_area_remove(parent, a->name, e);
	return err_set(e, errno, "move %s to %s", a->path, trash);
}

/* Opens @name below @dir for its removal; -1 when another remover is at it. */
static int own_trash(int dir, const char *name)
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -1;
	return take_fd(&fd);
}

static void remove_one(int dir, const char *name)
{
	auto_close int own = own_trash(dir, name);
	struct err ignored = { 0 };

	if (own >= 0)
		quota_area_remove(dir, name, &ignored);
}

static void reap_slots(const unsigned *slots, size_t n)
{
	struct err ignored = { 0 };
	auto_close int dir = ct_idmap_dir(&ignored);

	for (size_t i = 0; dir >= 0 && i < n; i++)
		ct_slot_reap(dir, slots[i]);
}

static DIR *list_dir(int dir)
{
	auto_close int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (d)
		take_fd(&fd);
	return d;
}

/* Slots that waited for trash which somebody else has removed by now. */
static void reap_all_slots(void)
{
	struct err ignored = { 0 };
	auto_close int dir = ct_idmap_dir(&ignored);
	auto_closedir DIR *d = dir >= 0 ? list_dir(dir) : NULL;
	struct dirent *de;

	while (d && (de = readdir(d))) {
		uint64_t slot;

		if (num_u64(de->d_name, &slot) == 0 && slot < CT_UID_SLOTS)
			ct_slot_reap(dir, (unsigned)slot);
	}
}

/* What dead removers left. */
static void sweep(int dir)
{
	auto_closedir DIR *d = list_dir(dir);
	bool found = false;
	struct dirent *de;

	while (d && (de = readdir(d))) {
		if (!str_starts(de->d_name, TRASH_PREFIX))
			continue;
		remove_one(dir, de->d_name);
		found = true;
	}
	if (found)
		reap_all_slots();
}

struct rubbish { const char *name; const unsigned *slots; size_t n; };

static void remover(int dir, void *arg)
{
	const struct rubbish *r = arg;

	remove_one(dir, r->name);
	reap_slots(r->slots, r->n);
	sweep(dir);
}

int ct_trash_empty(const char *trash, const unsigned *slots, size_t n, struct err *e)
{
	auto_free char *parent = NULL, *name = NULL;
	struct quota_caps caps = { 0 };
	struct err ignored = { 0 };

	if (ct_path_split(trash, &parent, &name, e) < 0)
		return -e->code;
	auto_close int dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "open %s", parent);
	if (quota_probe(dir, &caps, &ignored) < 0 || strcmp(caps.backend, "btrfs") != 0)
		return detach_run(dir, remover, &(struct rubbish){ name, slots, n }, e);
	if (quota_area_remove(dir, name, e) < 0)		/* a subvolume: at once */
		return -e->code;
	reap_slots(slots, n);
	sweep(dir);
	return 0;
}
