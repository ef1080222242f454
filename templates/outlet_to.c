/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom vz-outlet connects to for a template that is being made: other machines, and what was named. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "templates/outlet.h"
#include "util/auto.h"
#include "util/num.h"

int outlet_addr_parse(const char *text, union outlet_addr *ret)
{
	const char *slash = strrchr(text, '/');
	char host[INET6_ADDRSTRLEN];
	uint64_t port;

	*ret = (union outlet_addr){ .any.sa_family = AF_UNSPEC };
	if (!slash || (size_t)(slash - text) >= sizeof(host) || num_u64(slash + 1, &port) < 0 || port == 0 || port > 65535)
		return -EINVAL;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	if (inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1) {
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons((uint16_t)port);
	} else {
		return -EINVAL;
	}
	return 0;
}

socklen_t outlet_addr_len(const union outlet_addr *a)
{
	return a->any.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

static bool same_host(const union outlet_addr *a, const union outlet_addr *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	return a->any.sa_family == AF_INET ? a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr
					   : memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
}

bool outlet_addr_equal(const union outlet_addr *a, const union outlet_addr *b)
{
	return same_host(a, b) &&
	       (a->any.sa_family == AF_INET ? a->v4.sin_port == b->v4.sin_port : a->v6.sin6_port == b->v6.sin6_port);
}

bool outlet_addr_loopback(const union outlet_addr *a)
{
	return a->any.sa_family == AF_INET ? ntohl(a->v4.sin_addr.s_addr) >> 24 == 127
					   : IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

void outlet_addr_print(const union outlet_addr *a, char dst[80])
{
	char host[INET6_ADDRSTRLEN] = "?";
	bool v4 = a->any.sa_family == AF_INET;

	inet_ntop(a->any.sa_family, v4 ? (const void *)&a->v4.sin_addr : &a->v6.sin6_addr, host, sizeof(host));
	str_fmt(dst, 80, "%s port %u", host, (unsigned)ntohs(v4 ? a->v4.sin_port : a->v6.sin6_port));
}

/* Where a packet to @to would come from; nothing is sent. */
static int source_for(const union outlet_addr *to, union outlet_addr *from)
{
	auto_close int fd = socket(to->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*from);

	if (fd < 0 || connect(fd, &to->any, outlet_addr_len(to)) < 0 || getsockname(fd, &from->any, &len) < 0)
		return -errno;
	return 0;
}

bool outlet_routed(int family)
{
	union outlet_addr to, from;

	outlet_addr_parse(family == AF_INET ? "192.0.2.1/9" : "2001:db8::1/9", &to);
	return source_for(&to, &from) == 0;
}

/* No host's, or one that only this link knows: a cloud's metadata among them. */
static bool special(const union outlet_addr *to)
{
	const struct in6_addr *a = &to->v6.sin6_addr;
	uint32_t v4 = ntohl(to->v4.sin_addr.s_addr);

	if (to->any.sa_family == AF_INET)
		return v4 >> 24 == 0 || v4 >> 24 == 127 || v4 >> 16 == 0xa9fe || v4 >> 28 >= 14;
	return IN6_IS_ADDR_UNSPECIFIED(a) || IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a) ||
	       IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_MULTICAST(a);
}

const char *outlet_refuses(const struct outlet_named *named, const union outlet_addr *to)
{
	union outlet_addr from;

	for (size_t i = 0; i < named->n; i++)
		if (outlet_addr_equal(&named->v[i], to))
			return NULL;
	if (special(to))
		return "is of this host or its link alone";
	if (source_for(to, &from) < 0)
		return "has no route from this host";
	return same_host(&from, to) ? "is an address of this host" : NULL;
}
