/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vz.conf: defaults, what it gives to containers, and that it may be a shell script. */
#include <unistd.h>

#include "tests/unit/t_ct_box.h"

TEST_ROOT(host_open)
{
	struct box b;
	struct ct_host *h = NULL;

	box_init(&b, "if true; then\n  :\nfi\nexport PATH\nVE0CPUUNITS=1000\nNAMESERVER=inherit # Copy\nIPV6=\"no\"\nVERBOSE=\"x\"\n");
	const struct ct_host_conf *c = ct_host_conf(b.host);
	CHECK_STR(c->lockdir, BOX "/lock");
	CHECK_STR(c->cgroup_parent, "vztest-box");
	CHECK_STR(c->nft_table, "vz");
	CHECK_STR(c->pool4, "10.77.0.0/16");
	CHECK_STR(c->pool_image, "/var/lib/vz/pool.img");
	CHECK_EQ(c->pool_size.v, 20ull << 30);
	CHECK(c->ipv6.set && !c->ipv6.v && c->logging.v && c->ve_parallel.v >= 4 && !c->def_ostemplate);
	CHECK_STR(b.host->defaults.layout, "overlay");
	CHECK_STR(b.host->defaults.nameserver.v[0], "inherit");
	box_said(&b, "E Warning at /etc/vz/vz.conf:8: invalid value for VERBOSE (\"x\"), skipped\n");
	box_done(&b);

	CHECK(unlink(CT_HOST_CONF) == 0);
	box_failed(&b, ct_host_open(NULL, &h, &b.e), VZ_NOCONFIG, NULL);
	CHECK(mkdir(CT_HOST_CONF, 0755) == 0);
	box_failed(&b, ct_host_open(NULL, &h, &b.e), VZ_NOCONFIG, NULL);
}

/* A host without a sink is silent, not dead. */
TEST_ROOT(host_says_nothing)
{
	struct box b;
	struct ct_host *h = NULL;

	box_init(&b, NULL);
	box_conf(101, "ONBOOT=\"maybe\"\n");
	CHECK_OK(ct_host_open(NULL, &h, &b.e), &b.e);
	struct ct *ct = NULL;
	CHECK_OK(ct_open(h, "101", 0, &ct, &b.e), &b.e);
	ct_say(ct, 0, "hello");
	ct_close(ct);
	ct_host_close(h);
	ct_host_close(NULL);
	ct_close(NULL);
	box_done(&b);
}
