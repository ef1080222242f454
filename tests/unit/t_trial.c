/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/trial.c: what dead trials left is removed, what only looks like it is not, and a trial that cannot begin leaves nothing. */
#include <sys/file.h>
#include <unistd.h>

#include "libct/trial.h"
#include "templates/tmpl.h"
#include "util/path.h"
#include "tests/unit/t_ct_box.h"

#define TRIAL "/var/lib/vz/trial"
#define ID "2147483500"

TEST_ROOT(sweep_knows_its_own)
{
	struct box b;
	int held;

	box_init(&b, NULL);
	CHECK(!ct_trial_left());
	CHECK_OK(path_mkdir_host(TRIAL, 0700, &b.e), &b.e);
	CHECK(!ct_trial_left());
	box_put(TRIAL "/" ID, "");
	CHECK(ct_trial_left());
	box_put("/etc/vz/conf/" ID ".conf", "DESCRIPTION=\"mine\"\n");	/* somebody's own, with that id */
	held = open(TRIAL "/" ID, O_RDONLY | O_CLOEXEC);
	CHECK(held >= 0 && flock(held, LOCK_EX) == 0);
	ct_trial_sweep(b.host, NULL);
	CHECK(box_is_there(TRIAL "/" ID));			/* its maker lives */
	close(held);
	ct_trial_sweep(b.host, NULL);
	CHECK(!box_is_there(TRIAL "/" ID) && !box_is_there(TRIAL));
	CHECK(box_is_there("/etc/vz/conf/" ID ".conf"));
	box_done(&b);
}

TEST_ROOT(nothing_is_left)
{
	struct str_list none = { 0 };
	struct box b;

	box_init(&b, NULL);
	CHECK(ct_trial(b.host, "/nowhere/x.tar", &none, NULL, &b.e) < 0);
	CHECK(!ct_trial_left());
	CHECK(!box_is_there("/etc/vz/conf/" ID ".conf"));
	box_done(&b);
}
