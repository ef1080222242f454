/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether rates hold: 1 Mbit/s, 100 Mbit/s, 1 Gbit/s, both ways, by TCP and by datagrams that come at several times the rate (at a
 * gigabit a busy machine sends fewer); and what a container that floods at ten times its rate does to another's rate and
 * latency. In a namespace of its own:
 *	unshare -n build/bench/net_rate [SECONDS]
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/rtnetlink.h>

#include "net/net_priv.h"
#include "bench/net_ends.h"
#include "bench/net_lines.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"

#define DATAGRAM 1400u
static double seconds = 3;

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void host_up(struct net *n)
{
	struct net_ip ip = { 0 };
	struct err e = { 0 };
	struct ifinfomsg *ifi;
	struct nl_batch b;

	must(net_ip_parse(HOST_IP, &ip, &e), &e);
	nl_batch_begin(&b, &n->rt, &e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "up", "lo");
	ifi->ifi_index = 1;
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	addr_put(&b, true, 1, &ip, "lo");
	must(nl_batch_end(&b), &e);
}

static void rate_set(struct net *n, unsigned id, uint64_t kbit)
{
	const struct net_rates r = { .limit[1].kbit = { kbit, kbit } };
	const struct net_place place = { .slot = id, .own = true };
	const struct net_totals totals = { 0 };
	struct err e = { 0 };
	char name[16];

	net_ifname(id, name);
	must(net_shape_devices(n, &place, &e), &e);
	must(net_shape_set(n, &place, &r, &totals, &e), &e);
	must(net_shape_dev(n, name, &place, &r, &totals, &e), &e);
}

static int ct_up(struct net *n, unsigned id, const char *ip)
{
	auto_call(str_list_clear) struct str_list ips = { 0 }, lines = { 0 };
	struct err e = { 0 };
	char name[16];
	int ns = new_netns();

	must(str_list_add(&ips, ip, &e), &e);
	net_ifname(id, name);
	must(net_acct_line(&lines, name, false, 2, &e), &e);
	net_with(n, &lines);
	must(net_up(n, id, &ips, ns, &e), &e);
	net_with(n, NULL);
	enter(ns);
	must(net_inside_up(&ips, &e), &e);
	enter(self);
	must(net_ready(n, id, &e), &e);
	return ns;
}

/* Sends until it is killed: all it can, or, of datagrams, @mbit. */
static pid_t sender(int fd, bool tcp, double mbit)
{
	static char data[1 << 16];
	double begin = now_s(), sent = 0;
	pid_t pid = fork();

	while (pid == 0) {
		if (send(fd, data, tcp ? sizeof(data) : DATAGRAM, 0) < 0 && errno != ENOBUFS && errno != ECONNREFUSED)
			_exit(0);
		sent += DATAGRAM * 8e-6;
		while (!tcp && sent > (now_s() - begin) * mbit)
			usleep(500);
	}
	return pid;
}

/* Mbit/s that arrive, with the heads that count; what came first is the burst, and the sender's start. */
static double measure(struct pair p, bool tcp, double mbit)
{
	static char data[1 << 18];
	pid_t pid = sender(p.tx, tcp, mbit * 4);
	double begin = now_s(), from = begin + seconds / 2, last = 0, bytes = 0;
	struct pollfd pfd = { .fd = p.rx, .events = POLLIN };

	while (now_s() < begin + seconds * 1.5) {
		ssize_t n = poll(&pfd, 1, 100) > 0 ? recv(p.rx, data, sizeof(data), 0) : 0;
		double t = now_s();

		if (n <= 0 || t < from)
			continue;
		if (last > 0)
			bytes += tcp ? (double)n * 1514 / 1448 : (double)n + 42;
		else
			from = t;
		last = t;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return bytes * 8e-6 / (last - from);
}

static void rates(struct net *n, int ct, unsigned id, const char *ip)
{
	static const uint64_t kbit[] = { 1000, 100000, 1000000 };

	printf("%-24s %10s %10s %8s\n", "", "Mbit/s", "measured", "ratio");
	for (size_t i = 0; i < ARRAY_SIZE(kbit); i++)
		for (int k = 0; k < 4; k++) {
			bool tcp = k < 2, from = k % 2;
			double mbit = (double)kbit[i] / 1000, got;
			struct pair p;

			rate_set(n, id, kbit[i]);
			p = from ? flow(ct, ip, self, HOST_IP, tcp) : flow(self, HOST_IP, ct, ip, tcp);
			got = measure(p, tcp, mbit);
			close(p.tx);
			close(p.rx);
			printf("%s %-20s %10.0f %10.2f %8.3f\n", tcp ? "TCP" : "UDP", from ? "from it" : "to it", mbit, got,
			       got / mbit);
			fflush(stdout);
		}
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Round trips of another's, us: median and the 99th of 100. */
static void latency(struct pair p, const char *what)
{
	static double v[2000];
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	size_t n = ARRAY_SIZE(v);
	char c = 0;

	for (size_t i = 0; i < n; i++) {
		double t = now_s();

		len = sizeof(sa);
		check(send(p.tx, &c, 1, 0) == 1 && recvfrom(p.rx, &c, 1, 0, (void *)&sa, &len) == 1, "there");
		check(sendto(p.rx, &c, 1, 0, (void *)&sa, len) == 1 && recv(p.tx, &c, 1, 0) == 1, "back");
		v[i] = (now_s() - t) * 1e6;
		usleep(200);
	}
	qsort(v, n, sizeof(*v), by_value);
	printf("%-24s round trip of the other: median %.0f us, 99 of 100 %.0f us\n", what, v[n / 2], v[n * 99 / 100]);
}

static void neighbour(struct net *n, int bad, int good)
{
	struct pair flood = flow(bad, "10.1.0.1", self, HOST_IP, false), ping, tcp;
	pid_t pid;

	rate_set(n, 1, 100000);
	rate_set(n, 2, 100000);
	ping = flow(good, "10.1.0.2", self, HOST_IP, false);
	latency(ping, "alone");
	tcp = flow(good, "10.1.0.2", self, HOST_IP, true);
	printf("%-24s TCP of the other at 100 Mbit/s: %.1f\n", "alone", measure(tcp, true, 100));
	pid = sender(flood.tx, false, 1000);
	latency(ping, "beside a flood of 10x");
	close(tcp.tx);
	close(tcp.rx);
	tcp = flow(good, "10.1.0.2", self, HOST_IP, true);
	printf("%-24s TCP of the other at 100 Mbit/s: %.1f\n", "beside a flood of 10x", measure(tcp, true, 100));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	struct net_host_conf c = { .table = "vz", .forward = true };
	struct err e = { 0 };
	struct net *net;
	uint64_t want;
	int a, b;

	self = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (argc > 1) {
		if (num_u64(argv[1], &want) < 0 || !want || want > 600)
			return 2;
		seconds = (double)want;
	}
	must(net_open("vz", &net, &e), &e);
	must(net_host_setup(net, &c, &e), &e);
	must(net_rt(net, &e), &e);
	host_up(net);
	a = ct_up(net, 1, "10.1.0.1");
	b = ct_up(net, 2, "10.1.0.2");
	rates(net, a, 1, "10.1.0.1");
	neighbour(net, a, b);
	net_close(net);
	return 0;
}
