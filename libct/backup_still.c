/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container that stands still for its backup. The record lets the next command thaw or start it when the backup was killed. */
#include <errno.h>

#include "libct/backup_still.h"
#include "libct/files.h"

int ct_still_begin(struct ct *ct, enum ct_backup_mode mode, struct ct_still *ret, struct err *e)
{
	struct ct_info info;

	if (ct_info(ct, CT_WANT_FROZEN, &info, e) < 0)
		return -e->code;
	if (info.run != CT_RUNNING)
		return 0;
	if (mode == CT_BACKUP_SNAPSHOT)
		return err_say(e, ENOTSUP, "Containers of layout %s have no snapshots: give --suspend, and it is frozen "
				"while its files are "
			       "read, or --stop; or 'vzctl convert %u --layout overlay' once", ct->conf.layout, ct->id);
	if (mode == CT_BACKUP_SUSPEND && info.frozen)
		return 0;
	const char *const pairs[] = { "WAS", mode == CT_BACKUP_STOP ? "stopped" : "frozen", NULL };
	if (ct_intent_begin(ct, "backup", pairs, e) < 0)
		return -e->code;
	ret->stopped = mode == CT_BACKUP_STOP;
	ret->frozen = !ret->stopped;
	if ((ret->frozen ? ct_freeze(ct, true, e) : ct_stop(ct, 0, e)) == 0)
		return 0;
	struct err ignored = { 0 };
	ct_still_end(ct, ret, &ignored);
	return -e->code;
}

static int again(struct ct *ct, bool frozen, struct err *e)
{
	if (frozen)
		return ct_is_running(ct, NULL) ? ct_freeze(ct, false, e) : 0;
	return ct_is_running(ct, NULL) ? 0 : ct_start(ct, 0, e);
}

int ct_still_end(struct ct *ct, struct ct_still *s, struct err *e)
{
	if (!s->frozen && !s->stopped)
		return 0;
	if (again(ct, s->frozen, e) < 0)
		return err_add(e, "the container was %s for the backup", s->frozen ? "frozen" : "stopped");
	return ct_intent_end(ct, e);
}

int ct_backup_recover(struct ct *ct, const struct kv *kv, struct err *e)
{
	if (ct_store_load(ct, e) < 0)
		return -e->code;
	return again(ct, str_eq(kv_get(kv, "WAS"), "frozen"), e);
}
