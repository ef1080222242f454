/* SPDX-License-Identifier: GPL-2.0-or-later */
/* networkd and NetworkManager, in a distribution nobody knows. */
#include "tests/unit/t_dist_tree.h"

TEST(dist_daemon_hands_off)
{
	dist_tree("ID=unheard-of\n", DIRS("etc/systemd/network", "etc/NetworkManager/conf.d"));
	CHECK_EQ(dist_run("10.1.2.3", "h"), 0);
	CHECK(box_file_is("etc/systemd/network/05-venet0.network", OURS "[Match]\nName=venet0\n\n[Link]\nUnmanaged=yes\n"));
	CHECK(box_file_is("etc/NetworkManager/conf.d/05-venet0.conf",
			  OURS "[keyfile]\nunmanaged-devices+=interface-name:venet0\n"));
	CHECK(unlink("etc/systemd/network/05-venet0.network") == 0);
	CHECK_EQ(dist_run("", NULL), 0);		/* without an address as well: nothing is to be asked for there */
	CHECK(box_is_there("etc/systemd/network/05-venet0.network"));
	CHECK(box_is_there("etc/NetworkManager/conf.d/05-venet0.conf"));
}
