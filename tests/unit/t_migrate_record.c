/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/migrate_record.c */
#include "vzctl/migrate.h"

#include "tests/unit/t_ct_box.h"

static void done(struct migrate *m)
{
	free(m->priv);
	free(m->root);
	*m = (struct migrate){ 0 };
}

TEST_ROOT(migrate_record_round_trip)
{
	struct migrate m = { .id = 101, .target = "root@h", .priv = strdup("/p/101"), .root = strdup("/r/101"), .was_running = true };
	enum migrate_stage stage;
	struct box b;

	box_init(&b, NULL);
	CHECK_OK(migrate_record_load(&m, &stage, &b.e), &b.e);
	CHECK_EQ(stage, MIG_STAGE_NONE);
	CHECK_OK(migrate_record_save(&m, MIG_STAGE_SWITCH, &b.e), &b.e);
	done(&m);
	m = (struct migrate){ .id = 101, .target = "root@h" };
	CHECK_OK(migrate_record_load(&m, &stage, &b.e), &b.e);
	CHECK_EQ(stage, MIG_STAGE_SWITCH);
	CHECK(m.was_running && !m.was_mounted);
	CHECK_STR(m.priv, "/p/101");
	CHECK_STR(m.root, "/r/101");
	done(&m);
	m = (struct migrate){ .id = 101, .target = "root@other" };
	CHECK(migrate_record_load(&m, &stage, &b.e) < 0);
	CHECK_STR(b.e.text, "a migration of CT 101 to root@h was cut off; finish that one first, or remove /var/lib/vz/migrate/101");
	err_clear(&b.e);
	box_put("/var/lib/vz/migrate/101", "TARGET=\"root@other\"\nSTAGE=\"walk\"\n");
	CHECK(migrate_record_load(&m, &stage, &b.e) < 0);
	err_clear(&b.e);
	box_put("/var/lib/vz/migrate/101", "TARGET=\"root@other\"\nSTAGE=\"copy\"\n");
	CHECK(migrate_record_load(&m, &stage, &b.e) < 0);
	err_clear(&b.e);
	CHECK_OK(migrate_record_drop(&m, &b.e), &b.e);
	CHECK_OK(migrate_record_drop(&m, &b.e), &b.e);
	done(&m);
	box_done(&b);
}

TEST_ROOT(migrate_conf_for_the_destination)
{
	struct migrate m = { .id = 101, .target = "root@h", .priv = (char *)"/data/101", .root = (char *)"/mnt/101" };
	char path[128];
	struct box b;

	box_init(&b, NULL);
	box_conf(101, "# kept\nONBOOT=\"yes\"\nVE_LAYOUT=\"overlay\"\nLOCAL_UID=\"275054592\"\nVE_PRIVATE=\"/vz/private/$VEID\"\nX=\"1\"\n");
	m.ct = box_open(&b, "101", 0);
	CHECK_OK(migrate_conf_file(&m, false, path, sizeof(path), &b.e), &b.e);
	CHECK(box_file_is(path, "# kept\nONBOOT=\"no\"\nVE_LAYOUT=\"simfs\"\nVE_PRIVATE=\"/data/101\"\nX=\"1\"\nVE_ROOT=\"/mnt/101\"\n"));
	CHECK_OK(ct_migrated(m.ct, true, &b.e), &b.e);
	CHECK_OK(migrate_conf_file(&m, true, path, sizeof(path), &b.e), &b.e);
	CHECK(box_file_is(path, "# kept\nONBOOT=\"yes\"\nVE_LAYOUT=\"simfs\"\nVE_PRIVATE=\"/data/101\"\nX=\"1\"\nVE_ROOT=\"/mnt/101\"\n"));
	ct_close(m.ct);
	box_done(&b);
}
