/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet sockets, and what the network helpers need to know of a device. */
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
