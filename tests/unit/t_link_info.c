/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_net_lab.h"

TEST_ROOT(link_info_says)
{
	struct link_info i, up;
	struct lab l;
	int out;

	lab_init(&l, NULL, NULL);
	out = lab_outside(&l, false);
	CHECK_OK(link_info(&l.net->rt, 0, "lo", &i, &l.e), &l.e);
	CHECK(i.index == 1 && i.up && !i.kind[0] && str_eq(i.name, "lo"));
	CHECK_OK(link_info(&l.net->rt, 0, "up0", &up, &l.e), &l.e);
	CHECK_STR(up.kind, "veth");
	CHECK(up.peer && up.mtu == 1500 && !up.master && !up.alias[0]);
	CHECK_OK(link_info(&l.net->rt, up.index, "by number", &i, &l.e), &l.e);
	CHECK_STR(i.name, "up0");
	CHECK_EQ(link_info(&l.net->rt, 0, "none", &i, &l.e), -ENODEV);
	err_clear(&l.e);
	CHECK_EQ(link_info(&l.net->rt, 9999, "none", &i, &l.e), -ENODEV);
	CHECK_STR(i.name, "up0");
	close(out);
	lab_done(&l);
}
