/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bridged interfaces in the kernel: see veth.h. Their text is netif.c's. */
#include "net/veth.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "net/net_priv.h"
#include "net/vport.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"

#define SYS6 "/proc/sys/net/ipv6/conf"

/* 1: @name is our end of @f; 0: there is no such interface; -EEXIST: it is another's. */
static int veth_find(struct nl *nl, unsigned id, const struct net_if *f, const char *name, struct link_info *ret,
		     struct err *e)
{
	int rc = link_find(nl, 0, name, ret, e);

	if (rc <= 0)
		return rc;
	if (str_eq(ret->kind, "veth") && vport_alias_is(ret->alias, id, f->ifname))
		return 1;
	return err_say(e, EEXIST, "interface %s is there already and not of this container: rename it, or choose another "
		       "host_ifname for %s", name, f->ifname);
}

/* An interface that is no bridge of the kernel's is left to the script that knows what it is. */
static int veth_bridge(struct nl *nl, const struct net_if *f, struct link_info *ret, struct err *e)
{
	*ret = (struct link_info){ 0 };
	if (!f->bridge[0])
		return 0;
	if (link_info(nl, 0, f->bridge, ret, e) < 0) {
		if (e->code == ENODEV)
			err_say(e, ENODEV, "bridge %s of %s does not exist: create it (vznetcfg br new %s) or choose another",
				f->bridge, f->ifname, f->bridge);
		return -e->code;
	}
	if (str_eq(ret->kind, "bridge"))
		return port_check(f, ret, e);
	if (f->vlan || f->trunk[0] || f->ip_filter[0])
		return err_say(e, EINVAL, "%s is no bridge of the kernel: vlan, trunk and ip_filter of %s are for its own "
			"tools", f->bridge,
			       f->ifname);
	ret->index = 0;
	return 0;
}

/* --- the pair --- */

/* What a new link is called until it bears the mark of its container: whoever finds one knows that its maker died. */
static void veth_unborn(unsigned id, char dst[IFNAMSIZ])
{
	str_fmt(dst, IFNAMSIZ, "vz-%u.n", id);
}

static int veth_create(struct nl *nl, const char *name, const struct net_if *f, const struct link_info *bridge, int netns_fd,
		       struct err *e)
{
	struct ifinfomsg peer = { 0 };
	struct nlattr *info, *data, *end;
	struct nl_batch b;

	nl_batch_begin(&b, nl, e);
	nl_msg(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(peer), "create interface", f->host_ifname);
	nl_put_str(&b, IFLA_IFNAME, name);
	nl_put(&b, IFLA_ADDRESS, f->host_mac, sizeof(f->host_mac));
	if (bridge->index || f->mtu)	/* a port of less would lower the bridge's, and with it everybody's */
		nl_put_u32(&b, IFLA_MTU, bridge->index ? bridge->mtu : f->mtu);
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, "veth");
	data = nl_nest(&b, IFLA_INFO_DATA);
	end = nl_nest(&b, VETH_INFO_PEER);
	nl_put_raw(&b, &peer, sizeof(peer));
	nl_put_str(&b, IFLA_IFNAME, f->ifname);
	nl_put(&b, IFLA_ADDRESS, f->mac, sizeof(f->mac));
	if (bridge->index || f->mtu)
		nl_put_u32(&b, IFLA_MTU, f->mtu ? f->mtu : bridge->mtu);
	nl_put_u32(&b, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	nl_nest_end(&b, end);
	nl_nest_end(&b, data);
	nl_nest_end(&b, info);
	return nl_batch_end(&b);
}

static struct ifinfomsg *put_link(struct nl_batch *b, unsigned ifindex, const char *what, const char *name)
{
	struct ifinfomsg *ifi = nl_msg(b, RTM_NEWLINK, 0, sizeof(*ifi), what, name);

	ifi->ifi_index = (int)ifindex;
	return ifi;
}

/* What the container says about routers and prefixes is nothing to the host. A kernel without IPv6 has no such files. */
static int veth_quiet6(const char *name, struct err *e)
{
	static const char *const keys[] = { "accept_ra", "autoconf", "accept_redirects" };
	char path[96];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (str_fmt(path, sizeof(path), SYS6 "/%s/%s", name, keys[i]) < 0)
			return err_say(e, EINVAL, "interface %s", name);
		if (fio_control(AT_FDCWD, path, "0", e) < 0) {
			if (e->code != ENOENT)
				return -e->code;
			err_clear(e);
		}
	}
	return 0;
}

/* The link is down: everything about the host's end, in the order in which the filter stands before the first frame. */
static int veth_configure(struct nl *nl, unsigned id, unsigned ifindex, const struct net_if *f,
			  const struct link_info *bridge, struct err *e)
{
	char alias[VPORT_ALIAS_MAX];
	struct ifinfomsg *ifi;
	struct nl_batch b;

	vport_alias(id, f, alias);
	nl_batch_begin(&b, nl, e);
	put_link(&b, ifindex, "configure interface", f->host_ifname);
	nl_put_str(&b, IFLA_IFALIAS, alias);
	put_link(&b, ifindex, "give its name to interface", f->host_ifname);
	nl_put_str(&b, IFLA_IFNAME, f->host_ifname);
	put_link(&b, ifindex, "set the hardware address of", f->host_ifname);
	nl_put(&b, IFLA_ADDRESS, f->host_mac, sizeof(f->host_mac));
	put_link(&b, ifindex, "set the group of", f->host_ifname);
	nl_put_u32(&b, IFLA_GROUP, !net_if_guarded(f) ? 0 : f->trunk[0] ? GUARD_TRUNK : GUARD_GROUP);
	if (bridge->index) {
		put_link(&b, ifindex, "configure interface", f->host_ifname);
		link_put_af(&b, IPV4_DEVCONF_ACCEPT_REDIRECTS, 0);
		nl_ok(&b, EAFNOSUPPORT, 0);
		put_link(&b, ifindex, "put into the bridge interface", f->host_ifname);
		nl_put_u32(&b, IFLA_MASTER, bridge->index);
	}
	if (nl_batch_end(&b) < 0 || veth_quiet6(f->host_ifname, e) < 0)
		return -e->code;
	if (bridge->index && port_setup(nl, ifindex, f, bridge, e) < 0)
		return -e->code;
	nl_batch_begin(&b, nl, e);
	ifi = put_link(&b, ifindex, "set up interface", f->host_ifname);
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	return nl_batch_end(&b);
}

/* Both, whoever flushed which: the next command brings all back. */
static int tables_ensure(struct net *n, struct err *e)
{
	return antispoof_ensure(n, e) < 0 || guard_ensure(n, e) < 0 || net_acct_ensure(n, e) < 0 ? -e->code : 0;
}

int net_veth_up(struct net *n, unsigned id, const struct net_if *f, int netns_fd, struct err *e)
{
	struct link_info bridge, link;
	struct err undo = { 0 };
	char unborn[IFNAMSIZ];
	unsigned ifindex;
	int rc;

	veth_unborn(id, unborn);
	if (f->macvlan[0])
		return macvlan_up(n, f, netns_fd, e);
	if (net_rt(n, e) < 0 || tables_ensure(n, e) < 0 || veth_bridge(&n->rt, f, &bridge, e) < 0)
		return -e->code;
	if (link_index(&n->rt, unborn) && link_delete(&n->rt, unborn, e) < 0)
		return -e->code;
	rc = veth_find(&n->rt, id, f, f->host_ifname, &link, e);
	if (rc < 0 || (rc > 0 && link_delete(&n->rt, f->host_ifname, e) < 0))
		return -e->code;
	if (veth_create(&n->rt, unborn, f, &bridge, netns_fd, e) < 0)
		return e->code == EEXIST ? err_say(e, EEXIST, "there is an interface %s in the container already", f->ifname) :
					   -e->code;
	ifindex = link_index_made(&n->rt, unborn);
	if (!ifindex)
		return err_say(e, ENODEV, "interface %s vanished while it was being set up", f->host_ifname);
	if (vport_change(n, f, true, e) == 0 && veth_configure(&n->rt, id, ifindex, f, &bridge, e) == 0)
		return 0;
	vport_change(n, f, false, &undo);
	err_clear(&undo);
	if (link_name(&n->rt, ifindex, link.name))
		link_delete(&n->rt, link.name, &undo);
	return -e->code;
}

/* --- changes --- */

struct inner { unsigned ifindex, mtu; const struct net_if *f; };

static int inner_set(struct nl *nl, void *arg, struct err *e)
{
	const struct inner *in = arg;
	struct nl_batch b;

	nl_batch_begin(&b, nl, e);
	put_link(&b, in->ifindex, "set the hardware address of", in->f->ifname);
	nl_put(&b, IFLA_ADDRESS, in->f->mac, sizeof(in->f->mac));
	put_link(&b, in->ifindex, "set the MTU of", in->f->ifname);
	nl_put_u32(&b, IFLA_MTU, in->mtu);
	return nl_batch_end(&b);
}

/* Down, out of its bridge (which forgets the addresses of the port) and under its new name. */
static int veth_withdraw(struct nl *nl, const struct link_info *link, const char *name, struct err *e)
{
	struct nl_batch b;

	nl_batch_begin(&b, nl, e);
	put_link(&b, link->index, "set down interface", link->name)->ifi_change = IFF_UP;
	nl_ok(&b, ENODEV, 0);
	if (link->master) {
		put_link(&b, link->index, "take out of its bridge interface", link->name);
		nl_put_u32(&b, IFLA_MASTER, 0);
		nl_ok(&b, ENODEV, 0);
	}
	if (!str_eq(link->name, name)) {
		put_link(&b, link->index, "rename interface", link->name);
		nl_put_str(&b, IFLA_IFNAME, name);
		nl_ok(&b, ENODEV, 0);
	}
	return nl_batch_end(&b);
}

int net_veth_set(struct net *n, unsigned id, const struct net_if *old, const struct net_if *f, int netns_fd, struct err *e)
{
	struct link_info bridge, link, other;
	struct inner in = { .f = f };
	int rc;

	if (f->macvlan[0] || old->macvlan[0]) {		/* of another make: anew */
		if (net_veth_delete(n, id, old, netns_fd, e) < 0)
			return -e->code;
		return net_veth_up(n, id, f, netns_fd, e);
	}
	if (net_rt(n, e) < 0 || tables_ensure(n, e) < 0 || veth_bridge(&n->rt, f, &bridge, e) < 0)
		return -e->code;
	rc = veth_find(&n->rt, id, f, f->host_ifname, &link, e);
	if (rc == 0)
		rc = veth_find(&n->rt, id, f, old->host_ifname, &link, e);
	else if (rc > 0 && !str_eq(old->host_ifname, f->host_ifname) &&
		 veth_find(&n->rt, id, f, old->host_ifname, &other, &(struct err){ 0 }) > 0)
		return err_say(e, EEXIST, "interface %s is there already", f->host_ifname);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return net_veth_up(n, id, f, netns_fd, e);
	in.ifindex = link.peer;
	in.mtu = f->mtu ? f->mtu : bridge.index ? bridge.mtu : link.mtu;
	if (veth_withdraw(&n->rt, &link, f->host_ifname, e) < 0 || inside_call(netns_fd, inner_set, &in, e) < 0)
		return -e->code;
	/* down now: nothing it says is judged by one half of the elements */
	if (vport_change(n, old, false, e) < 0 || vport_change(n, f, true, e) < 0 ||
	    veth_configure(&n->rt, id, link.index, f, &bridge, e) < 0)
		return -e->code;
	return link_sync(&n->rt, f->host_ifname, e);
}

int net_veth_settle(struct net *n, unsigned id, const struct net_if *f, bool *ret, struct err *e)
{
	struct link_info link, master;
	int rc;

	*ret = f->macvlan[0];
	if (f->macvlan[0])
		return 0;
	if (net_rt(n, e) < 0)
		return -e->code;
	rc = veth_find(&n->rt, id, f, f->host_ifname, &link, e);
	if (rc < 0 || (rc && link.master && link_info(&n->rt, link.master, "of the bridge", &master, e) < 0))
		return -e->code;
	if (!rc || !link.master)
		return 0;
	*ret = true;
	return str_eq(master.kind, "bridge") ? port_setup(&n->rt, link.index, f, &master, e) : 0;
}

bool net_link_exists(struct net *n, const char *name)
{
	struct err ignored = { 0 };

	return net_rt(n, &ignored) == 0 && link_index(&n->rt, name) != 0;
}

/* --- the end --- */

int net_veth_delete(struct net *n, unsigned id, const struct net_if *f, int netns_fd, struct err *e)
{
	struct link_info link;
	int rc;

	if (f->macvlan[0])
		return macvlan_delete(f, netns_fd, e);
	if (net_rt(n, e) < 0)
		return -e->code;
	rc = veth_find(&n->rt, id, f, f->host_ifname, &link, e);
	if (rc == -EEXIST) {
		err_clear(e);
		return 0;		/* ours is gone, and the name is another's by now */
	}
	if (rc < 0 || (rc > 0 && link_delete(&n->rt, f->host_ifname, e) < 0))
		return -e->code;
	return vport_change(n, f, false, e);
}

int net_veth_down(struct net *n, unsigned id, const struct net_if *f, struct err *e)
{
	struct link_info link;
	char dead[IFNAMSIZ];
	int rc;

	if (f->macvlan[0])		/* lives in the container only, and dies with it */
		return 0;
	if (net_rt(n, e) < 0)
		return -e->code;
	rc = veth_find(&n->rt, id, f, f->host_ifname, &link, e);
	if (rc == -EEXIST) {
		err_clear(e);
		return 0;
	}
	if (rc < 0)
		return rc;
	if (rc > 0 && str_fmt(dead, sizeof(dead), "vz-%u.%u", id, link.index) < 0)
		rc = link_delete(&n->rt, f->host_ifname, e);
	else if (rc > 0)
		rc = veth_withdraw(&n->rt, &link, dead, e);
	return rc < 0 ? rc : vport_change(n, f, false, e);
}
