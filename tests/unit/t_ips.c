/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An address that the host has, or that leads to another container, is refused. */
#include <sched.h>

#include "libct/ips.h"
#include "tests/unit/t_ct_box.h"

TEST_ROOT(ips_check)
{
	struct box b;
	struct str_list none = { 0 }, l = { 0 };

	box_init(&b, NULL);
	CHECK(unshare(CLONE_NEWNET) == 0);
	struct ct *ct = box_open(&b, "101", CT_NO_CONFIG_OK);
	CHECK_OK(ct_ips_check(ct, &none, &b.e), &b.e);
	CHECK_OK(str_list_split(&l, "10.1.2.3 fd00::1/64", " ", &b.e), &b.e);
	CHECK_OK(ct_ips_check(ct, &l, &b.e), &b.e);
	str_list_clear(&l);
	CHECK_OK(str_list_add(&l, "no address", &b.e), &b.e);
	box_failed(&b, ct_ips_check(ct, &l, &b.e), VZ_BADIP, NULL);
	str_list_clear(&l);
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(ips_without_v6)
{
	struct box b;
	struct str_list l = { 0 };

	box_init(&b, "IPV6=\"no\"\n");
	box_conf(101, "IP_ADDRESS=\"10.0.0.1 fd00::1 fd00::2/64\"\n");
	struct ct *ct = box_open(&b, "101", 0);
	CHECK_EQ(ct->conf.net.ip.n, 1);
	CHECK_STR(ct->conf.net.ip.v[0], "10.0.0.1");
	CHECK_OK(str_list_add(&l, "fd00::9", &b.e), &b.e);
	CHECK(ct_ips_drop_v6(b.host, &l) && l.n == 0 && !ct_ips_drop_v6(b.host, &l));
	str_list_clear(&l);
	ct_close(ct);
	box_done(&b);
	box_init(&b, NULL);
	CHECK_OK(str_list_add(&l, "fd00::9", &b.e), &b.e);
	CHECK(!ct_ips_drop_v6(b.host, &l) && l.n == 1);
	str_list_clear(&l);
	box_done(&b);
}
