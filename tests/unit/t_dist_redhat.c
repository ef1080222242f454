/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RHEL and its kin with network-scripts. */
#include "tests/unit/t_dist_tree.h"

#define S "etc/sysconfig/network-scripts/"
#define DEV OURS "DEVICE=venet0\nBOOTPROTO=static\nONBOOT=yes\nNM_CONTROLLED=no\nIPADDR=127.0.0.1\n" \
	"NETMASK=255.255.255.255\nBROADCAST=0.0.0.0\nARPCHECK=no\n"
#define ALIAS(k, ip, mask) OURS "DEVICE=venet0:" k "\nONBOOT=yes\nNM_CONTROLLED=no\nIPADDR=" ip "\nNETMASK=" mask "\nARPCHECK=no\n"

TEST(dist_redhat_files)
{
	dist_tree("NAME=\"CentOS Linux\"\nID=\"centos\"\nID_LIKE=\"rhel fedora\"\n", DIRS("etc/sysconfig/network-scripts"));
	box_put("etc/sysconfig/network", "NOZEROCONF=yes\n");
	CHECK_EQ(dist_run("10.1.2.3 10.9.0.1/24", "www.example.org"), 0);
	CHECK(box_file_is(S "ifcfg-venet0", DEV));
	CHECK(box_file_is(S "ifcfg-venet0:0", ALIAS("0", "10.1.2.3", "255.255.255.255")));
	CHECK(box_file_is(S "ifcfg-venet0:1", ALIAS("1", "10.9.0.1", "255.255.255.0")));
	CHECK(box_file_is("etc/sysconfig/network", "NOZEROCONF=yes\n" BEGIN
			  "NETWORKING=yes\nGATEWAYDEV=venet0\nHOSTNAME=\"www.example.org\"\n" END));
	CHECK_EQ(dist_run("10.9.0.1/24 fd00::1 fd00::2/64 fd00::3", NULL), 0);
	CHECK(box_file_is(S "ifcfg-venet0", DEV "IPV6INIT=yes\nIPV6_DEFAULTDEV=venet0\nIPV6ADDR=fd00::1/128\n"
			  "IPV6ADDR_SECONDARIES=\"fd00::2/64 fd00::3/128\"\n"));
	CHECK(box_file_is(S "ifcfg-venet0:0", ALIAS("0", "10.9.0.1", "255.255.255.0")));
	CHECK(!box_is_there(S "ifcfg-venet0:1"));
	CHECK_EQ(dist_run("", NULL), 0);
	CHECK(!box_is_there(S "ifcfg-venet0") && !box_is_there(S "ifcfg-venet0:0"));
	CHECK(box_file_is("etc/sysconfig/network", "NOZEROCONF=yes\n"));
}

/* Files without our mark are somebody else's. */
TEST(dist_redhat_others)
{
	dist_tree("ID=\"rocky\"\n", DIRS("etc/sysconfig/network-scripts"));
	box_put(S "ifcfg-venet0", "DEVICE=venet0\n# by hand\n");
	box_put(S "ifcfg-venet0:0", "mine\n");
	CHECK_EQ(dist_run("10.1.2.3", NULL), 0);
	CHECK(box_file_is(S "ifcfg-venet0", "DEVICE=venet0\n# by hand\n"));
	CHECK(box_file_is(S "ifcfg-venet0:0", "mine\n"));
	CHECK_EQ(dist_run("", NULL), 0);
	CHECK(box_is_there(S "ifcfg-venet0"));
}

TEST(dist_redhat_without_scripts)
{
	dist_tree("ID=\"almalinux\"\nID_LIKE=\"rhel\"\n", DIRS("etc/sysconfig", "etc/NetworkManager/conf.d"));
	CHECK_EQ(dist_run("10.1.2.3", "h"), 0);
	CHECK(!box_is_there("etc/sysconfig/network"));
	CHECK(box_is_there("etc/NetworkManager/conf.d/05-venet0.conf"));
}
