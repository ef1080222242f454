/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quotaon, quotaoff, quotainit: statuses and words. That limits bite is seen by the integration tests. */
#include "tests/unit/t_ct_box.h"

static void run(struct box *b, enum ct_quota_op op, int exit, const char *text, const char *said)
{
	struct ct *ct = box_open(b, "101", 0);

	CHECK_OK(ct_lock(ct, &b->e), &b->e);
	buf_reset(&b->said);
	if (exit)
		box_failed(b, ct_quota(ct, op, &b->e), exit, text);
	else
		CHECK_OK(ct_quota(ct, op, &b->e), &b->e);
	box_said(b, said);
	ct_close(ct);
}

TEST_ROOT(quota_verb_words)
{
	static const char off[] = "O Disk quota is not enabled, skipping operation\n";
	struct box b;

	box_init(&b, NULL);
	box_conf(101, "DISK_QUOTA=\"no\"\n");
	run(&b, CT_QUOTA_ON, 43, "Container private area /run/box/private/101 does not exist", "");
	CHECK(mkdir(BOX "/private/101", 0700) == 0);
	run(&b, CT_QUOTA_ON, 60, "", off);
	run(&b, CT_QUOTA_OFF, 66, "", off);
	run(&b, CT_QUOTA_INIT, 61, "", off);
	box_conf(101, "");
	run(&b, CT_QUOTA_ON, 0, NULL, "");
	run(&b, CT_QUOTA_INIT, 0, NULL, "");
	run(&b, CT_QUOTA_OFF, 0, NULL, "");
	box_conf(101, "DISKSPACE=\"1000\"\n");		/* a tmpfs has no limits: refused, never ignored */
	run(&b, CT_QUOTA_ON, 60, NULL, "");
	run(&b, CT_QUOTA_OFF, 0, NULL, "");
	box_done(&b);
}

TEST_ROOT(quota_verb_start)
{
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	CHECK(mkdir(BOX "/private/101", 0700) == 0);
	box_conf(101, "DISKSPACE=\"1000\"\n");
	auto_close int area = open(BOX "/private/101", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ct = box_open(&b, "101", 0);
	CHECK(ct_quota_start(ct, area, &b.e) < 0);
	CHECK(str_starts(b.e.text, "Disk limits of /run/box/private/101 cannot be enforced ('vzctl set 101 --diskspace unlimited "
			 "--diskinodes unlimited --save' lifts them): "));
	box_failed(&b, -1, 60, NULL);
	ct_close(ct);
	/* a tree from another host runs, with a warning; one that was made here does not */
	box_conf(101, "DISKSPACE=\"1000\"\nVE_LAYOUT=\"simfs\"\nLOCAL_UID=\"100000\"\n");
	ct = box_open(&b, "101", 0);
	buf_reset(&b.said);
	CHECK_OK(ct_quota_start(ct, area, &b.e), &b.e);
	CHECK(str_starts(buf_str(&b.said), "E Warning: disk limits of /run/box/private/101 are not enforced: "));
	ct_close(ct);
	box_conf(101, "DISKSPACE=\"1000\"\nVE_LAYOUT=\"simfs\"\nLOCAL_UID=\"275054592\"\n");
	ct = box_open(&b, "101", 0);
	box_failed(&b, ct_quota_start(ct, area, &b.e), 60, NULL);
	ct_close(ct);
	box_conf(101, "");
	ct = box_open(&b, "101", 0);
	CHECK_OK(ct_quota_start(ct, area, &b.e), &b.e);
	ct_close(ct);
	box_done(&b);
}
