/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/heal.c: deleted, renamed, set down, routes gone: told, and traffic flows again. */
#include "net/heal.h"
#include "tests/unit/t_net_lab.h"

#define IPS "10.9.0.1/24 fd09::1"

static const char *fault(struct lab *l)
{
	static char text[96];
	struct str_list ips = { 0 };

	lab_ips(&ips, IPS);
	CHECK_OK(net_fault(l->net, 101, &ips, text, sizeof(text), &l->e), &l->e);
	str_list_clear(&ips);
	return text;
}

static void heal(struct lab *l, int ns)
{
	struct str_list ips = { 0 };

	lab_ips(&ips, IPS);
	CHECK_OK(net_heal(l->net, 101, &ips, ns, &l->e), &l->e);
	str_list_clear(&ips);
	CHECK_STR(fault(l), "");
	CHECK_EQ(lab_udp(l, l->host, ns, "10.9.0.1", NULL), 2);
	CHECK_EQ(lab_udp(l, l->host, ns, "fd09::1", NULL), 2);
}

static void rename_link(struct lab *l, const char *from, const char *to)
{
	struct ifinfomsg *ifi;
	struct nl_batch b;

	nl_batch_begin(&b, &l->net->rt, &l->e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "rename", from);
	ifi->ifi_index = (int)link_index(&l->net->rt, from);
	nl_put_str(&b, IFLA_IFNAME, to);
	CHECK_OK(nl_batch_end(&b), &l->e);
}

TEST_ROOT(heal_routed)
{
	struct ip_vec v = { 0 };
	struct nl_batch b;
	struct str_list ips = { 0 };
	struct lab l;
	int a;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 101, IPS);
	CHECK_STR(fault(&l), "");
	heal(&l, a);				/* nothing to do is no harm */
	lab_flags(&l.net->rt, "vz101", 0, IFF_UP, &l.e);
	CHECK_STR(fault(&l), "interface vz101 is down");
	heal(&l, a);
	lab_flags(&l.net->rt, "vz101", 0, IFF_UP, &l.e);
	rename_link(&l, "vz101", "stray");
	CHECK_STR(fault(&l), "interface vz101 does not exist");
	heal(&l, a);
	CHECK_EQ(link_index(&l.net->rt, "stray"), 0);
	lab_ips(&ips, IPS);
	CHECK_OK(ip_vec_parse(&v, &ips, &l.e), &l.e);
	nl_batch_begin(&b, &l.net->rt, &l.e);
	route_put_host(&b, false, link_index(&l.net->rt, "vz101"), &v.ip[1], "fd09::1");
	CHECK_OK(nl_batch_end(&b), &l.e);
	CHECK_STR(fault(&l), "there is no route to fd09::1 by vz101");
	heal(&l, a);
	CHECK_OK(link_delete(&l.net->rt, "vz101", &l.e), &l.e);
	CHECK_OK(antispoof_teardown(l.net, &l.e), &l.e);
	heal(&l, a);				/* both ends anew, and the table */
	CHECK_EQ(lab_elements(&l), 2);
	ip_vec_done(&v);
	str_list_clear(&ips);
	close(a);
	lab_done(&l);
}
