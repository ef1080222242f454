/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/netif.h"
#include "net/veth.h"
#include "tests/unit/t_net_lab.h"

TEST_ROOT(net_stat_as_the_container_sees_it)
{
	struct lab l;
	struct net_stat before, after;
	struct sockaddr_storage sa;
	char big[1000] = { 0 };
	int a, fd;

	lab_init(&l, NULL, NULL);
	a = lab_up(&l, 1, "10.9.0.1");
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.1", NULL), 2);
	CHECK_OK(net_stat(l.net, 1, &before, &l.e), &l.e);
	CHECK(before.rx_packets > 0 && before.tx_packets > 0);
	fd = lab_socket(&l, a, SOCK_DGRAM, LAB_HOST4, NULL, 0);
	for (int i = 0; i < 10; i++)
		CHECK(sendto(fd, big, sizeof(big), 0, (void *)&sa, lab_sockaddr("203.0.113.1", 9, &sa)) == sizeof(big));
	close(fd);
	CHECK_OK(net_stat(l.net, 1, &after, &l.e), &l.e);
	CHECK_EQ(after.tx_packets - before.tx_packets, 10);
	CHECK_EQ(after.tx_bytes - before.tx_bytes, 10 * (1000 + 8 + 20 + 14));
	CHECK_EQ(net_stat(l.net, 2, &after, &l.e), -ENODEV);
	lab_done(&l);
}

struct seen { unsigned n, id[8], index[8]; char inside[8][16]; struct net_stat st[8]; };

static int see(void *arg, unsigned id, unsigned index, const char *inside, const struct net_stat *st)
{
	struct seen *s = arg;

	CHECK(s->n < 8);
	s->id[s->n] = id;
	s->index[s->n] = index;
	s->st[s->n] = *st;
	str_copy(s->inside[s->n], sizeof(s->inside[0]), inside);
	s->n++;
	return 0;
}

static const struct net_stat *seen_find(const struct seen *s, unsigned id, const char *inside)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->id[i] == id && str_eq(s->inside[i], inside))
			return &s->st[i];
	return NULL;
}

static void bridge(struct lab *l)
{
	struct nl_batch b;
	struct nlattr *info;

	nl_batch_begin(&b, &l->net->rt, &l->e);
	nl_msg(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg), "create", "br0");
	nl_put_str(&b, IFLA_IFNAME, "br0");
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, "bridge");
	nl_nest_end(&b, info);
	CHECK_OK(nl_batch_end(&b), &l->e);
}

/* One dump has what is asked for one by one, bridged ones too, and nobody else's. */
TEST_ROOT(net_stat_all_has_everyone)
{
	struct lab l;
	struct seen s = { 0 };
	struct net_stat one;
	struct net_if f;
	int a;

	lab_init(&l, NULL, NULL);
	lab_outside(&l, false);			/* up0 is nobody's */
	a = lab_up(&l, 1, "10.9.0.1");
	lab_up(&l, 4000000, "10.9.0.2");
	bridge(&l);
	CHECK_OK(net_if_parse("ifname=eth0,bridge=br0", &f, &l.e), &l.e);
	CHECK_OK(net_if_fill(&f, 1, false, &l.e), &l.e);
	CHECK_OK(net_veth_up(l.net, 1, &f, a, &l.e), &l.e);
	CHECK_EQ(lab_udp(&l, l.host, a, "10.9.0.1", NULL), 2);
	CHECK_OK(net_stat_all(l.net, see, &s, &l.e), &l.e);
	CHECK_EQ(s.n, 3);
	CHECK_OK(net_stat(l.net, 1, &one, &l.e), &l.e);
	CHECK(seen_find(&s, 1, "venet0") && seen_find(&s, 4000000, "venet0") && seen_find(&s, 1, "eth0"));
	CHECK(one.rx_bytes > 0);
	CHECK_EQ(seen_find(&s, 1, "venet0")->rx_bytes, one.rx_bytes);
	CHECK_EQ(seen_find(&s, 1, "venet0")->tx_packets, one.tx_packets);
	/* what is kept of whose they are does not hide who comes, goes, or comes again */
	lab_up(&l, 3, "10.9.0.3");
	lab_down(&l, 4000000, "10.9.0.2");
	s.n = 0;
	CHECK_OK(net_stat_all(l.net, see, &s, &l.e), &l.e);
	CHECK(seen_find(&s, 3, "venet0") && seen_find(&s, 1, "venet0"));
	lab_up(&l, 4000000, "10.9.0.2");
	s.n = 0;
	CHECK_OK(net_stat_all(l.net, see, &s, &l.e), &l.e);
	CHECK(seen_find(&s, 4000000, "venet0") && seen_find(&s, 1, "eth0"));
	lab_done(&l);
}

static int stop_at_once(void *arg, unsigned id, unsigned index, const char *inside, const struct net_stat *st)
{
	(void)id;
	(void)index;
	(void)inside;
	(void)st;
	++*(int *)arg;
	return -ECANCELED;
}

TEST_ROOT(net_stat_all_stops)
{
	struct lab l;
	int n = 0;

	lab_init(&l, NULL, NULL);
	lab_up(&l, 1, "10.9.0.1");
	lab_up(&l, 2, "10.9.0.2");
	CHECK_ERR(net_stat_all(l.net, stop_at_once, &n, &l.e), ECANCELED);
	CHECK_EQ(n, 1);
	lab_done(&l);
}

TEST(net_stat6_of_the_hosts_end)
{
	static const char new[] = "ifIndex                         \t7\nIp6InReceives                   \t3\nIp6OutForwDatagrams             \t9\n"
				  "Ip6OutRequests                  \t9\nIp6InOctets                     \t300\n"
				  "Ip6OutOctets                    \t400\nIp6OutTransmits                 \t4\n";
	static const char old[] = "Ip6InReceives\t3\nIp6OutForwDatagrams\t2\nIp6OutRequests\t1\nIp6InOctets\t300\nIp6OutOctets\t400";
	struct net_stat s;

	net_stat6_parse(new, &s);
	CHECK(s.rx_bytes == 400 && s.tx_bytes == 300 && s.rx_packets == 4 && s.tx_packets == 3);
	net_stat6_parse(old, &s);
	CHECK(s.rx_bytes == 400 && s.tx_bytes == 300 && s.rx_packets == 3 && s.tx_packets == 3);
	net_stat6_parse("", &s);
	CHECK(!s.rx_bytes && !s.tx_bytes && !s.rx_packets && !s.tx_packets);
}
