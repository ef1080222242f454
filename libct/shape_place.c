/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/shape_place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libct/files.h"
#include "libct/record.h"
#include "util/lock.h"
#include "util/path.h"

#define RECORD "shape"			/* the place it has, and those it is about to leave */
#define SLOTS CT_RUN_DIR "/shape"	/* NUMBER, with rates by class cNUMBER, in the shared tree sNUMBER -> CTID */
#define LOCK "rates"			/* in CT_LOCK_DIR: who takes or leaves a place, and makes or removes its devices */
#define LOCK_MS 30000

static int places_dir(int *lock, struct err *e)
{
	auto_close int locks = open(CT_LOCK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (locks < 0)
		return err_set(e, errno, "open " CT_LOCK_DIR);
	if (lock_take(locks, LOCK, LOCK_MS, lock, e) < 0)
		return err_add(e, "rates");
	if (mkdir(SLOTS, 0755) < 0 && errno != EEXIST)
		return err_set(e, errno, "make " SLOTS);
	fd = open(SLOTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open " SLOTS) : fd;
}

static const char *const kinds[] = { [NET_PLACE_PLAIN] = "", [NET_PLACE_CLASSES] = "c", [NET_PLACE_SHARED] = "s" };
_Static_assert(ARRAY_SIZE(kinds) == NET_PLACE_KIND_N, "name every kind");

static void place_name(const struct net_place *p, char dst[16])
{
	str_fmt(dst, 16, "%s%u", kinds[p->kind], p->slot);
}

static bool place_parse(const char *s, struct net_place *p)
{
	uint64_t v;

	*p = (struct net_place){ .kind = *s == 's' ? NET_PLACE_SHARED : *s == 'c' ? NET_PLACE_CLASSES : NET_PLACE_PLAIN };
	if (num_u64(s + strlen(kinds[p->kind]), &v) < 0 || v >= NET_SHAPE_SLOTS)
		return false;
	p->slot = (unsigned)v;
	return true;
}

static bool place_is(int dir, const char *name, const char *ids)
{
	char owner[32];
	ssize_t n = readlinkat(dir, name, owner, sizeof(owner) - 1);

	owner[n > 0 ? n : 0] = '\0';
	return str_eq(owner, ids);
}

bool ct_place_recorded(const struct ct *ct, struct net_place *p)
{
	auto_list struct str_list l = { 0 };
	struct err ignored = { 0 };

	return ct_record_load(ct, RECORD, &l, &ignored) == 0 && l.n && place_parse(l.v[0], p);
}

/* Also one whose leaving was interrupted. */
static bool place_mine(const struct ct *ct, int dir, const char *name)
{
	return symlinkat(ct->ids, dir, name) == 0 || (errno == EEXIST && place_is(dir, name, ct->ids));
}

/*
 * Those of a tree are taken without gaps, because the classes of neighbours are made together. Below which there is hardly a free
 * one stands in the lock's file: a word for each kind, which only says where to look first.
 */
static unsigned place_hint(int lock, enum net_place_kind kind)
{
	uint32_t at = 0;

	return pread(lock, &at, sizeof(at), (off_t)kind * (off_t)sizeof(at)) == sizeof(at) ? at % NET_SHAPE_SLOTS : 0;
}

static void place_hint_set(int lock, enum net_place_kind kind, uint32_t at)
{
	if (pwrite(lock, &at, sizeof(at), (off_t)kind * (off_t)sizeof(at)) < 0)
		return;		/* then somebody looks for longer */
}

static int place_find(const struct ct *ct, int dir, int lock, struct net_place *p, struct err *e)
{
	unsigned first = p->kind == NET_PLACE_PLAIN ? ct->id : place_hint(lock, p->kind);
	struct stat st;
	char name[16];

	for (unsigned i = 0; i < NET_SHAPE_SLOTS; i++) {
		p->slot = (first + i) % NET_SHAPE_SLOTS;
		place_name(p, name);
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || place_is(dir, name, ct->ids))
			return 0;
	}
	return err_say(e, EUSERS, "all %u places for containers with rates are taken", NET_SHAPE_SLOTS);
}

int ct_place_get(const struct ct *ct, struct net *n, struct net_place *p, struct err *e)
{
	auto_list struct str_list l = { 0 }, all = { 0 };
	auto_close int lock = -1, dir = places_dir(&lock, e);
	struct net_place had;
	char name[16];

	if (dir < 0 || ct_record_load(ct, RECORD, &l, e) < 0)
		return -e->code;
	if (l.n && place_parse(l.v[0], &had) && had.kind == p->kind && place_mine(ct, dir, l.v[0])) {
		p->slot = had.slot;
		return net_shape_devices(n, p, e);
	}
	if (place_find(ct, dir, lock, p, e) < 0)
		return -e->code;
	place_name(p, name);
	if (str_list_add(&all, name, e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n; i++)
		if (!str_eq(l.v[i], name) && str_list_add(&all, l.v[i], e) < 0)
			return -e->code;
	if (ct_record_save(ct, RECORD, &all, e) < 0)	/* before it is taken: who is killed between leaves nothing of nobody's */
		return -e->code;
	if (!place_mine(ct, dir, name))
		return err_set(e, errno, "take " SLOTS "/%s", name);
	place_hint_set(lock, p->kind, p->slot + 1);
	return net_shape_devices(n, p, e);
}

/* Has anybody else a place on the devices of @p? */
static bool place_alone(int dir, const struct net_place *p)
{
	bool shared = p->kind == NET_PLACE_SHARED;
	unsigned first = shared ? 0 : p->slot - p->slot % NET_SHAPE_SHARD;
	unsigned end = shared ? NET_SHAPE_SLOTS : first + NET_SHAPE_SHARD;
	struct net_place other = *p;
	struct stat st;
	char name[16];

	for (other.slot = first; other.slot < end; other.slot++) {
		place_name(&other, name);
		if (other.slot != p->slot && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return false;
	}
	return true;
}

/* The devices go before the place does: whoever is killed between them is not done. */
static int place_leave(const struct ct *ct, struct net *n, const char *name, struct err *e)
{
	auto_close int lock = -1, dir = -1;
	struct net_place p;

	if (!place_parse(name, &p))
		return 0;
	dir = places_dir(&lock, e);
	if (dir < 0)
		return dir;
	if (!place_mine(ct, dir, name))
		return 0;
	if (net_shape_clear(n, &p, e) < 0)
		return -e->code;
	if (place_alone(dir, &p) && net_shape_devices_gone(n, &p, e) < 0)
		return -e->code;
	if (unlinkat(dir, name, 0) < 0)
		return err_set(e, errno, "remove " SLOTS "/%s", name);
	place_hint_set(lock, p.kind, MIN(p.slot, place_hint(lock, p.kind)));
	return 0;
}

int ct_place_settle(struct ct *ct, struct net *n, size_t keep, struct err *e)
{
	auto_list struct str_list l = { 0 }, rest = { 0 };

	if (ct_record_load(ct, RECORD, &l, e) < 0)
		return -e->code;
	if (l.n <= keep)
		return 0;
	for (size_t i = keep; i < l.n; i++)
		if (place_leave(ct, n, l.v[i], e) < 0)
			return -e->code;
	for (size_t i = 0; i < keep; i++)
		if (str_list_add(&rest, l.v[i], e) < 0)
			return -e->code;
	return ct_record_save(ct, RECORD, &rest, e);
}
