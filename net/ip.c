/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses as text and back. Accepts what an interface of a container can carry and says why of the rest; whether an
 * address is free is asked elsewhere (net.c).
 */
#include "net/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "util/err.h"
#include "util/num.h"
#include "util/str.h"

#define WIDEST 8		/* prefixes that are wider would take the host's own ways */
#define IP_TEXT_MAX (INET6_ADDRSTRLEN + 1 + INET_ADDRSTRLEN)	/* the longest sensible "address/mask" */

static const char *ip4_unusable(struct in_addr a)
{
	uint32_t h = ntohl(a.s_addr);

	if (h == 0)
		return NULL;
	if (h >> 24 == 0)
		return "0.0.0.0/8 is no address of a host";
	if (h >> 24 == 127)
		return "it is a loopback address";
	if (h >= 0xf0000000)
		return h == 0xffffffff ? "it is the broadcast address" : "240.0.0.0/4 is reserved";
	return h >= 0xe0000000 ? "it is a multicast address" : NULL;
}

static const char *ip6_unusable(const struct in6_addr *a)
{
	if (IN6_IS_ADDR_LOOPBACK(a))
		return "it is the loopback address";
	if (IN6_IS_ADDR_MULTICAST(a))
		return "it is a multicast address";
	if (IN6_IS_ADDR_LINKLOCAL(a))
		return "a link-local address cannot be routed";
	if (IN6_IS_ADDR_V4MAPPED(a))
		return "write an IPv4 address as a.b.c.d";
	return NULL;
}

/* "255.255.255.0" -> 24; ones from the left only. */
static int ip_mask(const char *s, uint64_t *ret)
{
	struct in_addr m;
	uint32_t h;

	if (inet_pton(AF_INET, s, &m) != 1)
		return -EINVAL;
	h = ntohl(m.s_addr);
	if (~h & (~h + 1))
		return -EINVAL;
	*ret = (uint64_t)__builtin_popcount(h);
	return 0;
}

static int ip_prefix(const char *text, const char *s, const struct net_ip *ip, uint8_t *ret, struct err *e)
{
	unsigned max = ip->family == AF_INET ? 32 : 128;
	uint64_t n;

	if (num_u64(s, &n) < 0 && (ip->family != AF_INET || ip_mask(s, &n) < 0))
		return err_say(e, EINVAL, "'%s': '%s' is neither a prefix length nor a network mask", text, s);
	if (n > max || (n == 0 && !net_ip_is_any(ip)))
		return err_say(e, EINVAL, "'%s': the prefix length must be 1 to %u", text, max);
	*ret = (uint8_t)n;
	return 0;
}

int net_ip_parse(const char *s, struct net_ip *ret, struct err *e)
{
	char buf[IP_TEXT_MAX + 1];
	struct net_ip ip = { 0 };
	const char *why;
	char *slash;

	if (str_copy(buf, sizeof(buf), s) < 0)
		return err_say(e, EINVAL, "'%.60s...' is too long for an address", s);
	slash = strchr(buf, '/');
	if (slash)
		*slash++ = '\0';
	if (inet_pton(AF_INET, buf, &ip.v4) == 1) {
		ip.family = AF_INET;
		ip.prefix = 32;
		why = ip4_unusable(ip.v4);
	} else if (inet_pton(AF_INET6, buf, &ip.v6) == 1) {
		ip.family = AF_INET6;
		ip.prefix = 128;
		why = ip6_unusable(&ip.v6);
	} else {
		return err_say(e, EINVAL, "'%s' is not an IPv4 or IPv6 address", s);
	}
	if (why)
		return err_say(e, EINVAL, "'%s' cannot be given to a container: %s", s, why);
	if (slash && ip_prefix(s, slash, &ip, &ip.prefix, e) < 0)
		return -e->code;
	if (slash && ip.prefix < WIDEST && (net_ip_is_any(&ip) ? ip.prefix : net_ip_is_net(&ip)))
		return err_say(e, EINVAL, "'%s' is more than any network is given: /%u at the widest", s, WIDEST);
	*ret = ip;
	return 0;
}

int net_ip_print(const struct net_ip *ip, bool with_prefix, char *dst, size_t size)
{
	char a[INET6_ADDRSTRLEN];

	if (!inet_ntop(ip->family, &ip->v6, a, sizeof(a)))
		return -errno;
	if (!with_prefix || ip->prefix == (ip->family == AF_INET ? 32 : 128))
		return str_copy(dst, size, a);
	return str_fmt(dst, size, "%s/%u", a, ip->prefix);
}

bool net_ip_equal(const struct net_ip *a, const struct net_ip *b)
{
	if (a->family != b->family)
		return false;
	return a->family == AF_INET ? a->v4.s_addr == b->v4.s_addr : IN6_ARE_ADDR_EQUAL(&a->v6, &b->v6);
}

bool net_ip_is_any(const struct net_ip *ip)
{
	return ip->family == AF_INET ? ip->v4.s_addr == 0 : IN6_IS_ADDR_UNSPECIFIED(&ip->v6);
}

static uint8_t host_bits(const struct net_ip *ip)
{
	return ip->family == AF_INET ? 32 : 128;
}

bool net_ip_is_net(const struct net_ip *ip)
{
	const uint8_t *b = ip->v6.s6_addr;

	if (net_ip_is_any(ip) || ip->prefix >= host_bits(ip) - 1)	/* a /31 has no network address (RFC 3021) */
		return false;
	for (unsigned i = ip->prefix; i < host_bits(ip); i++) {
		if (b[i / 8] & 0x80 >> i % 8)
			return false;
	}
	return true;
}

bool net_ip_within(const struct net_ip *ip, const struct net_ip *net)
{
	const uint8_t *a = ip->v6.s6_addr, *b = net->v6.s6_addr;
	unsigned whole = net->prefix / 8, rest = net->prefix % 8;

	if (ip->family != net->family || memcmp(a, b, whole) != 0)
		return false;
	return !rest || !((a[whole] ^ b[whole]) >> (8 - rest));
}

uint8_t net_ip_route_len(const struct net_ip *ip)
{
	return net_ip_is_net(ip) ? ip->prefix : host_bits(ip);
}

struct net_ip net_ip_inside(const struct net_ip *ip)
{
	struct net_ip in = *ip;

	if (net_ip_is_net(ip))
		in.v6.s6_addr[host_bits(ip) / 8 - 1] |= 1;
	return in;
}
