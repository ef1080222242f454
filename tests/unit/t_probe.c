/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/probe.c: an address that a neighbour has is found, one that nobody has is not waited for. */
#include "tests/unit/t_net_lab.h"

#include "util/sys.h"

static int probed(struct lab *l, const char *ips, unsigned wait_ms, struct net_claim *c)
{
	struct str_list list = { 0 };
	int rc;

	lab_ips(&list, ips);
	CHECK_OK(net_probe(l->net, &list, &l->e), &l->e);
	rc = net_probed(l->net, wait_ms, c, &l->e);
	CHECK(rc >= 0);
	l->net->probe.asked.n = 0;
	str_list_clear(&list);
	return rc;
}

TEST_ROOT(probe_asks)
{
	struct net_claim c = { 0 };
	struct net_ip want;
	int64_t before;
	struct lab l;

	lab_init(&l, NULL, NULL);
	lab_outside(&l, false);
	CHECK_EQ(probed(&l, "192.0.2.50 192.0.2.2", 5000, &c), 1);
	CHECK_OK(net_ip_parse("192.0.2.2", &want, &l.e), &l.e);
	CHECK(net_ip_equal(&c.ip, &want));
	CHECK_STR(c.dev, "up0");
	CHECK_EQ(probed(&l, "2001:db8::2", 5000, &c), 1);
	CHECK_OK(net_ip_parse("2001:db8::2", &want, &l.e), &l.e);
	CHECK(net_ip_equal(&c.ip, &want));
	CHECK_EQ(probed(&l, "192.0.2.50 2001:db8::50", 50, &c), 0);
	/* of no network of the host's: nobody is asked, nothing is waited for */
	before = sys_now_ms();
	CHECK_EQ(probed(&l, "10.9.0.1 fd00::1 192.0.2.128/25", 60000, &c), 0);
	CHECK(sys_now_ms() - before < 30000);
	lab_done(&l);
}

TEST_ROOT(probe_not_ourselves)
{
	struct net_claim c = { 0 };
	struct lab l;
	int a;

	lab_init(&l, NULL, NULL);
	lab_outside(&l, false);
	CHECK_EQ(probed(&l, "192.0.2.50", 0, &c), 0);
	a = lab_up(&l, 101, "192.0.2.50");
	CHECK_OK(net_announce(l.net, &l.e), &l.e);	/* heard by our own ears */
	CHECK_EQ(net_probed(l.net, 20, &c, &l.e), 0);
	close(a);
	lab_done(&l);
}
