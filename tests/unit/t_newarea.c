/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Templates of create and reinstall: statuses and words. */
#include "tests/unit/t_ct_box.h"

TEST_ROOT(newarea_template)
{
	struct box b;
	struct ct *ct;
	struct tmpl t;

	box_init(&b, NULL);
	ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	box_failed(&b, ct_template_find(ct, NULL, &t, &b.e), 29, "OS template is not specified");
	box_failed(&b, ct_template_find(ct, "none", &t, &b.e), 91,
		   "Cached OS template /run/box/template/cache/none.tar[.gz|.bz2|.xz|.zst] not found");
	box_failed(&b, ct_template_find(ct, "/run/none.tar", &t, &b.e), 91, "OS template /run/none.tar not found");
	box_put(BOX "/template/cache/here.tar.gz", "");
	CHECK_OK(ct_template_find(ct, "here", &t, &b.e), &b.e);
	CHECK_STR(t.archive, "/run/box/template/cache/here.tar.gz");
	ct_close(ct);
	box_done(&b);
}

TEST(newarea_status)
{
	struct err e = { 0 };

	err_say(&e, ENOSPC, "x");
	ct_area_error(&e);
	CHECK_EQ(e.exit, 46);
	e = (struct err){ 0 };
	err_say(&e, EIO, "x");
	ct_area_error(&e);
	CHECK_EQ(e.exit, 48);
}
