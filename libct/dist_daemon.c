/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that configure interfaces by themselves, netplan's two backends among them: told to keep
 * their hands off venet0, whose addresses are there before they start. Without an address too: they
 * would ask for one there, and the boot would wait for the answer.
 */
#include "libct/dist.h"

int dist_daemon(const struct dist *d, struct err *e)
{
	auto_buf struct buf networkd = BUF_INIT, manager = BUF_INIT;

	buf_adds(&networkd, "[Match]\nName=venet0\n\n[Link]\nUnmanaged=yes\n");
	buf_adds(&manager, "[keyfile]\nunmanaged-devices+=interface-name:venet0\n");
	/* before 10-netplan-*, which may match every name */
	if (dist_file(d, "etc/systemd/network", "05-venet0.network", &networkd, e) < 0)
		return -1;
	return dist_file(d, "etc/NetworkManager/conf.d", "05-venet0.conf", &manager, e);
}
