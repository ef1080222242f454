/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The word about a container that is stopped for a moment. What it makes the next command do is in crash_backup.sh. */
#include "libct/backup.h"
#include "libct/pause.h"
#include "tests/unit/t_ct_box.h"
#include "util/path.h"

#define MARK CT_INTENT_DIR "/101.restart"

TEST_ROOT(pause_mark)
{
	auto_close int lock = -1;
	struct box b;

	box_init(&b, NULL);
	struct ct *ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	CHECK(!ct_restart_due(101));
	CHECK_OK(path_mkdir_host(CT_INTENT_DIR, 0700, &b.e), &b.e);
	box_put(MARK, "");
	CHECK(ct_restart_due(101) && !ct_restart_due(102));
	CHECK_OK(ct_lock_flock(101, 0, &lock, &b.e), &b.e);
	CHECK(!ct_restart_due(101));	/* whoever stopped it is at work */
	auto_close_(&lock);
	lock = -1;
	ct_pause_recover(ct);		/* no such container any more */
	CHECK(!box_is_there(MARK));
	box_put(MARK, "");
	ct_pause_forget(101);
	CHECK(!ct_restart_due(101));
	ct_close(ct);
	ct_host_close(b.host);
}
