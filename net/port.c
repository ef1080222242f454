/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port of a bridge: the hardware address filter and the VLANs, both properties that the kernel drops with the port. */
#include "net/net_priv.h"

#include <errno.h>
#include <string.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "net/netif.h"
#include "util/auto.h"
#include "util/err.h"

/* --- the filter --- */

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
static int fdb_check(struct nl *nl, unsigned ifindex, const struct net_if *f, const struct link_info *bridge, struct err *e)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	char owner[IFNAMSIZ] = "another port";
	struct fdb_hit hit = { 0 };
	uint16_t vid = !bridge->vlan_aware ? 0 : f->vlan ? f->vlan : f->trunk[0] ? 0 : bridge->pvid;
	struct ndmsg *nd;

	nlh->nlmsg_type = RTM_GETNEIGH;
	nd = mnl_nlmsg_put_extra_header(nlh, sizeof(*nd));
	nd->ndm_family = AF_BRIDGE;
	nd->ndm_ifindex = (int)ifindex;
	nd->ndm_flags = NTF_MASTER;
	mnl_attr_put(nlh, NDA_LLADDR, sizeof(f->mac), f->mac);
	if (vid)
		mnl_attr_put_u16(nlh, NDA_VLAN, vid);
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

/* --- VLANs --- */

int port_check(const struct net_if *f, const struct link_info *bridge, struct err *e)
{
	if (f->mtu > bridge->mtu)
		return err_say(e, EINVAL, "%s: an MTU of %u is more than the %u of bridge %s, which would drop what is "
			"longer", f->ifname,
			       f->mtu, bridge->mtu, bridge->name);
	if ((!f->vlan && !f->trunk[0]) || bridge->vlan_aware)
		return 0;
	if (!bridge->vlan_known)
		return err_say(e, EOPNOTSUPP, "%s: bridges of this kernel cannot tell VLANs apart "
			"(CONFIG_BRIDGE_VLAN_FILTERING): take a "
			       "bridge for each VLAN, or another kernel", f->ifname);
	return err_say(e, EINVAL, "%s: bridge %s does not tell VLANs apart: vznetcfg br set %s --vlan-aware on", f->ifname,
		bridge->name,
		       bridge->name);
}

static struct ifinfomsg *put_vlans(struct nl_batch *b, uint16_t type, unsigned ifindex, const struct net_if *f)
{
	struct ifinfomsg *ifi = nl_msg(b, type, 0, sizeof(*ifi), "set the VLANs of", f->host_ifname);

	ifi->ifi_family = AF_BRIDGE;
	ifi->ifi_index = (int)ifindex;
	return ifi;
}

static void put_vlan(struct nl_batch *b, unsigned vid, unsigned flags)
{
	struct bridge_vlan_info v = { .vid = (uint16_t)vid, .flags = (uint16_t)flags };

	nl_put(b, IFLA_BRIDGE_VLAN_INFO, &v, sizeof(v));
}

/* A new port has the bridge's own VLAN: it goes unless nothing else is said. */
static void put_port_vlans(struct nl_batch *b, unsigned ifindex, const struct net_if *f, const struct link_info *bridge)
{
	const char *at = NULL;
	unsigned first, last;
	struct nlattr *nest;

	if (bridge->pvid && bridge->pvid != f->vlan) {
		put_vlans(b, RTM_DELLINK, ifindex, f);
		nest = nl_nest(b, IFLA_AF_SPEC);
		put_vlan(b, bridge->pvid, 0);
		nl_nest_end(b, nest);
		nl_ok(b, ENOENT, 0);
	}
	put_vlans(b, RTM_SETLINK, ifindex, f);
	nest = nl_nest(b, IFLA_AF_SPEC);
	while (net_if_trunk(f, &at, &first, &last)) {
		put_vlan(b, first, first == last ? 0 : BRIDGE_VLAN_INFO_RANGE_BEGIN);
		if (first != last)
			put_vlan(b, last, BRIDGE_VLAN_INFO_RANGE_END);
	}
	if (f->vlan)
		put_vlan(b, f->vlan, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
	nl_nest_end(b, nest);
}

/* VLANs first: the address is entered in each of them, and the filter asks for it in the one a frame is of. */
int port_setup(struct nl *nl, unsigned ifindex, const struct net_if *f, const struct link_info *bridge, struct err *e)
{
	bool on = f->filter != NET_FILTER_OFF;
	struct nl_batch b;

	if (port_check(f, bridge, e) < 0 || (on && fdb_check(nl, ifindex, f, bridge, e) < 0))
		return -e->code;
	nl_batch_begin(&b, nl, e);
	if (f->vlan || f->trunk[0])
		put_port_vlans(&b, ifindex, f, bridge);
	put_port(&b, ifindex, f);
	if (on)
		put_fdb(&b, ifindex, f);
	return nl_batch_end(&b);
}
