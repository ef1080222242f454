/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The namespace that vz-outlet makes. Every address is its own (a local default route by lo), so the kernel itself ends the
 * connections that go out; a BPF program hands those that nobody here listens for to the two sockets that outlet_pass.c accepts
 * from. Datagrams are taken for nameservers only, each by a socket of its address.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "templates/outlet.h"
#include "util/auto.h"
#include "util/bpf.h"
#include "util/err.h"

#define OWN4 0xc0000008u		/* 192.0.0.8, the dummy address of RFC 7600: the source of what goes out */
#define OWN6 "100::8"			/* in the discard prefix, RFC 6666 */
#define BACKLOG 64
#define LO 1				/* the loopback's index in every namespace */

static const int families[2] = { AF_INET, AF_INET6 };

/* --- address and route --- */

static void put_addr(struct nlmsghdr *h, int family, uint16_t type)
{
	struct in6_addr v6;
	uint32_t v4 = htonl(OWN4);

	inet_pton(AF_INET6, OWN6, &v6);
	mnl_attr_put(h, type, family == AF_INET ? sizeof(v4) : sizeof(v6), family == AF_INET ? (void *)&v4 : &v6);
}

static int ask(struct mnl_socket *sk, struct nlmsghdr *h, const char *what, struct err *e)
{
	char answer[8192];
	ssize_t n;

	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
	if (mnl_socket_sendto(sk, h, h->nlmsg_len) < 0 || (n = mnl_socket_recvfrom(sk, answer, sizeof(answer))) < 0 ||
	    mnl_cb_run(answer, (size_t)n, 0, 0, NULL, NULL) < 0)
		return err_set(e, errno, "%s of a build's network", what);
	return 0;
}

static int add_family(struct mnl_socket *sk, int family, struct err *e)
{
	char buf[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *a = mnl_nlmsg_put_extra_header(h, sizeof(*a));

	h->nlmsg_type = RTM_NEWADDR;
	*a = (struct ifaddrmsg){ .ifa_family = (uint8_t)family, .ifa_prefixlen = family == AF_INET ? 32 : 128, .ifa_index = LO,
				 .ifa_flags = IFA_F_NODAD };
	put_addr(h, family, IFA_LOCAL);
	put_addr(h, family, IFA_ADDRESS);
	if (ask(sk, h, "address", e) < 0)
		return -e->code;
	h = mnl_nlmsg_put_header(buf);
	h->nlmsg_type = RTM_NEWROUTE;
	*(struct rtmsg *)mnl_nlmsg_put_extra_header(h, sizeof(struct rtmsg)) =
		(struct rtmsg){ .rtm_family = (uint8_t)family, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_LOCAL,
				.rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_HOST };
	mnl_attr_put_u32(h, RTA_OIF, LO);
	put_addr(h, family, RTA_PREFSRC);
	return ask(sk, h, "route", e);
}

static int addresses(const bool routed[2], struct err *e)
{
	auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	struct mnl_socket *sk;
	int rc = 0;

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &up) < 0)
		return err_set(e, errno, "loopback of a build's network");
	sk = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!sk || mnl_socket_bind(sk, 0, MNL_SOCKET_AUTOPID) < 0)
		rc = err_set(e, errno, "rtnetlink");
	for (size_t i = 0; i < 2 && rc == 0; i++)
		if (routed[i])
			rc = add_family(sk, families[i], e);
	if (sk)
		mnl_socket_close(sk);
	return rc;
}

/* --- what listens --- */

static int listen_at(const union outlet_addr *a, bool udp, struct err *e)
{
	auto_close int fd = socket(a->any.sa_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;
	char text[80];

	if (fd >= 0 && a->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	/* an address of another machine's */
	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) < 0 ||
	    bind(fd, &a->any, outlet_addr_len(a)) < 0 || (!udp && listen(fd, BACKLOG) < 0)) {
		int code = errno;

		outlet_addr_print(a, text);
		return err_set(e, code, "listen on %s in a build's network", text);
	}
	return take_fd(&fd);
}

static int serve(struct outlet_sockets *s, const union outlet_addr *to, bool udp, struct err *e)
{
	int fd = listen_at(to, udp, e);

	if (fd < 0)
		return fd;
	s->served[s->n].fd = fd;
	s->served[s->n].udp = udp;
	s->served[s->n++].to = *to;
	return 0;
}

static bool nameserver(const union outlet_addr *a)
{
	return ntohs(a->any.sa_family == AF_INET ? a->v4.sin_port : a->v6.sin6_port) == 53;
}

/* A connection to another address than a loopback's comes by @any. */
static int serve_named(struct outlet_sockets *s, const struct outlet_named *named, const bool routed[2], struct err *e)
{
	for (size_t i = 0; i < named->n; i++) {
		const union outlet_addr *a = &named->v[i];

		if (!outlet_addr_loopback(a) && !routed[a->any.sa_family == AF_INET6])
			continue;
		if ((outlet_addr_loopback(a) && serve(s, a, false, e) < 0) || (nameserver(a) && serve(s, a, true, e) < 0))
			return -e->code;
	}
	return 0;
}

/* --- the program: which connections @any takes --- */

#define OP(c, d, s, o, i) { .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }
#define LOAD(field) OP(BPF_LDX | BPF_MEM | BPF_W, 2, 6, offsetof(struct bpf_sk_lookup, field), 0)
#define JNE(value, skip) OP(BPF_JMP32 | BPF_JNE | BPF_K, 2, 0, skip, value)
#define JEQ(value, skip) OP(BPF_JMP32 | BPF_JEQ | BPF_K, 2, 0, skip, value)

static int program(int map)
{
	const struct bpf_insn v[] = {
		OP(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0),
		LOAD(protocol), JNE(IPPROTO_TCP, 25),
		OP(BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 0),
		LOAD(family), JEQ(AF_INET6, 5),
		/* 6: IPv4, but for loopback and our own */
		LOAD(local_ip4), JEQ((__s32)htonl(OWN4), 20),
		OP(BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, (__s32)htonl(0xff000000)), JEQ((__s32)htonl(0x7f000000), 18),
		OP(BPF_JMP | BPF_JA, 0, 0, 4, 0),
		/* 11: IPv6, but for ::/32, where loopback is, and 100::/32, where our own is */
		OP(BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 1),
		LOAD(local_ip6[0]), JEQ(0, 14), JEQ((__s32)htonl(0x01000000), 13),
		/* 15: the socket of that family, if there is one */
		OP(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0), OP(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4),
		OP(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, map), OP(0, 0, 0, 0, 0),
		OP(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		OP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 7, 0),
		OP(BPF_ALU64 | BPF_MOV | BPF_X, 7, 0, 0, 0),
		OP(BPF_ALU64 | BPF_MOV | BPF_X, 1, 6, 0, 0), OP(BPF_ALU64 | BPF_MOV | BPF_X, 2, 7, 0, 0),
		OP(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0),
		OP(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_sk_assign),
		OP(BPF_ALU64 | BPF_MOV | BPF_X, 1, 7, 0, 0),
		OP(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_sk_release),
		/* 28 */
		OP(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, SK_PASS), OP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return bpf_load(BPF_PROG_TYPE_SK_LOOKUP, "vz_outlet", v, ARRAY_SIZE(v));
}

static int map_of(const int any[2])
{
	union bpf_attr a;
	int map;

	memset(&a, 0, sizeof(a));
	a.map_type = BPF_MAP_TYPE_SOCKMAP;
	a.key_size = 4;
	a.value_size = 8;
	a.max_entries = 2;
	map = bpf_sys(BPF_MAP_CREATE, &a);
	for (uint32_t i = 0; i < 2 && map >= 0; i++) {
		uint64_t sk = (uint64_t)any[i];

		if (any[i] < 0)
			continue;
		memset(&a, 0, sizeof(a));
		a.map_fd = (__u32)map;
		a.key = (uintptr_t)&i;
		a.value = (uintptr_t)&sk;
		if (bpf_sys(BPF_MAP_UPDATE_ELEM, &a) < 0)
			return -1;
	}
	return map;
}

static int take_all(struct outlet_sockets *s, int netns, struct err *e)
{
	auto_close int prog = -1;
	union bpf_attr a;

	s->map = map_of(s->any);
	prog = s->map < 0 ? -1 : program(s->map);
	if (prog < 0)
		return err_set(e, errno, "load the program that takes a build's connections");
	memset(&a, 0, sizeof(a));
	a.link_create.prog_fd = (__u32)prog;
	a.link_create.target_fd = (__u32)netns;
	a.link_create.attach_type = BPF_SK_LOOKUP;
	s->link = bpf_sys(BPF_LINK_CREATE, &a);
	return s->link < 0 ? err_set(e, errno, "take a build's connections") : 0;
}

int outlet_net_up(const struct outlet_named *named, const bool routed[2], int netns, struct outlet_sockets *ret, struct err *e)
{
	*ret = (struct outlet_sockets){ .any = { -1, -1 }, .link = -1, .map = -1 };
	if (addresses(routed, e) < 0)
		return -e->code;
	for (size_t i = 0; i < 2; i++) {
		const union outlet_addr any = { .any.sa_family = (sa_family_t)families[i] };

		if (routed[i] && (ret->any[i] = listen_at(&any, false, e)) < 0)
			return -e->code;
	}
	if (serve_named(ret, named, routed, e) < 0)
		return -e->code;
	return routed[0] || routed[1] ? take_all(ret, netns, e) : 0;
}
