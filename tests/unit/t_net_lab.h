/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_T_NET_LAB_H
#define TESTS_UNIT_T_NET_LAB_H
/*
 * A small network of the test's own: this process's namespace plays the host (198.51.100.1), others are containers or
 * "outside" (192.0.2.2 behind up0). Everything goes when the test's process ends.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "net/net_priv.h"
#include "tests/lib/test.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/spawn.h"

#define LAB_PORT 7777
#define LAB_HOST4 "198.51.100.1"
#define LAB_HOST6 "2001:db8:1::1"
#define LAB_OUT4 "192.0.2.2"
#define LAB_OUT6 "2001:db8::2"

struct lab {
	int host;
	struct net *net;
	struct err e;
};

static inline void lab_in(int ns)
{
	CHECK(setns(ns, CLONE_NEWNET) == 0);
}

static inline int lab_self(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static inline int lab_ns(const struct lab *l)
{
	int fd;

	CHECK(unshare(CLONE_NEWNET) == 0);
	fd = lab_self();
	lab_in(l->host);
	return fd;
}

static inline void lab_ips(struct str_list *l, const char *words)
{
	struct err e = { 0 };

	str_list_clear(l);
	CHECK_OK(str_list_split(l, words, " ", &e), &e);
}

static inline void lab_addr(struct nl *nl, const char *ifname, const char *text, struct err *e)
{
	struct net_ip ip;
	struct nl_batch b;
	struct ifaddrmsg *a;
	struct route_hit hit;

	CHECK_OK(net_ip_parse(text, &ip, e), e);
	nl_batch_begin(&b, nl, e);
	a = nl_msg(&b, RTM_NEWADDR, NLM_F_CREATE, sizeof(*a), "add address", text);
	a->ifa_family = ip.family;
	a->ifa_index = link_index(nl, ifname);
	a->ifa_prefixlen = ip.prefix;
	nl_put(&b, IFA_LOCAL, &ip.v6, ip.family == AF_INET ? 4 : 16);
	nl_put(&b, IFA_ADDRESS, &ip.v6, ip.family == AF_INET ? 4 : 16);
	nl_put_u32(&b, IFA_FLAGS, ip.family == AF_INET6 ? IFA_F_NODAD : 0);
	CHECK_OK(nl_batch_end(&b), e);
	/* the local route of an IPv6 address comes from a worker of the kernel */
	for (int i = 0; ip.family == AF_INET6 && i < 1000; i++) {
		CHECK_OK(route_find(nl, &ip, &hit, e), e);
		if (hit.local)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

static inline void lab_flags(struct nl *nl, const char *ifname, unsigned flags, unsigned change, struct err *e)
{
	struct nl_batch b;
	struct ifinfomsg *ifi;

	nl_batch_begin(&b, nl, e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "set flags of", ifname);
	ifi->ifi_index = (int)link_index(nl, ifname);
	ifi->ifi_flags = flags;
	ifi->ifi_change = change;
	CHECK_OK(nl_batch_end(&b), e);
}

static inline void lab_init(struct lab *l, const char *pool4, const char *pool6)
{
	struct net_host_conf c = { .table = "vz", .pool4 = pool4, .pool6 = pool6, .forward = true };

	memset(l, 0, sizeof(*l));
	CHECK(unshare(CLONE_NEWNET) == 0);
	l->host = lab_self();
	CHECK_OK(net_open("vz", &l->net, &l->e), &l->e);
	CHECK_OK(net_rt(l->net, &l->e), &l->e);
	lab_flags(&l->net->rt, "lo", IFF_UP, IFF_UP, &l->e);
	lab_addr(&l->net->rt, "lo", LAB_HOST4, &l->e);
	lab_addr(&l->net->rt, "lo", LAB_HOST6, &l->e);
	CHECK_OK(net_host_setup(l->net, &c, &l->e), &l->e);
}

/* A container: both halves of a start. Returns its namespace. */
static inline int lab_up_in(struct lab *l, unsigned id, const char *ips, int ns)
{
	struct str_list list = { 0 };

	lab_ips(&list, ips);
	CHECK_OK(net_up(l->net, id, &list, ns, &l->e), &l->e);
	lab_in(ns);
	CHECK_OK(net_inside_up(&list, &l->e), &l->e);
	lab_in(l->host);
	CHECK_OK(net_ready(l->net, id, &l->e), &l->e);
	str_list_clear(&list);
	return ns;
}

static inline int lab_up(struct lab *l, unsigned id, const char *ips)
{
	return lab_up_in(l, id, ips, lab_ns(l));
}

static inline void lab_down(struct lab *l, unsigned id, const char *ips)
{
	struct str_list list = { 0 };

	if (ips)
		lab_ips(&list, ips);
	CHECK_OK(net_down(l->net, id, ips ? &list : NULL, &l->e), &l->e);
	str_list_clear(&list);
}

static inline void lab_gateway(struct nl *nl, const char *ifname, const char *gw, struct err *e)
{
	struct net_ip ip;
	struct nl_batch b;
	struct rtmsg *r;

	CHECK_OK(net_ip_parse(gw, &ip, e), e);
	nl_batch_begin(&b, nl, e);
	r = nl_msg(&b, RTM_NEWROUTE, NLM_F_CREATE, sizeof(*r), "default route", gw);
	r->rtm_family = ip.family;
	r->rtm_table = RT_TABLE_MAIN;
	r->rtm_protocol = RTPROT_BOOT;
	r->rtm_type = RTN_UNICAST;
	nl_put(&b, RTA_GATEWAY, &ip.v6, ip.family == AF_INET ? 4 : 16);
	nl_put_u32(&b, RTA_OIF, link_index(nl, ifname));
	CHECK_OK(nl_batch_end(&b), e);
}

/* Else the link-local addresses of the uplink cannot be used for a second. */
static inline void lab_no_dad(void)
{
	struct err e = { 0 };

	CHECK_OK(fio_control(AT_FDCWD, "/proc/sys/net/ipv6/conf/default/accept_dad", "0", &e), &e);
}

/* A machine behind the host's uplink "up0". With @back it has a route to everything through the host. */
static inline int lab_outside(struct lab *l, bool back)
{
	struct nl nl = { 0 };
	struct nl_batch b;
	struct ifinfomsg peer = { 0 };
	struct nlattr *info, *data, *end;
	int ns = lab_ns(l);

	lab_no_dad();
	lab_in(ns);
	lab_no_dad();
	lab_in(l->host);
	nl_batch_begin(&b, &l->net->rt, &l->e);
	nl_msg(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg), "create", "up0");
	nl_put_str(&b, IFLA_IFNAME, "up0");
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, "veth");
	data = nl_nest(&b, IFLA_INFO_DATA);
	end = nl_nest(&b, VETH_INFO_PEER);
	nl_put_raw(&b, &peer, sizeof(peer));
	nl_put_str(&b, IFLA_IFNAME, "eth0");
	nl_put_u32(&b, IFLA_NET_NS_FD, (uint32_t)ns);
	nl_nest_end(&b, end);
	nl_nest_end(&b, data);
	nl_nest_end(&b, info);
	CHECK_OK(nl_batch_end(&b), &l->e);
	lab_flags(&l->net->rt, "up0", IFF_UP, IFF_UP, &l->e);
	lab_addr(&l->net->rt, "up0", "192.0.2.1/24", &l->e);
	lab_addr(&l->net->rt, "up0", "2001:db8::1/64", &l->e);
	lab_in(ns);
	CHECK_OK(nl_open(&nl, NETLINK_ROUTE, &l->e), &l->e);
	lab_flags(&nl, "eth0", IFF_UP, IFF_UP, &l->e);
	lab_addr(&nl, "eth0", LAB_OUT4 "/24", &l->e);
	lab_addr(&nl, "eth0", LAB_OUT6 "/64", &l->e);
	if (back) {
		lab_gateway(&nl, "eth0", "192.0.2.1", &l->e);
		lab_gateway(&nl, "eth0", "2001:db8::1", &l->e);
	}
	nl_close(&nl);
	lab_in(l->host);
	return ns;
}

static inline socklen_t lab_sockaddr(const char *ip, unsigned port, struct sockaddr_storage *sa)
{
	struct sockaddr_in6 *s6 = (void *)sa;
	struct sockaddr_in *s4 = (void *)sa;

	memset(sa, 0, sizeof(*sa));
	if (inet_pton(AF_INET, ip, &s4->sin_addr) == 1) {
		s4->sin_family = AF_INET;
		s4->sin_port = htons((uint16_t)port);
		return sizeof(*s4);
	}
	CHECK(inet_pton(AF_INET6, ip, &s6->sin6_addr) == 1);
	s6->sin6_family = AF_INET6;
	s6->sin6_port = htons((uint16_t)port);
	return sizeof(*s6);
}

/* A socket made in @ns, bound to @ip if given. */
static inline int lab_socket(const struct lab *l, int ns, int type, const char *family_of, const char *ip, unsigned port)
{
	struct timeval tv = { .tv_usec = 150000 };
	struct sockaddr_storage sa;
	socklen_t len = lab_sockaddr(family_of, 0, &sa);
	int fd, one = 1;

	lab_in(ns);
	fd = socket(sa.ss_family, type | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (ip) {
		len = lab_sockaddr(ip, port, &sa);
		CHECK(bind(fd, (void *)&sa, len) == 0);
	}
	lab_in(l->host);
	return fd;
}

/* One datagram there and its echo back: 2; only there: 1; lost: 0. @seen: the source address that was seen, or NULL. */
static inline int lab_udp(const struct lab *l, int from, int to, const char *dst, char seen[INET6_ADDRSTRLEN])
{
	auto_close int rx = lab_socket(l, to, SOCK_DGRAM, dst, dst, LAB_PORT);
	auto_close int tx = lab_socket(l, from, SOCK_DGRAM, dst, NULL, 0);
	struct sockaddr_storage sa, peer;
	socklen_t len = lab_sockaddr(dst, LAB_PORT, &sa), plen;
	char c = 0;
	int best = 0;

	/*
	 * Again, because two things come a moment later from workers of the kernel: the host's end begins to send when
	 * its carrier was seen, and a new IPv6 address gets its local route when its (skipped) check is over.
	 */
	for (int i = 0; best < 2 && i < 3; i++) {
		plen = sizeof(peer);
		if (sendto(tx, "x", 1, 0, (void *)&sa, len) != 1 || recvfrom(rx, &c, 1, 0, (void *)&peer, &plen) != 1)
			continue;
		best = 1;
		if (seen)
			inet_ntop(peer.ss_family, peer.ss_family == AF_INET ? (void *)&((struct sockaddr_in *)&peer)->sin_addr :
				  (void *)&((struct sockaddr_in6 *)&peer)->sin6_addr, seen, INET6_ADDRSTRLEN);
		if (sendto(rx, "y", 1, 0, (void *)&peer, plen) == 1 && recv(tx, &c, 1, 0) == 1)
			best = 2;
	}
	return best;
}

/* The same from the address @src of @from; no answer is waited for when it does not come. */
static inline int lab_udp_from(const struct lab *l, int from, const char *src, int to, const char *dst)
{
	auto_close int rx = lab_socket(l, to, SOCK_DGRAM, dst, dst, LAB_PORT);
	auto_close int tx = lab_socket(l, from, SOCK_DGRAM, src, src, LAB_PORT + 2);
	struct sockaddr_storage sa, peer;
	socklen_t len = lab_sockaddr(dst, LAB_PORT, &sa), plen = sizeof(peer);
	char c = 0;

	if (sendto(tx, "x", 1, 0, (void *)&sa, len) != 1 || recvfrom(rx, &c, 1, 0, (void *)&peer, &plen) != 1)
		return 0;
	return sendto(rx, "y", 1, 0, (void *)&peer, plen) == 1 && recv(tx, &c, 1, 0) == 1 ? 2 : 1;
}

static inline bool lab_tcp(const struct lab *l, int from, int to, const char *dst)
{
	auto_close int lis = lab_socket(l, to, SOCK_STREAM, dst, dst, LAB_PORT + 1);
	auto_close int tx = lab_socket(l, from, SOCK_STREAM, dst, NULL, 0);
	auto_close int rx = -1;
	struct sockaddr_storage sa;
	socklen_t len = lab_sockaddr(dst, LAB_PORT + 1, &sa);
	char buf[70000] = { 0 };
	ssize_t got, sum = 0;

	CHECK(listen(lis, 1) == 0);
	if (connect(tx, (void *)&sa, len) < 0)
		return false;
	rx = accept(lis, NULL, NULL);
	if (rx < 0 || send(rx, buf, sizeof(buf), 0) != (ssize_t)sizeof(buf))
		return false;
	while (sum < (ssize_t)sizeof(buf) && (got = recv(tx, buf, sizeof(buf), 0)) > 0)
		sum += got;
	return sum == (ssize_t)sizeof(buf);
}

/* Output of nft(8), which only the tests look with. */
static inline void lab_nft(struct buf *b, const char *a1, const char *a2, const char *a3, const char *a4)
{
	const char *const argv[] = { "/usr/sbin/nft", a1, a2, a3, a4, "inet", "vz", NULL };
	const char *const two[] = { "/usr/sbin/nft", a1, a2, NULL };
	auto_close int fd = open(test_tmp(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct spawn s = { .argv = a3 ? argv : two, .out = fd, .err = fd };
	struct err e = { 0 };
	int status = 0;

	if (access(argv[0], X_OK) < 0)
		SKIP("no nft(8)");
	CHECK(fd >= 0);
	CHECK_OK(spawn_wait(&s, &status, &e), &e);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	buf_reset(b);
	CHECK_OK(fio_read_fd(fd, b, "nft", &e), &e);
}

/* Packets the last rule of from_ct has dropped. */
static inline unsigned lab_dropped(void)
{
	auto_buf struct buf b = BUF_INIT;
	const char *chain, *p, *last = NULL;
	unsigned n = 0;

	lab_nft(&b, "list", "ruleset", NULL, NULL);
	chain = strstr(buf_str(&b), "chain from_ct");
	CHECK(chain);
	for (p = chain; p && p < strstr(chain, "}"); p = strstr(p + 1, "counter packets "))
		last = p;
	CHECK(last && sscanf(last, "counter packets %u", &n) == 1);
	return n;
}

static inline size_t lab_elements(struct lab *l)
{
	auto_buf struct buf b = BUF_INIT;
	size_t n = 0;

	(void)l;
	lab_nft(&b, "list", "ruleset", NULL, NULL);
	for (const char *p = buf_str(&b); (p = strstr(p, "\" . ")); p++)
		n++;
	return n;
}

static inline int lab_count_route(unsigned ifindex, const struct net_ip *ip, void *arg)
{
	(void)ifindex;
	(void)ip;
	++*(unsigned *)arg;
	return 0;
}

static inline unsigned lab_routes(struct lab *l, const char *ifname)
{
	unsigned n = 0, idx = link_index(&l->net->rt, ifname);

	CHECK(idx);
	CHECK_OK(route_each(&l->net->rt, idx, lab_count_route, &n, &l->e), &l->e);
	return n;
}

static inline void lab_done(struct lab *l)
{
	net_close(l->net);
	close(l->host);
}

#endif
