/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The veth pair as links: made, set up, removed, listed. Both ends have one MAC, derived from the id, and are NOARP: the
 * kernel then takes the device's own address as that of any neighbour, which is the peer's too. So there is no ARP and no
 * neighbour discovery to wait for, to answer for others, or to forge.
 */
#include "net/net_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"

#define LINK_LIVE "vz"
#define LINK_DEAD "vz-"		/* what a link is called between its removal and the end of its namespace */

void net_ifname(unsigned id, char dst[16])
{
	str_fmt(dst, IFNAMSIZ, LINK_LIVE "%u", id);	/* ten digits at most: always fits */
}

static int link_index_answer(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == RTM_NEWLINK && mnl_nlmsg_get_payload_len(nlh) >= sizeof(*ifi))
		*(unsigned *)arg = (unsigned)ifi->ifi_index;
	return 0;
}

/* By netlink: for a name that does not exist SIOCGIFINDEX runs modprobe, 70 ms in a virtual machine with Debian's 6.1. */
unsigned link_index(struct nl *nl, const char *name)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct err e = { 0 };
	unsigned ret = 0;

	nlh->nlmsg_type = RTM_GETLINK;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (!mnl_attr_put_strz_check(nlh, sizeof(buf), IFLA_IFNAME, name))
		return 0;
	nl_ask(nl, nlh, link_index_answer, &ret, name, &e);
	return ret;
}

unsigned link_index_made(struct nl *nl, const char *name)
{
	struct ifreq rq = { 0 };

	if (str_copy(rq.ifr_name, sizeof(rq.ifr_name), name) < 0 || ioctl(nl->fd, SIOCGIFINDEX, &rq) < 0)
		return 0;
	return (unsigned)rq.ifr_ifindex;
}

bool link_name(struct nl *nl, unsigned ifindex, char dst[IFNAMSIZ])
{
	struct ifreq rq = { .ifr_ifindex = (int)ifindex };

	return ioctl(nl->fd, SIOCGIFNAME, &rq) == 0 && str_copy(dst, IFNAMSIZ, rq.ifr_name) == 0;
}

void link_mac(unsigned id, uint8_t mac[6])
{
	mac[0] = 0x02;		/* locally administered, unicast */
	mac[1] = 0x7a;
	mac[2] = (uint8_t)(id >> 24);
	mac[3] = (uint8_t)(id >> 16);
	mac[4] = (uint8_t)(id >> 8);
	mac[5] = (uint8_t)id;
}

/* A kernel without the one for IPv4 (before 6.3) passes over it. */
void link_put_segments(struct nl_batch *b, uint32_t bytes)
{
	nl_put_u32(b, IFLA_GSO_MAX_SIZE, bytes);
	nl_put_u32(b, LINK_GSO_IPV4_MAX_SIZE, bytes);
}

/* Where what no other route is for goes: asked with addresses that are in no network. */
int link_way_out(struct nl *nl, unsigned *ret_segment, struct err *e)
{
	static const char *const nowhere[] = { "192.0.2.254", "2001:db8::fffe" };
	unsigned segment = LINK_SEGMENT;

	for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++) {
		struct route_hit hit;
		struct link_info out;
		struct net_ip ip;

		if (net_ip_parse(nowhere[i], &ip, e) < 0 || route_find(nl, &ip, &hit, e) < 0)
			return -e->code;
		if (!hit.found || !hit.ifindex || hit.local)
			continue;
		if (link_info(nl, hit.ifindex, "of the way out", &out, e) < 0)
			return -e->code;
		if (out.segment < LINK_SEGMENT)
			segment = LINK_SEGMENT_USUAL;
	}
	*ret_segment = segment;
	return 0;
}

int link_create(struct nl *nl, unsigned id, int netns_fd, struct err *e)
{
	return link_create_as(nl, id, netns_fd, 0, LINK_SEGMENT_USUAL, e);
}

int link_create_as(struct nl *nl, unsigned id, int netns_fd, unsigned mtu, unsigned segment, struct err *e)
{
	struct ifinfomsg *ifi, peer = { .ifi_flags = IFF_NOARP, .ifi_change = IFF_NOARP };
	struct nlattr *info, *data, *end;
	struct nl_batch b;
	uint8_t mac[6];
	char name[16];

	net_ifname(id, name);
	link_mac(id, mac);
	nl_batch_begin(&b, nl, e);
	ifi = nl_msg(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*ifi), "create interface", name);
	ifi->ifi_flags = ifi->ifi_change = IFF_NOARP;
	nl_put_str(&b, IFLA_IFNAME, name);
	nl_put(&b, IFLA_ADDRESS, mac, sizeof(mac));
	link_put_segments(&b, LINK_SEGMENT);
	if (mtu)
		nl_put_u32(&b, IFLA_MTU, mtu);
	info = nl_nest(&b, IFLA_LINKINFO);
	nl_put_str(&b, IFLA_INFO_KIND, "veth");
	data = nl_nest(&b, IFLA_INFO_DATA);
	end = nl_nest(&b, VETH_INFO_PEER);
	nl_put_raw(&b, &peer, sizeof(peer));
	nl_put_str(&b, IFLA_IFNAME, NET_INSIDE);
	nl_put(&b, IFLA_ADDRESS, mac, sizeof(mac));
	link_put_segments(&b, segment);
	if (mtu)
		nl_put_u32(&b, IFLA_MTU, mtu);
	nl_put_u32(&b, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	nl_nest_end(&b, end);
	nl_nest_end(&b, data);
	nl_nest_end(&b, info);
	return nl_batch_end(&b);
}

/* AF_SPEC: no link-local address; what else @inet_key says for IPv4, if it is not 0. */
void link_put_af(struct nl_batch *b, uint16_t inet_key, uint32_t value)
{
	struct nlattr *spec = nl_nest(b, IFLA_AF_SPEC), *af, *conf;

	if (inet_key) {
		af = nl_nest(b, AF_INET);
		conf = nl_nest(b, IFLA_INET_CONF);
		nl_put_u32(b, inet_key, value);
		nl_nest_end(b, conf);
		nl_nest_end(b, af);
	}
	af = nl_nest(b, AF_INET6);
	nl_put_u8(b, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	nl_nest_end(b, af);
	nl_nest_end(b, spec);
}

static void link_put_flags(struct nl_batch *b, const char *name, unsigned flags, const char *what)
{
	struct ifinfomsg *ifi = nl_msg(b, RTM_NEWLINK, 0, sizeof(*ifi), what, name);

	ifi->ifi_flags = flags;
	ifi->ifi_change = flags;
	nl_put_str(b, IFLA_IFNAME, name);
}

/* The kernel without IPv6 (or with it switched off) refuses the whole AF_SPEC, so the flags travel in another request. */
void link_put_host_up(struct nl_batch *b, const char *name)
{
	nl_msg(b, RTM_NEWLINK, 0, sizeof(struct ifinfomsg), "configure interface", name);
	nl_put_str(b, IFLA_IFNAME, name);
	link_put_af(b, IPV4_DEVCONF_RP_FILTER, 1);
	nl_ok(b, EAFNOSUPPORT, 0);
	link_put_flags(b, name, IFF_UP, "set up interface");
}

/* Loose (2) is no help: on an interface without an address the kernel takes it for strict. */
void link_put_sources(struct nl_batch *b, const char *name, bool open)
{
	nl_msg(b, RTM_NEWLINK, 0, sizeof(struct ifinfomsg), "configure interface", name);
	nl_put_str(b, IFLA_IFNAME, name);
	link_put_af(b, IPV4_DEVCONF_RP_FILTER, open ? 0 : 1);
	nl_ok(b, EAFNOSUPPORT, 0);
}

void link_put_mtu(struct nl_batch *b, const char *name, unsigned mtu)
{
	nl_msg(b, RTM_NEWLINK, 0, sizeof(struct ifinfomsg), "set the MTU of", name);
	nl_put_str(b, IFLA_IFNAME, name);
	nl_put_u32(b, IFLA_MTU, mtu);
}

void link_put_inside_up(struct nl_batch *b)
{
	link_put_flags(b, "lo", IFF_UP, "set up interface");
	nl_msg(b, RTM_NEWLINK, 0, sizeof(struct ifinfomsg), "configure interface", NET_INSIDE);
	nl_put_str(b, IFLA_IFNAME, NET_INSIDE);
	/* else removing the first address of a subnet takes the others of the same subnet along */
	link_put_af(b, IPV4_DEVCONF_PROMOTE_SECONDARIES, 1);
	nl_ok(b, EAFNOSUPPORT, 0);
	link_put_flags(b, NET_INSIDE, IFF_UP | IFF_NOARP, "set up interface");
}

int link_sync(struct nl *nl, const char *name, struct err *e)
{
	struct ethtool_value link = { .cmd = ETHTOOL_GLINK };
	struct ifreq rq = { .ifr_data = (void *)&link };

	/* asking for the state makes the kernel act on it; older ones only answer */
	if (str_copy(rq.ifr_name, sizeof(rq.ifr_name), name) < 0)
		return err_say(e, ENODEV, "interface %s", name);
	if (ioctl(nl->fd, SIOCETHTOOL, &rq) < 0 && errno != EOPNOTSUPP)
		return err_set(e, errno, "interface %s", name);
	return 0;
}

int net_ready(struct net *n, unsigned id, struct err *e)
{
	struct err ignored = { 0 };
	struct nl_batch b;
	char name[IFNAMSIZ];
	unsigned ifindex;

	net_ifname(id, name);
	if (net_rt(n, e) < 0 || link_sync(&n->rt, name, e) < 0)
		return -e->code;
	ifindex = link_index_made(&n->rt, name);
	nl_batch_begin(&b, &n->rt, &ignored);	/* a route too many only costs time */
	if (ifindex)
		route_put_no_groups(&b, ifindex);
	nl_batch_end(&b);
	return 0;
}

int link_delete(struct nl *nl, const char *name, struct err *e)
{
	struct nl_batch b;

	nl_batch_begin(&b, nl, e);
	nl_msg(&b, RTM_DELLINK, 0, sizeof(struct ifinfomsg), "remove interface", name);
	nl_put_str(&b, IFLA_IFNAME, name);
	nl_ok(&b, ENODEV, 0);
	return nl_batch_end(&b);
}

int link_delete_dead(struct nl *nl, unsigned id, struct err *e)
{
	char dead[IFNAMSIZ];

	str_fmt(dead, sizeof(dead), LINK_DEAD "%u", id);
	return link_index(nl, dead) ? link_delete(nl, dead, e) : 0;
}

/*
 * Measured by bench/net_down.c on 6.18 (us, medians of 40; "again" is until a new pair has the name):
 *	delete the host end and wait for it		17,500, again 140
 *	close the namespace and let the pair die	     1, again 21,400
 *	down, rename, let it die			   140, again 100
 * and on Debian's 6.1, emulated: delete 18,000, down 500 and rename 12,000 (it cannot rename what is up).
 * So the link is renamed. A namespace that somebody holds keeps the renamed link, which is down, without routes, and still
 * of a name that the firewall drops; the next link_drop() of this id deletes it, as net_host_setup() does with all.
 */
int link_drop(struct nl *nl, unsigned id, struct err *e)
{
	char name[IFNAMSIZ], dead[IFNAMSIZ];
	struct ifinfomsg *ifi;
	unsigned ifindex;
	struct nl_batch b;

	net_ifname(id, name);
	str_fmt(dead, sizeof(dead), LINK_DEAD "%u", id);
	ifindex = link_index(nl, name);
	if (link_delete_dead(nl, id, e) < 0)
		return -e->code;
	if (!ifindex)
		return 0;
	nl_batch_begin(&b, nl, e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "set down interface", name);
	ifi->ifi_index = (int)ifindex;
	ifi->ifi_change = IFF_UP;
	nl_ok(&b, ENODEV, 0);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "rename interface", name);
	ifi->ifi_index = (int)ifindex;
	nl_put_str(&b, IFLA_IFNAME, dead);
	nl_ok(&b, ENODEV, 0);
	return nl_batch_end(&b);
}

struct link_list {		/* ids of the links vzID */
	unsigned *id;
	size_t n, size;
};

bool link_id(const char *name, unsigned *ret)
{
	char back[IFNAMSIZ];
	uint64_t id;

	if (!str_starts(name, LINK_LIVE) || num_u64(name + strlen(LINK_LIVE), &id) < 0 || id > UINT32_MAX)
		return false;
	*ret = (unsigned)id;
	net_ifname(*ret, back);
	return str_eq(back, name);	/* not vz007 */
}

static int link_list_add(struct link_list *l, unsigned id)
{
	unsigned *more;

	if (l->n == l->size) {
		more = reallocarray(l->id, l->size + 256, sizeof(*more));
		if (!more)
			return -ENOMEM;
		l->id = more;
		l->size += 256;
	}
	l->id[l->n++] = id;
	return 0;
}

static int link_list_one(const struct nlmsghdr *nlh, void *arg)
{
	struct link_list *l = arg;
	const struct nlattr *attr;
	unsigned id;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attr) == IFLA_IFNAME && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			return link_id(mnl_attr_get_str(attr), &id) ? link_list_add(l, id) : 0;
	}
	return 0;
}

static void link_list_restart(void *arg)
{
	((struct link_list *)arg)->n = 0;
}

static int link_dump(struct nl *nl, mnl_cb_t cb, void (*restart)(void *arg), void *arg, struct err *e)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	int rc;

	nlh->nlmsg_type = RTM_GETLINK;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	rc = nl_dump(nl, nlh, cb, restart, arg, e);
	return rc < 0 && !e->code ? err_set(e, -rc, "list interfaces") : rc;
}

static void link_list_done(struct link_list *l)
{
	free(l->id);
}

int net_each(struct net *n, int (*cb)(unsigned id, void *arg), void *arg, struct err *e)
{
	__attribute__((cleanup(link_list_done))) struct link_list l = { 0 };
	int rc = net_rt(n, e);

	if (rc == 0)
		rc = link_dump(&n->rt, link_list_one, link_list_restart, &l, e);
	for (size_t i = 0; i < l.n && rc == 0; i++) {
		rc = cb(l.id[i], arg);
		if (rc < 0 && !e->code)
			return err_set(e, -rc, "interface " LINK_LIVE "%u", l.id[i]);
	}
	return rc < 0 ? rc : 0;
}

struct dead { struct str_list names; struct err *e; };

static int dead_one(const struct nlmsghdr *nlh, void *arg)
{
	struct dead *d = arg;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg)) {
		const char *name = mnl_attr_get_str(attr);

		if (mnl_attr_get_type(attr) != IFLA_IFNAME || mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
			continue;
		if (!str_starts(name, LINK_DEAD) || name[strlen(LINK_DEAD) + strspn(name + strlen(LINK_DEAD), "0123456789.")])
			return 0;
		return str_list_add(&d->names, name, d->e);
	}
	return 0;
}

static void dead_restart(void *arg)
{
	str_list_clear(&((struct dead *)arg)->names);
}

int link_sweep(struct nl *nl, struct err *e)
{
	struct dead d = { .e = e };
	int rc = link_dump(nl, dead_one, dead_restart, &d, e);

	for (size_t i = 0; i < d.names.n && rc == 0; i++)
		rc = link_delete(nl, d.names.v[i], e);
	str_list_clear(&d.names);
	return rc;
}

int net_sweep(struct net *n, struct err *e)
{
	return net_rt(n, e) < 0 ? -e->code : link_sweep(&n->rt, e);
}
