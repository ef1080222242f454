/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/flood.h"
#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/err.h"

/* The line says all caps; no caps, no line. */
TEST(flood_line)
{
	auto_call(str_list_clear) struct str_list l = { 0 };
	struct err e = { 0 };

	CHECK_OK(net_flood_line(&l, "vz1", false, &(struct net_caps){ 0 }, &e), &e);
	CHECK_EQ(l.n, 0);
	CHECK_OK(net_flood_line(&l, "vz1", false, &(struct net_caps){ 100, 0, false }, &e), &e);
	CHECK_OK(net_flood_line(&l, "veth1.0", true, &(struct net_caps){ 1ull << 40, 20, true }, &e), &e);
	CHECK_EQ(l.n, 2);
	CHECK_STR(l.v[0], "flood routed vz1 100 0 0");
	CHECK_STR(l.v[1], "flood bridged veth1.0 1099511627776 20 1");
}
