/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two containers' namespaces in a bridge of the host: they talk, each with its own hardware address only. */
#include "net/veth.h"

#include "tests/unit/t_net_lab.h"

#include <linux/if_link.h>

static void link_new(struct lab *l, const char *name, const char *kind)
{
	struct nl_batch b;
	struct nlattr *info;

	nl_batch_begin(&b, &l->net->rt, &l->e);
	nl_msg(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg), "create", name);
	nl_put_str(&b, IFLA_IFNAME, name);
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, kind);
	nl_nest_end(&b, info);
	CHECK_OK(nl_batch_end(&b), &l->e);
	lab_flags(&l->net->rt, name, IFF_UP, IFF_UP, &l->e);
}

static void bridge_filter_vlans(struct lab *l, const char *name)
{
	struct nl_batch b;
	struct nlattr *info, *data;
	struct ifinfomsg *ifi;

	nl_batch_begin(&b, &l->net->rt, &l->e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "filter VLANs in", name);
	ifi->ifi_index = (int)link_index(&l->net->rt, name);
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, "bridge");
	data = nl_nest(&b, IFLA_INFO_DATA);
	nl_put_u8(&b, IFLA_BR_VLAN_FILTERING, 1);
	nl_nest_end(&b, data);
	nl_nest_end(&b, info);
	if (nl_batch_end(&b) == -EOPNOTSUPP)
		SKIP("this kernel's bridges know no VLANs");
	CHECK(!l->e.code);
}

static void bridge_init(struct lab *l)
{
	lab_init(l, NULL, NULL);
	lab_no_dad();
	link_new(l, "br0", "bridge");
	lab_addr(&l->net->rt, "br0", "10.9.0.254/24", &l->e);
}

static struct net_if entry(unsigned id, const char *text)
{
	struct net_if f;
	struct err e = { 0 };

	CHECK_OK(net_if_parse(text, &f, &e), &e);
	CHECK_OK(net_if_fill(&f, id, false, &e), &e);
	return f;
}

/* What the guest does: eth0 up, with an address, and maybe a hardware address of its own choice. */
static void inner(struct lab *l, int ns, const char *ip, const uint8_t *mac)
{
	struct nl nl = { 0 };
	struct nl_batch b;
	struct ifinfomsg *ifi;

	lab_in(ns);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &l->e), &l->e);
	if (mac) {
		nl_batch_begin(&b, &nl, &l->e);
		ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "set address", "eth0");
		ifi->ifi_index = (int)link_index(&nl, "eth0");
		nl_put(&b, IFLA_ADDRESS, mac, 6);
		CHECK_OK(nl_batch_end(&b), &l->e);
	}
	lab_flags(&nl, "lo", IFF_UP, IFF_UP, &l->e);
	lab_flags(&nl, "eth0", IFF_UP, IFF_UP, &l->e);
	if (ip)
		lab_addr(&nl, "eth0", ip, &l->e);
	nl_close(&nl);
	lab_in(l->host);
}

static int veth_up(struct lab *l, unsigned id, const char *text, const char *ip)
{
	struct net_if f = entry(id, text);
	int ns = lab_ns(l);

	CHECK_OK(net_veth_up(l->net, id, &f, ns, &l->e), &l->e);
	inner(l, ns, ip, NULL);
	return ns;
}

static struct link_info look(struct lab *l, const char *name)
{
	struct link_info i = { 0 };
	struct err e = { 0 };

	link_info(&l->net->rt, 0, name, &i, &e);
	return i;
}

/* Ports open, and neighbours are found, by the second. */
static bool talks(const struct lab *l, int from, int to, const char *dst)
{
	for (int i = 0; i < 8; i++) {
		if (lab_udp(l, from, to, dst, NULL) == 2)
			return true;
	}
	return false;
}

TEST_ROOT(veth_talks)
{
	static const uint8_t foreign[6] = { 0, 0x18, 0x51, 0x77, 0x77, 0x77 };
	struct net_if f;
	struct lab l;
	int a, b;

	bridge_init(&l);
	a = veth_up(&l, 101, "ifname=eth0,bridge=br0", "10.9.0.1/24");
	b = veth_up(&l, 102, "ifname=eth0,bridge=br0", "10.9.0.2/24");
	CHECK_EQ(look(&l, "veth101.0").master, look(&l, "br0").index);
	CHECK(str_starts(look(&l, "veth101.0").alias, "vz 101 eth0 00:18:51:"));
	CHECK(talks(&l, a, b, "10.9.0.2"));
	CHECK(talks(&l, b, a, "10.9.0.1"));
	CHECK(talks(&l, l.host, a, "10.9.0.1"));

	inner(&l, a, NULL, foreign);
	CHECK_EQ(lab_udp(&l, a, b, "10.9.0.2", NULL), 0);
	CHECK_EQ(lab_udp(&l, a, l.host, "10.9.0.254", NULL), 0);
	inner(&l, a, NULL, entry(102, "ifname=eth0").mac);	/* the neighbour's */
	CHECK_EQ(lab_udp(&l, a, l.host, "10.9.0.254", NULL), 0);
	CHECK(talks(&l, b, l.host, "10.9.0.254"));
	inner(&l, a, NULL, entry(101, "ifname=eth0").mac);
	CHECK(talks(&l, a, b, "10.9.0.2"));

	f = entry(101, "ifname=eth0,bridge=br0,mac_filter=off");
	CHECK_OK(net_veth_set(l.net, 101, &f, &f, a, &l.e), &l.e);
	inner(&l, a, NULL, foreign);
	CHECK(talks(&l, a, b, "10.9.0.2"));
	f.filter = NET_FILTER_ON;
	CHECK_OK(net_veth_set(l.net, 101, &f, &f, a, &l.e), &l.e);	/* which also takes the address back */
	CHECK(talks(&l, a, b, "10.9.0.2"));
	inner(&l, a, NULL, foreign);
	CHECK_EQ(lab_udp(&l, a, b, "10.9.0.2", NULL), 0);
	lab_done(&l);
}

/* A bridge that knows VLANs has an address per VLAN. */
TEST_ROOT(veth_vlan_bridge)
{
	static const uint8_t foreign[6] = { 0, 0x18, 0x51, 0x77, 0x77, 0x77 };
	struct nl nl = { 0 };
	struct lab l;
	int a, b;

	bridge_init(&l);
	bridge_filter_vlans(&l, "br0");
	a = veth_up(&l, 101, "ifname=eth0,bridge=br0", "10.9.0.1/24");
	b = veth_up(&l, 102, "ifname=eth0,bridge=br0", "10.9.0.2/24");
	CHECK(talks(&l, a, b, "10.9.0.2"));
	lab_in(a);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &l.e), &l.e);	/* down and up by the guest: still its address */
	lab_flags(&nl, "eth0", 0, IFF_UP, &l.e);
	lab_flags(&nl, "eth0", IFF_UP, IFF_UP, &l.e);
	nl_close(&nl);
	lab_in(l.host);
	CHECK(talks(&l, a, b, "10.9.0.2"));
	inner(&l, a, NULL, foreign);
	CHECK_EQ(lab_udp(&l, a, b, "10.9.0.2", NULL), 0);
	lab_done(&l);
}

TEST_ROOT(veth_set)
{
	struct net_if old = entry(101, "ifname=eth0"), f;
	struct lab l;
	int a, b;

	bridge_init(&l);
	link_new(&l, "br1", "bridge");
	a = veth_up(&l, 101, "ifname=eth0", "10.9.0.1/24");
	b = veth_up(&l, 102, "ifname=eth0,bridge=br0", "10.9.0.2/24");
	CHECK_EQ(look(&l, "veth101.0").master, 0);
	CHECK_EQ(lab_udp(&l, a, b, "10.9.0.2", NULL), 0);
	f = entry(101, "ifname=eth0,bridge=br0,host_ifname=other,mac=00:18:51:00:00:11,host_mac=00:18:51:00:00:12");
	CHECK_OK(net_veth_set(l.net, 101, &old, &f, a, &l.e), &l.e);
	CHECK(!look(&l, "veth101.0").index);
	CHECK_EQ(look(&l, "other").master, look(&l, "br0").index);
	CHECK(memcmp(look(&l, "other").mac, f.host_mac, 6) == 0);
	CHECK(talks(&l, a, b, "10.9.0.2"));
	/* again is no harm; the other way round undoes it */
	CHECK_OK(net_veth_set(l.net, 101, &old, &f, a, &l.e), &l.e);
	CHECK(talks(&l, a, b, "10.9.0.2"));
	CHECK_OK(net_veth_set(l.net, 101, &f, &old, a, &l.e), &l.e);
	CHECK(!look(&l, "other").index && look(&l, "veth101.0").index);
	CHECK_EQ(lab_udp(&l, a, b, "10.9.0.2", NULL), 0);
	/* the container's root removed it: made again */
	CHECK_OK(net_veth_delete(l.net, 101, &old, -1, &l.e), &l.e);
	CHECK_OK(net_veth_set(l.net, 101, &old, &f, a, &l.e), &l.e);
	inner(&l, a, "10.9.0.1/24", NULL);
	CHECK(talks(&l, a, b, "10.9.0.2"));
	/* a name that is another's */
	old = f;
	str_copy(f.host_ifname, sizeof(f.host_ifname), "br1");
	CHECK_EQ(net_veth_set(l.net, 101, &old, &f, a, &l.e), -EEXIST);
	err_clear(&l.e);
	CHECK(str_eq(look(&l, "br1").kind, "bridge"));
	CHECK(talks(&l, a, b, "10.9.0.2"));
	lab_done(&l);
}

TEST_ROOT(veth_refuses)
{
	struct net_if f;
	struct lab l;
	int ns;

	bridge_init(&l);
	veth_up(&l, 101, "ifname=eth0,bridge=br0,mac=00:18:51:00:00:11", NULL);
	ns = lab_ns(&l);
	f = entry(102, "ifname=eth0,bridge=none");
	CHECK_EQ(net_veth_up(l.net, 102, &f, ns, &l.e), -ENODEV);
	CHECK(strstr(l.e.text, "bridge none of eth0 does not exist"));
	err_clear(&l.e);
	f = entry(102, "ifname=eth0,host_ifname=br0");
	CHECK_EQ(net_veth_up(l.net, 102, &f, ns, &l.e), -EEXIST);
	err_clear(&l.e);
	f = entry(102, "ifname=eth0,host_ifname=veth101.0");	/* another container's */
	CHECK_EQ(net_veth_up(l.net, 102, &f, ns, &l.e), -EEXIST);
	err_clear(&l.e);
	f = entry(102, "ifname=eth0,bridge=br0,mac=00:18:51:00:00:11");
	CHECK_EQ(net_veth_up(l.net, 102, &f, ns, &l.e), -EADDRINUSE);
	CHECK(strstr(l.e.text, "veth101.0"));
	CHECK(!look(&l, "veth102.0").index);
	err_clear(&l.e);
	f = entry(102, "ifname=eth0,bridge=veth101.0");		/* no bridge: a script's business */
	CHECK_OK(net_veth_up(l.net, 102, &f, ns, &l.e), &l.e);
	CHECK_EQ(look(&l, "veth102.0").master, 0);
	f = entry(102, "ifname=eth0,host_ifname=x");		/* the name inside */
	CHECK_EQ(net_veth_up(l.net, 102, &f, ns, &l.e), -EEXIST);
	CHECK(!look(&l, "x").index);
	/* never another's on the way down either */
	f = entry(103, "ifname=eth0,host_ifname=veth101.0");
	err_clear(&l.e);
	CHECK_OK(net_veth_down(l.net, 103, &f, &l.e), &l.e);
	CHECK_OK(net_veth_delete(l.net, 103, &f, -1, &l.e), &l.e);
	CHECK(look(&l, "veth101.0").index);
	lab_done(&l);
}

TEST_ROOT(veth_down)
{
	struct net_if f = entry(101, "ifname=eth0,bridge=br0");
	struct net_host_conf c = { .table = "vz" };
	struct lab l;
	int a, b;

	bridge_init(&l);
	a = veth_up(&l, 101, "ifname=eth0,bridge=br0", "10.9.0.1/24");
	CHECK_OK(net_veth_up(l.net, 101, &f, lab_ns(&l), &l.e), &l.e);		/* a stale one is replaced */
	CHECK_OK(net_veth_down(l.net, 101, &f, &l.e), &l.e);
	CHECK(!look(&l, "veth101.0").index);
	CHECK_OK(net_veth_down(l.net, 101, &f, &l.e), &l.e);
	b = veth_up(&l, 101, "ifname=eth0,bridge=br0", "10.9.0.1/24");		/* the old namespace is held */
	CHECK(talks(&l, b, l.host, "10.9.0.254"));
	CHECK_OK(net_host_setup(l.net, &c, &l.e), &l.e);
	CHECK(look(&l, "veth101.0").index);
	CHECK_OK(net_veth_delete(l.net, 101, &f, -1, &l.e), &l.e);
	CHECK(!look(&l, "veth101.0").index);
	close(a);
	lab_done(&l);
}

TEST_ROOT(veth_settle)
{
	static const uint8_t foreign[6] = { 0, 0x18, 0x51, 0x77, 0x77, 0x77 };
	struct net_if f = entry(101, "ifname=eth0");
	struct ifinfomsg *ifi;
	struct nl_batch b;
	struct lab l;
	bool in;
	int a;

	bridge_init(&l);
	CHECK_OK(net_veth_settle(l.net, 101, &f, &in, &l.e), &l.e);
	CHECK(!in);
	a = veth_up(&l, 101, "ifname=eth0", "10.9.0.1/24");
	CHECK_OK(net_veth_settle(l.net, 101, &f, &in, &l.e), &l.e);
	CHECK(!in);
	nl_batch_begin(&b, &l.net->rt, &l.e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "enslave", "veth101.0");
	ifi->ifi_index = (int)link_index(&l.net->rt, "veth101.0");
	nl_put_u32(&b, IFLA_MASTER, look(&l, "br0").index);
	CHECK_OK(nl_batch_end(&b), &l.e);
	CHECK_OK(net_veth_settle(l.net, 101, &f, &in, &l.e), &l.e);
	CHECK(in);
	CHECK(talks(&l, a, l.host, "10.9.0.254"));
	inner(&l, a, NULL, foreign);
	CHECK_EQ(lab_udp(&l, a, l.host, "10.9.0.254", NULL), 0);
	lab_done(&l);
}
