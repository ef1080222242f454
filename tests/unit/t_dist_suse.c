/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SUSE. */
#include "tests/unit/t_dist_tree.h"

#define S "etc/sysconfig/network/"

TEST(dist_suse_files)
{
	dist_tree("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", DIRS("etc/sysconfig/network"));
	CHECK_EQ(dist_run("10.1.2.3 fd00::1/64", NULL), 0);
	CHECK(box_file_is(S "ifcfg-venet0", OURS "STARTMODE=auto\nBOOTPROTO=static\nCHECK_DUPLICATE_IP=no\n"
			  "IPADDR_0=10.1.2.3/32\nIPADDR_1=fd00::1/64\n"));
	CHECK(box_file_is(S "ifroute-venet0", OURS "default - - venet0\ndefault - ::/0 venet0\n"));
	CHECK_EQ(dist_run("", NULL), 0);
	CHECK(!box_is_there(S "ifcfg-venet0") && !box_is_there(S "ifroute-venet0"));
}

TEST(dist_suse_old)
{
	dist_tree(NULL, DIRS("etc/sysconfig/network"));		/* SLES 11 has no os-release */
	CHECK_EQ(dist_run("10.1.2.3", NULL), 0);
	CHECK(box_file_is(S "ifroute-venet0", OURS "default - - venet0\n"));
}
