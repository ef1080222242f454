/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a packet pays on its way between the host and a container with everything on (source check, counters, ten rules of the
 * firewall, caps, rates far above what is reached), beside a bare veth pair between two empty namespaces, and whether it grows
 * with the number of containers. The two take turns of some milliseconds, and the median of their ratios counts. In a namespace
 * of its own:
 *	unshare -n build/bench/net_flow [TURNS [CONTAINERS...]]
 */
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "net/net_priv.h"
#include "bench/net_ends.h"
#include "bench/net_lines.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"

#define FIRST 1000u		/* id of the container that is measured */
#define CT_IP "10.100.4.1"	/* of FIRST */
#define TURNS_MAX 501
#define TURN_BYTES (64u << 20)
#define TURN_PACKETS 4000u
#define GBIT40 40000000u

enum { TO_CT, FROM_CT, FROM_CT_CUT, TO_CT_UDP, FROM_CT_UDP, FLOW_N };
static const char *const names[FLOW_N] = {
	[TO_CT] = "TCP to it", [FROM_CT] = "TCP from it", [FROM_CT_CUT] = "the same, 64k",
	[TO_CT_UDP] = "UDP to it", [FROM_CT_UDP] = "UDP from it",
};

static double now_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* --- the two ends --- */

static void put_up(struct nl_batch *b, const char *name)
{
	struct ifinfomsg *ifi = nl_msg(b, RTM_NEWLINK, 0, sizeof(*ifi), "up", name);

	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	nl_put_str(b, IFLA_IFNAME, name);
}

/* Up, with address @ip; @peer is behind it. "lo" takes the address alone. */
static void end_up(const char *name, const char *ip, const char *peer)
{
	struct net_ip own = { 0 }, other = { 0 };
	struct err e = { 0 };
	struct nl nl = { 0 };
	struct nl_batch b;
	unsigned index;

	must(net_ip_parse(ip, &own, &e), &e);
	must(nl_open(&nl, NETLINK_ROUTE, &e), &e);
	index = link_index_made(&nl, name);
	nl_batch_begin(&b, &nl, &e);
	put_up(&b, name);
	addr_put(&b, true, index, &own, ip);
	if (peer) {
		must(net_ip_parse(peer, &other, &e), &e);
		route_put_host(&b, true, index, &other, peer);
	}
	must(nl_batch_end(&b), &e);
	nl_close(&nl);
}

static void bare_create(struct nl *nl, int peer_ns)
{
	struct ifinfomsg *ifi, peer = { .ifi_flags = IFF_NOARP, .ifi_change = IFF_NOARP };
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct nlattr *info, *data, *end;
	struct err e = { 0 };
	struct nl_batch b;

	nl_batch_begin(&b, nl, &e);
	ifi = nl_msg(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*ifi), "create interface", "bare");
	ifi->ifi_flags = ifi->ifi_change = IFF_NOARP;
	nl_put_str(&b, IFLA_IFNAME, "bare");
	nl_put(&b, IFLA_ADDRESS, mac, sizeof(mac));
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, "veth");
	data = nl_nest(&b, IFLA_INFO_DATA);
	end = nl_nest(&b, VETH_INFO_PEER);
	nl_put_raw(&b, &peer, sizeof(peer));
	nl_put_str(&b, IFLA_IFNAME, NET_INSIDE);
	nl_put(&b, IFLA_ADDRESS, mac, sizeof(mac));
	nl_put_u32(&b, IFLA_NET_NS_FD, (uint32_t)peer_ns);
	nl_nest_end(&b, end);
	nl_nest_end(&b, data);
	nl_nest_end(&b, info);
	must(nl_batch_end(&b), &e);
}

static void bare_up(int ns[2])
{
	struct err e = { 0 };
	struct nl nl = { 0 };

	for (int i = 0; i < 2; i++)
		ns[i] = new_netns();
	enter(ns[0]);
	must(nl_open(&nl, NETLINK_ROUTE, &e), &e);
	bare_create(&nl, ns[1]);
	nl_close(&nl);
	end_up("bare", HOST_IP, CT_IP);
	enter(ns[1]);
	end_up(NET_INSIDE, CT_IP, HOST_IP);
	enter(self);
}

static int ct_up(struct net *n, unsigned i)
{
	auto_call(str_list_clear) struct str_list ips = { 0 }, lines = { 0 };
	const struct net_rates r = { .limit[1].kbit = { GBIT40, GBIT40 } };
	const struct net_place place = { .slot = i, .own = true };
	const struct net_totals totals = { 0 };
	int ns = new_netns();
	struct err e = { 0 };
	char ip[32], name[16];

	snprintf(ip, sizeof(ip), "10.100.%u.%u", 4 + i / 250, i % 250 + 1);
	must(str_list_add(&ips, ip, &e), &e);
	net_ifname(FIRST + i, name);
	must(net_shape_devices(n, &place, &e), &e);
	must(net_shape_set(n, &place, &r, &totals, &e), &e);
	lines_of(&lines, name);
	net_with(n, &lines);
	must(net_up(n, FIRST + i, &ips, ns, &e), &e);
	net_with(n, NULL);
	enter(ns);
	must(net_inside_up(&ips, &e), &e);
	enter(self);
	must(net_ready(n, FIRST + i, &e), &e);
	must(net_shape_dev(n, name, &place, &r, &totals, &e), &e);
	return ns;
}

/* --- flows --- */

/* A flow of datagrams is answered once: connection tracking knows it. */
static struct pair flow_known(int from, const char *from_ip, int to, const char *to_ip, bool tcp)
{
	struct pair p = flow(from, from_ip, to, to_ip, tcp);
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char c;

	if (tcp)
		return p;
	send(p.tx, "x", 1, 0);
	check(recvfrom(p.rx, &c, 1, 0, (void *)&sa, &len) == 1 && sendto(p.rx, &c, 1, 0, (void *)&sa, len) == 1 &&
	      recv(p.tx, &c, 1, 0) == 1, "answer");
	fcntl(p.rx, F_SETFL, O_NONBLOCK);
	return p;
}

static void *sender(void *arg)
{
	static char data[1 << 17];
	const struct pair *p = arg;
	ssize_t n;

	for (uint64_t sent = 0; sent < TURN_BYTES; sent += (uint64_t)n) {
		n = send(p->tx, data, MIN(sizeof(data), TURN_BYTES - sent), 0);
		check(n > 0, "send");
	}
	return NULL;
}

/* Time for a byte, two threads: as somebody would see it. */
static double turn_tcp(struct pair p)
{
	static char data[1 << 17];
	double t0 = now_us(CLOCK_MONOTONIC);
	pthread_t t;
	ssize_t n;

	check(pthread_create(&t, NULL, sender, &p) == 0, "thread");
	for (uint64_t got = 0; got < TURN_BYTES; got += (uint64_t)n) {
		n = recv(p.rx, data, sizeof(data), 0);
		check(n > 0, "receive");
	}
	pthread_join(t, NULL);
	return (now_us(CLOCK_MONOTONIC) - t0) / TURN_BYTES;
}

/* CPU time for a packet that arrives. One thread sends and receives, so all the kernel does for it is in there. */
static double turn_udp(struct pair p)
{
	double t0 = now_us(CLOCK_THREAD_CPUTIME_ID);
	uint64_t got = 0;
	char data[64] = { 0 };

	for (unsigned i = 0; i < TURN_PACKETS; i++) {
		send(p.tx, data, sizeof(data), 0);
		while (recv(p.rx, data, sizeof(data), 0) > 0)
			got++;
	}
	check(got > TURN_PACKETS / 2, "most packets are lost");
	return (now_us(CLOCK_THREAD_CPUTIME_ID) - t0) / (double)got;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *v, uint64_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

static void measure(int kind, const int bare[2], int ct, uint64_t turns, unsigned count)
{
	static double a[TURNS_MAX], b[TURNS_MAX], ratio[TURNS_MAX];
	bool tcp = kind <= FROM_CT_CUT, to = kind == TO_CT || kind == TO_CT_UDP;
	struct pair p[2];

	for (int i = 0; i < 2; i++) {
		int host = i ? self : bare[0], in = i ? ct : bare[1];

		p[i] = to ? flow_known(host, HOST_IP, in, CT_IP, tcp) : flow_known(in, CT_IP, host, HOST_IP, tcp);
	}
	for (uint64_t i = 0; i < turns + 3; i++) {	/* the first ones warm up */
		uint64_t at = i < 3 ? 0 : i - 3;

		a[at] = tcp ? turn_tcp(p[0]) : turn_udp(p[0]);
		b[at] = tcp ? turn_tcp(p[1]) : turn_udp(p[1]);
		ratio[at] = a[at] / b[at];
	}
	for (int i = 0; i < 2; i++) {
		close(p[i].tx);
		close(p[i].rx);
	}
	printf("%-13s %5u %9.3f %9.3f %s %8.3f\n", names[kind], count, median(a, turns) * (tcp ? 65536 : 1),
	       median(b, turns) * (tcp ? 65536 : 1), tcp ? "us/64kB" : "us/pkt ", median(ratio, turns));
}

/* As the container's end has them where the host's way out takes no large ones. */
static void segments(struct net *n, int ns, bool small)
{
	auto_call(str_list_clear) struct str_list lines = { 0 };
	struct err e = { 0 };

	if (small)
		must(str_list_add(&lines, "venet small x", &e), &e);
	must(net_venet_set(n, FIRST, ns, &lines, &e), &e);
}

int main(int argc, char **argv)
{
	static const char *const few[] = { "1", "100", "1000" };
	struct net_host_conf c = { .table = "vz", .forward = true };
	int n_counts = argc > 2 ? argc - 2 : 3, bare[2], ct = -1;
	uint64_t turns = 31, want;
	unsigned have = 0;
	struct err e = { 0 };
	struct net *net;

	self = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (argc > 1 && (num_u64(argv[1], &turns) < 0 || !turns || turns > TURNS_MAX))
		return 2;
	must(net_open("vz", &net, &e), &e);
	must(net_host_setup(net, &c, &e), &e);
	end_up("lo", HOST_IP, NULL);
	bare_up(bare);
	printf("%-13s %5s %9s %9s %7s %8s\n", "", "cts", "bare", "all on", "", "bare/all");
	for (int i = 0; i < n_counts; i++) {
		if (num_u64(argc > 2 ? argv[i + 2] : few[i], &want) < 0 || !want || want > 4000)
			return 2;
		for (; have < want; have++) {
			int ns = ct_up(net, have);

			ct = have ? ct : ns;	/* the others stay open: they are what holds their namespaces */
		}
		for (int k = 0; k < FLOW_N; k++) {
			segments(net, ct, k == FROM_CT_CUT);
			measure(k, bare, ct, turns, have);
		}
	}
	net_close(net);
	return 0;
}
