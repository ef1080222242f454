/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/port.c: what a bridge can do for an interface, and an address that is one port's alone. */
#include <linux/if_bridge.h>
#include <linux/neighbour.h>

#include "net/bridge.h"
#include "net/netif.h"
#include "tests/unit/t_net_lab.h"

TEST(port_check_says_why)
{
	static const struct { const char *netif; bool aware, known; const char *error; } t[] = {
		{ "ifname=eth0,bridge=br0", false, false, NULL },
		{ "ifname=eth0,bridge=br0,mtu=1500", false, false, NULL },
		{ "ifname=eth0,bridge=br0,mtu=1501", true, true,
		  "eth0: an MTU of 1501 is more than the 1500 of bridge br0, which would drop what is longer" },
		{ "ifname=eth0,bridge=br0,vlan=5", true, true, NULL },
		{ "ifname=eth0,bridge=br0,trunk=5+7-9", true, true, NULL },
		{ "ifname=eth0,bridge=br0,vlan=5", false, true,
		  "eth0: bridge br0 does not tell VLANs apart: vznetcfg br set br0 --vlan-aware on" },
		{ "ifname=eth0,bridge=br0,trunk=5", false, true,
		  "eth0: bridge br0 does not tell VLANs apart: vznetcfg br set br0 --vlan-aware on" },
		{ "ifname=eth0,bridge=br0,vlan=5", false, false,
		  "eth0: bridges of this kernel cannot tell VLANs apart (CONFIG_BRIDGE_VLAN_FILTERING): take a bridge for each VLAN, or "
		  "another kernel" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct link_info br = { .index = 1, .mtu = 1500, .vlan_aware = t[i].aware, .vlan_known = t[i].known, .name = "br0" };
		struct err e = { 0 };
		struct net_if f;

		CHECK_OK(net_if_parse(t[i].netif, &f, &e), &e);
		CHECK_EQ(port_check(&f, &br, &e) < 0, t[i].error != NULL);
		CHECK_STR(e.text, t[i].error ? t[i].error : "");
	}
}

static unsigned pair(struct lab *l, const char *name, const char *peer)
{
	struct nlattr *info, *data, *end;
	struct ifinfomsg none = { 0 };
	struct nl_batch b;

	nl_batch_begin(&b, &l->net->rt, &l->e);
	nl_msg(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg), "create", name);
	nl_put_str(&b, IFLA_IFNAME, name);
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, "veth");
	data = nl_nest(&b, IFLA_INFO_DATA);
	end = nl_nest(&b, VETH_INFO_PEER);
	nl_put_raw(&b, &none, sizeof(none));
	nl_put_str(&b, IFLA_IFNAME, peer);
	nl_nest_end(&b, end);
	nl_nest_end(&b, data);
	nl_nest_end(&b, info);
	CHECK_OK(nl_batch_end(&b), &l->e);
	return link_index(&l->net->rt, name);
}

struct fdb { uint8_t mac[6]; unsigned ifindex, n; };

static int fdb_one(const struct nlmsghdr *nlh, void *arg)
{
	const struct ndmsg *nd = mnl_nlmsg_get_payload(nlh);
	struct fdb *w = arg;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(*nd))
		if (mnl_attr_get_type(attr) == NDA_LLADDR && (nd->ndm_state & NUD_NOARP) && (unsigned)nd->ndm_ifindex == w->ifindex)
			w->n += memcmp(mnl_attr_get_payload(attr), w->mac, 6) == 0;
	return 0;
}

/* How often @ifindex has @mac entered for good. */
static unsigned entered(struct lab *l, unsigned ifindex, const uint8_t mac[6])
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct fdb w = { .ifindex = ifindex };
	struct ndmsg *nd;

	memcpy(w.mac, mac, 6);
	nlh->nlmsg_type = RTM_GETNEIGH;
	nd = mnl_nlmsg_put_extra_header(nlh, sizeof(*nd));
	nd->ndm_family = AF_BRIDGE;
	CHECK_OK(nl_dump(&l->net->rt, nlh, fdb_one, NULL, &w, &l->e), &l->e);
	return w.n;
}

TEST_ROOT(port_address_is_one_ports)
{
	auto_bridge struct net_bridge b = { .name = "br7" };
	struct net_if f, g;
	struct link_info br;
	unsigned p1, p2;
	struct lab l;

	lab_init(&l, NULL, NULL);
	p1 = pair(&l, "p1", "q1");
	p2 = pair(&l, "p2", "q2");
	CHECK_OK(net_bridge_set(&b, NET_BR_PORTS, "p1 p2", &l.e), &l.e);
	CHECK_OK(net_bridge_up(l.net, &b, &l.e), &l.e);
	CHECK_OK(link_info(&l.net->rt, 0, "br7", &br, &l.e), &l.e);
	CHECK_OK(net_if_parse("ifname=eth0,bridge=br7,host_ifname=p1,mac=00:18:51:01:02:03", &f, &l.e), &l.e);
	CHECK_OK(net_if_parse("ifname=eth1,bridge=br7,host_ifname=p2,mac=00:18:51:01:02:03", &g, &l.e), &l.e);
	CHECK_EQ(entered(&l, p1, f.mac), 0);
	for (int i = 0; i < 2; i++) {		/* again is no harm */
		CHECK_OK(port_setup(&l.net->rt, p1, &f, &br, &l.e), &l.e);
		CHECK_EQ(entered(&l, p1, f.mac), 1);
	}
	CHECK_ERR(port_setup(&l.net->rt, p2, &g, &br, &l.e), EADDRINUSE);
	CHECK_STR(l.e.text, "the hardware address of eth1 is in use by p1 in the same bridge: give another mac");
	CHECK_EQ(entered(&l, p2, g.mac), 0);
	err_clear(&l.e);
	g.mac[5] = 4;
	CHECK_OK(port_setup(&l.net->rt, p2, &g, &br, &l.e), &l.e);
	CHECK_EQ(entered(&l, p2, g.mac), 1);
	g.mac[5] = 5;
	g.filter = NET_FILTER_OFF;		/* the bridge learns instead */
	CHECK_OK(port_setup(&l.net->rt, p2, &g, &br, &l.e), &l.e);
	CHECK_EQ(entered(&l, p2, g.mac), 0);
	g.mtu = 9000;
	CHECK_ERR(port_setup(&l.net->rt, p2, &g, &br, &l.e), EINVAL);
	err_clear(&l.e);
	lab_done(&l);
}
