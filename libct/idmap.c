/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ranges of host ids, one per container, none shared. A slot is a symbolic link /var/lib/vz/uid/SLOT whose target is the
 * owner: symlink() fails when there is one, so taking a slot is a single atomic call. A destroyed container's slot stays
 * taken ("rm:PATH") until the tree at PATH is gone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fio.h"
#include "util/path.h"

#include "libct/files.h"

#define RETIRED "rm:"

int ct_idmap_dir(struct err *e)
{
	int fd = open(CT_UID_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		if (path_mkdir_host(CT_UID_DIR, 0755, e) < 0)
			return -e->code;
		fd = open(CT_UID_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? err_set(e, errno, "open " CT_UID_DIR) : fd;
}

int ct_slot_of(uint64_t base, unsigned *ret_slot)
{
	if (base < CT_UID_FIRST || base >= CT_UID_FIRST + (uint64_t)CT_UID_SLOTS * CT_UID_COUNT ||
	    (base - CT_UID_FIRST) % CT_UID_COUNT)
		return -EINVAL;
	*ret_slot = (unsigned)((base - CT_UID_FIRST) / CT_UID_COUNT);
	return 0;
}

static uint32_t slot_base(unsigned slot)
{
	return CT_UID_FIRST + slot * CT_UID_COUNT;
}

static void slot_name(unsigned slot, char name[16])
{
	str_fmt(name, 16, "%u", slot);
}

/* The target of a slot, "" when it is free. */
static void slot_owner(int dir, unsigned slot, char *dst, size_t size)
{
	char name[16];
	ssize_t n;

	slot_name(slot, name);
	n = readlinkat(dir, name, dst, size - 1);
	dst[n > 0 ? n : 0] = '\0';
}

static bool slot_is(int dir, unsigned slot, unsigned id)
{
	char owner[CT_PATH_MAX], ids[16];

	slot_owner(dir, slot, owner, sizeof(owner));
	str_fmt(ids, sizeof(ids), "%u", id);
	return !strcmp(owner, ids);
}

int ct_slot_reap(int dir, unsigned slot)
{
	char owner[CT_PATH_MAX], name[16];
	struct stat st;

	slot_owner(dir, slot, owner, sizeof(owner));
	if (!str_starts(owner, RETIRED))
		return -EBUSY;
	if (lstat(owner + strlen(RETIRED), &st) == 0 || errno != ENOENT)
		return -EBUSY;
	slot_name(slot, name);
	return unlinkat(dir, name, 0) == 0 || errno == ENOENT ? 0 : -errno;
}

/* 0 taken, -EEXIST another has it. */
static int slot_take(int dir, unsigned slot, unsigned id)
{
	char name[16], ids[16];

	slot_name(slot, name);
	str_fmt(ids, sizeof(ids), "%u", id);
	for (int tries = 0; tries < 2; tries++) {
		if (symlinkat(ids, dir, name) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
		if (slot_is(dir, slot, id))
			return 0;
		if (ct_slot_reap(dir, slot) < 0)
			break;
	}
	return -EEXIST;
}

int ct_slot_alloc(int dir, unsigned id, unsigned *ret_slot, struct err *e)
{
	for (unsigned i = 0; i < CT_UID_SLOTS; i++) {
		unsigned slot = (id + i) % CT_UID_SLOTS;
		int r = slot_take(dir, slot, id);

		if (r == 0) {
			*ret_slot = slot;
			return 0;
		}
		if (r != -EEXIST)
			return err_set(e, -r, "record the range of user ids " CT_UID_DIR "/%u", slot);
	}
	return err_say(e, EUSERS, "all %u ranges of user ids are taken", CT_UID_SLOTS);
}

int ct_slot_claim(int dir, unsigned slot, unsigned id, struct err *e)
{
	char owner[CT_PATH_MAX];
	int r = slot_take(dir, slot, id);

	if (r == 0)
		return 0;
	if (r != -EEXIST)
		return err_set(e, -r, "record the range of user ids " CT_UID_DIR "/%u", slot);
	slot_owner(dir, slot, owner, sizeof(owner));
	return err_say(e, EEXIST, "LOCAL_UID %u belongs to container %s: take the line out of " CT_CONF_DIR "/%u.conf to get "
		       "a range of its own", slot_base(slot), str_starts(owner, RETIRED) ? "that is being destroyed" : owner, id);
}

int ct_slot_free(int dir, unsigned slot, unsigned id, struct err *e)
{
	char name[16];

	slot_name(slot, name);
	if (!slot_is(dir, slot, id))
		return 0;
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "free the range of user ids " CT_UID_DIR "/%u", slot);
	return 0;
}

int ct_slot_retire(int dir, unsigned slot, unsigned id, const char *trash, struct err *e)
{
	char name[16], tmp[32], target[CT_PATH_MAX];

	if (!slot_is(dir, slot, id))
		return 0;
	slot_name(slot, name);
	str_fmt(tmp, sizeof(tmp), ".%u.tmp", slot);
	if (ct_path_fmt(target, sizeof(target), e, RETIRED "%s", trash) < 0)
		return -e->code;
	unlinkat(dir, tmp, 0);
	if (symlinkat(target, dir, tmp) < 0 || renameat(dir, tmp, dir, name) < 0)
		return err_set(e, errno, "retire the range of user ids " CT_UID_DIR "/%u", slot);
	return 0;
}

/* --- of a container --- */

static int invalid(struct err *e)
{
	return err_exit(e, VZ_INVALID_CONFIG);
}

int ct_idmap_alloc(struct ct *ct, uint32_t *ret_base, struct err *e)
{
	auto_close int dir = ct_idmap_dir(e);
	unsigned slot = 0;

	if (dir < 0 || ct_slot_alloc(dir, ct->id, &slot, e) < 0 || fio_fsync_dir(dir, e) < 0)
		return err_exit(e, VZ_RESOURCE_ERROR);
	*ret_base = slot_base(slot);
	return 0;
}

/* The slot that is recorded for @id: mostly the one its number leads to. */
static bool slot_find(int dir, unsigned id, unsigned *ret)
{
	auto_closedir DIR *d = NULL;
	struct dirent *de;
	uint64_t slot;

	*ret = id % CT_UID_SLOTS;
	if (slot_is(dir, *ret, id))
		return true;
	d = opendir(CT_UID_DIR);
	while (d && (de = readdir(d))) {
		if (num_u64(de->d_name, &slot) < 0 || slot >= CT_UID_SLOTS || !slot_is(dir, (unsigned)slot, id))
			continue;
		*ret = (unsigned)slot;
		return true;
	}
	return false;
}

/*
 * A container from elsewhere says nothing, or LOCAL_UID=100000, as all of them there did: it gets a range of its own, and its
 * file is left as it is. The record alone tells which.
 */
static int find_or_alloc(struct ct *ct, uint32_t *ret_base, struct err *e)
{
	auto_close int dir = ct_idmap_dir(e);
	unsigned slot;

	if (dir < 0)
		return -e->code;
	if (!slot_find(dir, ct->id, &slot))
		return ct_idmap_alloc(ct, ret_base, e);
	*ret_base = slot_base(slot);
	return 0;
}

bool ct_idmap_find(const struct ct *ct, uint32_t *ret_base)
{
	struct err ignored = { 0 };
	auto_close int dir = ct_idmap_dir(&ignored);
	unsigned slot;

	if (dir < 0 || ((!ct->conf.local_uid.set || ct_slot_of(ct->conf.local_uid.v, &slot) < 0 || !slot_is(dir, slot, ct->id)) &&
			!slot_find(dir, ct->id, &slot)))
		return false;
	*ret_base = slot_base(slot);
	return true;
}

int ct_idmap_get(struct ct *ct, uint32_t *ret_base, struct err *e)
{
	unsigned slot;

	if (!ct->conf.local_uid.set || ct_slot_of(ct->conf.local_uid.v, &slot) < 0)
		return find_or_alloc(ct, ret_base, e);
	auto_close int dir = ct_idmap_dir(e);
	if (dir < 0)
		return -e->code;
	if (!slot_is(dir, slot, ct->id) && (ct_slot_claim(dir, slot, ct->id, e) < 0 || fio_fsync_dir(dir, e) < 0))
		return invalid(e);
	*ret_base = slot_base(slot);
	return 0;
}

/* A slot that was taken by an interrupted create, or for a container from elsewhere, is in no file. */
static int free_taken(int dir, unsigned id, struct err *e)
{
	unsigned slot;

	return slot_find(dir, id, &slot) ? ct_slot_free(dir, slot, id, e) : 0;
}

int ct_idmap_free(struct ct *ct, struct err *e)
{
	auto_close int dir = ct_idmap_dir(e);
	unsigned slot;

	if (dir < 0 || free_taken(dir, ct->id, e) < 0)
		return -e->code;
	return ct_slot_of(ct->conf.local_uid.v, &slot) < 0 ? 0 : ct_slot_free(dir, slot, ct->id, e);
}

uint64_t ct_birth(const struct ct *ct)
{
	struct err none = { 0 };
	auto_close int dir = ct_idmap_dir(&none);
	uint32_t base = 0;
	struct stat st;
	unsigned slot;
	char name[16];

	if (dir < 0 || !ct_idmap_find(ct, &base) || ct_slot_of(base, &slot) < 0)
		return 0;
	slot_name(slot, name);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
}
