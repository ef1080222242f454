/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/bridge.c: made, made again where something is missing, told what is wrong, removed only when nobody is on it. */
#include "net/bridge.h"
#include "tests/unit/t_net_lab.h"

static const char *fault(struct lab *l, const struct net_bridge *b)
{
	static char text[96];

	CHECK_OK(net_bridge_fault(l->net, b, text, sizeof(text), &l->e), &l->e);
	return text;
}

TEST_ROOT(bridge_life)
{
	auto_bridge struct net_bridge b = { .name = "br7" };
	struct link_info link;
	struct net_ip ip;
	struct route_hit hit;
	struct lab l;

	lab_init(&l, NULL, NULL);
	lab_outside(&l, false);
	CHECK_OK(net_bridge_set(&b, NET_BR_ADDRESS, "10.8.0.1/24", &l.e), &l.e);
	CHECK_OK(net_bridge_set(&b, NET_BR_PORTS, "up0", &l.e), &l.e);
	CHECK_STR(fault(&l, &b), "it does not exist");
	for (int i = 0; i < 2; i++) {
		CHECK_OK(net_bridge_up(l.net, &b, &l.e), &l.e);
		CHECK_STR(fault(&l, &b), "");
	}
	CHECK_OK(net_ip_parse("10.8.0.1", &ip, &l.e), &l.e);
	CHECK_OK(route_find(&l.net->rt, &ip, &hit, &l.e), &l.e);
	CHECK(hit.local);
	lab_flags(&l.net->rt, "up0", 0, IFF_UP, &l.e);
	CHECK_STR(fault(&l, &b), "its port up0 is down");
	CHECK_OK(net_bridge_up(l.net, &b, &l.e), &l.e);
	CHECK_OK(link_info(&l.net->rt, 0, "br7", &link, &l.e), &l.e);
	CHECK_STR(link.kind, "bridge");
	/* one that is a port already, and one that is none */
	auto_bridge struct net_bridge other = { .name = "br8" };
	CHECK_OK(net_bridge_set(&other, NET_BR_PORTS, "up0", &l.e), &l.e);
	CHECK_ERR(net_bridge_up(l.net, &other, &l.e), EBUSY);
	CHECK(strstr(l.e.text, "a port of br7 already"));
	err_clear(&l.e);
	CHECK_OK(net_bridge_set(&other, NET_BR_PORTS, "nosuch", &l.e), &l.e);
	CHECK_ERR(net_bridge_up(l.net, &other, &l.e), ENODEV);
	err_clear(&l.e);
	CHECK_OK(net_bridge_set(&other, NET_BR_PORTS, "", &l.e), &l.e);
	CHECK_OK(net_bridge_down(l.net, &other, &l.e), &l.e);
	CHECK_OK(net_bridge_set(&b, NET_BR_PORTS, "", &l.e), &l.e);
	CHECK_ERR(net_bridge_down(l.net, &b, &l.e), EBUSY);	/* up0 is not its own now */
	err_clear(&l.e);
	CHECK_OK(net_bridge_set(&b, NET_BR_PORTS, "up0", &l.e), &l.e);
	CHECK_OK(net_bridge_down(l.net, &b, &l.e), &l.e);
	CHECK_OK(net_bridge_down(l.net, &b, &l.e), &l.e);
	CHECK_EQ(link_index(&l.net->rt, "br7"), 0);
	auto_bridge struct net_bridge taken = { .name = "up0" };
	CHECK_ERR(net_bridge_up(l.net, &taken, &l.e), EEXIST);
	err_clear(&l.e);
	lab_done(&l);
}
