/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a container's network costs at start and stop, step by step, against a floor: a veth pair, both ends up, one
 * address inside, nothing else. In turn in one run. Run in a namespace of its own: unshare -n build/bench/net_start [N]
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/rtnetlink.h>

#include "net/net_priv.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"

enum step { FLOOR_PAIR, FLOOR_INSIDE, FLOOR, CHECK_TABLE, PAIR, ELEMENTS, UP_ROUTES, NET_UP, INSIDE, OURS, FIRST_ECHO, DROP_LINK,
	DROP_ELEMENTS, DOWN, 	STEP_N };
static const char *const names[STEP_N] = {
	[FLOOR_PAIR] = "floor: pair, host end up", [FLOOR_INSIDE] = "floor: inside up, address", [FLOOR] = "floor",
	[CHECK_TABLE] = "table stands?", [PAIR] = "pair", [ELEMENTS] = "filter elements", [UP_ROUTES] = "up, routes",
	[NET_UP] = "net_up", [INSIDE] = "net_inside_up", [OURS] = "net_up + net_inside_up",
	[FIRST_ECHO] = "until the first answer", [DROP_LINK] = "link down, renamed",
	[DROP_ELEMENTS] = "filter elements gone", [DOWN] = "net_down",
};
static double *t[STEP_N];

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void must(int rc, const struct err *e)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "net_start: %s\n", e->text);
	exit(1);
}

static int new_netns(int self)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0 || (fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) < 0 ||
	    setns(self, CLONE_NEWNET) < 0)
		exit(2);
	return fd;
}

static void floor_one(struct nl *nl, int self, uint64_t i, const struct net_ip *ip)
{
	struct err e = { 0 };
	struct nl in = { 0 };
	struct nl_batch b;
	struct ifinfomsg *ifi;
	int ns = new_netns(self);
	double t0 = now_us(), t1;

	must(link_create(nl, 6, ns, &e), &e);
	nl_batch_begin(&b, nl, &e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "up", "vz6");
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	nl_put_str(&b, IFLA_IFNAME, "vz6");
	must(nl_batch_end(&b), &e);
	t1 = now_us();
	setns(ns, CLONE_NEWNET);
	must(nl_open(&in, NETLINK_ROUTE, &e), &e);
	nl_batch_begin(&b, &in, &e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "up", NET_INSIDE);
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	nl_put_str(&b, IFLA_IFNAME, NET_INSIDE);
	addr_put(&b, true, link_index_made(&in, NET_INSIDE), ip, "x");
	must(nl_batch_end(&b), &e);
	nl_close(&in);
	t[FLOOR][i] = now_us() - t0;
	t[FLOOR_PAIR][i] = t1 - t0;
	t[FLOOR_INSIDE][i] = t[FLOOR][i] - t[FLOOR_PAIR][i];
	setns(self, CLONE_NEWNET);
	must(link_delete(nl, "vz6", &e), &e);
	close(ns);
}

/* The steps of net_up() one by one, for their shares. */
static void steps_one(struct net *n, int self, uint64_t i, const struct str_list *ips, const struct ip_vec *v)
{
	struct err e = { 0 };
	struct nl_batch b;
	int ns = new_netns(self);
	double t0 = now_us(), t1, t2, t3, t4;

	must(antispoof_ensure(n, &e), &e);
	t1 = now_us();
	must(link_create(&n->rt, 7, ns, &e), &e);
	t2 = now_us();
	must(antispoof_change(n, 7, true, v, &e), &e);
	t3 = now_us();
	nl_batch_begin(&b, &n->rt, &e);
	link_put_host_up(&b, "vz7");
	route_put_host(&b, true, link_index_made(&n->rt, "vz7"), &v->ip[0], v->text[0]);
	must(nl_batch_end(&b), &e);
	t4 = now_us();
	t[CHECK_TABLE][i] = t1 - t0;
	t[PAIR][i] = t2 - t1;
	t[ELEMENTS][i] = t3 - t2;
	t[UP_ROUTES][i] = t4 - t3;
	setns(ns, CLONE_NEWNET);
	must(net_inside_up(ips, &e), &e);
	setns(self, CLONE_NEWNET);
	t0 = now_us();
	must(link_drop(&n->rt, 7, &e), &e);
	t1 = now_us();
	must(antispoof_change(n, 7, false, v, &e), &e);
	t2 = now_us();
	t[DROP_LINK][i] = t1 - t0;
	t[DROP_ELEMENTS][i] = t2 - t1;
	must(link_sweep(&n->rt, &e), &e);
	close(ns);
}

static double first_echo(const struct net_ip *ip, double t0)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = ip->v4 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char c;

	/* nobody listens: the answer is an ICMP error from inside */
	if (connect(fd, (void *)&sa, sizeof(sa)) < 0)
		exit(3);
	while (now_us() - t0 < 1e6) {
		if (send(fd, "x", 1, 0) < 0 || (recv(fd, &c, 1, 0) < 0 && errno == ECONNREFUSED))
			break;
	}
	close(fd);
	return now_us() - t0;
}

static void ours_one(struct net *n, int self, uint64_t i, const struct str_list *ips, const struct net_ip *ip)
{
	struct err e = { 0 };
	int ns = new_netns(self);
	double t0 = now_us(), t1, t2;

	must(net_up(n, 7, ips, ns, &e), &e);
	t1 = now_us();
	setns(ns, CLONE_NEWNET);
	must(net_inside_up(ips, &e), &e);
	t2 = now_us();
	setns(self, CLONE_NEWNET);
	must(net_ready(n, 7, &e), &e);
	t[NET_UP][i] = t1 - t0;
	t[INSIDE][i] = t2 - t1;
	t[OURS][i] = t2 - t0;
	t[FIRST_ECHO][i] = first_echo(ip, t2);
	t0 = now_us();
	must(net_down(n, 7, ips, &e), &e);
	t[DOWN][i] = now_us() - t0;
	must(link_sweep(&n->rt, &e), &e);
	close(ns);
}

static int cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct net_host_conf c = { .table = "vz", .pool4 = "10.9.0.0/16", .forward = true };
	struct str_list ips = { 0 };
	struct ip_vec v = { 0 };
	struct err e = { 0 };
	struct net *n;
	uint64_t count = 100;
	int self = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (argc > 1 && (num_u64(argv[1], &count) < 0 || count < 3))
		return 2;
	must(net_open("vz", &n, &e), &e);
	must(net_host_setup(n, &c, &e), &e);
	must(str_list_split(&ips, "10.9.0.7", " ", &e), &e);
	must(ip_vec_parse(&v, &ips, &e), &e);
	must(net_rt(n, &e), &e);
	struct nl_batch b;
	struct ifinfomsg *ifi;
	struct net_ip lo;
	nl_batch_begin(&b, &n->rt, &e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "up", "lo");
	ifi->ifi_index = 1;
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	must(net_ip_parse("198.51.100.1", &lo, &e), &e);
	addr_put(&b, true, 1, &lo, "lo");
	must(nl_batch_end(&b), &e);
	for (int k = 0; k < STEP_N; k++)
		t[k] = calloc(count, sizeof(double));
	for (uint64_t i = 0; i < count; i++) {
		floor_one(&n->rt, self, i, &v.ip[0]);
		usleep(5000);
		steps_one(n, self, i, &ips, &v);
		usleep(5000);
		ours_one(n, self, i, &ips, &v.ip[0]);
		usleep(5000);
	}
	printf("%-28s %9s %9s %9s   (us, n=%llu)\n", "step", "min", "median", "p90", (unsigned long long)count);
	for (int k = 0; k < STEP_N; k++) {
		qsort(t[k], count, sizeof(double), cmp);
		printf("%-28s %9.0f %9.0f %9.0f\n", names[k], t[k][0], t[k][count / 2], t[k][count * 9 / 10]);
	}
	printf("ratio to the floor: %.2f\n", t[OURS][count / 2] / t[FLOOR][count / 2]);
	net_close(n);
	return 0;
}
