/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vznetaddbr, an EXTERNAL_SCRIPT of vznetcfg: puts the host's end of a container's veth device into the bridge
 * that NETIF in the container's configuration names.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/path.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: VEID=CTID vznetaddbr init veth DEVICE [BRIDGE]\n";

/* The bridge as given, else as configured. */
static int find_bridge(unsigned id, const char *dev, const char *given, char dst[IFNAMSIZ], struct err *e)
{
	auto_free char *netif = NULL;
	char path[64];

	if (given)
		return str_copy(dst, IFNAMSIZ, given) < 0 ? err_say(e, EINVAL, "Invalid bridge: %s", given) : 0;
	str_fmt(path, sizeof(path), "/etc/vz/conf/%u.conf", id);
	netif = tool_conf_value(path, "NETIF");
	if (!netif || tool_netif_bridge(netif, dev, dst, IFNAMSIZ) < 0)
		return err_say(e, ENOENT, "%s: NETIF names no interface of CT %u whose host_ifname is %s", path, id, dev);
	return 0;
}

static int enslave(const char *bridge, const struct tool_dev *dev, const char *name, struct err *e)
{
	auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = { .ifr_ifindex = dev->index };

	if (fd < 0)
		return err_set(e, errno, "socket");
	str_copy(r.ifr_name, sizeof(r.ifr_name), bridge);
	if (ioctl(fd, SIOCBRADDIF, &r) == 0)
		return 0;
	if (errno == ENODEV)
		return err_say(e, ENODEV, "There is no bridge %s: make it first, or name another in NETIF", bridge);
	if (errno == EOPNOTSUPP || errno == EINVAL)
		return err_say(e, errno, "%s cannot be added to %s: it is no bridge", name, bridge);
	return err_set(e, errno, "add %s to bridge %s", name, bridge);
}

static int sysctl_on(const char *family, const char *dev, const char *key, struct err *e)
{
	char path[128];

	if (str_fmt(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, dev, key) < 0)
		return err_set(e, ENAMETOOLONG, "%s", dev);
	return fio_control(AT_FDCWD, path, "1", e);
}

static int run(unsigned id, const char *name, const char *given, struct err *e)
{
	char bridge[IFNAMSIZ];
	struct tool_dev dev;

	if (!path_is_component(name))
		return err_say(e, EINVAL, "Invalid device: %s", name);
	if (find_bridge(id, name, given, bridge, e) < 0)
		return -e->code;
	if (!path_is_component(bridge))
		return err_say(e, EINVAL, "Invalid bridge: %s", bridge);
	printf("Adding interface %s to bridge %s on CT0 for CT%u\n", name, bridge, id);
	fflush(stdout);
	if (tool_dev(name, &dev, e) < 0 || tool_dev_up(name, e) < 0 || sysctl_on("ipv4", name, "proxy_arp", e) < 0 ||
	    sysctl_on("ipv4", name, "forwarding", e) < 0)
		return -e->code;
	return enslave(bridge, &dev, name, e);
}

int main(int argc, char **argv)
{
	const char *veid = getenv("VEID");
	struct err e = { 0 };
	uint64_t id;

	if (argc < 4 || argc > 5 || strcmp(argv[1], "init") != 0 || strcmp(argv[2], "veth") != 0)
		return tool_usage(usage, NULL, 1);
	if (!veid || num_u64(veid, &id) < 0 || id == 0 || id > CT_ID_MAX)
		return tool_usage("VEID is not set to a CTID\n", NULL, 1);
	return run((unsigned)id, argv[3], argc > 4 ? argv[4] : NULL, &e) < 0 ? tool_fail("vznetaddbr", &e) : 0;
}
