/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program ndsend: tells all IPv6 neighbours on a link that an address is here now. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>
#include <sys/socket.h>

#include "net/ether.h"
#include "util/auto.h"
#include "util/err.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: ndsend IPV6-ADDRESS DEVICE\n";

static int run(const char *addr, const char *name, struct err *e)
{
	uint8_t frame[NET_NA_LEN];
	struct tool_dev dev;
	struct in6_addr a;

	if (inet_pton(AF_INET6, addr, &a) != 1)
		return err_say(e, EINVAL, "Invalid IPv6 address: %s", addr);
	if (tool_dev(name, &dev, e) < 0)
		return -e->code;
	if (!dev.arp)
		return err_say(e, EINVAL, "%s knows no neighbours", name);
	auto_close int fd = tool_raw_open(dev.index, ETH_P_IPV6, e);
	if (fd < 0)
		return -e->code;
	net_na_build(dev.mac, a.s6_addr, frame);
	return send(fd, frame, sizeof(frame), 0) < 0 ? err_set(e, errno, "send on %s", name) : 0;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };

	if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0))
		return tool_usage(usage, NULL, 0);
	if (argc != 3)
		return tool_usage(usage, NULL, 1);
	return run(argv[1], argv[2], &e) < 0 ? tool_fail("ndsend", &e) : 0;
}
