/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the network of a container adds to a start, and whether it grows with the number of containers. One after the other, all of
 * them staying: one that is just a pair with an address (the floor), one that has addresses alone, one with everything on
 * (counters, ten rules of the firewall, rates and caps). In turn with them one that goes again, step by step, and until it answers.
 * The rates are limits; "shared": guarantees below one BANDWIDTH; "classes": limits, of two classes of networks; "all":
 * guarantees of two classes. "brief": no steps. In a namespace of its own:
 *	unshare -n build/bench/net_start [N [EACH [limits|shared|classes|all [brief]]]]
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/rtnetlink.h>

#include "net/net_priv.h"
#include "bench/net_lines.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"

enum step { FLOOR, BARE, TREES, UP, WAYS, ALL, CARRIER, TABLE, PAIR, ROUTES, ELEMENTS, ECHO, DROP, GONE, STEP_N };
static const char *const names[STEP_N] = {
	[FLOOR] = "floor: pair, address", [BARE] = "addresses alone", [TREES] = "classes of the trees",
	[UP] = "up, counted, 10 rules", [WAYS] = "redirection", [ALL] = "everything on",
	[CARRIER] = "the kernel's: carrier",
	[TABLE] = "step: tables stand?", [PAIR] = "step: pair", [ROUTES] = "step: up, routes", [ELEMENTS] = "step: elements",
	[ECHO] = "until it answers", [DROP] = "down: link", [GONE] = "down: elements",
};
/* A namespace is taken apart behind our back, under the lock of all links. */
#define GONE_NS 30000000
struct us { double wall, cpu; };
static struct us *t[STEP_N];
static bool shared, classes, brief;

static double read_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static struct us now(void)
{
	return (struct us){ read_us(CLOCK_MONOTONIC), read_us(CLOCK_THREAD_CPUTIME_ID) };
}

static struct us since(struct us t0)
{
	struct us t1 = now();

	return (struct us){ t1.wall - t0.wall, t1.cpu - t0.cpu };
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

/*
 * When a link comes up the kernel asks all routes of IPv6 whether they concern it. In a row of its own, for vz has no part in it,
 * and because the kernel's thread would do it beside the next step, which spins on the lock of all links.
 */
static struct us carrier(struct net *n, unsigned id)
{
	struct err e = { 0 };
	struct us t0 = now();

	must(net_ready(n, id, &e), &e);
	return since(t0);
}

static struct us up(struct net *n, int self, unsigned id, const struct str_list *lines)
{
	auto_call(str_list_clear) struct str_list ips = { 0 };
	int ns = new_netns(self);
	struct err e = { 0 };
	struct us t0;

	ips_of(&ips, id);
	t0 = now();
	net_with(n, lines);
	must(net_up(n, id, &ips, ns, &e), &e);
	net_with(n, NULL);
	setns(ns, CLONE_NEWNET);
	must(net_inside_up(&ips, &e), &e);
	setns(self, CLONE_NEWNET);
	return since(t0);
}

/* The least: a pair, both ends up, an address inside. */
static struct us floor_one(struct net *n, int self, unsigned id)
{
	int ns = new_netns(self);
	struct err e = { 0 };
	struct nl in = { 0 };
	struct net_ip ip;
	struct nl_batch b;
	struct ifinfomsg *ifi;
	char name[16];
	struct us t0;

	net_ifname(id, name);
	t0 = now();
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
	return since(t0);
}

/* Nobody listens there: the answer is an ICMP error from inside. */
static struct us first_echo(const struct net_ip *ip)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = ip->v4 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct us t0 = now();
	char c;

	if (connect(fd, (void *)&sa, sizeof(sa)) < 0)
		exit(3);
	while (since(t0).wall < 1e6) {
		if (send(fd, "x", 1, 0) < 0 || (recv(fd, &c, 1, 0) < 0 && errno == ECONNREFUSED))
			break;
	}
	close(fd);
	return since(t0);
}

/* What net_up() and net_down() do, one by one. */
static void steps_one(struct net *n, int self, uint64_t i)
{
	auto_call(str_list_clear) struct str_list ips = { 0 };
	auto_ip_vec struct ip_vec v = { 0 };
	int ns = new_netns(self);
	struct err e = { 0 };
	struct nl_batch b;
	struct us t0 = now();

	ips_of(&ips, 7);
	must(ip_vec_parse(&v, &ips, &e), &e);
	must(antispoof_ensure(n, &e), &e);
	t[TABLE][i] = since(t0);
	t0 = now();
	must(link_create(&n->rt, 7, ns, &e), &e);
	t[PAIR][i] = since(t0);
	t0 = now();
	nl_batch_begin(&b, &n->rt, &e);
	link_put_host_up(&b, "vz7");
	route_put_host(&b, true, link_index_made(&n->rt, "vz7"), &v.ip[0], v.text[0]);
	must(nl_batch_end(&b), &e);
	t[ROUTES][i] = since(t0);
	t0 = now();
	must(antispoof_change(n, 7, true, &v, &e), &e);
	t[ELEMENTS][i] = since(t0);
	setns(ns, CLONE_NEWNET);
	must(net_inside_up(&ips, &e), &e);
	setns(self, CLONE_NEWNET);
	must(net_ready(n, 7, &e), &e);
	t[ECHO][i] = first_echo(&v.ip[0]);
	t0 = now();
	must(link_drop(&n->rt, 7, &e), &e);
	t[DROP][i] = since(t0);
	t0 = now();
	must(antispoof_change(n, 7, false, &v, &e), &e);
	t[GONE][i] = since(t0);
	must(link_sweep(&n->rt, &e), &e);
	close(ns);
	nanosleep(&(struct timespec){ .tv_nsec = GONE_NS }, NULL);
}

/* An address to ask from. */
static void host_address(struct net *n)
{
	struct net_ip ip = { 0 };
	struct err e = { 0 };
	struct ifinfomsg *ifi;
	struct nl_batch b;

	must(net_ip_parse("198.51.100.1", &ip, &e), &e);
	nl_batch_begin(&b, &n->rt, &e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "up", "lo");
	ifi->ifi_index = 1;
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	addr_put(&b, true, 1, &ip, "lo");
	must(nl_batch_end(&b), &e);
}

static void rates_one(struct net *n, int self, uint64_t i)
{
	const struct net_totals totals = { .bandwidth_kbit = shared ? 10000000 : 0 };
	auto_call(str_list_clear) struct str_list lines = { 0 };
	const struct net_place place = {
		.slot = (unsigned)i, .own = !shared,
		.kind = shared ? NET_PLACE_SHARED : classes ? NET_PLACE_CLASSES : NET_PLACE_PLAIN,
	};
	struct net_rates r = { 0 };
	struct err e = { 0 };
	unsigned id = 1000 + (unsigned)i;
	struct us t0 = now();
	char name[16];

	for (unsigned k = 1; k <= 1u + classes; k++)
		(shared ? r.rate : r.limit)[k] = (struct net_rate){ { 10000, 10000 } };
	net_ifname(id, name);
	must(net_shape_devices(n, &place, &e), &e);
	must(net_shape_set(n, &place, &r, &totals, &e), &e);
	t[TREES][i] = since(t0);
	lines_of(&lines, name);
	t[UP][i] = up(n, self, id, &lines);
	t[CARRIER][i] = carrier(n, id);
	t0 = now();
	must(net_shape_dev(n, name, &place, &r, &totals, &e), &e);
	t[WAYS][i] = since(t0);
	for (int k = TREES; k <= WAYS; k++) {
		t[ALL][i].wall += t[k][i].wall;
		t[ALL][i].cpu += t[k][i].cpu;
	}
}

static int by_wall(const void *a, const void *b)
{
	const struct us *x = a, *y = b;

	return (x->wall > y->wall) - (x->wall < y->wall);
}

static int by_cpu(const void *a, const void *b)
{
	const struct us *x = a, *y = b;

	return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

/* Of the first and the last @each: the median, and that of CPU time, which a busy machine does not change. */
static void print(const char *name, const struct us *v, uint64_t n, uint64_t each)
{
	struct us first[1024], last[1024];
	double wall[2], cpu[2];

	memcpy(first, v, each * sizeof(*v));
	memcpy(last, v + n - each, each * sizeof(*v));
	qsort(first, each, sizeof(*v), by_wall);
	qsort(last, each, sizeof(*v), by_wall);
	wall[0] = first[each / 2].wall;
	wall[1] = last[each / 2].wall;
	qsort(first, each, sizeof(*v), by_cpu);
	qsort(last, each, sizeof(*v), by_cpu);
	cpu[0] = first[each / 2].cpu;
	cpu[1] = last[each / 2].cpu;
	printf("%-22s %8.0f %8.0f %7.2f   %8.0f %8.0f %7.2f\n", name, wall[0], wall[1], wall[1] / wall[0], cpu[0], cpu[1],
	       cpu[1] / cpu[0]);
}

/* networks_classes with a class for the country and one for the world. */
static void two_classes(char path[64])
{
	static const char text[] = "1 0.0.0.0/0\n1 ::/0\n2 198.51.100.0/24\n2 203.0.113.0/24\n2 2001:db8::/32\n";
	int fd;

	str_copy(path, 64, "/tmp/vz-net_start.XXXXXX");
	fd = mkstemp(path);
	if (fd < 0 || write(fd, text, sizeof(text) - 1) < 0)
		exit(2);
	close(fd);
}

static bool mode(const char *s)
{
	shared = str_eq(s, "shared") || str_eq(s, "all");
	classes = str_eq(s, "classes") || str_eq(s, "all");
	return shared || classes || str_eq(s, "limits");
}

static bool figure(const char *text, uint64_t most, uint64_t *ret)
{
	return num_u64(text, ret) == 0 && *ret >= 1 && *ret <= most;
}

static bool options(int argc, char **argv, uint64_t *n, uint64_t *each)
{
	brief = argc > 4;
	return (argc < 2 || figure(argv[1], 4000, n)) && (argc < 3 || figure(argv[2], 1024, each)) && (argc < 4 || mode(argv[3])) &&
	       (!brief || str_eq(argv[4], "brief"));
}

int main(int argc, char **argv)
{
	struct net_host_conf c = { .table = "vz", .forward = true };
	uint64_t n = 1000, each = 50;
	char path[64] = "";
	struct err e = { 0 };
	struct net *net;
	int self = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (!options(argc, argv, &n, &each))
		return 2;
	each = MIN(each, n);
	if (classes) {
		two_classes(path);
		c.classes = path;
	}
	for (int i = 0; i < STEP_N; i++)
		t[i] = calloc(n, sizeof(struct us));
	must(net_open("vz", &net, &e), &e);
	must(net_host_setup(net, &c, &e), &e);
	must(net_rt(net, &e), &e);
	host_address(net);
	for (uint64_t i = 0; i < n; i++) {
		t[FLOOR][i] = floor_one(net, self, 20000 + (unsigned)i);
		(void)carrier(net, 20000 + (unsigned)i);
		t[BARE][i] = up(net, self, 10000 + (unsigned)i, NULL);
		(void)carrier(net, 10000 + (unsigned)i);
		rates_one(net, self, i);
		if (!brief && (i < each || i >= n - each))
			steps_one(net, self, i);
	}
	printf("%-22s %8s %8s %7s   %8s %8s %7s   (us)\n", "", "first", "last", "ratio", "CPU 1st", "last", "ratio");
	for (int i = 0; i < (brief ? TABLE : STEP_N); i++)
		print(names[i], t[i], n, each);
	if (classes)
		unlink(path);
	net_close(net);
	return 0;
}
