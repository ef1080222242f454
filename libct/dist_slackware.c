/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slackware: the end of /etc/rc.d/rc.inet1 is ours, since rc.inet1.conf knows Ethernet cards only;
 * /etc/HOSTNAME is its name. Void and others with an rc.local have nothing that would undo the
 * addresses.
 */
#include "libct/dist.h"

int dist_slackware(const struct dist *d, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	if (d->n)
		buf_adds(&b, "ip link set venet0 up\n");
	for (size_t i = 0; i < d->n; i++)
		buf_addf(&b, "ip %saddress replace %s/%u dev venet0\n", d->ip[i].v6 ? "-6 " : "", d->ip[i].addr, d->ip[i].prefix);
	if (d->n4)
		buf_adds(&b, "ip route replace default via 169.254.0.1 dev venet0 onlink\n");
	if (d->n6)
		buf_adds(&b, "ip -6 route replace default via fe80::1 dev venet0 onlink\n");
	if (dist_has_file(d, "etc/rc.d", "rc.inet1") && dist_section(d, "etc/rc.d", "rc.inet1", &b, e) < 0)
		return -1;
	return dist_old_hostname(d, e);
}
