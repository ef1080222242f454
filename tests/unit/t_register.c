/* SPDX-License-Identifier: GPL-2.0-or-later */
/* register and unregister: what becomes a container, with which configuration, and what is refused. */
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

#define DIRS "DISK_QUOTA=\"no\"\nCONFIGFILE=\"s\"\n"
#define DONE "O CT configuration saved to /etc/vz/conf/101.conf\nO Container was successfully registered\n"

static struct ct *open_101(struct box *b)
{
	struct ct *ct = box_open(b, "101", CT_NO_CONFIG_OK);

	CHECK_OK(ct_lock(ct, &b->e), &b->e);
	buf_reset(&b->said);
	return ct;
}

static void init(struct box *b)
{
	box_init(b, DIRS);
	box_put(CT_CONF_DIR "/ve-s.conf-sample", "ONBOOT=\"no\"\n");
	CHECK(mkdir(CT_NAMES_DIR, 0755) == 0);
}

TEST_ROOT(register_overlay)
{
	struct box b;
	struct ct *ct;
	unsigned id;

	init(&b);
	CHECK(mkdir(BOX "/private/101", 0700) == 0 && mkdir(BOX "/private/101/upper", 0755) == 0);
	box_put(BOX "/private/101/layers", "abc\n");
	box_put(BOX "/private/101/ve.conf", "# kept\nNAME=\"web\"\nLOCAL_UID=\"100000\"\nVE_PRIVATE=\"/old/$VEID\"\nX=\"1\"\n");
	ct = open_101(&b);
	CHECK_OK(ct_register(ct, BOX "/private/101/", &b.e), &b.e);
	box_said(&b, DONE);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", "# kept\nNAME=\"web\"\nVE_PRIVATE=\"/run/box/private/$VEID\"\nX=\"1\"\n"
			  "VE_LAYOUT=\"overlay\"\nVE_ROOT=\"/run/box/root/$VEID\"\n"));
	CHECK(ct_name_lookup("web", &id) == 0 && id == 101);
	box_failed(&b, ct_register(ct, BOX "/private/101", &b.e), 140, "Container 101 is registered already");
	buf_reset(&b.said);
	CHECK_OK(ct_unregister(ct, &b.e), &b.e);
	box_said(&b, "O Container was successfully unregistered\n");
	CHECK(!box_is_there(CT_CONF_DIR "/101.conf") && ct_name_lookup("web", &id) < 0);
	CHECK(box_is_there(BOX "/private/101/layers"));
	ct_close(ct);
	box_done(&b);
}

/* A plain tree, as OpenVZ 6 has them: the default sample; its own ve.conf is the guest's, and not read. */
TEST_ROOT(register_tree)
{
	struct box b;
	struct ct *ct;

	init(&b);
	CHECK(mkdir(BOX "/private/7", 0755) == 0 && mkdir(BOX "/private/7/etc", 0755) == 0);
	box_put(BOX "/private/7/ve.conf", "CAPABILITY=\"sys_module:on\"\n");
	ct = open_101(&b);
	CHECK_OK(ct_register(ct, BOX "/private/7", &b.e), &b.e);
	box_said(&b, "O The private area holds no configuration: taking the sample s\n" DONE);
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", "ONBOOT=\"no\"\nVE_PRIVATE=\"/run/box/private/7\"\nVE_LAYOUT=\"dir\"\n"
			  "VE_ROOT=\"/run/box/root/$VEID\"\n"));
	ct_close(ct);
	struct ct *other = box_open(&b, "102", CT_NO_CONFIG_OK);
	box_failed(&b, ct_register(other, BOX "/private/7", &b.e), 140, "/run/box/private/7 is the private area of container 101");
	ct_close(other);
	box_done(&b);
}

TEST_ROOT(register_refuses)
{
	struct box b;
	struct ct *ct;

	init(&b);
	ct = open_101(&b);
	box_failed(&b, ct_register(ct, "relative", &b.e), 21, "'relative' is not an absolute path without '..'");
	box_failed(&b, ct_register(ct, "/a/../b", &b.e), 21, "'/a/../b' is not an absolute path without '..'");
	box_failed(&b, ct_register(ct, BOX "/private/9", &b.e), 43, "private area /run/box/private/9: No such file or directory");
	CHECK(mkdir(BOX "/private/9", 0755) == 0);
	box_failed(&b, ct_register(ct, BOX "/private/9", &b.e), 140,
		   "/run/box/private/9 is no private area: it has neither layers nor /etc");
	CHECK(mkdir(BOX "/private/9/etc", 0755) == 0 && chown(BOX "/private/9", 100000, 100000) == 0);
	box_failed(&b, ct_register(ct, BOX "/private/9", &b.e), 140, NULL);
	CHECK(!box_is_there(CT_CONF_DIR "/101.conf"));
	ct_close(ct);
	box_done(&b);
}

/* Of a ploop area OpenVZ's own copy of the configuration is read: it lies beside the image, where no guest writes. */
TEST_ROOT(register_ploop)
{
	struct box b;
	struct ct *ct;

	init(&b);
	CHECK(mkdir(BOX "/private/101", 0700) == 0 && mkdir(BOX "/private/101/root.hdd", 0700) == 0);
	box_put(BOX "/private/101/root.hdd/DiskDescriptor.xml", "<a/>");
	box_put(BOX "/private/101/ve.conf", "HOSTNAME=\"moved\"\nVE_LAYOUT=\"ploop\"\n");
	ct = open_101(&b);
	CHECK_OK(ct_register(ct, BOX "/private/101", &b.e), &b.e);
	box_said(&b, "O CT configuration saved to /etc/vz/conf/101.conf\n"
		 "O The root is a ploop image: 'vzctl convert 101 --layout overlay' makes files of it, then it can be started\n"
		 "O Container was successfully registered\n");
	CHECK(box_file_is(CT_CONF_DIR "/101.conf", "HOSTNAME=\"moved\"\nVE_LAYOUT=\"ploop\"\nVE_PRIVATE=\"/run/box/private/$VEID\"\n"
			  "VE_ROOT=\"/run/box/root/$VEID\"\n"));
	ct_close(ct);
	box_done(&b);
}
