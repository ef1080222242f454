/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arch: netctl's profile, where it is installed; others there have networkd (dist_daemon.c). */
#include "libct/dist.h"

int dist_arch(const struct dist *d, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;

	if (d->n)
		buf_adds(&b, "Interface=venet0\nConnection=ethernet\nSkipDAD=yes\nForceConnect=yes\n");
	if (d->n4) {
		buf_adds(&b, "IP=static\nAddress=(");
		dist_list(d, false, " ", "'", &b);
		buf_adds(&b, ")\nRoutes=('default')\n");
	}
	if (d->n6) {
		buf_adds(&b, "IP6=static\nAddress6=(");
		dist_list(d, true, " ", "'", &b);
		buf_adds(&b, ")\nRoutes6=('default')\n");
	}
	return dist_file(d, "etc/netctl", "venet0", &b, e);
}
