/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds of network interfaces, made in a network namespace of the probe's own. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>

#include "net/nl.h"
#include "util/auto.h"
#include "util/err.h"
#include "vzctl/host.h"

#define PARENT "vzprobe0"

struct probe_link { struct nl nl; struct nl_batch b; };

static struct nlattr *kind_begin(struct nl_batch *b, const char *name, unsigned parent, const char *kind)
{
	struct nlattr *info;

	if (!nl_msg(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg), "make an interface of kind", kind))
		return NULL;
	nl_put_str(b, IFLA_IFNAME, name);
	if (parent)
		nl_put_u32(b, IFLA_LINK, parent);
	info = nl_nest(b, IFLA_LINKINFO);
	nl_put_str(b, IFLA_INFO_KIND, kind);
	return info;
}

static int make(struct probe_link *p, const char *name, unsigned parent, const char *kind, struct err *e)
{
	struct nlattr *info, *data;

	nl_batch_begin(&p->b, &p->nl, e);
	info = kind_begin(&p->b, name, parent, kind);
	if (info && str_eq(kind, "vlan")) {
		const uint16_t id = 7;

		data = nl_nest(&p->b, IFLA_INFO_DATA);
		nl_put(&p->b, IFLA_VLAN_ID, &id, sizeof(id));
		nl_nest_end(&p->b, data);
	}
	if (info)
		nl_nest_end(&p->b, info);
	return nl_batch_end(&p->b);
}

static int try_kind(void *arg, struct err *e)
{
	static struct probe_link p;
	const char *kind = arg;
	unsigned parent;

	if (unshare(CLONE_NEWNET) < 0)
		return err_set(e, errno, "network namespace");
	if (nl_open(&p.nl, NETLINK_ROUTE, e) < 0)
		return -e->code;
	if (str_eq(kind, "bridge"))
		return make(&p, "vzprobe2", 0, kind, e);
	if (make(&p, PARENT, 0, "veth", e) < 0 || str_eq(kind, "veth"))
		return -e->code;
	parent = if_nametoindex(PARENT);
	return make(&p, "vzprobe2", parent, kind, e);
}

int probe_veth(struct err *e)
{
	return probe_run(try_kind, (void *)"veth", e);
}

int probe_bridge(struct err *e)
{
	return probe_run(try_kind, (void *)"bridge", e);
}

int probe_vlan(struct err *e)
{
	return probe_run(try_kind, (void *)"vlan", e);
}

int probe_macvlan(struct err *e)
{
	return probe_run(try_kind, (void *)"macvlan", e);
}
