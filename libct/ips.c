/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of a container against those of the host and of its other containers. */
#include <errno.h>

#include <stdlib.h>
#include <string.h>

#include "libct/files.h"

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
	if (who == 1)
		err_say(e, EADDRINUSE, "IP address %s is already used by the container behind %s", ip, owner);
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
