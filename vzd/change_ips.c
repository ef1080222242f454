/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vzd/change_ips.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "net/net.h"
#include "util/auto.h"
#include "util/str.h"
#include "vzd/auth_priv.h"
#include "vzd/claims.h"
#include "vzd/inv.h"

bool ips_routed(const char *text, struct cidr *ret, struct net_ip *ip)
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

/* Do @ip and what @ct has have an address in common? @whole: all of @ip. */
static bool meets(const struct inv_ct *ct, const struct cidr *ip, bool whole)
{
	struct net_ip ignored;
	struct cidr c;
	char word[80];
	size_t n;

	for (const char *p = ct->ips; *(p += strspn(p, " ")); p += n) {
		n = strcspn(p, " ");
		str_fmt(word, sizeof(word), "%.*s", (int)n, p);
		if (ips_routed(word, &c, &ignored) && (cidr_within(ip, &c) || (!whole && cidr_within(&c, ip))))
			return true;
	}
	return false;
}

static unsigned others(struct inv *v, unsigned ctid, const struct cidr *ip)
{
	struct inv_ct *ct;

	for (size_t i = 0; (ct = inv_at(v, i)); i++)
		if (ct->id != ctid && meets(ct, ip, false))
			return ct->id;
	return 0;
}

static int taken(const char *text, unsigned by, bool promised, bool admin, struct err *e)
{
	char who[32] = "another container";

	if (admin)
		str_fmt(who, sizeof(who), "container %u", by);
	if (promised)
		return err_say(e, EADDRINUSE, "%s, or a part of it, is being given to %s by an operation that has not ended: take "
			       "another one, or come again when it has", text, who);
	return err_say(e, EADDRINUSE, "%s is, or overlaps with, an address of %s: take another one", text, who);
}

/* An address that an administrator has given stays, whatever the pool is. */
static int judge_tenant(struct vzd *d, const char *pool, unsigned ctid, const char *text, const struct cidr *c,
			const struct net_ip *ip, struct err *e)
{
	const struct inv_ct *ct = ctid ? inv_find(d->inv, ctid) : NULL;

	if (ct && meets(ct, c, true))
		return 0;
	if (!in_pool(pool, c))
		return err_say(e, EPERM, "%s is not among the addresses that tenants may take (TENANT_POOL in vzd.conf)", text);
	if (ip->family == AF_INET6 && net_ip_is_net(ip) && ip->prefix < 64)
		return err_say(e, EPERM, "%s: a tenant's IPv6 prefix is a /64 or longer", text);
	return 0;
}

static int judge_one(struct vzd *d, const char *pool, unsigned ctid, const char *text, struct err *e)
{
	struct net_ip ip;
	struct cidr c;
	unsigned by;

	if (!ips_routed(text, &c, &ip))
		return 0;
	if (pool && judge_tenant(d, pool, ctid, text, &c, &ip, e) < 0)
		return -e->code;
	by = others(d->inv, ctid, &c);
	if (by)
		return taken(text, by, false, !pool, e);
	by = claims_ip(d, ctid, &c);
	return by ? taken(text, by, true, !pool, e) : 0;
}

int ips_judge(struct vzd *d, const char *pool, unsigned ctid, const struct str_list *ips, struct err *e)
{
	for (size_t i = 0; i < ips->n; i++)
		if (judge_one(d, pool, ctid, ips->v[i], e) < 0)
			return -e->code;
	return 0;
}

bool ips_pick(struct vzd *d, const char *pool, unsigned ctid, struct str_list *ips)
{
	struct str_list fine = { .set = true };
	struct err ignored = { 0 };

	for (size_t i = 0; i < ips->n; i++)
		if (judge_one(d, pool, ctid, ips->v[i], &ignored) == 0 && str_list_add(&fine, ips->v[i], &ignored) < 0) {
			str_list_clear(&fine);
			return false;
		}
	SWAP(*ips, fine);
	str_list_clear(&fine);
	return true;
}
