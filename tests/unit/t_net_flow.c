/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a packet pays does not grow with the number of containers: with 150 more, each with all parts of the firewall, it is the
 * same as with one. A look at each of them, were it only an expression of a rule, would be several times as much; the limit is
 * twice, between the least CPU times of many turns, so that a busy machine does not matter.
 */
#include <time.h>

#include "net/acct.h"
#include "net/flood.h"
#include "net/shape.h"
#include "tests/unit/t_net_lab.h"

#define TURNS 40
#define PACKETS 200
#define MORE 150

static double cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int with_all(struct lab *l, unsigned id, const char *ip)
{
	static const char *const rules[] = { "tcp 22", "tcp 80,443", "tcp 8000-8100", "udp 5000-6000", "icmp" };
	const struct net_caps caps = { 100000000, 100000000, false };
	struct str_list lines = { 0 };
	char name[16], text[64];
	int ns;

	net_ifname(id, name);
	CHECK_OK(net_acct_line(&lines, name, false, 2, &l->e), &l->e);
	CHECK_OK(net_flood_line(&lines, name, false, &caps, &l->e), &l->e);
	str_fmt(text, sizeof(text), "fw if %s", name);
	CHECK_OK(str_list_add(&lines, text, &l->e), &l->e);
	CHECK_OK(str_list_add(&lines, "fw policy in drop", &l->e), &l->e);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		str_fmt(text, sizeof(text), "fw rule in accept %s", rules[i]);
		CHECK_OK(str_list_add(&lines, text, &l->e), &l->e);
	}
	net_with(l->net, &lines);
	ns = lab_up(l, id, ip);
	net_with(l->net, NULL);
	str_list_clear(&lines);
	return ns;
}

static double least(struct lab *l, int from, const char *from_ip, int to, const char *to_ip)
{
	auto_close int rx = lab_socket(l, to, SOCK_DGRAM, to_ip, to_ip, 5555);
	auto_close int tx = lab_socket(l, from, SOCK_DGRAM, to_ip, from_ip, 0);
	struct sockaddr_storage sa;
	socklen_t len = lab_sockaddr(to_ip, 5555, &sa);
	double best = 1e9;

	for (int t = 0; t < TURNS; t++) {
		unsigned got = 0;
		double t0 = cpu_us();
		char c = 'x';

		for (int i = 0; i < PACKETS; i++) {
			sendto(tx, &c, 1, 0, (void *)&sa, len);
			while (recv(rx, &c, 1, MSG_DONTWAIT) > 0)
				got++;
		}
		if (got > PACKETS / 2)
			best = MIN(best, (cpu_us() - t0) / got);
	}
	CHECK(best < 1e9);
	return best;
}

/* An emulated processor's time has in it what else its host does: measured again before it is believed. */
static bool grows(struct lab *l, int from, const char *from_ip, int to, const char *to_ip, double before)
{
	for (int t = 0; t < 20; t++)
		if (least(l, from, from_ip, to, to_ip) < 2 * before)
			return false;
	return true;
}

TEST_ROOT(net_flow_grows_not)
{
	struct lab l;
	double to, from;
	int ns, other[MORE];

	lab_init(&l, "", "");
	ns = with_all(&l, 7, "10.1.0.7");
	to = least(&l, l.host, LAB_HOST4, ns, "10.1.0.7");
	from = least(&l, ns, "10.1.0.7", l.host, LAB_HOST4);
	for (unsigned i = 0; i < MORE; i++) {
		char ip[32];

		str_fmt(ip, sizeof(ip), "10.2.0.%u", i + 1);
		other[i] = with_all(&l, 1000 + i, ip);
	}
	CHECK(!grows(&l, l.host, LAB_HOST4, ns, "10.1.0.7", to));
	CHECK(!grows(&l, ns, "10.1.0.7", l.host, LAB_HOST4, from));
	for (unsigned i = 0; i < MORE; i++)
		close(other[i]);
	close(ns);
	net_close(l.net);
}
