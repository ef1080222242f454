/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of a container against those of the host and of its other containers. */
#include <errno.h>

#include "libct/files.h"

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
		if (ip.family == AF_INET6 && !ct->host->conf.ipv6.v)
			continue;
		r = net_ip_conflict(n, ct->id, &ip, owner, e);
		if (r < 0)
			return r;
		if (r > 0)
			return in_use(ips->v[i], r, owner, e);
	}
	return 0;
}
