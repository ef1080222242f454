/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and prefixes, both families in one form: IPv4 is ::ffff:a.b.c.d, so that one comparison serves all. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "util/buf.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"
#include "vzd/auth_priv.h"

static const uint8_t v4[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

int cidr_addr(const char *s, uint8_t addr[16])
{
	uint8_t a[16];

	if (inet_pton(AF_INET, s, a + 12) == 1)
		memcpy(a, v4, sizeof(v4));
	else if (inet_pton(AF_INET6, s, a) != 1)
		return -EINVAL;
	memcpy(addr, a, sizeof(a));
	return 0;
}

/* The bits behind the prefix are not compared. */
static bool same(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return !rest || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

int cidr_parse(const char *s, struct cidr *ret, struct err *e)
{
	const char *slash = strchr(s, '/');
	char addr[INET6_ADDRSTRLEN];
	struct cidr c;
	uint64_t bits;
	unsigned max, base;

	if (str_fmt(addr, sizeof(addr), "%.*s", (int)(slash ? slash - s : (long)strnlen(s, sizeof(addr) + 1)), s) < 0 ||
	    cidr_addr(addr, c.addr) < 0)
		return err_say(e, EINVAL, "'%.64s' is no address", s);
	base = strchr(addr, ':') ? 0 : 96;
	max = 128 - base;
	bits = max;
	if (slash && (num_u64(slash + 1, &bits) < 0 || bits > max))
		return err_say(e, EINVAL, "'%.64s': a prefix has 0 to %u bits", s, max);
	c.bits = (uint8_t)(base + bits);
	for (unsigned i = c.bits; i < 128; i++)
		if (c.addr[i / 8] >> (7 - i % 8) & 1)
			return err_say(e, EINVAL, "'%.64s' has bits behind its prefix", s);
	*ret = c;
	return 0;
}

bool cidr_has(const struct cidr *c, const uint8_t addr[16])
{
	return same(c->addr, addr, c->bits);
}

bool cidr_within(const struct cidr *inner, const struct cidr *outer)
{
	return inner->bits >= outer->bits && same(inner->addr, outer->addr, outer->bits);
}

void cidr_print(const struct cidr *c, struct buf *b)
{
	bool is4 = c->bits >= 96 && memcmp(c->addr, v4, sizeof(v4)) == 0;
	char text[INET6_ADDRSTRLEN];

	if (!inet_ntop(is4 ? AF_INET : AF_INET6, is4 ? c->addr + 12 : c->addr, text, sizeof(text)))
		text[0] = '\0';
	buf_addf(b, "%s/%u", text, c->bits - (is4 ? 96u : 0u));
}
