/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/snapshot_conf.c: what is kept of a configuration, what comes back of it, and what stays the container's own. */
#include "tests/unit/t_ct_box.h"

#include "libct/snap.h"

#define G "aaaaaaaa-0000-4000-8000-000000000001"
#define AREA BOX "/private/101"
#define THEN "NAME=\"old\"\nPHYSPAGES=\"0:10000\"\nONBOOT=\"yes\"\nHOSTNAME=\"then\"\n"
#define NOW "NAME=\"new\"\nPHYSPAGES=\"0:20000\"\nVE_LAYOUT=\"overlay\"\n"

static struct ct *container(struct box *b, const char *conf)
{
	box_conf(101, conf);
	return box_open(b, "101", 0);
}

TEST_ROOT(snapshot_conf)
{
	struct box b;
	struct ct *ct;

	box_init(&b, "");
	CHECK(mkdir(AREA, 0755) == 0 && mkdir(AREA "/snap", 0700) == 0);
	auto_close int home = open(AREA "/snap", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ct = container(&b, THEN);
	CHECK_OK(ct_snap_conf_keep(ct, home, G, &b.e), &b.e);
	CHECK(box_file_is(AREA "/snap/" G ".conf", THEN));
	ct_close(ct);

	ct = container(&b, NOW);
	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	CHECK_OK(ct_snap_conf_restore(ct, G, &b.e), &b.e);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf",
			  "NAME=\"new\"\nPHYSPAGES=\"0:10000\"\nHOSTNAME=\"then\"\nVE_LAYOUT=\"overlay\"\n"));

	CHECK_OK(ct_snap_conf_drop(home, G, &b.e), &b.e);
	CHECK_OK(ct_snap_conf_drop(home, G, &b.e), &b.e);
	CHECK(!box_is_there(AREA "/snap/" G ".conf"));
	buf_reset(&b.said);
	CHECK_OK(ct_snap_conf_restore(ct, G, &b.e), &b.e);
	box_said(&b, "O Snapshot {" G "} has no configuration with it: that of the container stays as it is\n");
	ct_close(ct);
	box_done(&b);
}
