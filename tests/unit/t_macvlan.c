/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/macvlan.c: made inside, refused with a reason, and nothing but our own is deleted. */
#include "net/bridge.h"
#include "net/heal.h"
#include "net/netif.h"
#include "tests/unit/t_net_lab.h"

static struct net_if netif(struct lab *l, const char *text)
{
	struct net_if f;

	CHECK_OK(net_if_parse(text, &f, &l->e), &l->e);
	return f;
}

static struct link_info inside(struct lab *l, int ns, const char *name)
{
	struct link_info i = { 0 };
	struct err none = { 0 };
	struct nl nl = { 0 };

	lab_in(ns);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &l->e), &l->e);
	if (link_info(&nl, 0, name, &i, &none) < 0)
		i = (struct link_info){ 0 };
	nl_close(&nl);
	lab_in(l->host);
	return i;
}

static void refused(struct lab *l, int ns, const char *text, int code, const char *why)
{
	struct net_if f = netif(l, text);

	CHECK_EQ(macvlan_up(l->net, &f, ns, &l->e), -code);
	CHECK_STR(l->e.text, why);
	err_clear(&l->e);
}

#define ETH0 "ifname=eth0,macvlan=up0,mac_filter=off,mac=00:18:51:01:02:03"

TEST_ROOT(macvlan_life)
{
	struct net_if f;
	struct link_info i;
	struct lab l;
	int out, ns;

	lab_init(&l, NULL, NULL);
	out = lab_outside(&l, false);
	ns = lab_ns(&l);
	f = netif(&l, ETH0);
	if (macvlan_up(l.net, &f, ns, &l.e) == -EOPNOTSUPP)
		SKIP("no macvlan in this kernel");
	CHECK_OK(-l.e.code, &l.e);
	i = inside(&l, ns, "eth0");
	CHECK_STR(i.kind, "macvlan");
	CHECK_EQ(memcmp(i.mac, f.mac, 6), 0);
	CHECK_EQ(i.mtu, 1500);
	CHECK_EQ(link_index(&l.net->rt, "eth0"), 0);		/* the host sees nothing of it */

	refused(&l, ns, ETH0, EEXIST, "there is an interface eth0 in the container already");
	refused(&l, ns, "ifname=eth1,macvlan=nosuch,mac_filter=off,mac=00:18:51:01:02:04", ENODEV,
		"interface nosuch, which eth1 is to share, does not exist");
	refused(&l, ns, "ifname=eth1,macvlan=up0,mac_filter=off,mac=00:18:51:01:02:04,mtu=1501", EINVAL,
		"eth1: an MTU of 1501 is more than the 1500 of up0");

	for (int k = 0; k < 2; k++) {				/* gone is success */
		CHECK_OK(macvlan_delete(&f, ns, &l.e), &l.e);
		CHECK_EQ(inside(&l, ns, "eth0").index, 0);
	}
	f = netif(&l, ETH0 ",mtu=1400");
	CHECK_OK(macvlan_up(l.net, &f, ns, &l.e), &l.e);
	CHECK_EQ(inside(&l, ns, "eth0").mtu, 1400);
	close(out);
	close(ns);
	lab_done(&l);
}

/* The guest's own interface of that name is not ours to delete; what a bridge has is not shared. */
TEST_ROOT(macvlan_of_others)
{
	auto_bridge struct net_bridge b = { .name = "br7" };
	struct net_if f;
	struct lab l;
	int out;

	lab_init(&l, NULL, NULL);
	out = lab_outside(&l, false);		/* with a veth eth0 */
	f = netif(&l, ETH0);
	CHECK_OK(macvlan_delete(&f, out, &l.e), &l.e);
	CHECK_STR(inside(&l, out, "eth0").kind, "veth");
	CHECK_OK(net_bridge_set(&b, NET_BR_PORTS, "up0", &l.e), &l.e);
	CHECK_OK(net_bridge_up(l.net, &b, &l.e), &l.e);
	refused(&l, out, "ifname=eth5,macvlan=up0,mac_filter=off,mac=00:18:51:01:02:03", EBUSY,
		"up0 cannot be shared: it is a port of a bridge or belongs to something else");
	close(out);
	lab_done(&l);
}

/* The host's interface is set down, or gone and back: told, and made again. */
TEST_ROOT(macvlan_after_other_hands)
{
	struct net_if f;
	char text[96];
	struct lab l;
	int ns;

	lab_init(&l, NULL, NULL);
	lab_outside(&l, false);
	ns = lab_ns(&l);
	f = netif(&l, ETH0);
	if (macvlan_up(l.net, &f, ns, &l.e) == -EOPNOTSUPP)
		SKIP("no macvlan in this kernel");
	CHECK_OK(net_veth_fault(l.net, &f, ns, text, sizeof(text), &l.e), &l.e);
	CHECK_STR(text, "");
	lab_flags(&l.net->rt, "up0", 0, IFF_UP, &l.e);
	CHECK_OK(net_veth_fault(l.net, &f, ns, text, sizeof(text), &l.e), &l.e);
	CHECK_STR(text, "interface up0, which eth0 shares, is down");
	CHECK_ERR(net_veth_heal(l.net, 101, &f, ns, &l.e), ENETDOWN);
	CHECK_STR(l.e.text, "interface up0 is the host's own: ip link set up0 up");
	err_clear(&l.e);
	lab_flags(&l.net->rt, "up0", IFF_UP, IFF_UP, &l.e);
	CHECK_OK(macvlan_delete(&f, ns, &l.e), &l.e);		/* as it goes with the host's */
	CHECK_OK(net_veth_fault(l.net, &f, ns, text, sizeof(text), &l.e), &l.e);
	CHECK_STR(text, "eth0, which shares interface up0, is gone");
	CHECK_OK(net_veth_heal(l.net, 101, &f, ns, &l.e), &l.e);
	CHECK_OK(net_veth_fault(l.net, &f, ns, text, sizeof(text), &l.e), &l.e);
	CHECK_STR(text, "");
	CHECK_OK(link_delete(&l.net->rt, "up0", &l.e), &l.e);
	CHECK_OK(net_veth_fault(l.net, &f, ns, text, sizeof(text), &l.e), &l.e);
	CHECK_STR(text, "interface up0, which eth0 shares, does not exist");
	CHECK_ERR(net_veth_heal(l.net, 101, &f, ns, &l.e), ENODEV);
	err_clear(&l.e);
	lab_done(&l);
}
