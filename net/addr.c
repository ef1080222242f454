/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses on an interface inside a container. */
#include "net/net_priv.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "util/err.h"

/*
 * A configured prefix is kept as the address's own, for programs that read it, but makes no on-link route: the
 * neighbours of that subnet are behind the host like everybody else.
 */
void addr_put(struct nl_batch *b, bool add, unsigned ifindex, const struct net_ip *ip, const char *text)
{
	size_t len = ip->family == AF_INET ? sizeof(ip->v4) : sizeof(ip->v6);
	uint16_t flags = add ? NLM_F_CREATE | NLM_F_EXCL : 0;
	struct ifaddrmsg *a = nl_msg(b, add ? RTM_NEWADDR : RTM_DELADDR, flags, sizeof(*a),
				     add ? "add address" : "remove address", text);

	a->ifa_family = ip->family;
	a->ifa_index = ifindex;
	a->ifa_prefixlen = ip->prefix;
	a->ifa_scope = RT_SCOPE_UNIVERSE;
	nl_put(b, IFA_LOCAL, &ip->v6, len);
	nl_put(b, IFA_ADDRESS, &ip->v6, len);	/* in a removal: that prefix and no other */
	if (add)
		nl_put_u32(b, IFA_FLAGS, IFA_F_NOPREFIXROUTE | (ip->family == AF_INET6 ? IFA_F_NODAD : 0));
}

/* With its route to the neighbours, as an administrator would give it; being there is success. */
void addr_put_host(struct nl_batch *b, unsigned ifindex, const struct net_ip *ip, const char *text)
{
	size_t len = ip->family == AF_INET ? sizeof(ip->v4) : sizeof(ip->v6);
	struct ifaddrmsg *a = nl_msg(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*a), "add address", text);

	a->ifa_family = ip->family;
	a->ifa_index = ifindex;
	a->ifa_prefixlen = ip->prefix;
	nl_put(b, IFA_LOCAL, &ip->v6, len);
	nl_put(b, IFA_ADDRESS, &ip->v6, len);
	if (ip->family == AF_INET6)
		nl_put_u32(b, IFA_FLAGS, IFA_F_NODAD);
	nl_ok(b, EEXIST, 0);
}

struct addr_walk {
	unsigned ifindex;		/* 0: of every interface */
	int (*cb)(const struct net_ip *ip, void *arg);
	int (*cb_of)(unsigned ifindex, const struct net_ip *ip, void *arg);
	void *arg;
};

static int addr_one(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifaddrmsg *a = mnl_nlmsg_get_payload(nlh);
	struct addr_walk *w = arg;
	const struct nlattr *attr;
	struct net_ip ip = { 0 };
	bool is_local = false;

	if (nlh->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(nlh) < sizeof(*a) ||
	    (w->ifindex && a->ifa_index != w->ifindex) || a->ifa_scope == RT_SCOPE_LINK)
		return 0;
	if (a->ifa_family != AF_INET && a->ifa_family != AF_INET6)
		return 0;
	ip.family = a->ifa_family;
	ip.prefix = a->ifa_prefixlen;
	mnl_attr_for_each(attr, nlh, sizeof(*a)) {
		size_t len = ip.family == AF_INET ? sizeof(ip.v4) : sizeof(ip.v6);
		uint16_t type = mnl_attr_get_type(attr);

		if (mnl_attr_get_payload_len(attr) != len || (type != IFA_LOCAL && (type != IFA_ADDRESS || is_local)))
			continue;
		memcpy(&ip.v6, mnl_attr_get_payload(attr), len);
		is_local = type == IFA_LOCAL;
	}
	return w->cb ? w->cb(&ip, w->arg) : w->cb_of(a->ifa_index, &ip, w->arg);
}

static int walk(struct nl *nl, struct addr_walk *w, struct err *e)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *a;
	int rc;

	nlh->nlmsg_type = RTM_GETADDR;
	a = mnl_nlmsg_put_extra_header(nlh, sizeof(*a));
	a->ifa_index = w->ifindex;
	rc = nl_dump(nl, nlh, addr_one, NULL, w, e);
	return rc < 0 && !e->code ? err_set(e, -rc, "list addresses") : rc;
}

int addr_each_of_host(struct nl *nl, int (*cb)(unsigned ifindex, const struct net_ip *ip, void *arg), void *arg, struct err *e)
{
	struct addr_walk w = { .cb_of = cb, .arg = arg };

	return walk(nl, &w, e);
}

int addr_each(struct nl *nl, unsigned ifindex, int (*cb)(const struct net_ip *ip, void *arg), void *arg, struct err *e)
{
	struct addr_walk w = { .ifindex = ifindex, .cb = cb, .arg = arg };

	return walk(nl, &w, e);
}
