/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What rates add to a start, and whether it grows with the number of containers: net_up() with lines of rates and caps, one
 * container after the other, all of them staying, and in turn with each one that has none. In a namespace of its own:
 *	unshare -n build/bench/net_rates [N [EACH]]
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
#include "net/flood.h"
#include "net/shape.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"

enum step { FLOOR, BARE, TREES, UP, WAYS, ALL, STEP_N };
static const char *const names[STEP_N] = {
	[FLOOR] = "floor: pair, address", [BARE] = "addresses alone", [TREES] = "classes of the trees", [UP] = "up with lines",
	[WAYS] = "redirection", [ALL] = "all with rates",
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
	fprintf(stderr, "net_rates: %s\n", e->text);
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


static void ips_of(struct str_list *ips, unsigned id)
{
	struct err e = { 0 };
	char ip[32];

	snprintf(ip, sizeof(ip), "10.%u.%u.%u", 100 + id / 60000, id / 250 % 250, id % 250 + 1);
	must(str_list_add(ips, ip, &e), &e);
}

static double up(struct net *n, int self, unsigned id, const struct str_list *lines)
{
	auto_call(str_list_clear) struct str_list ips = { 0 };
	int ns = new_netns(self);
	struct err e = { 0 };
	double t0;

	ips_of(&ips, id);
	t0 = now_us();
	net_with(n, lines);
	must(net_up(n, id, &ips, ns, &e), &e);
	net_with(n, NULL);
	setns(ns, CLONE_NEWNET);
	must(net_inside_up(&ips, &e), &e);
	setns(self, CLONE_NEWNET);
	t0 = now_us() - t0;
	return t0;
}

/* The least: a pair, both ends up, an address inside. */
static double floor_one(struct net *n, int self, unsigned id)
{
	int ns = new_netns(self);
	struct err e = { 0 };
	struct nl in = { 0 };
	struct net_ip ip;
	struct nl_batch b;
	struct ifinfomsg *ifi;
	char name[16];
	double t0;

	net_ifname(id, name);
	t0 = now_us();
	must(net_ip_parse("10.99.0.1", &ip, &e), &e);
	must(link_create(&n->rt, id, ns, &e), &e);
	nl_batch_begin(&b, &n->rt, &e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "up", NULL);
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	ifi->ifi_index = (int)link_index_made(&n->rt, name);
	must(nl_batch_end(&b), &e);
	setns(ns, CLONE_NEWNET);
	must(nl_open(&in, NETLINK_ROUTE, &e), &e);
	nl_batch_begin(&b, &in, &e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "up", NET_INSIDE);
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	nl_put_str(&b, IFLA_IFNAME, NET_INSIDE);
	addr_put(&b, true, link_index_made(&in, NET_INSIDE), &ip, "x");
	must(nl_batch_end(&b), &e);
	nl_close(&in);
	setns(self, CLONE_NEWNET);
	t0 = now_us() - t0;
	return t0;
}

static void rates_one(struct net *n, int self, uint64_t i)
{
	const struct net_totals totals = { 0 };
	const struct net_caps caps = { 100000, 1000, false };
	auto_call(str_list_clear) struct str_list lines = { 0 };
	const struct net_place place = { (unsigned)i, false, true };
	struct net_rates r = { 0 };
	struct err e = { 0 };
	unsigned id = 1000 + (unsigned)i;
	char name[16];
	double t0 = now_us(), t1, t2, t3;

	r.limit[1].kbit[NET_SENT] = r.limit[1].kbit[NET_RECEIVED] = 10000;
	net_ifname(id, name);
	must(net_shape_devices(n, &place, &e), &e);
	must(net_shape_set(n, &place, &r, &totals, &e), &e);
	must(net_shape_line(n, &lines, name, &place, &r, &e), &e);
	must(net_flood_line(&lines, name, false, &caps, &e), &e);
	t1 = now_us();
	t[UP][i] = up(n, self, id, &lines);
	t2 = now_us();
	must(net_shape_dev(n, name, &place, &r, &totals, &e), &e);
	t3 = now_us();
	t[TREES][i] = t1 - t0;
	t[WAYS][i] = t3 - t2;
	t[ALL][i] = t[TREES][i] + t[UP][i] + t[WAYS][i];
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print(const char *name, const double *v, uint64_t n, uint64_t each)
{
	double first[1024], last[1024];

	memcpy(first, v, each * sizeof(*v));
	memcpy(last, v + n - each, each * sizeof(*v));
	qsort(first, each, sizeof(*v), by_value);
	qsort(last, each, sizeof(*v), by_value);
	printf("%-22s %8.0f %8.0f %8.0f %8.0f us   %5.2f\n", name, first[0], first[each / 2], last[0], last[each / 2],
	       last[each / 2] / first[each / 2]);
}

int main(int argc, char **argv)
{
	struct net_host_conf c = { .table = "vz", .forward = true };
	uint64_t n = 1000, each = 50;
	struct err e = { 0 };
	struct net *net;
	int self = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if ((argc > 1 && num_u64(argv[1], &n) < 0) || (argc > 2 && num_u64(argv[2], &each) < 0) || !n || n > 4000 || !each ||
	    each > 1024)
		return 2;
	each = MIN(each, n);
	for (int i = 0; i < STEP_N; i++)
		t[i] = calloc(n, sizeof(double));
	must(net_open("vz", &net, &e), &e);
	must(net_host_setup(net, &c, &e), &e);
	for (uint64_t i = 0; i < n; i++) {
		t[FLOOR][i] = floor_one(net, self, 20000 + (unsigned)i);
		t[BARE][i] = up(net, self, 10000 + (unsigned)i, NULL);
		rates_one(net, self, i);
	}
	printf("%-22s %8s %8s %8s %8s      ratio of medians\n", "", "1st min", "median", "last min", "median");
	for (int i = 0; i < STEP_N; i++)
		print(names[i], t[i], n, each);
	net_close(net);
	return 0;
}
