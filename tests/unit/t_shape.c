/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rates as text; the trunk of the trees comes back; a rate holds without a file of classes, for both versions of IP. */
#include <linux/pkt_sched.h>

#include "net/shape.h"
#include "net/shape_priv.h"
#include "tests/unit/t_net_lab.h"

TEST(shape_rates_text)
{
	static const char *const bad[] = { "1", "0:5", "16:5", "eth0:1:", "eth0:1:5/", "1:x", "1:-5", "1:400000001", "1:300000000 1:300000000" };
	struct net_rate v[NET_CLASS_N];
	struct err e = { 0 };

	CHECK_OK(net_rates_parse("eth0:1:1000/2000,eth1:1:500 2:30", v, &e), &e);
	CHECK_EQ(v[1].kbit[NET_SENT], 1500);
	CHECK_EQ(v[1].kbit[NET_RECEIVED], 2500);
	CHECK_EQ(v[2].kbit[NET_SENT], 30);
	CHECK_EQ(v[2].kbit[NET_RECEIVED], 30);
	CHECK_OK(net_rates_parse("", v, &e), &e);
	CHECK_EQ(v[1].kbit[NET_SENT], 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(net_rates_parse(bad[i], v, &e), -EINVAL);
		CHECK(strstr(e.text, "DEVICE:CLASS:KBITS"));
		err_clear(&e);
	}
}

TEST(shape_rates_any)
{
	struct net_rates r = { .burst_kib = 5 };

	CHECK(!net_rates_any(&r));
	r.limit[3].kbit[NET_RECEIVED] = 1;
	CHECK(net_rates_any(&r));
}

static int tc_del(struct lab *l, uint16_t type, uint32_t handle, uint32_t parent)
{
	struct err e = { 0 };
	struct nl_batch b;
	struct tcmsg *t;

	nl_batch_begin(&b, &l->net->rt, &e);
	t = nl_msg(&b, type, 0, sizeof(*t), "remove", NULL);
	t->tcm_ifindex = (int)link_index(&l->net->rt, SHAPE_UP);
	t->tcm_handle = handle;
	t->tcm_parent = parent;
	return nl_batch_end(&b);
}

static void alias(struct lab *l, char dst[256])
{
	struct link_info info;

	CHECK_OK(link_info(&l->net->rt, 0, SHAPE_UP, &info, &l->e), &l->e);
	str_copy(dst, 256, info.alias);
}

TEST_ROOT(shape_trunk)
{
	struct net_rates r = { .rate[1].kbit = { 1000, 1000 } };
	struct net_totals t = { 0 };
	char first[256], other[256];
	struct lab l;

	lab_init(&l, "", "");
	CHECK_OK(net_shape_set(l.net, 3, &r, &t, &l.e), &l.e);
	alias(&l, first);
	CHECK(str_starts(first, "vz rates "));
	t.total_kbit[1] = 5000;
	CHECK_OK(net_shape_set(l.net, 4, &r, &t, &l.e), &l.e);
	alias(&l, other);
	CHECK(!str_eq(first, other));
	/* somebody removes the tree: the next one makes it again */
	CHECK_EQ(tc_del(&l, RTM_DELQDISC, SHAPE_MAJOR, TC_H_ROOT), 0);
	CHECK_OK(net_shape_set(l.net, 4, &r, &t, &l.e), &l.e);
	CHECK_EQ(tc_del(&l, RTM_DELTCLASS, shape_class(4, 1), 0), 0);
	CHECK(tc_del(&l, RTM_DELTCLASS, shape_class(3, 1), 0) < 0);
	CHECK_OK(net_shape_clear(l.net, 4, &l.e), &l.e);
	net_close(l.net);
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* As many datagrams of 1000 bytes as the sender's buffer takes, at once: 100 kB/s and the burst come through. */
static void slow(struct lab *l, int ns, const char *to, const char *from)
{
	auto_close int in = lab_socket(l, l->host, SOCK_DGRAM, to, to, LAB_PORT);
	auto_close int out = lab_socket(l, ns, SOCK_DGRAM, to, from, 0);
	struct sockaddr_storage sa;
	socklen_t len = lab_sockaddr(to, LAB_PORT, &sa);
	static char data[1000];
	double begin = now_s();
	unsigned sent = 0, got = 0;

	for (unsigned i = 0; i < 300; i++)
		sent += sendto(out, data, sizeof(data), MSG_DONTWAIT, (void *)&sa, len) > 0;
	CHECK(sent >= 60);
	while (now_s() - begin < 5 && recv(in, data, sizeof(data), 0) > 0)
		got++;
	CHECK(got >= 5);
	CHECK(got < 40 + 110 * (now_s() - begin));
}

TEST_ROOT(shape_one_class)
{
	struct net_rates r = { .limit[1].kbit = { 800, 800 } };
	struct str_list lines = { 0 };
	struct net_totals t = { 0 };
	struct lab l;
	int ns;

	lab_init(&l, "", "");
	CHECK_OK(net_shape_set(l.net, 0, &r, &t, &l.e), &l.e);
	CHECK_OK(net_shape_line(l.net, &lines, "vz7", 0, &r, &l.e), &l.e);
	net_with(l.net, &lines);
	ns = lab_up(&l, 7, "10.1.0.7 2001:db8:7::7");
	net_with(l.net, NULL);
	CHECK_OK(net_shape_dev(l.net, "vz7", true, &l.e), &l.e);
	slow(&l, ns, LAB_HOST4, "10.1.0.7");
	slow(&l, ns, LAB_HOST6, "2001:db8:7::7");
	str_list_clear(&lines);
	close(ns);
	net_close(l.net);
}
