/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bridges of the host in the kernel: made, put right, removed, looked at. Their files are bridge_conf.c's, a VXLAN vxlan.c's. */
#include "net/bridge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "net/bridge_priv.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"

int bridge_words(const struct net_bridge *b, enum net_bridge_key key, struct str_list *l, struct err *e)
{
	return b->val[key] ? str_list_split(l, b->val[key], " \t,", e) : 0;
}

unsigned bridge_value(const struct net_bridge *b, enum net_bridge_key key, unsigned unset)
{
	uint64_t v;

	return b->val[key] && num_u64(b->val[key], &v) == 0 ? (unsigned)v : unset;
}

static bool is_vlan_aware(const struct net_bridge *b)
{
	return b->val[NET_BR_VLAN_AWARE] && str_eq(b->val[NET_BR_VLAN_AWARE], "yes");
}

static struct ifinfomsg *put_link(struct nl_batch *b, unsigned ifindex, const char *what, const char *name)
{
	struct ifinfomsg *ifi = nl_msg(b, RTM_NEWLINK, 0, sizeof(*ifi), what, name);

	ifi->ifi_index = (int)ifindex;
	return ifi;
}

int bridge_set_up(struct nl *nl, const struct link_info *link, unsigned master, unsigned mtu, struct err *e)
{
	struct ifinfomsg *ifi;
	struct nl_batch b;

	nl_batch_begin(&b, nl, e);
	if (master && link->master != master) {
		put_link(&b, link->index, "put into the bridge interface", link->name);
		nl_put_u32(&b, IFLA_MASTER, master);
	}
	if (mtu && link->mtu != mtu) {
		put_link(&b, link->index, "set the MTU of", link->name);
		nl_put_u32(&b, IFLA_MTU, mtu);
	}
	ifi = put_link(&b, link->index, "set up interface", link->name);
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	return nl_batch_end(&b);
}

/* --- the bridge itself --- */

/* @vlan_aware NULL: not said, for a kernel that does not know the word. */
static void put_bridge(struct nl_batch *b, const bool *vlan_aware)
{
	struct nlattr *info = nl_nest(b, IFLA_LINKINFO), *data;

	nl_put_str(b, IFLA_INFO_KIND, "bridge");
	if (vlan_aware) {
		data = nl_nest(b, IFLA_INFO_DATA);
		nl_put_u8(b, IFLA_BR_VLAN_FILTERING, *vlan_aware);
		nl_nest_end(b, data);
	}
	nl_nest_end(b, info);
}

static int create(struct nl *nl, const struct net_bridge *br, struct err *e)
{
	struct nl_batch b;

	nl_batch_begin(&b, nl, e);
	nl_msg(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg), "create bridge", br->name);
	nl_put_str(&b, IFLA_IFNAME, br->name);
	put_bridge(&b, NULL);
	nl_ok(&b, EEXIST, 0);		/* somebody else did this moment */
	if (!br->val[NET_BR_ADDRESS]) {	/* nor one that containers could reach the host by */
		nl_msg(&b, RTM_NEWLINK, 0, sizeof(struct ifinfomsg), "configure bridge", br->name);
		nl_put_str(&b, IFLA_IFNAME, br->name);
		link_put_af(&b, 0, 0);
		nl_ok(&b, EAFNOSUPPORT, 0);
	}
	return nl_batch_end(&b);
}

static int set_vlan_aware(struct nl *nl, const struct net_bridge *br, const struct link_info *link, struct err *e)
{
	bool aware = is_vlan_aware(br);
	struct nl_batch b;

	if (!br->val[NET_BR_VLAN_AWARE] || link->vlan_aware == aware)
		return 0;
	if (!link->vlan_known)
		return err_say(e, EOPNOTSUPP, "bridge %s: bridges of this kernel cannot tell VLANs apart "
			       "(CONFIG_BRIDGE_VLAN_FILTERING)", br->name);
	nl_batch_begin(&b, nl, e);
	put_link(&b, link->index, "tell VLANs apart on bridge", br->name);
	put_bridge(&b, &aware);
	return nl_batch_end(&b);
}

static int add_addresses(struct nl *nl, const struct net_bridge *br, unsigned ifindex, struct err *e)
{
	auto_words struct str_list l = { 0 };
	struct net_ip ip;
	struct nl_batch b;

	if (bridge_words(br, NET_BR_ADDRESS, &l, e) < 0)
		return -e->code;
	nl_batch_begin(&b, nl, e);
	for (size_t i = 0; i < l.n; i++) {
		if (net_ip_parse(l.v[i], &ip, e) < 0)
			return -e->code;
		addr_put_host(&b, ifindex, &ip, l.v[i]);
	}
	return nl_batch_end(&b);
}

/* --- ports --- */

static int add_ports(struct nl *nl, const struct net_bridge *br, unsigned master, struct err *e)
{
	auto_words struct str_list l = { 0 };
	struct link_info port, other;

	if (bridge_words(br, NET_BR_PORTS, &l, e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n; i++) {
		if (link_info(nl, 0, l.v[i], &port, e) < 0)
			return e->code == ENODEV ? err_say(e, ENODEV, "interface %s, a port of bridge %s, does not exist",
				l.v[i], br->name) :
				-e->code;
		if (port.master && port.master != master) {
			if (link_info(nl, port.master, "it belongs to", &other, e) < 0)
				return -e->code;
			return err_say(e, EBUSY, "interface %s is a port of %s already and cannot be one of bridge %s",
				l.v[i], other.name,
				       br->name);
		}
		if (bridge_set_up(nl, &port, master, 0, e) < 0)
			return -e->code;
	}
	return 0;
}

/* --- all of it --- */

int net_bridge_up(struct net *n, const struct net_bridge *br, struct err *e)
{
	struct link_info link;
	int rc;

	if (net_bridge_check(br, e) < 0 || net_rt(n, e) < 0)
		return -e->code;
	rc = link_find(&n->rt, 0, br->name, &link, e);
	if (rc == 0 && (create(&n->rt, br, e) < 0 || link_info(&n->rt, 0, br->name, &link, e) < 0))
		return -e->code;
	if (rc < 0)
		return rc;
	if (!str_eq(link.kind, "bridge"))
		return err_say(e, EEXIST, "interface %s is there already and no bridge: rename it, or take another name", br->name);
	if (set_vlan_aware(&n->rt, br, &link, e) < 0 || add_ports(&n->rt, br, link.index, e) < 0 ||
	    vxlan_up(&n->rt, br, link.index, e) < 0 || bridge_set_up(&n->rt, &link, 0, bridge_value(br, NET_BR_MTU, 0), e) < 0)
		return -e->code;
	return add_addresses(&n->rt, br, link.index, e);
}

struct ports { unsigned master; const struct str_list *ours; const char *vxlan; char other[IFNAMSIZ]; };

static int port_of_others(const struct link_info *link, void *arg)
{
	struct ports *p = arg;

	if (link->master != p->master || str_list_has(p->ours, link->name) || str_eq(link->name, p->vxlan))
		return 0;
	return str_copy(p->other, sizeof(p->other), link->name);
}

int net_bridge_down(struct net *n, const struct net_bridge *br, struct err *e)
{
	auto_words struct str_list l = { 0 };
	char vxlan[IFNAMSIZ];
	struct ports p = { .ours = &l, .vxlan = vxlan };
	struct link_info link;
	int rc;

	vxlan_name(br, vxlan);
	if (net_rt(n, e) < 0 || bridge_words(br, NET_BR_PORTS, &l, e) < 0)
		return -e->code;
	rc = link_find(&n->rt, 0, br->name, &link, e);
	if (rc > 0 && str_eq(link.kind, "bridge")) {
		p.master = link.index;
		if (link_info_each(&n->rt, port_of_others, &p, e) < 0)
			return -e->code;
		if (p.other[0])
			return err_say(e, EBUSY, "bridge %s is in use: %s is a port of it", br->name, p.other);
		rc = link_delete(&n->rt, br->name, e);
	}
	if (rc < 0)
		return rc;
	return net_bridge_cut(n, br, e);
}

int net_bridge_cut(struct net *n, const struct net_bridge *br, struct err *e)
{
	char vxlan[IFNAMSIZ];
	struct link_info link;
	int rc;

	if (net_rt(n, e) < 0)
		return -e->code;
	vxlan_name(br, vxlan);
	rc = br->val[NET_BR_VXLAN_ID] ? link_find(&n->rt, 0, vxlan, &link, e) : 0;
	return rc > 0 && str_eq(link.kind, "vxlan") ? link_delete(&n->rt, vxlan, e) : MIN(rc, 0);
}

/* @name is an up port of @master. */
static int port_fault(struct nl *nl, const char *name, unsigned master, char *text, size_t size, struct err *e)
{
	struct link_info link;
	int rc = link_find(nl, 0, name, &link, e);

	if (rc < 0)
		return rc;
	if (!rc)
		return str_fmt(text, size, "its port %s does not exist", name);
	if (link.master != master)
		return str_fmt(text, size, "%s is no port of it", name);
	return link.up ? 0 : str_fmt(text, size, "its port %s is down", name);
}

int net_bridge_fault(struct net *n, const struct net_bridge *br, char *text, size_t size, struct err *e)
{
	auto_words struct str_list l = { 0 };
	char vxlan[IFNAMSIZ];
	struct link_info link;
	int rc;

	text[0] = '\0';
	if (net_rt(n, e) < 0 || bridge_words(br, NET_BR_PORTS, &l, e) < 0)
		return -e->code;
	rc = link_find(&n->rt, 0, br->name, &link, e);
	if (rc <= 0)
		return rc < 0 ? rc : str_copy(text, size, "it does not exist");
	if (!str_eq(link.kind, "bridge"))
		return str_fmt(text, size, "an interface of that name is no bridge");
	vxlan_name(br, vxlan);
	if (br->val[NET_BR_VXLAN_ID] && str_list_add(&l, vxlan, e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n && !text[0]; i++) {
		if (port_fault(&n->rt, l.v[i], link.index, text, size, e) < 0 && e->code)
			return -e->code;
	}
	if (!text[0] && br->val[NET_BR_VXLAN_ID] && vxlan_fault(&n->rt, br, text, size, e) < 0)
		return -e->code;
	if (!text[0] && !link.up)
		str_copy(text, size, "it is down");
	if (!text[0] && br->val[NET_BR_VLAN_AWARE] && link.vlan_aware != is_vlan_aware(br))
		str_copy(text, size, link.vlan_aware ? "it tells VLANs apart" : "it does not tell VLANs apart");
	return 0;
}
