/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container that stands still for its backup. The record lets the next command thaw or start it when the backup was killed. */
#include <errno.h>

#include "libct/backup_still.h"
#include "libct/files.h"
#include "libct/pause.h"

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
	if (mode == CT_BACKUP_STOP) {
		ret->stopped = ct_pause_stop(ct, e) == 0;
		return ret->stopped ? 0 : -e->code;
	}
	if (ct_intent_begin(ct, "backup", (const char *const[]){ "WAS", "frozen", NULL }, e) < 0)
		return -e->code;
	ret->frozen = true;
	if (ct_freeze(ct, true, e) == 0)
		return 0;
	struct err ignored = { 0 };
	ct_still_end(ct, ret, &ignored);
	return -e->code;
}

static int thaw(struct ct *ct, struct err *e)
{
	return ct_is_running(ct, NULL) ? ct_freeze(ct, false, e) : 0;
}

int ct_still_end(struct ct *ct, struct ct_still *s, struct err *e)
{
	if (!s->frozen && !s->stopped)
		return 0;
	if ((s->frozen ? thaw(ct, e) : ct_pause_start(ct, e)) < 0)
		return err_add(e, "the container was %s for the backup", s->frozen ? "frozen" : "stopped");
	return s->frozen ? ct_intent_end(ct, e) : 0;
}

/* Records of stopped ones were made before there was pause.c. */
int ct_backup_recover(struct ct *ct, const struct kv *kv, struct err *e)
{
	if (ct_store_load(ct, e) < 0)
		return -e->code;
	return str_eq(kv_get(kv, "WAS"), "frozen") ? thaw(ct, e) : ct_pause_start(ct, e);
}
