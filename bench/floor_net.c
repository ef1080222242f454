/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor's network: a veth pair born with one end in the container, up, address, routes, without a
 * library.
 */
#include "bench/floor_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

static struct {
	_Alignas(8) char b[512];
	uint32_t len;
} q;

static void *message(uint16_t type, uint16_t flags, uint32_t head)
{
	struct nlmsghdr *h = (void *)q.b;

	memset(q.b, 0, sizeof(q.b));
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	q.len = NLMSG_SPACE(head);
	return NLMSG_DATA(h);
}

static uint32_t add(uint16_t type, const void *data, uint32_t len)
{
	struct rtattr *a = (void *)(q.b + q.len);
	uint32_t at = q.len;

	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	q.len += RTA_SPACE(len);
	return at;
}

static void end(uint32_t at)
{
	struct rtattr *a = (void *)(q.b + at);

	a->rta_len = (uint16_t)(q.len - at);
}

static void ask(int sk, const char *what)
{
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char more[512];
	} r;
	struct nlmsghdr *h = (void *)q.b;

	h->nlmsg_len = q.len;
	if (send(sk, q.b, q.len, 0) < 0 || recv(sk, &r, sizeof(r), 0) < 0)
		die(what);
	errno = -r.e.error;
	if (errno)
		die(what);
}

static int open_sk(void)
{
	int sk = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (sk < 0)
		die("netlink");
	return sk;
}

static void up(int sk, const char *name)
{
	struct ifinfomsg *i = message(RTM_NEWLINK, 0, sizeof(*i));

	i->ifi_flags = i->ifi_change = IFF_UP;
	add(IFLA_IFNAME, name, (uint32_t)strlen(name) + 1);
	ask(sk, name);
}

static void route(int sk, const struct in_addr *to, unsigned oif)
{
	struct rtmsg *r = message(RTM_NEWROUTE, NLM_F_CREATE, sizeof(*r));

	r->rtm_family = AF_INET;
	r->rtm_table = RT_TABLE_MAIN;
	r->rtm_protocol = RTPROT_BOOT;
	r->rtm_type = RTN_UNICAST;
	r->rtm_scope = RT_SCOPE_LINK;
	if (to) {
		r->rtm_dst_len = 32;
		add(RTA_DST, to, sizeof(*to));
	}
	add(RTA_OIF, &oif, sizeof(oif));
	ask(sk, "route");
}

void floor_net_host(pid_t pid, const char *name, const char *ip)
{
	struct ifinfomsg *i = message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*i)),
			 peer = { 0 };
	uint32_t info, data, one;
	struct in_addr a;
	int sk = open_sk();

	inet_pton(AF_INET, ip, &a);
	i->ifi_flags = i->ifi_change = IFF_UP;
	add(IFLA_IFNAME, name, (uint32_t)strlen(name) + 1);
	info = add(IFLA_LINKINFO, NULL, 0);
	add(IFLA_INFO_KIND, "veth", 5);
	data = add(IFLA_INFO_DATA, NULL, 0);
	one = add(VETH_INFO_PEER, &peer, sizeof(peer));
	add(IFLA_IFNAME, "eth0", 5);
	add(IFLA_NET_NS_PID, &pid, sizeof(pid));
	end(one);
	end(data);
	end(info);
	ask(sk, "veth");
	route(sk, &a, if_nametoindex(name));
	close(sk);
}

void floor_net_inside(const char *ip)
{
	int sk = open_sk();
	struct ifaddrmsg *m;
	struct in_addr a;
	unsigned idx;

	up(sk, "lo");
	if (ip) {
		up(sk, "eth0");
		idx = if_nametoindex("eth0");
		inet_pton(AF_INET, ip, &a);
		m = message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*m));
		m->ifa_family = AF_INET;
		m->ifa_prefixlen = 32;
		m->ifa_index = idx;
		add(IFA_LOCAL, &a, sizeof(a));
		ask(sk, "address");
		route(sk, NULL, idx);
	}
	close(sk);
}

int floor_net_hook(const char *ip)
{
	char b[16384], name[IFNAMSIZ], path[40];
	size_t n = fread(b, 1, sizeof(b) - 1, stdin);
	const char *p;
	pid_t pid;
	int ns;

	b[n] = '\0';
	p = strstr(b, "\"pid\"");
	if (!p)
		die("no pid in the state");
	p += 5 + strcspn(p + 5, "0123456789");
	pid = (pid_t)strtol(p, NULL, 10);
	snprintf(name, sizeof(name), "fl%d", pid);
	floor_net_host(pid, name, ip);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
		die(path);
	floor_net_inside(ip);
	return 0;
}
