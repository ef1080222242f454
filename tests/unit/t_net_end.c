/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_net_lab.h"

#include <netinet/tcp.h>

static unsigned held(struct lab *l, int ns)
{
	unsigned n = 9999;

	CHECK_OK(net_held(ns, &n, &l->e), &l->e);
	return n;
}

/* What was closed a moment ago is counted a moment longer. */
static unsigned held_at_last(struct lab *l, int ns, unsigned want)
{
	for (int i = 0; i < 2000 && held(l, ns) != want; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	return held(l, ns);
}

static int socket_in(int ns, int home, int type)
{
	int fd;

	lab_in(ns);
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	lab_in(home);
	CHECK(fd >= 0);
	return fd;
}

/* w0 and w1, both up, 10.9.9.1 at the first. */
static void pair_in(struct lab *l, int ns)
{
	struct ifinfomsg peer = { 0 };
	struct nlattr *info, *data, *end;
	struct nl nl = { 0 };
	struct nl_batch b;

	lab_in(ns);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &l->e), &l->e);
	nl_batch_begin(&b, &nl, &l->e);
	nl_msg(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(peer), "create", "w0");
	nl_put_str(&b, IFLA_IFNAME, "w0");
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, "veth");
	data = nl_nest(&b, IFLA_INFO_DATA);
	end = nl_nest(&b, VETH_INFO_PEER);
	nl_put_raw(&b, &peer, sizeof(peer));
	nl_put_str(&b, IFLA_IFNAME, "w1");
	nl_nest_end(&b, end);
	nl_nest_end(&b, data);
	nl_nest_end(&b, info);
	CHECK_OK(nl_batch_end(&b), &l->e);
	lab_flags(&nl, "w0", IFF_UP, IFF_UP, &l->e);
	lab_flags(&nl, "w1", IFF_UP, IFF_UP, &l->e);
	lab_addr(&nl, "w0", "10.9.9.1/24", &l->e);
	CHECK_OK(fio_control(AT_FDCWD, "/proc/sys/net/ipv4/neigh/w0/mcast_solicit", "1000000000", &l->e), &l->e);
	nl_close(&nl);
	lab_in(l->host);
}

static unsigned links_in(struct lab *l, int ns)
{
	unsigned n = 0;
	struct if_nameindex *all;

	lab_in(ns);
	all = if_nameindex();
	lab_in(l->host);
	CHECK(all != NULL);
	while (all[n].if_index)
		n++;
	if_freenameindex(all);
	return n;
}

TEST_ROOT(net_end_packets)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0x0a090909) };
	struct lab l;
	int ns, fd;

	lab_init(&l, NULL, NULL);
	ns = lab_ns(&l);
	CHECK_EQ(held_at_last(&l, ns, 0), 0);
	CHECK_OK(net_end(ns, 10000, &l.e), &l.e);
	pair_in(&l, ns);
	CHECK_EQ(links_in(&l, ns), 3);
	fd = socket_in(ns, l.host, SOCK_DGRAM);
	CHECK(sendto(fd, "x", 1, 0, (void *)&to, sizeof(to)) == 1);
	close(fd);
	CHECK_EQ(held_at_last(&l, ns, 1), 1);
	CHECK_OK(net_end(ns, 20000, &l.e), &l.e);
	CHECK_EQ(held(&l, ns), 0);
	CHECK_EQ(links_in(&l, ns), 1);
	close(ns);
	lab_done(&l);
}

static void lo(struct lab *l, int ns, bool up)
{
	struct nl nl = { 0 };

	lab_in(ns);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &l->e), &l->e);
	lab_flags(&nl, "lo", up ? IFF_UP : 0, IFF_UP, &l->e);
	nl_close(&nl);
	lab_in(l->host);
}

TEST_ROOT(net_end_connections)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(4711), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct lab l;
	int ns, door, a, b;

	lab_init(&l, NULL, NULL);
	ns = lab_ns(&l);
	lo(&l, ns, true);
	door = socket_in(ns, l.host, SOCK_STREAM);
	a = socket_in(ns, l.host, SOCK_STREAM);
	CHECK(bind(door, (void *)&at, sizeof(at)) == 0 && listen(door, 1) == 0);
	CHECK(connect(a, (void *)&at, sizeof(at)) == 0);
	b = accept(door, NULL, NULL);
	CHECK(b >= 0);
	lo(&l, ns, false);
	CHECK(write(a, "x", 1) == 1 && write(b, "y", 1) == 1);
	close(a);
	close(b);
	close(door);
	CHECK_EQ(held_at_last(&l, ns, 2), 2);
	CHECK_OK(net_end(ns, 20000, &l.e), &l.e);
	CHECK_EQ(held(&l, ns), 0);
	close(ns);
	lab_done(&l);
}

/* Somebody still has a socket open: nothing helps, and it does not take longer than it may. */
TEST_ROOT(net_end_in_use)
{
	struct lab l;
	int ns, fd;

	lab_init(&l, NULL, NULL);
	ns = lab_ns(&l);
	fd = socket_in(ns, l.host, SOCK_DGRAM);
	CHECK_ERR(net_end(ns, 200, &l.e), EBUSY);
	/* of those that looked some may not be gone either */
	CHECK(str_starts(l.e.text, "the network namespace of what was stopped is held by sockets ("));
	err_clear(&l.e);
	close(fd);
	close(ns);
	lab_done(&l);
}

TEST_ROOT(net_end_not_ours)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct lab l;
	unsigned n;

	lab_init(&l, NULL, NULL);
	CHECK_ERR(net_held(l.host, &n, &l.e), EINVAL);
	err_clear(&l.e);
	CHECK_ERR(net_end(l.host, 1000, &l.e), EINVAL);
	err_clear(&l.e);
	CHECK_ERR(net_end(null, 1000, &l.e), EINVAL);
	CHECK_STR(l.e.text, "no network namespace of a container");
	err_clear(&l.e);
	close(null);
	lab_done(&l);
}
