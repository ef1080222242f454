/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net/neigh.c: neighbours find a container's address behind the host, and hear of it; nothing is left when it goes. */
#include "tests/unit/t_net_lab.h"

#include "net/ether.h"
#include <linux/if_ether.h>
#include <linux/neighbour.h>

TEST(neigh_words)
{
	CHECK(net_neighbours_ok("detect") && net_neighbours_ok("all") && net_neighbours_ok("list:eth0 eth1"));
	CHECK(!net_neighbours_ok("") && !net_neighbours_ok("eth0") && !net_neighbours_ok("lists"));
}

static int count_one(const struct nlmsghdr *nlh, void *arg)
{
	*(int *)arg += nlh->nlmsg_type == RTM_NEWNEIGH;
	return 0;
}

static int proxies(struct lab *l)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *nd;
	int n = 0;

	nlh->nlmsg_type = RTM_GETNEIGH;
	nd = mnl_nlmsg_put_extra_header(nlh, sizeof(*nd));
	nd->ndm_flags = NTF_PROXY;
	CHECK_OK(nl_dump(&l->net->rt, nlh, count_one, NULL, &n, &l->e), &l->e);
	return n;
}

/* A socket in @ns that hears everything of @ethertype. */
static int ear(struct lab *l, int ns, uint16_t ethertype)
{
	struct timeval tv = { .tv_sec = 2 };
	int fd;

	lab_in(ns);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ethertype));
	CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == 0);
	lab_in(l->host);
	return fd;
}

TEST_ROOT(neigh_an_address_of_the_uplinks_network)
{
	struct lab l;
	int a, out;

	lab_init(&l, NULL, NULL);
	out = lab_outside(&l, false);		/* no route to anything but its own network */
	a = lab_up(&l, 101, "192.0.2.50 2001:db8::50 10.9.0.1");
	CHECK_EQ(proxies(&l), 2);
	CHECK_EQ(lab_udp(&l, out, a, "192.0.2.50", NULL), 2);
	CHECK_EQ(lab_udp(&l, out, a, "2001:db8::50", NULL), 2);
	lab_down(&l, 101, "192.0.2.50 2001:db8::50 10.9.0.1");
	CHECK_EQ(proxies(&l), 0);
	close(a);
	lab_done(&l);
}

TEST_ROOT(neigh_are_told)
{
	auto_close int arp = -1, nd = -1;
	uint8_t frame[256], whose[16], mac[6];
	struct net_arp got = { 0 };
	bool told4 = false, told6 = false;
	struct net_ip ip;
	struct lab l;
	int a, out;

	lab_init(&l, NULL, NULL);
	out = lab_outside(&l, false);
	a = lab_up(&l, 101, "192.0.2.50 2001:db8::50");
	arp = ear(&l, out, ETH_P_ARP);
	nd = ear(&l, out, ETH_P_IPV6);
	CHECK_OK(net_announce(l.net, &l.e), &l.e);
	for (ssize_t n; !told4 && (n = recv(arp, frame, sizeof(frame), 0)) > 0;)
		told4 = net_arp_parse(frame, (size_t)n, &got) == 0 && !memcmp(got.sip, "\xc0\0\2\x32", 4) &&
			!memcmp(got.tip, got.sip, 4);
	CHECK(told4);
	CHECK_OK(net_ip_parse("2001:db8::50", &ip, &l.e), &l.e);
	for (ssize_t n; !told6 && (n = recv(nd, frame, sizeof(frame), 0)) > 0;)
		told6 = net_na_parse(frame, (size_t)n, whose, mac) == 0 && !memcmp(whose, &ip.v6, 16);
	CHECK(told6);
	CHECK_OK(net_announce(l.net, &l.e), &l.e);	/* once is enough */
	CHECK(recv(arp, frame, sizeof(frame), MSG_DONTWAIT) < 0);
	lab_down(&l, 101, NULL);
	CHECK_EQ(proxies(&l), 0);
	close(a);
	lab_done(&l);
}

TEST_ROOT(neigh_which_interfaces)
{
	struct net_host_conf c = { .table = "vz", .forward = true, .neighbours = "list:nosuch up0" };
	struct lab l;
	int a;

	lab_init(&l, NULL, NULL);
	lab_outside(&l, false);
	CHECK_OK(net_host_conf_set(l.net, &c, &l.e), &l.e);
	a = lab_up(&l, 101, "10.9.0.1");
	CHECK_EQ(proxies(&l), 1);
	lab_down(&l, 101, "10.9.0.1");
	CHECK_EQ(proxies(&l), 0);
	close(a);
	c.neighbours = "all";
	CHECK_OK(net_host_conf_set(l.net, &c, &l.e), &l.e);
	a = lab_up(&l, 101, "10.9.0.1 fd00::1");
	CHECK_EQ(proxies(&l), 2);		/* up0; not lo, not vz101 */
	/* what a killed vzctl leaves */
	CHECK_OK(link_delete(&l.net->rt, "vz101", &l.e), &l.e);
	CHECK_EQ(proxies(&l), 2);
	CHECK_OK(net_host_setup(l.net, &c, &l.e), &l.e);
	CHECK_EQ(proxies(&l), 0);
	close(a);
	lab_done(&l);
}

TEST_ROOT(neigh_prefixes)
{
	struct str_list list = { 0 };
	struct lab l;
	int a, out;

	lab_init(&l, NULL, NULL);
	out = lab_outside(&l, false);
	a = lab_up(&l, 101, "192.0.2.64/29");
	CHECK_EQ(proxies(&l), 8);
	CHECK_EQ(lab_udp(&l, out, a, "192.0.2.65", NULL), 2);
	lab_down(&l, 101, "192.0.2.64/29");
	CHECK_EQ(proxies(&l), 0);
	lab_ips(&list, "2001:db8::100:0/112");
	CHECK_ERR(net_up(l.net, 101, &list, a, &l.e), EINVAL);
	CHECK(strstr(l.e.text, "up0"));
	CHECK_EQ(link_index(&l.net->rt, "vz101"), 0);
	str_list_clear(&list);
	close(a);
	lab_done(&l);
}
