/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ALT: etcnet reads a directory for each interface, and HOSTNAME from /etc/sysconfig/network. */
#include "libct/dist.h"

#define DIR "etc/net/ifaces/venet0"

static void list(const struct dist *d, bool v6, struct buf *b)
{
	if (v6 ? d->n6 : d->n4) {
		dist_list(d, v6, "\n", "", b);
		buf_addc(b, '\n');
	}
}

int dist_alt(const struct dist *d, struct err *e)
{
	auto_buf struct buf options = BUF_INIT, v4 = BUF_INIT, r4 = BUF_INIT, v6 = BUF_INIT, r6 = BUF_INIT, host = BUF_INIT;

	if (d->n)
		buf_addf(&options, "TYPE=eth\nBOOTPROTO=static\nONBOOT=yes\nNM_CONTROLLED=no\nCONFIG_IPV6=%s\n",
			 d->n6 ? "yes" : "no");
	list(d, false, &v4);
	list(d, true, &v6);
	if (d->n4)
		buf_adds(&r4, "default dev venet0\n");
	if (d->n6)
		buf_adds(&r6, "default dev venet0\n");
	if (d->hostname)
		buf_addf(&host, "HOSTNAME=\"%s\"\n", d->hostname);
	if (d->n && dist_mkdir(d, "etc/net/ifaces", "venet0", e) < 0)
		return -1;
	if (dist_file(d, DIR, "options", &options, e) < 0 || dist_file(d, DIR, "ipv4address", &v4, e) < 0 ||
	    dist_file(d, DIR, "ipv4route", &r4, e) < 0 || dist_file(d, DIR, "ipv6address", &v6, e) < 0 ||
	    dist_file(d, DIR, "ipv6route", &r6, e) < 0)
		return -1;
	return host.len ? dist_section(d, "etc/sysconfig", "network", &host, e) : 0;
}
