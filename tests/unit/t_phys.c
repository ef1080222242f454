/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One end of a veth pair stands for a piece of hardware. */
#include "net/phys.h"

#include "tests/unit/t_net_lab.h"

static void change(struct nl *nl, unsigned ifindex, const char *name, unsigned mtu, struct err *e)
{
	struct nl_batch b;
	struct ifinfomsg *ifi;

	nl_batch_begin(&b, nl, e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "change", name);
	ifi->ifi_index = (int)ifindex;
	ifi->ifi_change = IFF_UP;
	nl_put_str(&b, IFLA_IFNAME, name);
	nl_put_u32(&b, IFLA_MTU, mtu);
	nl_put(&b, IFLA_ADDRESS, "\x02\x00\x00\x00\x09\x09", 6);
	CHECK_OK(nl_batch_end(&b), e);
}

static int inside(struct nl *nl, void *arg, struct err *e)
{
	change(nl, link_index(nl, "ph0"), arg, 1300, e);
	return 0;
}

static int inside_del(struct nl *nl, void *arg, struct err *e)
{
	return link_delete(nl, arg, e);
}

static void phys_init(struct lab *l)
{
	struct nl_batch b;
	struct nlattr *info;

	lab_init(l, NULL, NULL);
	nl_batch_begin(&b, &l->net->rt, &l->e);
	nl_msg(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg), "create", "ph0");
	nl_put_str(&b, IFLA_IFNAME, "ph0");
	nl_put(&b, IFLA_ADDRESS, "\x02\x00\x00\x00\x07\x07", 6);
	nl_put_u32(&b, IFLA_MTU, 1400);
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, "veth");
	nl_nest_end(&b, info);
	CHECK_OK(nl_batch_end(&b), &l->e);
	lab_flags(&l->net->rt, "ph0", IFF_UP, IFF_UP, &l->e);
}

TEST_ROOT(phys_there_and_back)
{
	struct net_phys p, q;
	char text[128];
	struct lab l;
	int ns;

	phys_init(&l);
	ns = lab_ns(&l);
	CHECK_EQ(net_phys_look(l.net, "none", &p, &l.e), -ENODEV);
	err_clear(&l.e);
	CHECK_OK(net_phys_look(l.net, "ph0", &p, &l.e), &l.e);
	CHECK(p.up && p.mtu == 1400 && p.mac[5] == 7 && !p.index);
	CHECK_OK(net_phys_lend(l.net, &p, ns, &l.e), &l.e);
	CHECK(p.index && !link_index(&l.net->rt, "ph0"));
	CHECK(net_phys_print(&p, text, sizeof(text)) == 0);
	CHECK_OK(net_phys_parse(text, &q, &l.e), &l.e);
	CHECK(str_eq(p.name, q.name) && p.index == q.index && p.mtu == q.mtu && q.up && memcmp(p.mac, q.mac, 6) == 0);

	CHECK_OK(inside_call(ns, inside, (void *)"stolen", &l.e), &l.e);
	CHECK_OK(net_phys_return(l.net, &p, ns, &l.e), &l.e);
	CHECK_OK(net_phys_look(l.net, "ph0", &q, &l.e), &l.e);
	CHECK(q.up && q.mtu == 1400 && memcmp(p.mac, q.mac, 6) == 0);
	/* twice is once, and without the number the name is looked for */
	CHECK_OK(net_phys_return(l.net, &p, ns, &l.e), &l.e);
	CHECK_OK(net_phys_lend(l.net, &p, ns, &l.e), &l.e);
	p.index = 0;
	CHECK_OK(net_phys_return(l.net, &p, ns, &l.e), &l.e);
	CHECK(link_index(&l.net->rt, "ph0"));
	lab_done(&l);
}

TEST_ROOT(phys_lost)
{
	struct net_phys p;
	struct lab l;
	int ns;

	phys_init(&l);
	ns = lab_ns(&l);
	CHECK_OK(net_phys_look(l.net, "ph0", &p, &l.e), &l.e);
	CHECK_OK(net_phys_return(l.net, &p, -1, &l.e), &l.e);	/* never left */
	CHECK(link_index(&l.net->rt, "ph0"));
	CHECK_OK(net_phys_lend(l.net, &p, ns, &l.e), &l.e);
	CHECK_OK(inside_call(ns, inside_del, (void *)"ph0", &l.e), &l.e);
	CHECK_OK(net_phys_return(l.net, &p, ns, &l.e), &l.e);	/* the guest deleted it */
	CHECK_EQ(net_phys_lend(l.net, &p, ns, &l.e), -ENODEV);
	lab_done(&l);
}

TEST(phys_text)
{
	static const char *const bad[] = { "", "eth0", "eth0 1 1500", "eth0 1 1500 1 02:00:00", "eth0 x 1500 1 02:00:00:00:00:00" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct net_phys p;
		struct err e = { 0 };

		CHECK_EQ(net_phys_parse(bad[i], &p, &e), -EBADMSG);
	}
}
