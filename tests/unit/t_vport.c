/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/vport.c: an alias says all that the table is made from. What the table does: t_guard.c, tests/integration/spoof.sh. */
#include "net/vport.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/err.h"

TEST(vport_alias_there_and_back)
{
	struct net_if f = { 0 }, back;
	char alias[VPORT_ALIAS_MAX];
	struct err e = { 0 };

	CHECK_OK(net_if_parse("ifname=eth0,bridge=br0,mac=00:18:51:0A:0B:0C,ip_filter=10.0.0.5+fd00::5", &f, &e), &e);
	vport_alias(101, &f, alias);
	CHECK_STR(alias, "vz 101 eth0 00:18:51:0a:0b:0c 10.0.0.5+fd00::5");
	CHECK(vport_alias_is(alias, 101, "eth0"));
	CHECK(!vport_alias_is(alias, 101, "eth") && !vport_alias_is(alias, 10, "eth0") && !vport_alias_is(alias, 101, "eth01"));
	CHECK(vport_alias_parse(alias, &back));
	CHECK_STR(back.ifname, "eth0");
	CHECK_STR(back.ip_filter, "10.0.0.5+fd00::5");
	CHECK_EQ(memcmp(back.mac, f.mac, 6), 0);
	f.ip_filter[0] = '\0';
	vport_alias(101, &f, alias);
	CHECK_STR(alias, "vz 101 eth0 00:18:51:0a:0b:0c");
	CHECK(vport_alias_parse(alias, &back) && !back.ip_filter[0]);
}

TEST(vport_alias_of_others)
{
	static const char *const none[] = { "", "vz 101 eth0", "uplink to rack 3", "vz 101 eth0 nomac", "vz 101 lo 00:18:51:00:00:01",
					    "vx 101 eth0 00:18:51:00:00:01", "vz 101 eth0 00:18:51:00:00:01 nonsense" };
	struct net_if f;

	CHECK(vport_alias_is("vz 101 eth0", 101, "eth0"));	/* one of before this was told */
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		CHECK(!vport_alias_parse(none[i], &f));
}

/* The longest there can be fits. */
TEST(vport_alias_longest)
{
	struct net_if f = { .ifname = "fifteen-letters", .mac = { 0, 0x18, 0x51, 1, 2, 3 } }, back;
	char alias[VPORT_ALIAS_MAX];

	memset(f.ip_filter, '1', sizeof(f.ip_filter) - 1);
	vport_alias(2147483644, &f, alias);
	CHECK_EQ(strlen(alias), strlen("vz 2147483644 fifteen-letters 00:18:51:01:02:03 ") + sizeof(f.ip_filter) - 1);
	CHECK(!vport_alias_parse(alias, &back));
}
