/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slackware; the rest of it is in t_dist_matrix.c. */
#include "tests/unit/t_dist_tree.h"

TEST(dist_slackware_without_scripts)
{
	dist_tree("ID=slackware\n", DIRS("etc/rc.d"));
	CHECK(symlink("hostname", "etc/HOSTNAME") == 0);
	CHECK_EQ(dist_run("10.1.2.3", "h"), 0);
	CHECK(!box_is_there("etc/rc.d/rc.inet1") && !box_is_there("etc/hostname"));	/* nothing is made, no link followed */
}
