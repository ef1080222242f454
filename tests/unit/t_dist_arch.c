/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arch with netctl. */
#include "tests/unit/t_dist_tree.h"

TEST(dist_arch_profile)
{
	dist_tree("ID=arch\n", DIRS("etc/netctl"));
	CHECK_EQ(dist_run("10.1.2.3 10.1.2.4/24 fd00::1", NULL), 0);
	CHECK(box_file_is("etc/netctl/venet0", OURS
		"Interface=venet0\nConnection=ethernet\nSkipDAD=yes\nForceConnect=yes\nIP=static\n"
		"Address=('10.1.2.3/32' '10.1.2.4/24')\nRoutes=('default')\nIP6=static\nAddress6=('fd00::1/128')\nRoutes6=('default')\n"));
	CHECK_EQ(dist_run("", NULL), 0);
	CHECK(!box_is_there("etc/netctl/venet0"));
}
