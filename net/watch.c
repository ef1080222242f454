/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who changes the ruleset is heard of as soon as it is done. What was changed is not read: the ruleset is looked at instead, so
 * messages that the kernel had to drop do no harm.
 */
#include <errno.h>
#include <sys/socket.h>
#include <linux/netlink.h>
#include <linux/netfilter/nfnetlink.h>
#include <unistd.h>

#include "net/net.h"
#include "util/auto.h"
#include "util/err.h"

int net_watch_open(struct err *e)
{
	auto_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	const int group = NFNLGRP_NFTABLES;

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return err_set(e, errno, "watch the firewall");
	return take_fd(&fd);
}

void net_watch_drain(int fd)
{
	char c;

	/* ENOBUFS: some were lost, and this one call says so */
	while (recv(fd, &c, sizeof(c), MSG_DONTWAIT) >= 0 || errno == ENOBUFS || errno == EINTR)
		;
}
