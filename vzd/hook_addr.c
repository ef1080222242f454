/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where webhooks may go. Whoever may make one chooses the address, and the host would speak to what stands behind its own
 * firewall: so only to the public Internet, unless WEBHOOK_ALLOW says more. The check is of the address connected to.
 */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/str.h"
#include "vzd/webhook_priv.h"

#define V4 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff

/* IANA's special-purpose registries, as of what is not globally reachable. */
static const struct cidr special[] = {
	{ { V4, 0, 0, 0, 0 }, 104 }, { { V4, 10, 0, 0, 0 }, 104 }, { { V4, 100, 64, 0, 0 }, 106 }, { { V4, 127, 0, 0, 0 }, 104 },
	{ { V4, 169, 254, 0, 0 }, 112 }, { { V4, 172, 16, 0, 0 }, 108 }, { { V4, 192, 0, 0, 0 }, 120 },
	{ { V4, 192, 0, 2, 0 }, 120 }, { { V4, 192, 88, 99, 0 }, 120 }, { { V4, 192, 168, 0, 0 }, 112 },
	{ { V4, 198, 18, 0, 0 }, 111 }, { { V4, 198, 51, 100, 0 }, 120 }, { { V4, 203, 0, 113, 0 }, 120 },
	{ { V4, 224, 0, 0, 0 }, 100 }, { { V4, 240, 0, 0, 0 }, 100 },
	{ { 0 }, 96 },			/* ::, ::1, IPv4-compatible */
	{ { 0x01, 0x00 }, 64 }, { { 0x20, 0x01, 0, 0 }, 23 }, { { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, { { 0x3f, 0xff }, 20 },
	{ { 0x5f }, 16 }, { { 0xfc }, 7 }, { { 0xfe, 0x80 }, 10 }, { { 0xfe, 0xc0 }, 10 }, { { 0xff }, 8 },
};
/* IPv4 inside IPv6: NAT64 and 6to4. */
static const struct { struct cidr net; unsigned at; } embeds[] = {
	{ { { 0x00, 0x64, 0xff, 0x9b }, 96 }, 12 }, { { { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48 }, 12 },
	{ { { 0x20, 0x02 }, 16 }, 2 },
};

bool hook_addr_ok(const uint8_t addr[16], const struct cidr *allow, size_t n)
{
	uint8_t inner[16] = { V4 };

	for (size_t i = 0; i < n; i++)
		if (cidr_has(&allow[i], addr))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(special); i++)
		if (cidr_has(&special[i], addr))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(embeds); i++) {
		if (!cidr_has(&embeds[i].net, addr))
			continue;
		memcpy(inner + 12, addr + embeds[i].at, 4);
		return hook_addr_ok(inner, allow, n);
	}
	return true;
}

int hook_url_check(const char *url, struct err *e)
{
	const char *host = str_starts(url, "https://") ? url + 8 : str_starts(url, "http://") ? url + 7 : NULL;
	size_t n = host ? strcspn(host, "/?#") : 0;

	if (!host)
		return err_say(e, EINVAL, "url: it begins with https:// or http://");
	if (!n || *host == ':')
		return err_say(e, EINVAL, "url: it names no host");
	if (memchr(host, '@', n))
		return err_say(e, EINVAL, "url: no user and password in it: whoever lists webhooks reads them");
	for (const char *s = url; *s; s++)
		if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f || *s == '\\')
			return err_say(e, EINVAL, "url: blanks, control and non-ASCII characters must be encoded");
	return strlen(url) > 2048 ? err_say(e, EINVAL, "url: at most 2048 bytes") : 0;
}
