/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/vxlan.c: made, told and put right when somebody took a part of it away, never mistaken for another. */
#include "net/bridge_priv.h"
#include "tests/unit/t_net_lab.h"

static const char *fault(struct lab *l, const struct net_bridge *b)
{
	static char text[96];

	CHECK_OK(net_bridge_fault(l->net, b, text, sizeof(text), &l->e), &l->e);
	return text;
}

static void begin(struct lab *l, struct net_bridge *b)
{
	lab_init(l, NULL, NULL);
	lab_outside(l, false);
	CHECK_OK(net_bridge_set(b, NET_BR_VXLAN_ID, "42", &l->e), &l->e);
	CHECK_OK(net_bridge_set(b, NET_BR_VXLAN_LOCAL, "192.0.2.1", &l->e), &l->e);
	CHECK_OK(net_bridge_set(b, NET_BR_VXLAN_REMOTE, "192.0.2.2 192.0.2.3", &l->e), &l->e);
	CHECK_OK(net_bridge_up(l->net, b, &l->e), &l->e);
}

TEST_ROOT(vxlan_life)
{
	auto_bridge struct net_bridge b = { .name = "br7" };
	struct link_info link;
	struct lab l;

	begin(&l, &b);
	CHECK_OK(net_bridge_up(l.net, &b, &l.e), &l.e);
	CHECK_STR(fault(&l, &b), "");
	CHECK_OK(link_info(&l.net->rt, 0, "vxlan42", &link, &l.e), &l.e);
	CHECK_STR(link.kind, "vxlan");
	CHECK_EQ(link.mtu, 1450);
	CHECK_EQ(link.master, link_index(&l.net->rt, "br7"));
	CHECK_OK(net_bridge_cut(l.net, &b, &l.e), &l.e);
	CHECK_STR(fault(&l, &b), "its port vxlan42 does not exist");
	CHECK_OK(net_bridge_up(l.net, &b, &l.e), &l.e);
	CHECK_OK(net_bridge_down(l.net, &b, &l.e), &l.e);
	CHECK_EQ(link_index(&l.net->rt, "vxlan42"), 0);
	lab_done(&l);
}

/* One of two other hosts is forgotten in the kernel. */
TEST_ROOT(vxlan_others)
{
	auto_bridge struct net_bridge b = { .name = "br7" };
	const char *const argv[] = { "/sbin/bridge", "fdb", "del", "00:00:00:00:00:00", "dev", "vxlan42", "dst", "192.0.2.3", NULL };
	struct spawn s = { .argv = argv, .timeout_ms = 10000 };
	struct lab l;
	int status;

	begin(&l, &b);
	CHECK_OK(spawn_wait(&s, &status, &l.e), &l.e);
	CHECK_STR(fault(&l, &b), "its port vxlan42 does not lead to 192.0.2.3");
	CHECK_OK(net_bridge_up(l.net, &b, &l.e), &l.e);
	CHECK_STR(fault(&l, &b), "");
	lab_done(&l);
}

/* Another one of its name: made anew as a port of the bridge, not touched elsewhere. */
TEST_ROOT(vxlan_other)
{
	auto_bridge struct net_bridge b = { .name = "br7" }, more = { .name = "br8" };
	struct link_info link;
	struct lab l;

	begin(&l, &b);
	CHECK_OK(net_bridge_set(&b, NET_BR_VXLAN_PORT, "8472", &l.e), &l.e);
	CHECK_STR(fault(&l, &b), "its port vxlan42 has another number, UDP port or address");
	CHECK_OK(net_bridge_up(l.net, &b, &l.e), &l.e);
	CHECK_STR(fault(&l, &b), "");
	CHECK_OK(link_info(&l.net->rt, 0, "vxlan42", &link, &l.e), &l.e);
	CHECK_EQ(link.vxlan.id, 42);
	CHECK_EQ(link.vxlan.port, 8472);
	CHECK_OK(link_delete(&l.net->rt, "br7", &l.e), &l.e);	/* it stays, a port of nothing */
	for (size_t i = NET_BR_VXLAN_ID; i < NET_BR_N; i++)
		CHECK_OK(net_bridge_set(&more, (enum net_bridge_key)i, i == NET_BR_VXLAN_PORT ? "4789" : b.val[i], &l.e), &l.e);
	CHECK_ERR(net_bridge_up(l.net, &more, &l.e), EEXIST);
	CHECK(strstr(l.e.text, "a VXLAN vxlan42 is there already, with another number, port or address"));
	err_clear(&l.e);
	lab_done(&l);
}
