/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bridged interfaces in the kernel: see veth.h. Their text is netif.c's. */
#include "net/veth.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "net/net_priv.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/fio.h"

#define SYS6 "/proc/sys/net/ipv6/conf"
#define ALIAS_MAX 64

static void veth_alias(unsigned id, const struct net_if *f, char dst[ALIAS_MAX])
{
	str_fmt(dst, ALIAS_MAX, "vz %u %s", id, f->ifname);
}

/* 1: @name is our end of @f; 0: there is no such interface; -EEXIST: it is another's. */
static int veth_find(struct nl *nl, unsigned id, const struct net_if *f, const char *name, struct link_info *ret,
		     struct err *e)
{
	char alias[ALIAS_MAX];

	if (link_info(nl, 0, name, ret, e) < 0) {
		if (e->code != ENODEV)
			return -e->code;
		err_clear(e);
		return 0;
	}
	veth_alias(id, f, alias);
	if (str_eq(ret->kind, "veth") && str_eq(ret->alias, alias))
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
			err_say(e, ENODEV, "bridge %s of %s does not exist: create it (ip link add name %s type bridge; ip link "
				"set %s up) or choose another", f->bridge, f->ifname, f->bridge, f->bridge);
		return -e->code;
	}
	if (!str_eq(ret->kind, "bridge"))
		ret->index = 0;
	return 0;
}

/* --- the filter: a property of the bridge's port --- */

struct fdb_hit { unsigned ifindex; uint16_t state; };

static int fdb_answer(const struct nlmsghdr *nlh, void *arg)
{
	const struct ndmsg *nd = mnl_nlmsg_get_payload(nlh);
	struct fdb_hit *hit = arg;

	if (nlh->nlmsg_type == RTM_NEWNEIGH && mnl_nlmsg_get_payload_len(nlh) >= sizeof(*nd)) {
		hit->ifindex = (unsigned)nd->ndm_ifindex;
		hit->state = nd->ndm_state;
	}
	return 0;
}

/* Which port has @f's address? Learned entries are nobody's. */
static int fdb_check(struct nl *nl, unsigned ifindex, const struct net_if *f, struct err *e)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	char owner[IFNAMSIZ] = "another port";
	struct fdb_hit hit = { 0 };
	struct ndmsg *nd;

	nlh->nlmsg_type = RTM_GETNEIGH;
	nd = mnl_nlmsg_put_extra_header(nlh, sizeof(*nd));
	nd->ndm_family = AF_BRIDGE;
	nd->ndm_ifindex = (int)ifindex;
	nd->ndm_flags = NTF_MASTER;
	mnl_attr_put(nlh, NDA_LLADDR, sizeof(f->mac), f->mac);
	if (nl_ask(nl, nlh, fdb_answer, &hit, "look up the hardware address in the bridge", e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);
		return 0;
	}
	if (hit.ifindex == ifindex || !(hit.state & (NUD_NOARP | NUD_PERMANENT)))
		return 0;
	link_name(nl, hit.ifindex, owner);
	return err_say(e, EADDRINUSE, "the hardware address of %s is in use by %s in the same bridge: give another mac", f->ifname,
		       owner);
}

static void put_port(struct nl_batch *b, unsigned ifindex, const struct net_if *f)
{
	struct ifinfomsg *ifi = nl_msg(b, RTM_SETLINK, 0, sizeof(*ifi), "configure bridge port", f->host_ifname);
	bool on = f->filter != NET_FILTER_OFF;
	struct nlattr *nest;

	ifi->ifi_family = AF_BRIDGE;
	ifi->ifi_index = (int)ifindex;
	nest = nl_nest(b, IFLA_PROTINFO);
	nl_put_u8(b, IFLA_BRPORT_LEARNING, !on);
	nl_put_u8(b, IFLA_BRPORT_LOCKED, on);
	nl_put_u8(b, IFLA_BRPORT_GUARD, on);
	nl_nest_end(b, nest);
}

static void put_fdb(struct nl_batch *b, unsigned ifindex, const struct net_if *f)
{
	struct ndmsg *nd = nl_msg(b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*nd), "enter the hardware address of",
				  f->ifname);

	nd->ndm_family = AF_BRIDGE;
	nd->ndm_ifindex = (int)ifindex;
	nd->ndm_state = NUD_NOARP;
	nd->ndm_flags = NTF_MASTER;
	nl_put(b, NDA_LLADDR, f->mac, sizeof(f->mac));
}

/* For a port that is down, or whose filter stands already. */
static int veth_guard(struct nl *nl, unsigned ifindex, const struct net_if *f, struct err *e)
{
	bool on = f->filter != NET_FILTER_OFF;
	struct nl_batch b;

	if (on && fdb_check(nl, ifindex, f, e) < 0)
		return -e->code;
	nl_batch_begin(&b, nl, e);
	put_port(&b, ifindex, f);
	if (on)
		put_fdb(&b, ifindex, f);
	return nl_batch_end(&b);
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
	if (bridge->index)
		nl_put_u32(&b, IFLA_MTU, bridge->mtu);
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, "veth");
	data = nl_nest(&b, IFLA_INFO_DATA);
	end = nl_nest(&b, VETH_INFO_PEER);
	nl_put_raw(&b, &peer, sizeof(peer));
	nl_put_str(&b, IFLA_IFNAME, f->ifname);
	nl_put(&b, IFLA_ADDRESS, f->mac, sizeof(f->mac));
	if (bridge->index)
		nl_put_u32(&b, IFLA_MTU, bridge->mtu);
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
	char alias[ALIAS_MAX];
	struct ifinfomsg *ifi;
	struct nl_batch b;

	veth_alias(id, f, alias);
	nl_batch_begin(&b, nl, e);
	put_link(&b, ifindex, "configure interface", f->host_ifname);
	nl_put_str(&b, IFLA_IFALIAS, alias);
	put_link(&b, ifindex, "give its name to interface", f->host_ifname);
	nl_put_str(&b, IFLA_IFNAME, f->host_ifname);
	put_link(&b, ifindex, "set the hardware address of", f->host_ifname);
	nl_put(&b, IFLA_ADDRESS, f->host_mac, sizeof(f->host_mac));
	put_link(&b, ifindex, "set the group of", f->host_ifname);
	nl_put_u32(&b, IFLA_GROUP, f->filter == NET_FILTER_OFF ? 0 : GUARD_GROUP);
	if (bridge->index) {
		put_link(&b, ifindex, "configure interface", f->host_ifname);
		link_put_af(&b, IPV4_DEVCONF_ACCEPT_REDIRECTS, 0);
		nl_ok(&b, EAFNOSUPPORT, 0);
		put_link(&b, ifindex, "put into the bridge interface", f->host_ifname);
		nl_put_u32(&b, IFLA_MASTER, bridge->index);
	}
	if (nl_batch_end(&b) < 0 || veth_quiet6(f->host_ifname, e) < 0)
		return -e->code;
	if (bridge->index && veth_guard(nl, ifindex, f, e) < 0)
		return -e->code;
	nl_batch_begin(&b, nl, e);
	ifi = put_link(&b, ifindex, "set up interface", f->host_ifname);
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	return nl_batch_end(&b);
}

int net_veth_up(struct net *n, unsigned id, const struct net_if *f, int netns_fd, struct err *e)
{
	struct link_info bridge, link;
	struct err undo = { 0 };
	char unborn[IFNAMSIZ];
	unsigned ifindex;
	int rc;

	veth_unborn(id, unborn);
	if (net_rt(n, e) < 0 || guard_ensure(n, e) < 0 || veth_bridge(&n->rt, f, &bridge, e) < 0)
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
	if (veth_configure(&n->rt, id, ifindex, f, &bridge, e) == 0)
		return 0;
	if (link_name(&n->rt, ifindex, link.name))
		link_delete(&n->rt, link.name, &undo);
	return -e->code;
}

/* --- changes --- */

struct inner { unsigned ifindex; const struct net_if *f; };

static int inner_set(struct nl *nl, void *arg, struct err *e)
{
	const struct inner *in = arg;
	struct nl_batch b;

	nl_batch_begin(&b, nl, e);
	put_link(&b, in->ifindex, "set the hardware address of", in->f->ifname);
	nl_put(&b, IFLA_ADDRESS, in->f->mac, sizeof(in->f->mac));
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

	if (net_rt(n, e) < 0 || guard_ensure(n, e) < 0 || veth_bridge(&n->rt, f, &bridge, e) < 0)
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
	if (veth_withdraw(&n->rt, &link, f->host_ifname, e) < 0 || inside_call(netns_fd, inner_set, &in, e) < 0)
		return -e->code;
	if (veth_configure(&n->rt, id, link.index, f, &bridge, e) < 0)
		return -e->code;
	return link_sync(&n->rt, f->host_ifname, e);
}

int net_veth_settle(struct net *n, unsigned id, const struct net_if *f, bool *ret, struct err *e)
{
	struct link_info link, master;
	int rc;

	*ret = false;
	if (net_rt(n, e) < 0)
		return -e->code;
	rc = veth_find(&n->rt, id, f, f->host_ifname, &link, e);
	if (rc < 0 || (rc && link.master && link_info(&n->rt, link.master, "of the bridge", &master, e) < 0))
		return -e->code;
	if (!rc || !link.master)
		return 0;
	*ret = true;
	return str_eq(master.kind, "bridge") ? veth_guard(&n->rt, link.index, f, e) : 0;
}

/* --- the end --- */

int net_veth_delete(struct net *n, unsigned id, const struct net_if *f, struct err *e)
{
	struct link_info link;
	int rc;

	if (net_rt(n, e) < 0)
		return -e->code;
	rc = veth_find(&n->rt, id, f, f->host_ifname, &link, e);
	if (rc == -EEXIST) {
		err_clear(e);
		return 0;		/* ours is gone, and the name is another's by now */
	}
	return rc > 0 ? link_delete(&n->rt, f->host_ifname, e) : rc;
}

int net_veth_down(struct net *n, unsigned id, const struct net_if *f, struct err *e)
{
	struct link_info link;
	char dead[IFNAMSIZ];
	int rc;

	if (net_rt(n, e) < 0)
		return -e->code;
	rc = veth_find(&n->rt, id, f, f->host_ifname, &link, e);
	if (rc == -EEXIST) {
		err_clear(e);
		return 0;
	}
	if (rc <= 0)
		return rc;
	if (str_fmt(dead, sizeof(dead), "vz-%u.%u", id, link.index) < 0)
		return link_delete(&n->rt, f->host_ifname, e);
	return veth_withdraw(&n->rt, &link, dead, e);
}
