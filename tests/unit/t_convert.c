/* SPDX-License-Identifier: GPL-2.0-or-later */
/* convert: what is refused, and how an interrupted one goes on. The whole of it is in the integration tests. */
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

static const char *const record[] = {
	"PRIVATE", BOX "/private/101", "TMP", "101.tmp", "KEEP", "101.ploop", "LAYOUT", "dir", NULL,
};

static struct ct *on_ploop(struct box *b, const char *conf)
{
	box_init(b, "DISK_QUOTA=\"no\"\n");
	box_conf(101, conf);
	return box_open(b, "101", 0);
}

static void disk(void)
{
	CHECK(mkdir(BOX "/private/101", 0700) == 0 && mkdir(BOX "/private/101/root.hdd", 0700) == 0);
	box_put(BOX "/private/101/root.hdd/DiskDescriptor.xml", "<a/>");
}

TEST_ROOT(convert_refuses)
{
	struct box b;
	struct ct *ct = on_ploop(&b, "VE_LAYOUT=\"ploop\"\n");

	box_failed(&b, ct_convert(ct, "tape", false, NULL, NULL, &b.e), 155, "unknown layout tape: use overlay, dir, btrfs or image");
	box_failed(&b, ct_convert(ct, "dir", false, NULL, NULL, &b.e), 43, "Container private area /run/box/private/101 does not exist");
	CHECK(mkdir(BOX "/private/101", 0700) == 0);
	box_failed(&b, ct_convert(ct, "dir", false, NULL, NULL, &b.e), 155, "/run/box/private/101/root.hdd: No such file or directory");
	CHECK(symlink("/etc", BOX "/private/101/root.hdd") == 0);
	box_failed(&b, ct_convert(ct, "dir", false, NULL, NULL, &b.e), 155,
		   "/run/box/private/101/root.hdd is no ploop disk: no directory with a DiskDescriptor.xml");
	CHECK(mkdir(BOX "/private/101.ploop", 0700) == 0);
	box_failed(&b, ct_convert(ct, "dir", false, NULL, NULL, &b.e), 155,
		   "/run/box/private/101.ploop is there from another conversion: the old files would be kept under that name; move it away");
	CHECK(!box_is_there(CT_INTENT_DIR "/101") && !box_is_there(BOX "/private/101.tmp"));
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(convert_not_to_the_same)
{
	struct box b;
	struct ct *ct = on_ploop(&b, "VE_LAYOUT=\"dir\"\n");

	disk();		/* of the guest's making */
	CHECK(!ct_is_ploop(ct));
	box_failed(&b, ct_convert(ct, "dir", false, NULL, NULL, &b.e), 155, "CT 101 has the layout dir already");
	box_failed(&b, ct_convert(ct, "simfs", false, NULL, NULL, &b.e), 155, "CT 101 has the layout dir already");
	ct_close(ct);
	box_done(&b);
}

/* OpenVZ writes no VE_LAYOUT: what lies there says it. */
TEST_ROOT(convert_knows_ploop)
{
	struct box b;
	struct ct *ct = on_ploop(&b, "ONBOOT=\"no\"\n");
	struct ct_rootfs r;

	CHECK(!ct_is_ploop(ct));
	disk();
	CHECK(ct_is_ploop(ct));
	box_failed(&b, ct_rootfs_open(ct, &r, &b.e), 53,
		   "The root of CT 101 is a ploop image: 'vzctl convert 101 --layout overlay' makes files of it");
	box_put(BOX "/private/101/layers", "x\n");
	CHECK_EQ(mkdir(BOX "/private/101/upper", 0700), 0);
	CHECK(!ct_is_ploop(ct));
	ct_close(ct);
	box_done(&b);
}

static void recover(struct box *b, struct ct *ct, bool committed)
{
	CHECK_OK(ct_intent_begin(ct, "convert", record, &b->e), &b->e);
	if (committed)
		CHECK_OK(ct_intent_commit(ct, &b->e), &b->e);
	CHECK_OK(ct_lock(ct, &b->e), &b->e);
	CHECK(!box_is_there(CT_INTENT_DIR "/101") && !box_is_there(BOX "/private/101.tmp"));
}

TEST_ROOT(convert_rolls_back)
{
	struct box b;
	struct ct *ct = on_ploop(&b, "VE_LAYOUT=\"ploop\"\n");

	disk();
	CHECK(mkdir(BOX "/private/101.tmp", 0700) == 0);
	box_put(BOX "/private/101.tmp/half", "");
	recover(&b, ct, false);
	CHECK(box_is_there(BOX "/private/101/root.hdd/DiskDescriptor.xml") && !box_is_there(BOX "/private/101.ploop"));
	CHECK_STR(ct_conf(ct)->layout, "ploop");
	ct_close(ct);
	box_done(&b);
}

/* Killed after the commit: with no, one and both renames done. */
TEST_ROOT(convert_rolls_forward)
{
	for (int renames = 0; renames <= 2; renames++) {
		struct box b;
		struct ct *ct = on_ploop(&b, "VE_LAYOUT=\"ploop\"\n");

		disk();
		CHECK(mkdir(BOX "/private/101.tmp", 0700) == 0);
		box_put(BOX "/private/101.tmp/whole", "");
		CHECK(renames < 1 || rename(BOX "/private/101", BOX "/private/101.ploop") == 0);
		CHECK(renames < 2 || rename(BOX "/private/101.tmp", BOX "/private/101") == 0);
		recover(&b, ct, true);
		CHECK(box_is_there(BOX "/private/101/whole") && box_is_there(BOX "/private/101.ploop/root.hdd/DiskDescriptor.xml"));
		CHECK_STR(ct_conf(ct)->layout, "dir");
		ct_close(ct);
		box_done(&b);
	}
}
