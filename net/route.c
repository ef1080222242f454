/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes: one host route per address (or prefix) outside, one default route per family inside, and who has an address now. */
#include "net/net_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "util/err.h"

#define ROUTE_METRIC6 1024	/* the kernel's own default; IPv6 tells routes apart by it */

static size_t addr_len(int family)
{
	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

static uint8_t host_bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

void route_put_host(struct nl_batch *b, bool add, unsigned ifindex, const struct net_ip *ip, const char *text)
{
	uint16_t flags = add ? NLM_F_CREATE | NLM_F_EXCL : 0;
	struct rtmsg *r = nl_msg(b, add ? RTM_NEWROUTE : RTM_DELROUTE, flags, sizeof(*r),
				 add ? "add route to" : "remove route to", text);

	r->rtm_family = ip->family;
	r->rtm_dst_len = net_ip_route_len(ip);
	r->rtm_table = RT_TABLE_MAIN;
	r->rtm_protocol = add ? RTPROT_STATIC : RTPROT_UNSPEC;
	r->rtm_scope = ip->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	r->rtm_type = RTN_UNICAST;
	nl_put(b, RTA_DST, &ip->v6, addr_len(ip->family));
	nl_put_u32(b, RTA_OIF, ifindex);
	if (ip->family == AF_INET6)
		nl_put_u32(b, RTA_PRIORITY, ROUTE_METRIC6);
	if (!add)
		nl_ok(b, ESRCH, ENODEV);
}

/* Nobody on this host has a word for a group there: the container's addresses are routes, and neighbours are not looked for. */
void route_put_no_groups(struct nl_batch *b, unsigned ifindex)
{
	static const struct in6_addr groups = { { { 0xff } } };
	struct rtmsg *r = nl_msg(b, RTM_DELROUTE, 0, sizeof(*r), "remove route to", "groups of IPv6");

	r->rtm_family = AF_INET6;
	r->rtm_dst_len = 8;
	r->rtm_table = RT_TABLE_LOCAL;
	r->rtm_type = RTN_MULTICAST;
	nl_put(b, RTA_DST, &groups, sizeof(groups));
	nl_put_u32(b, RTA_OIF, ifindex);
	nl_ok(b, ESRCH, EOPNOTSUPP);
}

void route_put_neighbour(struct nl_batch *b, bool add, unsigned ifindex, const struct net_ip *ip, const uint8_t mac[6])
{
	struct ndmsg *nd;

	if (net_ip_is_net(ip))
		return;
	nd = nl_msg(b, add ? RTM_NEWNEIGH : RTM_DELNEIGH, add ? NLM_F_CREATE | NLM_F_REPLACE : 0, sizeof(*nd),
		    add ? "enter as a neighbour" : "forget as a neighbour", "an address");
	nd->ndm_family = ip->family;
	nd->ndm_ifindex = (int)ifindex;
	nd->ndm_state = NUD_PERMANENT;
	nl_put(b, NDA_DST, &ip->v6, addr_len(ip->family));
	if (add)
		nl_put(b, NDA_LLADDR, mac, 6);
	else
		nl_ok(b, ENOENT, ENODEV);
}

void route_put_gate(struct nl_batch *b, unsigned ifindex, int family, const uint8_t mac[6])
{
	struct net_ip gate = { .family = (uint8_t)family, .prefix = family == AF_INET ? 32 : 128 };

	inet_pton(family, family == AF_INET ? NET_GATE4 : NET_GATE6, &gate.v6);
	route_put_neighbour(b, true, ifindex, &gate, mac);
}

/*
 * No source address for IPv4: the kernel takes the first one of the interface anyway, and would drop the route together
 * with the address it names. IPv6 chooses by prefix, so there the first one is named (and only the name is dropped).
 */
void route_put_default(struct nl_batch *b, bool add, unsigned ifindex, int family, const struct net_ip *src)
{
	uint16_t flags = add ? NLM_F_CREATE | NLM_F_EXCL : 0;
	const char *gate = family == AF_INET ? NET_GATE4 : NET_GATE6;
	struct rtmsg *r = nl_msg(b, add ? RTM_NEWROUTE : RTM_DELROUTE, flags, sizeof(*r),
				 add ? "add default route by" : "remove default route by", gate);
	struct in6_addr gw;

	inet_pton(family, gate, &gw);
	r->rtm_family = (uint8_t)family;
	r->rtm_table = RT_TABLE_MAIN;
	r->rtm_protocol = add ? RTPROT_BOOT : RTPROT_UNSPEC;
	r->rtm_scope = RT_SCOPE_UNIVERSE;
	r->rtm_type = RTN_UNICAST;
	r->rtm_flags = RTNH_F_ONLINK;
	nl_put(b, RTA_GATEWAY, &gw, addr_len(family));
	nl_put_u32(b, RTA_OIF, ifindex);
	if (family == AF_INET6) {
		nl_put_u32(b, RTA_PRIORITY, ROUTE_METRIC6);
		if (src)
			nl_put(b, RTA_PREFSRC, &src->v6, addr_len(family));
	}
	if (add)
		nl_ok(b, EEXIST, 0);
	else
		nl_ok(b, ESRCH, ENODEV);
}

static int route_find_answer(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *r = mnl_nlmsg_get_payload(nlh);
	struct route_hit *hit = arg;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*r))
		return 0;
	hit->found = true;
	hit->local = r->rtm_type == RTN_LOCAL;
	hit->broadcast = r->rtm_type == RTN_BROADCAST;
	hit->host = r->rtm_dst_len == host_bits(r->rtm_family);
	hit->len = r->rtm_dst_len;
	mnl_attr_for_each(attr, nlh, sizeof(*r)) {
		if (mnl_attr_get_type(attr) == RTA_OIF && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			hit->ifindex = mnl_attr_get_u32(attr);
		hit->gateway |= mnl_attr_get_type(attr) == RTA_GATEWAY || mnl_attr_get_type(attr) == RTA_VIA;
	}
	return 0;
}

int route_find(struct nl *nl, const struct net_ip *ip, struct route_hit *ret, struct err *e)
{
	return route_find_by(nl, ip, 0, ret, e);
}

int route_find_by(struct nl *nl, const struct net_ip *ip, unsigned ifindex, struct route_hit *ret, struct err *e)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *r;
	struct err why = { 0 };

	*ret = (struct route_hit){ 0 };
	nlh->nlmsg_type = RTM_GETROUTE;
	r = mnl_nlmsg_put_extra_header(nlh, sizeof(*r));
	r->rtm_family = ip->family;
	r->rtm_dst_len = host_bits(ip->family);
	r->rtm_flags = RTM_F_FIB_MATCH;
	mnl_attr_put(nlh, RTA_DST, addr_len(ip->family), &ip->v6);
	if (ifindex)
		mnl_attr_put_u32(nlh, RTA_OIF, ifindex);
	if (nl_ask(nl, nlh, route_find_answer, ret, "look up route", &why) == 0)
		return 0;
	/* no route, or one that says "unreachable" or "prohibit" */
	if (why.code == ENETUNREACH || why.code == EHOSTUNREACH || why.code == EACCES || why.code == EINVAL ||
	    (ifindex && why.code == ENODEV))
		return 0;
	*e = why;
	return -e->code;
}

struct route_each {
	unsigned ifindex;
	int (*cb)(unsigned ifindex, const struct net_ip *ip, void *arg);
	void *arg;
};

static int route_each_one(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *r = mnl_nlmsg_get_payload(nlh);
	const struct route_each *w = arg;
	struct net_ip ip = { 0 };
	const struct nlattr *attr;
	unsigned oif = 0;

	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*r) ||
	    (r->rtm_family != AF_INET && r->rtm_family != AF_INET6) || r->rtm_type != RTN_UNICAST ||
	    r->rtm_table != RT_TABLE_MAIN || !r->rtm_dst_len || (r->rtm_flags & RTM_F_CLONED))
		return 0;
	mnl_attr_for_each(attr, nlh, sizeof(*r)) {
		if (mnl_attr_get_type(attr) == RTA_OIF && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			oif = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == RTA_DST && mnl_attr_get_payload_len(attr) == addr_len(r->rtm_family)) {
			ip.family = r->rtm_family;
			ip.prefix = r->rtm_dst_len;
			memcpy(&ip.v6, mnl_attr_get_payload(attr), addr_len(ip.family));
		}
	}
	if (!oif || !ip.family || (w->ifindex && oif != w->ifindex))
		return 0;
	return w->cb(oif, &ip, w->arg);
}

int route_each(struct nl *nl, unsigned ifindex, int (*cb)(unsigned ifindex, const struct net_ip *ip, void *arg), void *arg,
	       struct err *e)
{
	static const uint8_t family[] = { AF_INET, AF_INET6 };
	struct route_each w = { .ifindex = ifindex, .cb = cb, .arg = arg };

	for (unsigned i = 0; i < 2; i++) {
		_Alignas(8) char buf[128] = { 0 };
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
		struct rtmsg *r;
		int rc;

		nlh->nlmsg_type = RTM_GETROUTE;
		r = mnl_nlmsg_put_extra_header(nlh, sizeof(*r));
		r->rtm_family = family[i];
		r->rtm_table = RT_TABLE_MAIN;
		if (ifindex)
			mnl_attr_put_u32(nlh, RTA_OIF, ifindex);
		rc = nl_dump(nl, nlh, route_each_one, NULL, &w, e);
		if (rc < 0 && !(ifindex && e->code == ENODEV) && e->code != EAFNOSUPPORT && e->code != EOPNOTSUPP)
			return e->code ? rc : err_set(e, -rc, "list routes");
		err_clear(e);
	}
	return 0;
}
