/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of a container against those of the host and of its other containers. */
#include <errno.h>

#include <stdlib.h>
#include <string.h>

#include "libct/files.h"
#include "libct/ips.h"

#define ANSWER_MS 300	/* a machine on the same network answers within one */

bool ct_ips_drop_v6(const struct ct_host *h, struct str_list *ips)
{
	bool dropped = false;

	for (size_t i = 0; !h->conf.ipv6.v && i < ips->n; ) {
		auto_free char *ip = strchr(ips->v[i], ':') ? strdup(ips->v[i]) : NULL;

		if (ip)
			str_list_del(ips, ip);
		else
			i++;
		dropped |= ip != NULL;
	}
	return dropped;
}

static int in_use(const char *ip, int who, const char *owner, struct err *e)
{
	if (who == NET_IP_CONTAINER)
		err_say(e, EADDRINUSE, "IP address %s is already used by the container behind %s", ip, owner);
	else if (who == NET_IP_HOLDS_HOST)
		err_say(e, EADDRINUSE, "IP address %s would take addresses of this host along: choose a longer prefix", ip);
	else if (who == NET_IP_BROADCAST)
		err_say(e, EADDRINUSE, "IP address %s is the broadcast address of a network that this host is on", ip);
	else if (who == NET_IP_ROUTED)
		err_say(e, EADDRINUSE, "IP address %s has a route of its own through %s already: remove that, or choose "
			"another address", ip, owner);
	else
		err_say(e, EADDRINUSE, "IP address %s is an address of this host", ip);
	return err_exit(e, VZ_IP_INUSE);
}

int ct_ips_check(struct ct *ct, const struct str_list *ips, struct err *e)
{
	struct net *n;

	if (!ips->n)
		return 0;
	if (ct_host_net_peek(ct->host, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < ips->n; i++) {
		char owner[16] = "";
		struct net_ip ip;
		int r;

		if (net_ip_parse(ips->v[i], &ip, e) < 0)
			return err_exit(e, VZ_BADIP);
		r = net_ip_conflict(n, ct->id, &ip, owner, e);
		if (r < 0)
			return r;
		if (r > 0)
			return in_use(ips->v[i], r, owner, e);
	}
	return 0;
}

void ct_ips_warn(struct ct *ct)
{
	for (size_t i = 0; i < ct->conf.net.ip.n; i++) {
		char *one[] = { ct->conf.net.ip.v[i], NULL };
		struct err e = { 0 };

		if (ct_ips_check(ct, &(struct str_list){ .v = one, .n = 1, .set = true }, &e) < 0)
			ct_say(ct, -1, "Warning: %s: CT %u does not start until one of them gives it up ('vzctl set %u --ipdel %s "
			       "--save')", e.text, ct->id, ct->id, one[0]);
	}
}

int ct_ips_probe(struct ct *ct, const struct str_list *ips, bool skip, struct err *e)
{
	struct net *n;

	if (!ips->n || skip || ct->host->conf.skip_arpdetect.v)
		return 0;
	return ct_host_net(ct->host, &n, e) < 0 ? -e->code : net_probe(n, ips, e);
}

int ct_ips_probed(struct ct *ct, struct err *e)
{
	bool strict = ct->host->conf.error_on_arpfail.v;
	char ip[INET6_ADDRSTRLEN];
	struct net_claim c;
	struct net *n;
	int rc;

	if (ct_host_net_peek(ct->host, &n, e) < 0)
		return -e->code;
	while ((rc = net_probed(n, strict ? ANSWER_MS : 0, &c, e)) > 0) {
		net_ip_print(&c.ip, false, ip, sizeof(ip));
		err_say(e, EADDRINUSE, "IP address %s is in use on another machine, %02x:%02x:%02x:%02x:%02x:%02x on %s", ip,
			c.mac[0], c.mac[1], c.mac[2], c.mac[3], c.mac[4], c.mac[5], c.dev);
		if (strict)
			return err_exit(e, VZ_IP_INUSE);
		ct_say(ct, -1, "Warning: %s", e->text);
		err_clear(e);
	}
	return rc;
}

int ct_ips_announce(struct ct *ct, struct err *e)
{
	struct net *n;

	if (ct_host_net_peek(ct->host, &n, e) < 0)
		return -e->code;
	if (net_announce(n, e) < 0) {
		ct_say(ct, -1, "Warning: %s", e->text);
		err_clear(e);
	}
	return 0;
}
