/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As much of the network as can be had inside: links, neighbours, routes, groups, halves of packets. */
#include "tests/evil/evil.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct req { struct nlmsghdr n; char rest[512]; };

static void *put(struct req *q, unsigned short type, const void *v, size_t len)
{
	struct rtattr *a = (struct rtattr *)((char *)q + NLMSG_ALIGN(q->n.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), v, len);
	q->n.nlmsg_len = NLMSG_ALIGN(q->n.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static void close_nest(struct req *q, void *nest)
{
	((struct rtattr *)nest)->rta_len = (unsigned short)((char *)q + q->n.nlmsg_len - (char *)nest);
}

static int ask(int sk, struct req *q)
{
	struct { struct nlmsghdr n; struct nlmsgerr e; char rest[512]; } a;

	q->n.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (send(sk, q, q->n.nlmsg_len, 0) < 0 || recv(sk, &a, sizeof(a), 0) < 0)
		return -1;
	if (a.n.nlmsg_type != NLMSG_ERROR || a.e.error == 0)
		return 0;
	errno = -a.e.error;
	return -1;
}

/* IFLA_LINKINFO of @kind; of "macvlan" below @below, of "vlan" number @n. */
static void put_kind(struct req *q, const char *kind, unsigned below, unsigned n)
{
	unsigned mode = MACVLAN_MODE_BRIDGE;
	unsigned short vid = (unsigned short)(n % 4000 + 1);
	void *info, *data;

	if (strcmp(kind, "macvlan") == 0 || strcmp(kind, "vlan") == 0)
		put(q, IFLA_LINK, &below, sizeof(below));
	info = put(q, IFLA_LINKINFO, NULL, 0);
	put(q, IFLA_INFO_KIND, kind, strlen(kind) + 1);
	data = put(q, IFLA_INFO_DATA, NULL, 0);
	if (strcmp(kind, "macvlan") == 0)
		put(q, IFLA_MACVLAN_MODE, &mode, sizeof(mode));
	if (strcmp(kind, "vlan") == 0)
		put(q, IFLA_VLAN_ID, &vid, sizeof(vid));
	close_nest(q, data);
	close_nest(q, info);
}

static int open_rt(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

/* KIND N [BELOW]: links, all up. */
int evil_links(int argc, char **argv)
{
	unsigned want = argc > 2 ? (unsigned)atoi(argv[2]) : 0, below = argc > 3 ? if_nametoindex(argv[3]) : 0, n;
	char what[64];
	int sk = open_rt();

	errno = 0;
	for (n = 0; n < want; n++) {
		struct req q = { .n = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)), .nlmsg_type = RTM_NEWLINK,
					.nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL } };
		struct ifinfomsg *ifi = NLMSG_DATA(&q.n);
		char name[IFNAMSIZ];

		ifi->ifi_flags = ifi->ifi_change = IFF_UP;
		snprintf(name, sizeof(name), "e%.4s%u", argv[1], n);
		put(&q, IFLA_IFNAME, name, strlen(name) + 1);
		put_kind(&q, argv[1], below, n);
		if (ask(sk, &q) < 0)
			break;
	}
	snprintf(what, sizeof(what), "%u %s", n, errno_name(errno));
	say(argv[1], 0, what);
	return 0;
}

/* N: routes to addresses of their own, by venet0. */
int evil_routes(int argc, char **argv)
{
	unsigned want = argc > 1 ? (unsigned)atoi(argv[1]) : 0, oif = if_nametoindex("venet0"), n;
	char what[64];
	int sk = open_rt();

	errno = 0;
	for (n = 0; n < want; n++) {
		struct req q = { .n = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)), .nlmsg_type = RTM_NEWROUTE,
					.nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL } };
		struct in6_addr to = { .s6_addr = { 0x20, 1, 0xd, 0xb8, [12] = (uint8_t)(n >> 24), (uint8_t)(n >> 16),
						    (uint8_t)(n >> 8), (uint8_t)n } };
		struct rtmsg *r = NLMSG_DATA(&q.n);

		*r = (struct rtmsg){ .rtm_family = AF_INET6, .rtm_dst_len = 128, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST,
				     .rtm_protocol = RTPROT_STATIC };
		put(&q, RTA_DST, &to, sizeof(to));
		put(&q, RTA_OIF, &oif, sizeof(oif));
		if (ask(sk, &q) < 0)
			break;
	}
	snprintf(what, sizeof(what), "%u %s", n, errno_name(errno));
	say("routes", 0, what);
	return 0;
}

/* 4|6 N: a word to each of so many addresses, of 10.200.0.0/13 or fd99::/64, which nobody has. */
int evil_neighbours(int argc, char **argv)
{
	bool six = argc > 1 && argv[1][0] == '6';
	unsigned want = argc > 2 ? (unsigned)atoi(argv[2]) : 0, sent = 0;
	int sk = socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = { { { 0xfd, 0x99 } } } };
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(9) };
	char what[64];
	int last = 0;

	for (unsigned n = 2; n < want + 2; n++) {
		uint32_t be = htonl(n);

		a4.sin_addr.s_addr = htonl(0x0ac80000u + n);
		memcpy(&a6.sin6_addr.s6_addr[12], &be, sizeof(be));
		if (sendto(sk, "x", 1, MSG_DONTWAIT, six ? (void *)&a6 : (void *)&a4, six ? sizeof(a6) : sizeof(a4)) < 0)
			last = errno;
		else
			sent++;
	}
	snprintf(what, sizeof(what), "%u %s", sent, errno_name(last));
	say("neighbours", 0, what);
	return 0;
}

/* N: multicast groups listened to, a socket for as many as it may have. */
int evil_groups(int argc, char **argv)
{
	unsigned want = argc > 1 ? (unsigned)atoi(argv[1]) : 0, n = 0;
	int sk = -1, fails = 0;
	char what[64];

	while (n < want && fails < 2) {
		struct ip_mreqn m = { .imr_multiaddr.s_addr = htonl(0xe8000000u + n), .imr_ifindex = (int)if_nametoindex("venet0") };

		if (sk >= 0 && setsockopt(sk, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)) == 0) {
			n++;
			fails = 0;
			continue;
		}
		fails++;
		sk = socket(AF_INET, SOCK_DGRAM, 0);
		if (sk < 0)
			break;
	}
	snprintf(what, sizeof(what), "%u %s", n, errno_name(errno));
	say("groups", 0, what);
	return 0;
}

/* TO N: the first halves of so many packets. */
int evil_halves(int argc, char **argv)
{
	unsigned want = argc > 2 ? (unsigned)atoi(argv[2]) : 0, sent = 0;
	int sk = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct { struct iphdr ip; char data[1400]; } p = { .ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
				 .frag_off = htons(0x2000), .tot_len = htons(sizeof(p)) } };
	char what[64];

	inet_pton(AF_INET, argc > 1 ? argv[1] : "", &to.sin_addr);
	p.ip.daddr = to.sin_addr.s_addr;
	for (unsigned n = 0; n < want; n++) {
		p.ip.id = htons((uint16_t)n);
		sent += sendto(sk, &p, sizeof(p), 0, (void *)&to, sizeof(to)) > 0;
	}
	snprintf(what, sizeof(what), "%u", sent);
	say("halves", sent ? 0 : -1, what);
	return 0;
}
