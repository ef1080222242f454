/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ALT; the rest of it is in t_dist_matrix.c. */
#include "tests/unit/t_dist_tree.h"

TEST(dist_alt_many)
{
	dist_tree(NULL, DIRS("etc/net/ifaces"));	/* told by its directory */
	CHECK_EQ(dist_run("10.1.2.3 10.1.2.4/24", NULL), 0);
	CHECK(box_file_is("etc/net/ifaces/venet0/ipv4address", OURS "10.1.2.3/32\n10.1.2.4/24\n"));
	CHECK(box_file_is("etc/net/ifaces/venet0/options", OURS "TYPE=eth\nBOOTPROTO=static\nONBOOT=yes\nNM_CONTROLLED=no\nCONFIG_IPV6=no\n"));
	CHECK(!box_is_there("etc/net/ifaces/venet0/ipv6address"));
	CHECK_EQ(dist_run("", NULL), 0);
	CHECK(!box_is_there("etc/net/ifaces/venet0/options"));
}
