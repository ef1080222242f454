/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SUSE: wicked and its ancestors read /etc/sysconfig/network/ifcfg-venet0 and ifroute-venet0; older ones
 * have their name in /etc/HOSTNAME.
 */
#include "libct/dist.h"

#include "util/str.h"

#define DIR "etc/sysconfig/network"

int dist_suse(const struct dist *d, struct err *e)
{
	auto_buf struct buf dev = BUF_INIT, route = BUF_INIT;

	if (d->n)
		buf_adds(&dev, "STARTMODE=auto\nBOOTPROTO=static\nCHECK_DUPLICATE_IP=no\n");
	for (size_t i = 0; i < d->n; i++)
		buf_addf(&dev, "IPADDR_%zu=%s/%u\n", i, d->ip[i].addr, d->ip[i].prefix);
	if (d->n4)
		buf_adds(&route, "default - - venet0\n");
	if (d->n6)
		buf_adds(&route, "default - ::/0 venet0\n");
	if (dist_file(d, DIR, "ifcfg-venet0", &dev, e) < 0)
		return -1;
	return dist_file(d, DIR, "ifroute-venet0", &route, e) < 0 ? -1 : dist_old_hostname(d, e);
}
