/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debian, Ubuntu, Devuan, Alpine: a section of /etc/network/interfaces. ifup runs at boot, when the
 * addresses are there already, so they are given as commands that may be repeated. The gateway is
 * the one that net_inside.c takes: any would do, but one only means one neighbour.
 *
 * Alpine's boot takes an interface down for which ifup fails, and busybox's does for a loopback that
 * has its address already: venet0, which comes after it, brings it up again, also without addresses.
 */
#include "libct/dist.h"

static void family(const struct dist *d, bool v6, struct buf *b)
{
	const char *ip = v6 ? "ip -6" : "ip";

	for (size_t i = 0; i < d->n; i++)
		if (d->ip[i].v6 == v6)
			buf_addf(b, "\tup %s address replace %s/%u dev venet0\n", ip, d->ip[i].addr,
				 d->ip[i].prefix);
	buf_addf(b, "\tup %s route replace default via %s dev venet0 onlink\n", ip,
		 v6 ? "fe80::1" : "169.254.0.1");
}

static int interfaces(const struct dist *d, bool loopback, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	if (d->n || loopback)
		buf_adds(&b, "auto venet0\niface venet0 inet manual\n");
	if (loopback)
		buf_adds(&b, "\tup ip link set lo up\n");
	if (d->n)
		buf_adds(&b, "\tup ip link set venet0 up\n");
	if (d->n4)
		family(d, false, &b);
	if (d->n6)
		family(d, true, &b);
	if (d->n)
		buf_adds(&b, "\tdown ip address flush dev venet0\n");
	return dist_section(d, "etc/network", "interfaces", &b, e);
}

int dist_debian(const struct dist *d, struct err *e)
{
	return interfaces(d, false, e);
}

int dist_alpine(const struct dist *d, struct err *e)
{
	return interfaces(d, true, e);
}
