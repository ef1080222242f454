/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does another machine have an address? The question goes out early, the answers are looked at when the rest of a start is
 * done: nobody waits for silence unless asked to.
 */
#include "net/net_priv.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "net/ether.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/sys.h"

/* Neighbour advertisements only: the rest of IPv6 is none of ours. */
static const struct sock_filter only_na[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 3),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, 256),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

/* Made without a protocol and bound to one then: the other way round the kernel waits for a grace period. */
static int ear_open(struct net *n, int which, uint16_t ethertype, struct err *e)
{
	struct sock_fprog prog = { ARRAY_SIZE(only_na), (struct sock_filter *)only_na };
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = htons(ethertype) };
	auto_close int fd = -1;

	if (n->packet[which] >= 0)
		return 0;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || (ethertype == ETH_P_IPV6 && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0) ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_set(e, errno, "packet socket");
	n->packet[which] = take_fd(&fd);
	return 0;
}

static int collect(const struct net_ip *ip, const struct link_info *dev, void *arg)
{
	return neigh_list_add(arg, ip, dev);
}

static int ask(struct net *n, const struct neigh_at *at, struct err *e)
{
	struct net_arp arp = { .dst = { 255, 255, 255, 255, 255, 255 }, .op = ARPOP_REQUEST };
	uint8_t frame[NET_NS_LEN];

	if (at->ip.family == AF_INET6) {
		net_ns_build(at->mac, at->ip.v6.s6_addr, frame);
		return neigh_send(n, at, frame, NET_NS_LEN, e);
	}
	memcpy(arp.smac, at->mac, sizeof(arp.smac));
	memcpy(arp.tip, &at->ip.v4, sizeof(arp.tip));
	net_arp_build(&arp, frame);
	return neigh_send(n, at, frame, NET_ARP_LEN, e);
}

int net_probe(struct net *n, const struct str_list *ips, struct err *e)
{
	auto_ip_vec struct ip_vec v = { 0 };
	struct neigh_list *l = &n->probe.asked;
	size_t old = l->n;

	if (ip_vec_parse(&v, ips, e) < 0 || net_rt(n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < v.n; i++) {
		if (!net_ip_is_net(&v.ip[i]) && neigh_uplinks(n, &v.ip[i], collect, l, e) < 0)
			return -e->code;
	}
	for (size_t i = old; i < l->n; i++) {
		bool six = l->v[i].ip.family == AF_INET6;

		if (ear_open(n, six ? PACKET_ND : PACKET_ARP, six ? ETH_P_IPV6 : ETH_P_ARP, e) < 0 ||
		    ask(n, &l->v[i], e) < 0)
			return -e->code;
	}
	n->probe.since_ms = sys_now_ms();
	return 0;
}

/* Is @ip, which @mac says it has on @ifindex, one that we asked for? Not if it is us who speak. */
static bool is_asked(const struct net *n, const struct net_ip *ip, unsigned ifindex, const uint8_t mac[6], struct net_claim *ret)
{
	const struct neigh_list *l = &n->probe.asked;

	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].ifindex != ifindex || !net_ip_equal(&l->v[i].ip, ip) || !memcmp(l->v[i].mac, mac, 6))
			continue;
		ret->ip = l->v[i].ip;
		memcpy(ret->mac, mac, sizeof(ret->mac));
		memcpy(ret->dev, l->v[i].dev, sizeof(ret->dev));
		return true;
	}
	return false;
}

/* 1: a claim; 0: nothing more to read. */
static int hear(const struct net *n, int which, struct net_claim *ret)
{
	for (int frames = 0; n->packet[which] >= 0 && frames < 1000; frames++) {
		struct sockaddr_ll from = { 0 };
		socklen_t size = sizeof(from);
		uint8_t frame[256], mac[6];
		struct net_ip ip = { 0 };
		struct net_arp arp;
		ssize_t got = recvfrom(n->packet[which], frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&from, &size);

		if (got < 0)
			break;
		if (from.sll_pkttype == PACKET_OUTGOING)
			continue;
		if (which == PACKET_ARP && net_arp_parse(frame, (size_t)got, &arp) == 0) {
			ip.family = AF_INET;
			memcpy(&ip.v4, arp.sip, sizeof(ip.v4));
			memcpy(mac, arp.smac, sizeof(mac));
		} else if (which == PACKET_ND && net_na_parse(frame, (size_t)got, ip.v6.s6_addr, mac) == 0) {
			ip.family = AF_INET6;
		}
		if (ip.family && is_asked(n, &ip, (unsigned)from.sll_ifindex, mac, ret))
			return 1;
	}
	return 0;
}

int net_probed(struct net *n, unsigned wait_ms, struct net_claim *ret, struct err *e)
{
	int64_t left;

	if (!n->probe.asked.n)
		return 0;
	for (;;) {
		struct pollfd p[] = { { n->packet[PACKET_ARP], POLLIN, 0 }, { n->packet[PACKET_ND], POLLIN, 0 } };

		if (hear(n, PACKET_ARP, ret) || hear(n, PACKET_ND, ret))
			return 1;
		left = n->probe.since_ms + wait_ms - sys_now_ms();
		if (left <= 0)
			return 0;
		if (poll(p, ARRAY_SIZE(p), (int)left) < 0 && errno != EINTR)
			return err_set(e, errno, "wait for the neighbours");
	}
}
