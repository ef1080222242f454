/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Containers talk to each other, to the host and to the outside, and leave nothing. */
#include "tests/unit/t_net_lab.h"

#include <time.h>

TEST_ROOT(venet_talks)
{
	struct lab l;
	char seen[INET6_ADDRSTRLEN];
	int a, b, out;

	lab_init(&l, NULL, NULL);
	out = lab_outside(&l, true);
	a = lab_up(&l, 101, "10.9.0.1 fd09::1");
	/* the very first packets, at once */
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.1", seen), 2);
	CHECK_EQ(lab_udp(&l, l.host, a, "fd09::1", seen), 2);
	b = lab_up(&l, 102, "10.9.0.2/24 fd09::2/64");
	CHECK_EQ(lab_udp(&l, a, b, "10.9.0.2", seen), 2);
	CHECK_STR(seen, "10.9.0.1");
	CHECK_EQ(lab_udp(&l, a, b, "fd09::2", seen), 2);
	CHECK_STR(seen, "fd09::1");
	CHECK_EQ(lab_udp(&l, b, a, "10.9.0.1", seen), 2);
	CHECK_EQ(lab_udp(&l, a, l.host, LAB_HOST4, seen), 2);
	CHECK_EQ(lab_udp(&l, a, l.host, LAB_HOST6, seen), 2);
	CHECK_EQ(lab_udp(&l, a, out, LAB_OUT4, seen), 2);
	CHECK_STR(seen, "10.9.0.1");
	CHECK_EQ(lab_udp(&l, b, out, LAB_OUT6, seen), 2);
	CHECK_STR(seen, "fd09::2");
	CHECK_EQ(lab_udp(&l, out, b, "10.9.0.2", seen), 2);
	CHECK_EQ(lab_udp(&l, out, b, "fd09::2", seen), 2);
	CHECK(lab_tcp(&l, a, b, "10.9.0.2") && lab_tcp(&l, a, b, "fd09::2"));
	CHECK(lab_tcp(&l, a, out, LAB_OUT4) && lab_tcp(&l, out, a, "fd09::1"));
	CHECK_EQ(lab_udp(&l, a, a, "10.9.0.1", seen), 2);
	/* a subnet mask makes no neighbours of one's siblings */
	CHECK_EQ(lab_udp(&l, b, a, "10.9.0.1", seen), 2);
	lab_done(&l);
}

TEST_ROOT(venet_masquerade)
{
	struct lab l;
	char seen[INET6_ADDRSTRLEN];
	int a, b, c, out;

	lab_init(&l, "10.9.0.0/16", "fd09::/64");
	out = lab_outside(&l, false);		/* knows no way back to 10.9/16 */
	a = lab_up(&l, 1, "10.9.0.1 fd09::1");
	b = lab_up(&l, 2, "10.9.0.2");
	c = lab_up(&l, 3, "10.10.0.3");
	CHECK_EQ(lab_udp(&l, a, out, LAB_OUT4, seen), 2);
	CHECK_STR(seen, "192.0.2.1");
	CHECK_EQ(lab_udp(&l, a, out, LAB_OUT6, seen), 2);
	CHECK_STR(seen, "2001:db8::1");
	CHECK_EQ(lab_udp(&l, a, b, "10.9.0.2", seen), 2);
	CHECK_STR(seen, "10.9.0.1");		/* not between containers */
	CHECK_EQ(lab_udp(&l, c, out, LAB_OUT4, seen), 1);
	CHECK_STR(seen, "10.10.0.3");		/* not in the pool: as it is, and no answer finds back */
	lab_done(&l);
}

TEST_ROOT(venet_restart_at_once)
{
	struct lab l;
	int a, b;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 2147483644, "10.9.0.1 fd09::1");
	for (int i = 0; i < 5; i++) {
		lab_down(&l, 2147483644, "10.9.0.1 fd09::1");
		CHECK_EQ(link_index(&l.net->rt, "vz2147483644"), 0);
		CHECK_EQ(lab_elements(&l), 0);
		b = lab_up(&l, 2147483644, "10.9.0.1 fd09::1");	/* @a is still held */
		CHECK_EQ(lab_udp(&l, l.host, b, "10.9.0.1", NULL), 2);
		CHECK_EQ(lab_udp(&l, l.host, b, "fd09::1", NULL), 2);
		CHECK_EQ(lab_udp(&l, a, l.host, LAB_HOST4, NULL), 0);
		close(a);
		a = b;
	}
	lab_done(&l);
}

TEST_ROOT(venet_down_of_a_held_namespace)
{
	struct net_host_conf c = { .table = "vz" };
	struct lab l;
	int a;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 5, "10.9.0.5 fd09::5");
	lab_down(&l, 5, NULL);			/* addresses are found by the name of the interface */
	CHECK_EQ(lab_elements(&l), 0);
	CHECK_EQ(link_index(&l.net->rt, "vz5"), 0);
	CHECK(link_index(&l.net->rt, "vz-5") != 0);
	lab_flags(&l.net->rt, "vz-5", IFF_UP, IFF_UP, &l.e);	/* even so nothing gets through */
	CHECK_EQ(lab_udp(&l, a, l.host, LAB_HOST4, NULL), 0);
	lab_down(&l, 5, NULL);			/* again: what was held goes */
	CHECK_EQ(link_index(&l.net->rt, "vz-5"), 0);
	close(a);
	a = lab_up(&l, 6, "10.9.0.6");
	lab_down(&l, 6, "10.9.0.6");
	CHECK(link_index(&l.net->rt, "vz-6") != 0);
	CHECK_OK(net_host_setup(l.net, &c, &l.e), &l.e);
	CHECK_EQ(link_index(&l.net->rt, "vz-6"), 0);
	lab_down(&l, 99, "10.9.0.99 fd09::99");	/* never was */
	lab_down(&l, 99, NULL);
	a = lab_up_in(&l, 6, "10.9.0.6", a);	/* down and up again in the same namespace */
	lab_down(&l, 6, NULL);
	a = lab_up_in(&l, 6, "10.9.0.6", a);
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.6", NULL), 2);
	close(a);
	lab_done(&l);
}

TEST_ROOT(venet_stale_link_is_replaced)
{
	struct lab l;
	int a, b;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 7, "10.9.0.7 10.9.0.77");
	b = lab_up(&l, 7, "10.9.0.7");
	CHECK_EQ(lab_elements(&l), 1);		/* of .77 nothing is left */
	CHECK_EQ(lab_routes(&l, "vz7"), 1);
	CHECK_EQ(lab_udp(&l, l.host, b, "10.9.0.7", NULL), 2);
	close(a);
	close(b);
	lab_done(&l);
}

TEST_ROOT(venet_address_in_use)
{
	struct lab l;
	struct str_list ips = { 0 };
	int b;

	lab_init(&l, NULL, NULL);
	lab_up(&l, 102, "10.9.0.5 fd09::5");
	b = lab_ns(&l);
	lab_ips(&ips, "10.9.0.6 10.9.0.5");
	CHECK_ERR(net_up(l.net, 103, &ips, b, &l.e), EADDRINUSE);
	CHECK_STR(l.e.text, "address 10.9.0.5 is in use by interface vz102");
	CHECK_EQ(link_index(&l.net->rt, "vz103"), 0);
	CHECK_EQ(lab_elements(&l), 2);
	err_clear(&l.e);
	lab_ips(&ips, "fd09::5");
	CHECK_ERR(net_up(l.net, 103, &ips, b, &l.e), EADDRINUSE);
	CHECK_STR(l.e.text, "address fd09::5 is in use by interface vz102");
	err_clear(&l.e);
	lab_ips(&ips, "10.9.0.9 10.9.0.9 0.0.0.0 10.9.0.9/24");	/* the same thrice and a nothing */
	CHECK_OK(net_up(l.net, 104, &ips, b, &l.e), &l.e);
	lab_in(b);
	CHECK_OK(net_inside_up(&ips, &l.e), &l.e);
	lab_in(l.host);
	CHECK_EQ(lab_udp(&l, l.host, b, "10.9.0.9", NULL), 2);
	lab_ips(&ips, "10.9.0.9x");
	CHECK_ERR(net_up(l.net, 105, &ips, b, &l.e), EINVAL);
	str_list_clear(&ips);
	lab_done(&l);
}

TEST_ROOT(venet_thousand_addresses)
{
	struct lab l;
	auto_buf struct buf b = BUF_INIT;
	int a;

	for (int i = 0; i < 500; i++)
		buf_addf(&b, "10.%d.%d.7 fd09::%x:7 ", 20 + i / 250, 1 + i % 250, i + 1);
	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 8, buf_str(&b));
	CHECK_EQ(lab_routes(&l, "vz8"), 1000);
	CHECK_EQ(lab_elements(&l), 1000);
	CHECK_EQ(lab_udp(&l, l.host, a, "10.21.250.7", NULL), 2);
	CHECK_EQ(lab_udp(&l, l.host, a, "fd09::1f4:7", NULL), 2);
	lab_down(&l, 8, buf_str(&b));
	CHECK_EQ(lab_elements(&l), 0);
	CHECK_EQ(link_index(&l.net->rt, "vz8"), 0);
	close(a);
	lab_done(&l);
}

/* Whatever comes and goes, nothing stays: links, routes, elements. */
TEST_ROOT(venet_leaks_nothing)
{
	struct lab l;
	int ns[8];
	char ip[64];

	lab_init(&l, NULL, NULL);
	for (int i = 0; i < 40; i++) {
		int k = i % 8;

		str_fmt(ip, sizeof(ip), "10.9.1.%d fd09::1:%d", k + 1, k + 1);
		if (i >= 8) {
			lab_down(&l, (unsigned)(200 + k), ip);
			close(ns[k]);
		}
		ns[k] = lab_up(&l, (unsigned)(200 + k), ip);
	}
	for (int k = 0; k < 8; k++) {
		lab_down(&l, (unsigned)(200 + k), NULL);
		close(ns[k]);
	}
	CHECK_EQ(lab_elements(&l), 0);
	for (int i = 0; i < 2000; i++) {		/* dead links go with their namespaces, a moment later */
		unsigned left = 0;

		for (unsigned k = 200; k < 208; k++) {
			char name[IFNAMSIZ];

			str_fmt(name, sizeof(name), "vz-%u", k);
			left += link_index(&l.net->rt, name) != 0;
		}
		if (!left)
			break;
		CHECK(i < 1999);
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	lab_done(&l);
}

/* A prefix: all of it is the container's, nothing beside it, and what it does not use is not sent back and forth. */
TEST_ROOT(venet_prefix)
{
	struct str_list add = { 0 }, del = { 0 };
	char owner[IFNAMSIZ];
	struct net_ip ip;
	struct nl nl = { 0 };
	struct lab l;
	int a, b, out;

	lab_init(&l, NULL, NULL);
	out = lab_outside(&l, true);
	a = lab_up(&l, 101, "fd09:0:0:1::/64 10.9.1.0/28");
	b = lab_up(&l, 102, "fd09::2 10.9.0.2");
	CHECK_EQ(lab_udp(&l, out, a, "fd09:0:0:1::1", NULL), 2);
	CHECK_EQ(lab_udp(&l, b, a, "10.9.1.1", NULL), 2);
	lab_in(a);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &l.e), &l.e);
	lab_addr(&nl, "venet0", "fd09:0:0:1:dead::beef/128", &l.e);
	lab_addr(&nl, "venet0", "fd09:0:0:2::1/128", &l.e);
	lab_addr(&nl, "venet0", "10.9.1.14", &l.e);
	lab_addr(&nl, "venet0", "10.9.1.16", &l.e);
	lab_in(l.host);
	CHECK_EQ(lab_udp(&l, out, a, "fd09:0:0:1:dead::beef", NULL), 2);
	CHECK_EQ(lab_udp(&l, b, a, "10.9.1.14", NULL), 2);
	CHECK_EQ(lab_udp_from(&l, a, "fd09:0:0:1:dead::beef", b, "fd09::2"), 2);
	CHECK_EQ(lab_udp_from(&l, a, "fd09:0:0:2::1", b, "fd09::2"), 0);
	CHECK_EQ(lab_udp_from(&l, a, "10.9.1.16", b, "10.9.0.2"), 0);
	/* whose is it? */
	CHECK_OK(net_ip_parse("fd09:0:0:1::77", &ip, &l.e), &l.e);
	CHECK_EQ(net_ip_conflict(l.net, 102, &ip, owner, &l.e), 1);
	CHECK_STR(owner, "vz101");
	CHECK_EQ(net_ip_conflict(l.net, 101, &ip, owner, &l.e), 0);
	CHECK_OK(net_ip_parse("2001:db8::/32", &ip, &l.e), &l.e);
	CHECK_EQ(net_ip_conflict(l.net, 102, &ip, owner, &l.e), NET_IP_HOLDS_HOST);
	/* one prefix goes, the other stays; another length of the same */
	lab_ips(&del, "10.9.1.0/28");
	lab_ips(&add, "10.9.1.0/29");
	CHECK_OK(net_change(l.net, 101, a, &add, &del, &l.e), &l.e);
	CHECK_EQ(lab_udp(&l, b, a, "10.9.1.1", NULL), 2);
	CHECK_EQ(lab_udp(&l, b, a, "10.9.1.14", NULL), 0);
	CHECK_EQ(lab_udp(&l, out, a, "fd09:0:0:1::1", NULL), 2);
	/* the table comes back by the routes */
	CHECK_OK(antispoof_teardown(l.net, &l.e), &l.e);
	CHECK_OK(antispoof_ensure(l.net, &l.e), &l.e);
	CHECK_EQ(lab_udp(&l, out, a, "fd09:0:0:1:dead::beef", NULL), 2);
	CHECK_EQ(lab_udp_from(&l, a, "fd09:0:0:2::1", b, "fd09::2"), 0);
	lab_down(&l, 101, "fd09:0:0:1::/64 10.9.1.0/29");
	lab_down(&l, 102, NULL);
	CHECK_EQ(lab_elements(&l), 0);
	str_list_clear(&add);
	str_list_clear(&del);
	nl_close(&nl);
	close(a);
	lab_done(&l);
}

static void raise_segments(struct lab *l, const char *name, uint32_t bytes)
{
	struct nl_batch b;

	nl_batch_begin(&b, &l->net->rt, &l->e);
	nl_msg(&b, RTM_NEWLINK, 0, sizeof(struct ifinfomsg), "set", name);
	nl_put_str(&b, IFLA_IFNAME, name);
	link_put_segments(&b, bytes);
	CHECK_OK(nl_batch_end(&b), &l->e);
}

/* Of the end inside: as large as the way out takes. */
static unsigned inner_segment(struct lab *l, int ns)
{
	struct link_info info = { 0 };
	struct nl nl = { 0 };

	lab_in(ns);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &l->e), &l->e);
	CHECK_OK(link_info(&nl, 0, NET_INSIDE, &info, &l->e), &l->e);
	nl_close(&nl);
	lab_in(l->host);
	return info.segment;
}

TEST_ROOT(venet_segments)
{
	struct str_list small = { 0 }, none = { 0 };
	unsigned large, segment;
	struct link_info host;
	struct lab l;
	int a, b;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 101, "10.9.0.1");	/* there is no way out */
	large = inner_segment(&l, a);
	CHECK_OK(link_info(&l.net->rt, 0, "vz101", &host, &l.e), &l.e);
	CHECK_EQ(large, host.segment);
	CHECK(large == LINK_SEGMENT || large == LINK_SEGMENT_USUAL);	/* as this kernel has it for IPv4 */
	lab_outside(&l, true);
	CHECK_OK(link_way_out(&l.net->rt, &segment, &l.e), &l.e);
	CHECK_EQ(segment, LINK_SEGMENT_USUAL);
	b = lab_up(&l, 102, "10.9.0.2");
	CHECK_EQ(inner_segment(&l, b), LINK_SEGMENT_USUAL);
	raise_segments(&l, "up0", LINK_SEGMENT);
	CHECK_OK(net_venet_set(l.net, 102, b, &none, &l.e), &l.e);
	CHECK_EQ(inner_segment(&l, b), large);
	CHECK_OK(str_list_add(&small, "venet small vz102", &l.e), &l.e);
	CHECK_OK(net_venet_set(l.net, 102, b, &small, &l.e), &l.e);
	CHECK_EQ(inner_segment(&l, b), LINK_SEGMENT_USUAL);
	net_venet_of(l.net, &none);
	str_list_clear(&small);
	lab_done(&l);
}
