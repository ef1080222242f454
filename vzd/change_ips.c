/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/change_ips.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "net/net.h"
#include "util/str.h"
#include "vzd/auth_priv.h"
#include "vzd/inv.h"

/* What is routed to the container: one address whatever its mask, or a prefix. False: none ("0.0.0.0"), or no address. */
static bool routed(const char *text, struct cidr *ret, struct net_ip *ip)
{
	struct err none = { 0 };
	char word[80];

	if (net_ip_parse(text, ip, &none) < 0 || net_ip_is_any(ip))
		return false;
	str_fmt(word, sizeof(word), "%.*s", net_ip_is_net(ip) ? 79 : (int)strcspn(text, "/"), text);
	return cidr_parse(word, ret, &none) == 0;
}

static bool in_pool(const char *pool, const struct cidr *ip)
{
	struct err none = { 0 };
	struct cidr net;
	char word[80];
	size_t n;

	for (const char *p = pool; *(p += strspn(p, " ,")); p += n) {
		n = strcspn(p, " ,");
		str_fmt(word, sizeof(word), "%.*s", (int)n, p);
		if (cidr_parse(word, &net, &none) == 0 && cidr_within(ip, &net))
			return true;
	}
	return false;
}

static bool others(struct inv *v, unsigned ctid, const struct cidr *ip)
{
	struct inv_ct *ct;
	struct net_ip ignored;
	struct cidr c;
	char word[80];
	size_t n;

	for (size_t i = 0; (ct = inv_at(v, i)); i++)
		for (const char *p = ct->ips; ct->id != ctid && *(p += strspn(p, " ")); p += n) {
			n = strcspn(p, " ");
			str_fmt(word, sizeof(word), "%.*s", (int)n, p);
			if (routed(word, &c, &ignored) && (cidr_within(ip, &c) || cidr_within(&c, ip)))
				return true;
		}
	return false;
}

int ips_judge(struct inv *v, const char *pool, unsigned ctid, const struct str_list *ips, struct err *e)
{
	for (size_t i = 0; i < ips->n; i++) {
		struct net_ip ip;
		struct cidr c;

		if (!routed(ips->v[i], &c, &ip))
			continue;
		if (!in_pool(pool, &c))
			return err_say(e, EPERM, "%s is not among the addresses that tenants may take (TENANT_POOL in vzd.conf)",
				       ips->v[i]);
		if (ip.family == AF_INET6 && net_ip_is_net(&ip) && ip.prefix < 64)
			return err_say(e, EPERM, "%s: a tenant's IPv6 prefix is a /64 or longer", ips->v[i]);
		if (others(v, ctid, &c))
			return err_say(e, EADDRINUSE, "%s is, or overlaps with, an address of another container", ips->v[i]);
	}
	return 0;
}
