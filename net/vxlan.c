/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VXLAN: the port of a bridge that leads to the bridges of the same number on other hosts. */
#include <errno.h>
#include <string.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "net/bridge_priv.h"
#include "util/err.h"

#define DEFAULT_PORT 4789
#define HEAD4 50	/* bytes around a frame's payload; IPv6 takes 20 more */

void vxlan_name(const struct net_bridge *br, char dst[IFNAMSIZ])
{
	str_fmt(dst, IFNAMSIZ, "vxlan%u", bridge_value(br, NET_BR_VXLAN_ID, 0));
}

static int create(struct nl *nl, const struct net_bridge *br, const char *name, const struct net_ip *local, unsigned mtu,
		  struct err *e)
{
	uint16_t port = htons((uint16_t)bridge_value(br, NET_BR_VXLAN_PORT, DEFAULT_PORT));
	struct nlattr *info, *data;
	struct nl_batch b;

	nl_batch_begin(&b, nl, e);
	nl_msg(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg), "create interface", name);
	nl_put_str(&b, IFLA_IFNAME, name);
	nl_put_u32(&b, IFLA_MTU, mtu);
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, "vxlan");
	data = nl_nest(&b, IFLA_INFO_DATA);
	nl_put_u32(&b, IFLA_VXLAN_ID, bridge_value(br, NET_BR_VXLAN_ID, 0));
	nl_put(&b, IFLA_VXLAN_PORT, &port, sizeof(port));
	nl_put_u8(&b, IFLA_VXLAN_LEARNING, 1);
	nl_put(&b, local->family == AF_INET ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6, &local->v6,
	       local->family == AF_INET ? sizeof(local->v4) : sizeof(local->v6));
	nl_nest_end(&b, data);
	nl_nest_end(&b, info);
	nl_ok(&b, EEXIST, 0);
	nl_msg(&b, RTM_NEWLINK, 0, sizeof(struct ifinfomsg), "configure interface", name);
	nl_put_str(&b, IFLA_IFNAME, name);
	link_put_af(&b, 0, 0);
	nl_ok(&b, EAFNOSUPPORT, 0);
	return nl_batch_end(&b);
}

/* --- the other hosts: to each of them goes what is for everybody, or for nobody known --- */

struct floods { unsigned ifindex; const struct net_ip *to; bool there; };

static int flood_one(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t everybody[6];
	const struct ndmsg *nd = mnl_nlmsg_get_payload(nlh);
	struct floods *f = arg;
	const struct nlattr *attr;
	bool all = false, to = false;

	if (nlh->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(nlh) < sizeof(*nd) ||
	    (unsigned)nd->ndm_ifindex != f->ifindex || !(nd->ndm_flags & NTF_SELF))
		return 0;
	mnl_attr_for_each(attr, nlh, sizeof(*nd)) {
		const void *v = mnl_attr_get_payload(attr);
		size_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) == NDA_LLADDR)
			all = len == sizeof(everybody) && memcmp(v, everybody, len) == 0;
		if (mnl_attr_get_type(attr) == NDA_DST)
			to = len == (f->to->family == AF_INET ? sizeof(f->to->v4) : sizeof(f->to->v6)) &&
			     memcmp(v, &f->to->v6, len) == 0;
	}
	f->there |= all && to;
	return 0;
}

static int led_to(struct nl *nl, unsigned ifindex, const struct net_ip *to, bool *ret, struct err *e)
{
	struct floods f = { .ifindex = ifindex, .to = to };
	_Alignas(8) char buf[64] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *nd;
	int rc;

	nlh->nlmsg_type = RTM_GETNEIGH;
	nd = mnl_nlmsg_put_extra_header(nlh, sizeof(*nd));
	nd->ndm_family = AF_BRIDGE;
	nd->ndm_ifindex = (int)ifindex;
	rc = nl_dump(nl, nlh, flood_one, NULL, &f, e);
	if (rc < 0)
		return e->code ? rc : err_set(e, -rc, "list the other hosts of a VXLAN");
	*ret = f.there;
	return 0;
}

static int lead_to(struct nl *nl, const struct net_bridge *br, unsigned ifindex, struct err *e)
{
	static const uint8_t everybody[6];
	auto_words struct str_list l = { 0 };
	struct nl_batch b;
	struct net_ip ip;

	if (bridge_words(br, NET_BR_VXLAN_REMOTE, &l, e) < 0)
		return -e->code;
	nl_batch_begin(&b, nl, e);
	for (size_t i = 0; i < l.n; i++) {
		struct ndmsg *nd;

		if (net_ip_parse(l.v[i], &ip, e) < 0)
			return -e->code;
		nd = nl_msg(&b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND, sizeof(*nd), "lead the VXLAN to", l.v[i]);
		nd->ndm_family = AF_BRIDGE;
		nd->ndm_ifindex = (int)ifindex;
		nd->ndm_state = NUD_NOARP | NUD_PERMANENT;
		nd->ndm_flags = NTF_SELF;
		nl_put(&b, NDA_LLADDR, everybody, sizeof(everybody));
		nl_put(&b, NDA_DST, &ip.v6, ip.family == AF_INET ? sizeof(ip.v4) : sizeof(ip.v6));
		nl_ok(&b, EEXIST, 0);
	}
	return nl_batch_end(&b);
}

/* What the narrowest of the ways to the others carries, less the heads: a frame for all goes to each of them. */
static int mtu_of(struct nl *nl, const struct net_bridge *br, unsigned *ret, struct err *e)
{
	auto_words struct str_list l = { 0 };
	struct route_hit hit;
	unsigned least = 0;
	struct net_ip ip;

	if (bridge_words(br, NET_BR_VXLAN_REMOTE, &l, e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n; i++) {
		struct link_info way = { .mtu = 1500 };
		unsigned mtu;

		if (net_ip_parse(l.v[i], &ip, e) < 0 || route_find(nl, &ip, &hit, e) < 0)
			return -e->code;
		if (hit.found && !hit.local && link_info(nl, hit.ifindex, "towards the other hosts", &way, e) < 0)
			return -e->code;
		mtu = way.mtu - HEAD4 - (ip.family == AF_INET6 ? 20 : 0);
		least = least && least < mtu ? least : mtu;
	}
	*ret = least;
	return 0;
}

/* --- is it the one that was asked for? --- */

static bool as_said(const struct link_info *link, const struct net_bridge *br, const struct net_ip *local)
{
	return link->vxlan.id == bridge_value(br, NET_BR_VXLAN_ID, 0) &&
	       link->vxlan.port == bridge_value(br, NET_BR_VXLAN_PORT, DEFAULT_PORT) && link->vxlan.family == local->family &&
	       memcmp(&link->vxlan.local, &local->v6, local->family == AF_INET ? sizeof(local->v4) : sizeof(local->v6)) == 0;
}

/* 1: it is there; 0: it has to be made. */
static int look(struct nl *nl, const struct net_bridge *br, const char *name, unsigned master, struct link_info *ret,
		struct err *e)
{
	struct net_ip local;
	int rc = link_find(nl, 0, name, ret, e);

	if (rc <= 0)
		return rc;
	if (!str_eq(ret->kind, "vxlan"))
		return err_say(e, EEXIST, "interface %s is there already and no VXLAN", name);
	if (ret->master && ret->master != master)
		return err_say(e, EBUSY, "VXLAN %s is a port of another bridge already", name);
	if (net_ip_parse(br->val[NET_BR_VXLAN_LOCAL], &local, e) < 0)
		return -e->code;
	if (as_said(ret, br, &local))
		return 1;
	if (!ret->master)
		return err_say(e, EEXIST, "bridge %s: a VXLAN %s is there already, with another number, port or address: remove "
			       "it (ip link del %s)", br->name, name, name);
	return link_delete(nl, name, e);
}

int vxlan_up(struct nl *nl, const struct net_bridge *br, unsigned master, struct err *e)
{
	struct link_info link;
	struct net_ip local;
	char name[IFNAMSIZ];
	unsigned mtu = 0;
	int rc;

	if (!br->val[NET_BR_VXLAN_ID])
		return 0;
	vxlan_name(br, name);
	if (net_ip_parse(br->val[NET_BR_VXLAN_LOCAL], &local, e) < 0 || mtu_of(nl, br, &mtu, e) < 0)
		return -e->code;
	rc = look(nl, br, name, master, &link, e);
	if (rc < 0)
		return rc;
	if (rc == 0 && (create(nl, br, name, &local, mtu, e) < 0 || look(nl, br, name, master, &link, e) < 0))
		return e->code == EOPNOTSUPP ? err_say(e, EOPNOTSUPP, "bridge %s: this kernel has no VXLAN", br->name) : -e->code;
	return lead_to(nl, br, link.index, e) < 0 ? -e->code : bridge_set_up(nl, &link, master, 0, e);
}

int vxlan_fault(struct nl *nl, const struct net_bridge *br, char *text, size_t size, struct err *e)
{
	auto_words struct str_list l = { 0 };
	struct link_info link;
	struct net_ip local, to;
	char name[IFNAMSIZ];

	text[0] = '\0';
	vxlan_name(br, name);
	if (link_info(nl, 0, name, &link, e) < 0 || net_ip_parse(br->val[NET_BR_VXLAN_LOCAL], &local, e) < 0 ||
	    bridge_words(br, NET_BR_VXLAN_REMOTE, &l, e) < 0)
		return -e->code;
	if (!str_eq(link.kind, "vxlan"))
		return str_fmt(text, size, "its port %s is no VXLAN", name);
	if (!as_said(&link, br, &local))
		return str_fmt(text, size, "its port %s has another number, UDP port or address", name);
	for (size_t i = 0; i < l.n && !text[0]; i++) {
		bool there = false;

		if (net_ip_parse(l.v[i], &to, e) < 0 || led_to(nl, link.index, &to, &there, e) < 0)
			return -e->code;
		if (!there)
			str_fmt(text, size, "its port %s does not lead to %.45s", name, l.v[i]);
	}
	return 0;
}
