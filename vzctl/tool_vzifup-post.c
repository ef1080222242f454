/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vzifup-post, run when an interface of the host came up: the host answers there again for the addresses of
 * running containers (proxy ARP and its IPv6 counterpart).
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "net/nl.h"
#include "util/auto.h"
#include "util/err.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzifup-post DEVICE\n";

struct ifup {
	struct nl nl;
	struct nl_batch batch;
	struct tool_dev dev;
};

static int add(const struct tool_ct *t, void *arg)
{
	struct ifup *u = arg;

	for (size_t i = 0; t->info.run == CT_RUNNING && i < t->conf->net.ip.n; i++) {
		struct err ignored = { 0 };
		struct net_ip ip;
		struct ndmsg *m;

		if (net_ip_parse(t->conf->net.ip.v[i], &ip, &ignored) < 0 || net_ip_is_any(&ip))
			continue;
		m = nl_msg(&u->batch, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*m), "proxy neighbour", "");
		if (!m)
			return -ENOMEM;
		m->ndm_family = ip.family;
		m->ndm_ifindex = u->dev.index;
		m->ndm_state = NUD_PERMANENT;
		m->ndm_flags = NTF_PROXY;
		nl_put(&u->batch, NDA_DST, &ip.v4, ip.family == AF_INET ? 4 : 16);
	}
	return 0;
}

static int run(const char *name, struct ifup *u, struct err *e)
{
	auto_host struct ct_host *host = NULL;
	int rc;

	if (tool_dev(name, &u->dev, e) < 0)
		return -e->code;
	if (!u->dev.arp)	/* loopback, the containers' own links, tunnels: nobody asks there */
		return 0;
	if (tool_host(&host, e) < 0 || nl_open(&u->nl, NETLINK_ROUTE, e) < 0)
		return -e->code;
	nl_batch_begin(&u->batch, &u->nl, e);
	rc = tool_each(host, 0, add, u, e);
	if (nl_batch_end(&u->batch) < 0 || rc < 0)
		rc = -e->code;
	nl_close(&u->nl);
	return rc;
}

int main(int argc, char **argv)
{
	static struct ifup u;
	struct err e = { 0 };

	if (argc != 2 || argv[1][0] == '-')
		return tool_usage(usage, NULL, argc == 2 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) ? 0 : 1);
	return run(argv[1], &u, &e) < 0 ? tool_fail("vzifup-post", &e) : 0;
}
