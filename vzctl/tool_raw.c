/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARP and neighbour discovery on a packet socket, and what the network helpers need to know of a device. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzctl/tool.h"

static uint8_t *put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *put(uint8_t *p, const void *data, size_t n)
{
	memcpy(p, data, n);
	return p + n;
}

void tool_arp_build(const struct tool_arp *a, uint8_t out[TOOL_ARP_LEN])
{
	uint8_t *p = put(out, a->dst, 6);

	p = put16(put(p, a->smac, 6), ETHERTYPE_ARP);
	p = put16(put16(p, ARPHRD_ETHER), ETHERTYPE_IP);
	*p++ = 6;
	*p++ = 4;
	p = put(put(put16(p, a->op), a->smac, 6), a->sip, 4);
	put(put(p, a->tmac, 6), a->tip, 4);
}

int tool_arp_parse(const uint8_t *p, size_t n, struct tool_arp *r)
{
	static const uint8_t want[] = { 0x08, 0x06, 0, 1, 0x08, 0, 6, 4 };

	if (n < TOOL_ARP_LEN || memcmp(p + 12, want, sizeof(want)) != 0)
		return -EINVAL;
	memcpy(r->dst, p, 6);
	r->op = (uint16_t)(p[20] << 8 | p[21]);
	memcpy(r->smac, p + 22, 6);
	memcpy(r->sip, p + 28, 4);
	memcpy(r->tmac, p + 32, 6);
	memcpy(r->tip, p + 38, 4);
	return 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int tool_mac_parse(const char *s, uint8_t ret[6])
{
	for (int i = 0; i < 6; i++) {
		int hi = hex(s[0]), lo = hi < 0 ? -1 : hex(s[1]);

		if (lo < 0 || s[2] != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		ret[i] = (uint8_t)(hi << 4 | lo);
		s += 3;
	}
	return 0;
}

static uint32_t sum16(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	return sum;
}

void tool_na_build(const uint8_t mac[6], const uint8_t addr[16], uint8_t out[TOOL_NA_LEN])
{
	static const uint8_t all_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };
	static const uint8_t ip6[] = { 0x60, 0, 0, 0, 0, 32, IPPROTO_ICMPV6, 255 };
	static const uint8_t na[] = { 136, 0, 0, 0, 0x20, 0, 0, 0 };	/* override; neither router nor solicited */
	static const uint8_t target_mac[] = { 2, 1 };
	uint8_t *p = put16(put(put(out, all_mac, 6), mac, 6), ETHERTYPE_IPV6);
	uint8_t *icmp;
	uint32_t sum;

	icmp = put(put(put(p, ip6, sizeof(ip6)), addr, 16), all_nodes, 16);
	put(put(put(put(icmp, na, sizeof(na)), addr, 16), target_mac, 2), mac, 6);
	sum = sum16(32 + IPPROTO_ICMPV6, addr, 16);
	sum = sum16(sum16(sum, all_nodes, 16), icmp, 32);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(icmp + 2, (uint16_t)~sum);
}

int tool_dev(const char *name, struct tool_dev *ret, struct err *e)
{
	auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = { 0 };

	if (fd < 0)
		return err_set(e, errno, "socket");
	if (str_copy(r.ifr_name, sizeof(r.ifr_name), name) < 0)
		return err_say(e, ENODEV, "%s: no such device", name);
	if (ioctl(fd, SIOCGIFINDEX, &r) < 0)
		return err_set(e, errno, "%s", name);
	ret->index = r.ifr_ifindex;
	if (ioctl(fd, SIOCGIFFLAGS, &r) < 0)
		return err_set(e, errno, "%s", name);
	ret->arp = !(r.ifr_flags & (IFF_NOARP | IFF_LOOPBACK));
	ret->up = r.ifr_flags & IFF_UP;
	if (ioctl(fd, SIOCGIFHWADDR, &r) < 0)
		return err_set(e, errno, "%s", name);
	ret->arp = ret->arp && r.ifr_hwaddr.sa_family == ARPHRD_ETHER;
	memcpy(ret->mac, r.ifr_hwaddr.sa_data, 6);
	return 0;
}

int tool_dev_up(const char *name, struct err *e)
{
	auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = { 0 };

	if (fd < 0 || str_copy(r.ifr_name, sizeof(r.ifr_name), name) < 0)
		return err_say(e, ENODEV, "%s: no such device", name);
	if (ioctl(fd, SIOCGIFFLAGS, &r) < 0)
		return err_set(e, errno, "%s", name);
	r.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &r) < 0 ? err_set(e, errno, "%s", name) : 0;
}

int tool_raw_open(int index, uint16_t ethertype, struct err *e)
{
	auto_close int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ethertype));
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = htons(ethertype), .sll_ifindex = index };

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_set(e, errno, "packet socket");
	return take_fd(&fd);
}

/* Value of @key in "k=v,k=v" of @len bytes, at most @size - 1 bytes of it. */
static bool netif_value(const char *s, size_t len, const char *key, char *dst, size_t size)
{
	size_t klen = strlen(key);

	for (size_t i = 0; i < len; i++) {
		size_t n = 0;

		while (i + n < len && s[i + n] != ',')
			n++;
		if (n > klen && strncmp(s + i, key, klen) == 0 && s[i + klen] == '=' && n - klen - 1 < size) {
			memcpy(dst, s + i + klen + 1, n - klen - 1);
			dst[n - klen - 1] = '\0';
			return dst[0] != '\0';
		}
		i += n;
	}
	return false;
}

int tool_netif_bridge(const char *netif, const char *dev, char *dst, size_t size)
{
	char host[64];

	for (const char *p = netif; *p; p += strcspn(p, ";"), p += *p == ';') {
		size_t len = strcspn(p, ";");

		if (!netif_value(p, len, "host_ifname", host, sizeof(host)) || strcmp(host, dev) != 0)
			continue;
		if (!netif_value(p, len, "bridge", dst, size))
			return str_copy(dst, size, "vmbr0");
		return 0;
	}
	return -ENOENT;
}
