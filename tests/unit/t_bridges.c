/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libct/bridges.c: files of bridges, and what else is in them. */
#include "libct/bridges.h"

#include <sched.h>

#include "libct/record.h"
#include "tests/unit/t_ct_box.h"

TEST_ROOT(bridges_files)
{
	auto_bridge struct net_bridge b = { .name = "br0" }, again = { 0 }, none = { 0 };
	struct str_list names = { 0 };
	struct box box;
	struct err e = { 0 };

	box_init(&box, NULL);
	CHECK_ERR(ct_bridge_load("br0", &none, &e), ENOENT);
	CHECK(strstr(e.text, "vznetcfg br new br0"));
	err_clear(&e);
	CHECK_OK(ct_bridge_names(&names, &e), &e);
	CHECK_EQ(names.n, 0);
	CHECK_OK(net_bridge_set(&b, NET_BR_MTU, "1400", &e), &e);
	CHECK_OK(ct_bridge_save(&b, &e), &e);
	CHECK_OK(ct_bridge_load("br0", &again, &e), &e);
	CHECK_STR(again.val[NET_BR_MTU], "1400");
	CHECK_OK(net_bridge_set(&b, NET_BR_MTU, "", &e), &e);
	CHECK_OK(net_bridge_set(&b, NET_BR_PORTS, "eth1", &e), &e);
	CHECK_OK(ct_bridge_save(&b, &e), &e);
	net_bridge_done(&again);
	CHECK_OK(ct_bridge_load("br0", &again, &e), &e);
	CHECK(!again.val[NET_BR_MTU]);
	CHECK_STR(again.val[NET_BR_PORTS], "eth1");
	CHECK_ERR(ct_bridge_load("../br0", &none, &e), EINVAL);
	err_clear(&e);
	CHECK_OK(ct_bridge_names(&names, &e), &e);
	CHECK_EQ(names.n, 1);
	CHECK_STR(names.v[0], "br0");
	CHECK_OK(ct_bridge_forget("br0", &e), &e);
	CHECK_OK(ct_bridge_forget("br0", &e), &e);
	CHECK_ERR(ct_bridge_load("br0", &none, &e), ENOENT);
	str_list_clear(&names);
	box_done(&box);
}
