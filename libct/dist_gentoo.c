/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gentoo: netifrc's /etc/conf.d/net and OpenRC's /etc/conf.d/hostname, both shell. */
#include "libct/dist.h"

int dist_gentoo(const struct dist *d, struct err *e)
{
	auto_buf struct buf net = BUF_INIT, host = BUF_INIT;

	if (d->n) {
		buf_adds(&net, "config_venet0=\"");
		dist_list(d, false, "\n", "", &net);
		buf_adds(&net, d->n4 && d->n6 ? "\n" : "");
		dist_list(d, true, "\n", "", &net);
		buf_addf(&net, "\"\nroutes_venet0=\"%s%s%s\"\n", d->n4 ? "default dev venet0" : "",
			 d->n4 && d->n6 ? "\n" : "", d->n6 ? "::/0 dev venet0" : "");
	}
	if (d->hostname)
		buf_addf(&host, "hostname=\"%s\"\n", d->hostname);
	if (dist_section(d, "etc/conf.d", "net", &net, e) < 0)
		return -1;
	return host.len ? dist_section(d, "etc/conf.d", "hostname", &host, e) : 0;
}
