/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reinstall: what is refused, and that an interrupted one is cleaned up. The whole of it is in the integration tests. */
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

TEST_ROOT(reinstall_refuses)
{
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	box_conf(101, "VE_LAYOUT=\"dir\"\nOSTEMPLATE=\"gone\"\n");
	ct = box_open(&b, "101", 0);
	box_failed(&b, ct_reinstall(ct, NULL, &b.e), 43, "Container private area /run/box/private/101 does not exist");
	CHECK(mkdir(BOX "/private/101", 0700) == 0);
	box_failed(&b, ct_reinstall(ct, NULL, &b.e), 91,
		   "Cached OS template /run/box/template/cache/gone.tar[.gz|.bz2|.xz|.zst] not found");
	box_failed(&b, ct_reinstall(ct, "", &b.e), 29, "OS template is not specified");
	box_said(&b, "");
	CHECK(!box_is_there(CT_INTENT_DIR "/101") && !box_is_there(BOX "/private/101.tmp"));
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(reinstall_recovers)
{
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	box_conf(101, "VE_LAYOUT=\"dir\"\n");
	CHECK(mkdir(BOX "/private/101", 0700) == 0 && mkdir(BOX "/private/101.tmp", 0700) == 0);
	box_put(BOX "/private/101/new", "");
	box_put(BOX "/private/101.tmp/old", "");
	ct = box_open(&b, "101", 0);
	CHECK_OK(ct_intent_begin(ct, "reinstall", (const char *[]){ "TMP", BOX "/private/101.tmp", NULL }, &b.e), &b.e);
	CHECK_OK(ct_lock(ct, &b.e), &b.e);
	CHECK(!box_is_there(BOX "/private/101.tmp") && box_is_there(BOX "/private/101/new"));
	CHECK(!box_is_there(CT_INTENT_DIR "/101"));
	ct_close(ct);
	box_done(&b);
}
