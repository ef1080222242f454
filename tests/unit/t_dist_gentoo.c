/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gentoo. */
#include "tests/unit/t_dist_tree.h"

TEST(dist_gentoo_sections)
{
	dist_tree("ID='gentoo'\n", DIRS("etc/conf.d"));
	box_put("etc/conf.d/hostname", "hostname=\"localhost\"\n");
	CHECK_EQ(dist_run("10.1.2.3 10.1.2.4/24 fd00::1", "h"), 0);
	CHECK(box_file_is("etc/conf.d/net", BEGIN "config_venet0=\"10.1.2.3/32\n10.1.2.4/24\nfd00::1/128\"\n"
			  "routes_venet0=\"default dev venet0\n::/0 dev venet0\"\n" END));
	CHECK(box_file_is("etc/conf.d/hostname", "hostname=\"localhost\"\n" BEGIN "hostname=\"h\"\n" END));
	CHECK_EQ(dist_run("10.1.2.3", NULL), 0);
	CHECK(box_file_is("etc/conf.d/net", BEGIN "config_venet0=\"10.1.2.3/32\"\nroutes_venet0=\"default dev venet0\"\n" END));
	CHECK_EQ(dist_run("", NULL), 0);
	CHECK(box_file_is("etc/conf.d/net", ""));
}
