/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debian, Ubuntu, Devuan, Alpine: our section of /etc/network/interfaces. */
#include "tests/unit/t_dist_tree.h"

#define OWN "# mine\nauto lo\niface lo inet loopback\n"
#define ONE BEGIN "auto venet0\niface venet0 inet manual\n\tup ip link set venet0 up\n" \
	"\tup ip address replace 10.1.2.3/32 dev venet0\n\tup ip route replace default via 169.254.0.1 dev venet0 onlink\n" \
	"\tdown ip address flush dev venet0\n" END

TEST(dist_debian_section)
{
	struct stat a, b;

	dist_tree("ID=debian\nVERSION_ID=\"12\"\n", DIRS("etc/network"));
	box_put("etc/network/interfaces", OWN);
	CHECK_EQ(dist_run("10.1.2.3", "h"), 0);
	CHECK(box_file_is("etc/network/interfaces", OWN ONE));
	CHECK(stat("etc/network/interfaces", &a) == 0);
	CHECK_EQ(dist_run("10.1.2.3", "h"), 0);
	CHECK(stat("etc/network/interfaces", &b) == 0 && a.st_ino == b.st_ino);		/* the same: not touched */
	CHECK_EQ(dist_run("10.1.2.3 10.9.0.1/24 fd00::5/64", NULL), 0);
	CHECK(box_file_is("etc/network/interfaces", OWN BEGIN
		"auto venet0\niface venet0 inet manual\n\tup ip link set venet0 up\n"
		"\tup ip address replace 10.1.2.3/32 dev venet0\n\tup ip address replace 10.9.0.1/24 dev venet0\n"
		"\tup ip route replace default via 169.254.0.1 dev venet0 onlink\n\tup ip -6 address replace fd00::5/64 dev venet0\n"
		"\tup ip -6 route replace default via fe80::1 dev venet0 onlink\n\tdown ip address flush dev venet0\n" END));
	CHECK_EQ(dist_run("", NULL), 0);
	CHECK(box_file_is("etc/network/interfaces", OWN));
}

TEST(dist_debian_kin)
{
	static const char *const releases[] = {
		"NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n", "ID=devuan\n", "ID=raspbian\nID_LIKE=debian\n",
		"ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", NULL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		dist_tree(releases[i], DIRS("etc/network"));	/* the last has none: told by the directory */
		unlink("etc/network/interfaces");
		CHECK_EQ(dist_run("10.1.2.3", NULL), 0);
		CHECK(box_file_is("etc/network/interfaces", ONE));
	}
}

TEST(dist_debian_nothing_to_do)
{
	dist_tree("ID=debian\n", DIRS("etc"));
	CHECK_EQ(dist_run("10.1.2.3", NULL), 0);
	CHECK(!box_is_there("etc/network"));		/* no ifupdown: its directory is not made */
	dist_tree("ID=debian\n", DIRS("etc/network"));
	CHECK_EQ(dist_run("", NULL), 0);
	CHECK(!box_is_there("etc/network/interfaces"));
}
