/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interface that shares one of the host's: a hardware address more on the same cable. There is no host's end, so nothing
 * outside the container can filter what it sends; net_if_check() has asked for consent.
 */
#include "net/net_priv.h"

#include <errno.h>
#include <string.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "net/netif.h"
#include "util/auto.h"
#include "util/err.h"

int macvlan_up(struct net *n, const struct net_if *f, int netns_fd, struct err *e)
{
	struct nlattr *info, *data;
	struct link_info parent;
	struct nl_batch b;

	if (net_rt(n, e) < 0)
		return -e->code;
	if (link_info(&n->rt, 0, f->macvlan, &parent, e) < 0)
		return e->code == ENODEV ? err_say(e, ENODEV, "interface %s, which %s is to share, does not exist",
			f->macvlan, f->ifname) :
			-e->code;
	if (f->mtu > parent.mtu)
		return err_say(e, EINVAL, "%s: an MTU of %u is more than the %u of %s", f->ifname, f->mtu, parent.mtu, f->macvlan);
	nl_batch_begin(&b, &n->rt, e);
	nl_msg(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg), "create interface", f->ifname);
	nl_put_str(&b, IFLA_IFNAME, f->ifname);
	nl_put_u32(&b, IFLA_LINK, parent.index);
	nl_put_u32(&b, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	nl_put(&b, IFLA_ADDRESS, f->mac, sizeof(f->mac));
	nl_put_u32(&b, IFLA_MTU, f->mtu ? f->mtu : parent.mtu);
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, "macvlan");
	data = nl_nest(&b, IFLA_INFO_DATA);
	nl_put_u32(&b, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
	nl_nest_end(&b, data);
	nl_nest_end(&b, info);
	if (nl_batch_end(&b) == 0)
		return 0;
	if (e->code == EEXIST)
		return err_say(e, EEXIST, "there is an interface %s in the container already", f->ifname);
	if (e->code == EBUSY)
		return err_say(e, EBUSY, "%s cannot be shared: it is a port of a bridge or belongs to something else", f->macvlan);
	return -e->code;
}

static int delete_inside(struct nl *nl, void *arg, struct err *e)
{
	const struct net_if *f = arg;
	struct link_info link;
	int rc = link_find(nl, 0, f->ifname, &link, e);

	if (rc <= 0)
		return rc;
	if (!str_eq(link.kind, "macvlan"))	/* the guest has another of this name by now */
		return 0;
	return link_delete(nl, f->ifname, e);
}

int macvlan_delete(const struct net_if *f, int netns_fd, struct err *e)
{
	return inside_call(netns_fd, delete_inside, (void *)f, e);
}

/* --- after other hands --- */

struct seen { const struct net_if *f; bool yes; };

/* The guest may have given it another name, or another address: both are its own business. */
static int seen_one(const struct link_info *link, void *arg)
{
	struct seen *s = arg;

	s->yes |= str_eq(link->kind, "macvlan") &&
		  (str_eq(link->name, s->f->ifname) || memcmp(link->mac, s->f->mac, sizeof(s->f->mac)) == 0);
	return 0;
}

static int look_inside(struct nl *nl, void *arg, struct err *e)
{
	struct seen s = { .f = arg };

	if (link_info_each(nl, seen_one, &s, e) < 0)
		return -e->code;
	return s.yes ? 0 : err_set(e, ENODEV, "%s", s.f->ifname);
}

int macvlan_fault(struct net *n, const struct net_if *f, int netns_fd, char *text, size_t size, struct err *e)
{
	struct link_info parent;
	int rc;

	if (net_rt(n, e) < 0)
		return -e->code;
	rc = link_find(&n->rt, 0, f->macvlan, &parent, e);
	if (rc < 0)
		return rc;
	if (!rc || !parent.up)
		return str_fmt(text, size, "interface %s, which %s shares, %s", f->macvlan, f->ifname,
			       rc ? "is down" : "does not exist");
	if (inside_call(netns_fd, look_inside, (void *)f, e) == 0)
		return 0;
	if (e->code != ENODEV)
		return -e->code;
	err_clear(e);
	return str_fmt(text, size, "%s, which shares interface %s, is gone", f->ifname, f->macvlan);
}

int macvlan_heal(struct net *n, const struct net_if *f, int netns_fd, struct err *e)
{
	struct link_info parent;

	if (net_rt(n, e) < 0)
		return -e->code;
	if (link_find(&n->rt, 0, f->macvlan, &parent, e) > 0 && !parent.up)
		return err_say(e, ENETDOWN, "interface %s is the host's own: ip link set %s up", f->macvlan, f->macvlan);
	return e->code ? -e->code : macvlan_up(n, f, netns_fd, e);
}
