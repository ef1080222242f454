/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What it costs to get rid of a veth pair whose other end is in a network namespace, and to have its name again. Why
 * net_down() does what it does. Run in a namespace of its own: unshare -n build/bench/net_down [N]
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
#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"

enum way { DEL_ALIVE, DEL_DEAD, DOWN_RENAME, RENAME, DIE, WAY_N };
static const char *const names[] = { "delete, namespace alive", "delete, namespace just closed", "down + rename, then close",
	"rename, then close", "close and let it die" };

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void die(struct err *e)
{
	fprintf(stderr, "%s\n", e->text);
	exit(1);
}

static int new_netns(int self)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		exit(2);
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (setns(self, CLONE_NEWNET) < 0)
		exit(2);
	return fd;
}

static int rename_link(struct nl *nl, const char *from, const char *to, bool down, struct err *e)
{
	struct nl_batch b;
	struct ifinfomsg *ifi;
	unsigned idx = link_index(nl, from);

	nl_batch_begin(&b, nl, e);
	if (down) {
		ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "down", from);
		ifi->ifi_index = (int)idx;
		ifi->ifi_change = IFF_UP;
	}
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "rename", from);
	ifi->ifi_index = (int)idx;
	nl_put_str(&b, IFLA_IFNAME, to);
	return nl_batch_end(&b);
}

static int cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double one(struct nl *nl, int self, enum way w, double *again)
{
	struct err e = { 0 };
	struct nl_batch b;
	char tmp[16];
	static unsigned serial;
	int ns = new_netns(self);
	double t0, t1;

	if (link_create(nl, 7, ns, &e) < 0)
		die(&e);
	nl_batch_begin(&b, nl, &e);
	link_put_host_up(&b, "vz7");
	if (nl_batch_end(&b) < 0)
		die(&e);
	setns(ns, CLONE_NEWNET);
	struct nl in = { 0 };
	if (nl_open(&in, NETLINK_ROUTE, &e) < 0)
		die(&e);
	nl_batch_begin(&b, &in, &e);
	link_put_inside_up(&b);
	if (nl_batch_end(&b) < 0)
		die(&e);
	nl_close(&in);
	setns(self, CLONE_NEWNET);
	str_fmt(tmp, sizeof(tmp), "dead%u", serial++);
	t0 = now_us();
	if (w == DEL_DEAD || w == DIE)
		close(ns);
	if ((w == DEL_ALIVE || w == DEL_DEAD) && link_delete(nl, "vz7", &e) < 0)
		die(&e);
	if ((w == DOWN_RENAME || w == RENAME) && rename_link(nl, "vz7", tmp, w == DOWN_RENAME, &e) < 0)
		die(&e);
	if (w != DEL_DEAD && w != DIE)
		close(ns);
	t1 = now_us();
	ns = new_netns(self);
	double t2 = now_us();
	int rc = link_create(nl, 7, ns, &e);
	if (rc == -EEXIST) {
		e.code = 0;
		link_delete(nl, "vz7", &e);
		rc = link_create(nl, 7, ns, &e);
	}
	if (rc < 0)
		die(&e);
	*again = now_us() - t2;
	link_delete(nl, "vz7", &e);
	close(ns);
	return t1 - t0;
}

int main(int argc, char **argv)
{
	uint64_t n = 50;
	int self = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct err e = { 0 };
	struct nl nl = { 0 };
	double *t = calloc(4096, sizeof(double)), *a = calloc(4096, sizeof(double));

	if (argc > 1 && num_u64(argv[1], &n) < 0)
		return 2;
	if (nl_open(&nl, NETLINK_ROUTE, &e) < 0)
		die(&e);
	printf("%-32s %10s %10s %10s   %s\n", "us, medians", "min", "median", "p90", "name again");
	for (int w = 0; w < WAY_N; w++) {
		for (uint64_t i = 0; i < n; i++) {
			t[i] = one(&nl, self, w, &a[i]);
			usleep(30000);
		}
		qsort(t, n, sizeof(*t), cmp);
		qsort(a, n, sizeof(*a), cmp);
		printf("%-32s %10.0f %10.0f %10.0f %12.0f\n", names[w], t[0], t[n / 2], t[n * 9 / 10], a[n / 2]);
	}
	free(t);
	free(a);
	nl_close(&nl);
	return 0;
}
