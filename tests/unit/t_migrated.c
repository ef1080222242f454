/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/migrated.c: away and back, with the name; each is idempotent and never takes another container's file. */
#include "tests/unit/t_ct_box.h"

TEST_ROOT(migrated_away_and_back)
{
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	box_conf(101, "NAME=\"web\"\nVE_LAYOUT=\"simfs\"\n");
	ct = box_open(&b, "101", 0);
	CHECK_OK(ct_name_claim(ct, "web", NULL, &b.e), &b.e);
	CHECK_OK(ct_migrated(ct, true, &b.e), &b.e);
	CHECK_OK(ct_migrated(ct, true, &b.e), &b.e);
	CHECK(!box_is_there(CT_CONF_DIR "/101.conf") && !box_is_there(CT_NAMES_DIR "/web"));
	CHECK(box_file_is(CT_CONF_DIR "/101.conf.migrated", "NAME=\"web\"\nVE_LAYOUT=\"simfs\"\n"));
	ct_close(ct);

	ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	CHECK(!ct_has_conf(ct));
	CHECK_OK(ct_migrated_load(ct, &b.e), &b.e);
	CHECK(ct_has_conf(ct));
	CHECK_STR(ct_conf(ct)->name, "web");
	CHECK_OK(ct_migrated(ct, false, &b.e), &b.e);
	CHECK_OK(ct_migrated(ct, false, &b.e), &b.e);
	CHECK(box_is_there(CT_CONF_DIR "/101.conf") && box_is_there(CT_NAMES_DIR "/web"));
	CHECK(!box_is_there(CT_CONF_DIR "/101.conf.migrated"));

	CHECK_OK(ct_migrated(ct, true, &b.e), &b.e);
	box_conf(101, "ONBOOT=\"no\"\n");		/* a new one has the number */
	CHECK(ct_migrated(ct, false, &b.e) < 0);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", "ONBOOT=\"no\"\n"));
	err_clear(&b.e);
	ct_close(ct);
	box_done(&b);
}
