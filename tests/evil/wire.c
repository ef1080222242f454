/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames under names that are not the sender's, by packet socket, and a counter of what arrives. Each carries a marker
 * EVIL-kind in its payload, so that a capture anywhere tells which kind came through; EVIL-own is honest and must arrive.
 */
#include "tests/evil/evil.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 9999

struct frame { unsigned char b[1514]; size_t n; };
static struct { int sk, index; unsigned char mac[6]; } wire;

static int open_wire(const char *name)
{
	struct ifreq r = { 0 };

	wire.sk = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	wire.index = (int)if_nametoindex(name);
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (wire.sk < 0 || !wire.index || ioctl(wire.sk, SIOCGIFHWADDR, &r) < 0)
		return -1;
	memcpy(wire.mac, r.ifr_hwaddr.sa_data, 6);
	return 0;
}

static void add(struct frame *f, const void *p, size_t n)
{
	memcpy(f->b + f->n, p, n);
	f->n += n;
}

static void add16(struct frame *f, unsigned v)
{
	uint16_t be = htons((uint16_t)v);

	add(f, &be, 2);
}

static void ether(struct frame *f, unsigned proto, const char *how)
{
	static const unsigned char other[6] = { 2, 0xee, 0, 0, 0, 1 }, all[6] = { 255, 255, 255, 255, 255, 255 };

	f->n = 0;
	add(f, strcmp(how, "broadcast") == 0 ? all : wire.mac, 6);
	add(f, strcmp(how, "mac") == 0 ? other : wire.mac, 6);
	if (strcmp(how, "vlan") == 0 || strcmp(how, "prio") == 0) {
		add16(f, ETH_P_8021Q);
		add16(f, how[0] == 'v' ? 5 : 0);
	}
	add16(f, proto);
}

static uint32_t sum16(const void *p, size_t n, uint32_t s)
{
	const unsigned char *b = p;

	for (size_t i = 0; i < n; i++)
		s += i % 2 ? b[i] : (uint32_t)b[i] << 8;
	return s;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons((uint16_t)~s);
}

static void udp(struct frame *f, const char *marker, unsigned sport, unsigned dport)
{
	add16(f, sport);
	add16(f, dport);
	add16(f, (unsigned)(8 + strlen(marker)));
	add16(f, 0);
	add(f, marker, strlen(marker));
}

static void ip4(struct frame *f, const char *src, const char *dst, size_t len, unsigned frag, unsigned proto)
{
	struct iphdr h = { .version = 4, .ihl = 5, .ttl = 64, .protocol = (uint8_t)proto };

	h.tot_len = htons((uint16_t)(sizeof(h) + len));
	h.frag_off = htons((uint16_t)frag);
	h.id = htons(4711);
	inet_pton(AF_INET, src, &h.saddr);
	inet_pton(AF_INET, dst, &h.daddr);
	h.check = fold(sum16(&h, sizeof(h), 0));
	add(f, &h, sizeof(h));
}

static void ip6(struct frame *f, const char *src, const char *dst, size_t len, unsigned proto)
{
	struct ip6_hdr h = { 0 };

	h.ip6_flow = htonl(6u << 28);
	h.ip6_plen = htons((uint16_t)len);
	h.ip6_nxt = (uint8_t)proto;
	h.ip6_hlim = 255;
	inet_pton(AF_INET6, src, &h.ip6_src);
	inet_pton(AF_INET6, dst, &h.ip6_dst);
	add(f, &h, sizeof(h));
}

static void send_frame(const struct frame *f, const char *name)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_ifindex = wire.index, .sll_halen = 6 };

	if (sendto(wire.sk, f->b, f->n, 0, (struct sockaddr *)&a, sizeof(a)) < 0)
		say(name, -1, NULL);
}

static void send4(const char *kind, const char *src, const char *dst, const char *how, unsigned frag,
		  unsigned sport, unsigned dport)
{
	struct frame f;
	char marker[40];

	snprintf(marker, sizeof(marker), "EVIL-%s;", kind);
	ether(&f, ETH_P_IP, how);
	ip4(&f, src, dst, 8 + strlen(marker), frag, IPPROTO_UDP);
	udp(&f, marker, sport, dport);
	send_frame(&f, kind);
}

/* UDP over IPv6 needs its checksum to be taken by a socket. */
static void send6(const char *kind, const char *src, const char *dst)
{
	struct frame f;
	char marker[40];
	size_t at, len;
	uint16_t c;

	snprintf(marker, sizeof(marker), "EVIL-%s;", kind);
	len = 8 + strlen(marker);
	ether(&f, ETH_P_IPV6, "");
	ip6(&f, src, dst, len, IPPROTO_UDP);
	at = f.n;
	udp(&f, marker, PORT, PORT);
	c = fold(sum16(f.b + at - 32, 32, sum16(f.b + at, len, IPPROTO_UDP + (uint32_t)len)));
	memcpy(f.b + at + 6, &c, 2);
	send_frame(&f, kind);
}

static void send_arp(const char *kind, unsigned op, const char *ip, const char *target)
{
	struct frame f;
	unsigned char a[4], t[4], zero[6] = { 0 };
	char marker[40];

	inet_pton(AF_INET, ip, a);
	inet_pton(AF_INET, target, t);
	snprintf(marker, sizeof(marker), "EVIL-%s;", kind);
	ether(&f, ETH_P_ARP, "broadcast");
	add16(&f, 1);
	add16(&f, ETH_P_IP);
	add(&f, "\6\4", 2);
	add16(&f, op);
	add(&f, wire.mac, 6);
	add(&f, a, 4);
	add(&f, zero, 6);
	add(&f, t, 4);
	add(&f, marker, strlen(marker));
	send_frame(&f, kind);
}

/* Router advertisement with a prefix, neighbour advertisement for another's address, redirect. */
static void send_nd(const char *kind, unsigned type, const char *src, const char *target)
{
	struct frame f;
	unsigned char body[64] = { 0 }, dst[16];
	size_t at, len = type == 134 ? 48 : type == 137 ? 40 : 24;
	uint16_t c;

	body[0] = (unsigned char)type;
	if (type == 134) {
		memcpy(body + 4, "\x40\x00\x07\x08", 4);	/* hop limit, flags, lifetime */
		memcpy(body + 16, "\x03\x04\x40\xc0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 16);
		inet_pton(AF_INET6, "2001:db8:e::", body + 32);
	} else {
		body[4] = 0x60;
		inet_pton(AF_INET6, target, body + 8);
	}
	ether(&f, ETH_P_IPV6, "");
	ip6(&f, src, "ff02::1", len, IPPROTO_ICMPV6);
	inet_pton(AF_INET6, "ff02::1", dst);
	at = f.n;
	add(&f, body, len);
	c = fold(sum16(f.b + at - 32, 32, sum16(f.b + at, len, IPPROTO_ICMPV6 + (uint32_t)len)));
	memcpy(f.b + at + 2, &c, 2);
	send_frame(&f, kind);
}

int evil_spoof(int argc, char **argv)
{
	static const char *const to[] = { "198.51.100.1", "192.0.2.1", NULL };
	const char *own, *other, *other6;

	if (argc < 5 || open_wire(argv[1]) < 0) {
		say("wire", -1, NULL);
		return 1;
	}
	own = argv[2];
	other = argv[3];
	other6 = argv[4];
	for (size_t i = 0; i < ARRAY_SIZE(to); i++) {
		const char *dst = to[i] ? to[i] : other;

		send4("own", own, dst, "", 0, PORT, PORT);
		send4("foreign", other, dst, "", 0, PORT, PORT);
		send4("host", "192.0.2.1", dst, "", 0, PORT, PORT);
		send4("outside", "198.51.100.1", dst, "", 0, PORT, PORT);
		send4("loop", "127.0.0.1", dst, "", 0, PORT, PORT);
		send4("zero", "0.0.0.0", dst, "", 0, PORT, PORT);
		send4("broadcast", other, dst, "broadcast", 0, PORT, PORT);
		send4("mac", other, dst, "mac", 0, PORT, PORT);
		send4("vlan", other, dst, "vlan", 0, PORT, PORT);
		send4("prio", other, dst, "prio", 0, PORT, PORT);
		send4("frag", other, dst, "", 0x2000, PORT, PORT);
		send4("frag2", other, dst, "", 0x0040, PORT, PORT);
		send4("dhcp", own, dst, "", 0, 67, 68);
	}
	send4("dhcpall", own, "255.255.255.255", "broadcast", 0, 67, 68);
	send4("tolocal", own, "127.0.0.1", "", 0, PORT, PORT);
	send6("foreign6", other6, "2001:db8:ffff::1");
	send6("outside6", "2001:db8:ffff::2", other6);
	send6("linklocal6", "fe80::1234", "2001:db8:ffff::1");
	send_arp("arp", 1, other, other);
	send_arp("arpreply", 2, "169.254.0.1", own);
	send_nd("ra", 134, "fe80::1", "fe80::1");
	send_nd("na", 136, other6, other6);
	send_nd("redirect", 137, "fe80::1", other6);
	return 0;
}

struct seen { char name[24]; int n; };
static struct seen seen[64];

static void note(const char *name, size_t n)
{
	if (n >= sizeof(seen[0].name))
		n = sizeof(seen[0].name) - 1;
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		if (seen[i].n && (strlen(seen[i].name) != n || memcmp(seen[i].name, name, n) != 0))
			continue;
		memcpy(seen[i].name, name, n);
		seen[i].n++;
		return;
	}
}

static void look(const unsigned char *b, size_t n)
{
	const char *m = memmem(b, n, "EVIL-", 5);
	const char *end = m ? memchr(m, ';', n - (size_t)((const unsigned char *)m - b)) : NULL;

	if (end)
		note(m + 5, (size_t)(end - m - 5));
	if (n > 54 && b[12] == 0x86 && b[13] == 0xdd && b[20] == IPPROTO_ICMPV6 && b[54] >= 134 && b[54] <= 137)
		note("nd", 2);
}

/* IF "udp": what a program of this machine gets at the port instead of what is on a wire. */
int evil_sniff(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 2 ? strtol(argv[2], NULL, 10) : 3);
	static unsigned char b[2048];

	if (argc > 1 && strcmp(argv[1], "udp") == 0) {
		struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };

		wire.sk = socket(AF_INET6, SOCK_DGRAM, 0);
		if (bind(wire.sk, (struct sockaddr *)&a, sizeof(a)) < 0)
			return 1;
	} else if (argc < 2 || open_wire(argv[1]) < 0) {
		say("wire", -1, NULL);
		return 1;
	}
	while (time(NULL) < end) {
		struct pollfd p = { wire.sk, POLLIN, 0 };
		struct sockaddr_ll from = { 0 };
		socklen_t len = sizeof(from);
		ssize_t n;

		if (poll(&p, 1, 100) <= 0)
			continue;
		n = recvfrom(wire.sk, b, sizeof(b), 0, (struct sockaddr *)&from, &len);
		if (n <= 0 || (from.sll_family == AF_PACKET && (from.sll_ifindex != wire.index ||
								from.sll_pkttype == PACKET_OUTGOING)))
			continue;
		look(b, (size_t)n);
	}
	for (size_t i = 0; i < ARRAY_SIZE(seen) && seen[i].n; i++)
		printf("%s ", seen[i].name);
	printf("\n");
	return 0;
}
