/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a container's interfaces. What is done with a running one is seen by the integration tests. */
#include "libct/veths.h"

#include <sched.h>

#include "tests/unit/t_ct_box.h"

static struct ct *ct_with(struct box *b, const char *record)
{
	struct ct *ct;

	CHECK(unshare(CLONE_NEWNET) == 0);
	box_conf(101, "NETIF=\"ifname=eth0\"\n");
	ct = box_open(b, "101", 0);
	CHECK_OK(path_mkdir_host(CT_RUN_DIR "/101", 0700, &b->e), &b->e);
	if (record)
		box_put(CT_RUN_DIR "/101/netif", record);
	return ct;
}

TEST_ROOT(veths_down_nothing)
{
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	ct = ct_with(&b, NULL);
	CHECK_OK(ct_veths_down(ct, &b.e), &b.e);
	CHECK(rmdir(CT_RUN_DIR "/101") == 0);
	CHECK_OK(ct_veths_down(ct, &b.e), &b.e);
	box_said(&b, "");
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(veths_down_gone)
{
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	ct = ct_with(&b, "ifname=eth0,host_ifname=veth101.0\nifname=eth1,host_ifname=lost\n");
	CHECK_OK(ct_veths_down(ct, &b.e), &b.e);
	CHECK(access(CT_RUN_DIR "/101/netif", F_OK) < 0);
	ct_close(ct);
	box_done(&b);
}

TEST_ROOT(veths_damaged)
{
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	ct = ct_with(&b, "nonsense\n");
	CHECK_EQ(ct_veths_down(ct, &b.e), -EINVAL);
	err_clear(&b.e);
	CHECK_EQ(ct_veths_apply(ct, &ct->conf, true, false, &b.e), -EINVAL);
	box_said(&b, "");
	ct_close(ct);
	box_done(&b);
}

/* What the configuration has is there: nothing to do, nothing to say, no namespace to enter. */
TEST_ROOT(veths_apply_nothing)
{
	struct ct_conf none = { 0 };
	struct box b;
	struct ct *ct;

	box_init(&b, NULL);
	ct = ct_with(&b, NULL);
	CHECK_OK(ct_veths_apply(ct, &none, true, true, &b.e), &b.e);
	CHECK(ct_veths_apply(ct, &ct->conf, true, false, &b.e) < 0);	/* not running */
	box_said(&b, "");
	ct_close(ct);
	box_done(&b);
}
