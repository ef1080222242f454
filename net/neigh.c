/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbours of the host and the containers' addresses: which interfaces they are looked for on, proxy entries, and telling
 * everybody. Asking whether somebody else has one is probe.c.
 */
#include "net/net_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "net/ether.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"

#define PROTO_OURS 0x76		/* marks our proxy entries: 'v' */
#define LIST "list:"
#define EXPAND_MIN 24		/* each address of a longer IPv4 prefix is answered for */

bool net_neighbours_ok(const char *text)
{
	return str_eq(text, "detect") || str_eq(text, "all") || (str_starts(text, LIST) && strlen(text) < 250);
}

/* --- where to --- */

int neigh_list_add(struct neigh_list *l, const struct net_ip *ip, const struct link_info *dev)
{
	struct neigh_at *more;

	if ((l->n & (l->n - 1)) == 0) {		/* full at each power of two */
		more = reallocarray(l->v, l->n ? l->n * 2 : 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		l->v = more;
	}
	l->v[l->n] = (struct neigh_at){ .ip = *ip, .ifindex = dev->index };
	memcpy(l->v[l->n].mac, dev->mac, sizeof(dev->mac));
	return str_copy(l->v[l->n++].dev, IFNAMSIZ, dev->name);
}

static bool is_ours(const struct link_info *dev)
{
	unsigned id;

	return link_id(dev->name, &id) || str_starts(dev->name, "vz-") || str_starts(dev->alias, "vz ");
}

struct uplinks {
	const struct net_ip *ip;
	uplink_fn *cb;
	void *arg;
};

static int uplink_one(const struct link_info *dev, void *arg)
{
	const struct uplinks *u = arg;

	return dev->arp && dev->up && !dev->master && !is_ours(dev) ? u->cb(u->ip, dev, u->arg) : 0;
}

static int uplink_named(struct net *n, const char *name, unsigned index, const struct uplinks *u, struct err *e)
{
	struct link_info dev;
	int rc = link_find(&n->rt, index, name, &dev, e);

	return rc > 0 ? uplink_one(&dev, (void *)u) : rc;	/* 0: on this host it is not there now */
}

static int uplink_list(struct net *n, const struct uplinks *u, struct err *e)
{
	char copy[sizeof(n->neighbours)], *rest = copy, *word;
	int rc = 0;

	str_copy(copy, sizeof(copy), n->neighbours + strlen(LIST));
	while (rc >= 0 && (word = strsep(&rest, " \t,"))) {
		if (*word)
			rc = uplink_named(n, word, 0, u, e);
	}
	return rc;
}

/* --- of an address whose own route hides that of the network it is of: each interface with an address is asked --- */

#define HIDDEN_MAX 64

struct hidden { unsigned ifindex[HIDDEN_MAX]; size_t n; };

static int hidden_one(unsigned ifindex, const struct net_ip *ip, void *arg)
{
	struct hidden *h = arg;

	(void)ip;
	for (size_t i = 0; i < h->n; i++) {
		if (h->ifindex[i] == ifindex)
			return 0;
	}
	if (h->n < HIDDEN_MAX)
		h->ifindex[h->n++] = ifindex;
	return 0;
}

static bool on_link(const struct route_hit *hit)
{
	return hit->found && !hit->local && !hit->host && !hit->gateway && hit->len;
}

static int uplinks_hidden(struct net *n, const struct uplinks *u, struct err *e)
{
	struct hidden h = { .n = 0 };
	struct route_hit hit;
	uint8_t longest = 0;
	int rc = addr_each_of_host(&n->rt, hidden_one, &h, e);
	unsigned best = 0;

	for (size_t i = 0; i < h.n && rc >= 0; i++) {
		rc = route_find_by(&n->rt, u->ip, h.ifindex[i], &hit, e);
		if (rc >= 0 && on_link(&hit) && hit.len > longest) {
			longest = hit.len;
			best = h.ifindex[i];
		}
	}
	return rc < 0 || !best ? rc : uplink_named(n, "of the network", best, u, e);
}

int neigh_uplinks(struct net *n, const struct net_ip *ip, uplink_fn *cb, void *arg, struct err *e)
{
	const struct uplinks u = { ip, cb, arg };
	struct route_hit hit;
	int rc;

	if (str_eq(n->neighbours, "all")) {
		rc = link_info_each(&n->rt, uplink_one, (void *)&u, e);
	} else if (str_starts(n->neighbours, LIST)) {
		rc = uplink_list(n, &u, e);
	} else {		/* "detect": the network that the address is of */
		if (route_find(&n->rt, ip, &hit, e) < 0)
			return -e->code;
		if (hit.found && link_of_ours(&n->rt, hit.ifindex))
			rc = uplinks_hidden(n, &u, e);
		else
			rc = on_link(&hit) ? uplink_named(n, "of the network", hit.ifindex, &u, e) : 0;
	}
	return rc < 0 && !e->code ? err_set(e, -rc, "interfaces to the neighbours") : rc;
}

/* --- proxy entries --- */

static void put_proxy(struct nl_batch *b, bool add, unsigned ifindex, const struct net_ip *ip)
{
	struct ndmsg *nd = nl_msg(b, add ? RTM_NEWNEIGH : RTM_DELNEIGH, add ? NLM_F_CREATE | NLM_F_REPLACE : 0, sizeof(*nd),
				  add ? "answer the neighbours for" : "stop answering the neighbours for", "an address");

	nd->ndm_family = ip->family;
	nd->ndm_ifindex = (int)ifindex;
	nd->ndm_state = NUD_PERMANENT;
	nd->ndm_flags = NTF_PROXY;
	nl_put(b, NDA_DST, &ip->v6, ip->family == AF_INET ? sizeof(ip->v4) : sizeof(ip->v6));
	nl_put_u8(b, NDA_PROTOCOL, PROTO_OURS);
	if (!add)
		nl_ok(b, ENOENT, ENODEV);
}

/* A prefix of IPv4 is answered for address by address. */
static void put_proxies(struct nl_batch *b, bool add, const struct neigh_at *at)
{
	uint32_t first = ntohl(at->ip.v4.s_addr);
	struct net_ip ip = at->ip;

	if (!net_ip_is_net(&at->ip) || ip.family != AF_INET) {
		put_proxy(b, add, at->ifindex, &ip);
		return;
	}
	for (uint32_t i = 0; i < 1u << (32 - at->ip.prefix); i++) {
		ip.v4.s_addr = htonl(first + i);
		put_proxy(b, add, at->ifindex, &ip);
	}
}

static int set_if_not(const char *family, const char *kind, const char *dev, const char *key, const char *want, struct err *e)
{
	auto_buf struct buf b = { .cap = 64 };
	struct err ignored = { 0 };
	char path[128];

	if (str_fmt(path, sizeof(path), "/proc/sys/net/%s/%s/%s/%s", family, kind, dev, key) < 0)
		return err_say(e, EINVAL, "interface %s", dev);
	if (fio_read_at(AT_FDCWD, path, &b, &ignored) == 0 && b.len && str_eq(str_trim(b.s), want))
		return 0;
	return fio_control(AT_FDCWD, path, want, e);
}

/* Without a delay: the kernel else waits up to 0.8 s before it answers for another. */
static int prepare(const struct neigh_at *at, struct err *e)
{
	if (at->ip.family == AF_INET)
		return set_if_not("ipv4", "neigh", at->dev, "proxy_delay", "0", e);
	return set_if_not("ipv6", "neigh", at->dev, "proxy_delay", "0", e) < 0 ? -e->code :
		set_if_not("ipv6", "conf", at->dev, "proxy_ndp", "1", e);
}

struct collect { struct neigh_list *l; };

static int collect_one(const struct net_ip *ip, const struct link_info *dev, void *arg)
{
	return neigh_list_add(((struct collect *)arg)->l, ip, dev);
}

static void list_done(struct neigh_list *l)
{
	free(l->v);
}

static int change(struct net *n, bool add, const struct neigh_list *l, struct err *e)
{
	struct nl_batch b;

	if (!l->n)
		return 0;
	for (size_t i = 0; add && i < l->n; i++) {
		if (prepare(&l->v[i], e) < 0)
			return -e->code;
	}
	nl_batch_begin(&b, &n->rt, e);
	for (size_t i = 0; i < l->n; i++)
		put_proxies(&b, add, &l->v[i]);
	return nl_batch_end(&b);
}

/* A prefix that is part of a network the host is on is found by its neighbours only if each address is answered for. */
static int check_prefix(const struct neigh_at *at, struct err *e)
{
	char text[NET_IP_TEXT];

	if (!net_ip_is_net(&at->ip) || (at->ip.family == AF_INET && at->ip.prefix >= EXPAND_MIN))
		return 0;
	net_ip_print(&at->ip, true, text, sizeof(text));
	return err_say(e, EINVAL, "prefix %s is part of the network on %s, whose machines would look for every address of it: have "
		       "it routed to this host by its router, or give single addresses", text, at->dev);
}

int neigh_up(struct net *n, const struct ip_vec *v, struct err *e)
{
	__attribute__((cleanup(list_done))) struct neigh_list l = { 0 };
	struct collect c = { &l };

	for (size_t i = 0; i < v->n; i++) {
		if (ip_vec_first(v, i) && neigh_uplinks(n, &v->ip[i], collect_one, &c, e) < 0)
			return -e->code;
	}
	for (size_t i = 0; i < l.n; i++) {
		struct link_info dev = { .index = l.v[i].ifindex };

		memcpy(dev.mac, l.v[i].mac, sizeof(dev.mac));
		memcpy(dev.name, l.v[i].dev, sizeof(dev.name));
		if (check_prefix(&l.v[i], e) < 0)
			return -e->code;
		if (neigh_list_add(&n->told, &l.v[i].ip, &dev) < 0)
			return err_set(e, ENOMEM, "list of neighbours");
	}
	return change(n, true, &l, e);
}

int neigh_down(struct net *n, const struct ip_vec *v, struct err *e)
{
	__attribute__((cleanup(list_done))) struct neigh_list l = { 0 };
	struct collect c = { &l };

	for (size_t i = 0; i < v->n; i++) {
		if (neigh_uplinks(n, &v->ip[i], collect_one, &c, e) < 0)
			return -e->code;
	}
	return change(n, false, &l, e);
}

static int answered(struct net *n, const struct neigh_at *at, struct err *e)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct err why = { 0 };
	struct ndmsg *nd;

	nlh->nlmsg_type = RTM_GETNEIGH;
	nd = mnl_nlmsg_put_extra_header(nlh, sizeof(*nd));
	nd->ndm_family = at->ip.family;
	nd->ndm_ifindex = (int)at->ifindex;
	nd->ndm_flags = NTF_PROXY;
	mnl_attr_put(nlh, NDA_DST, at->ip.family == AF_INET ? sizeof(at->ip.v4) : sizeof(at->ip.v6), &at->ip.v6);
	if (nl_ask(&n->rt, nlh, NULL, NULL, "look up what neighbours are answered for", &why) == 0)
		return 1;
	if (why.code == ENOENT)
		return 0;
	*e = why;
	return -e->code;
}

int neigh_fault(struct net *n, const struct ip_vec *v, char *text, size_t size, struct err *e)
{
	__attribute__((cleanup(list_done))) struct neigh_list l = { 0 };
	struct collect c = { &l };
	char ip[NET_IP_TEXT];

	text[0] = '\0';
	for (size_t i = 0; i < v->n; i++) {
		if (ip_vec_first(v, i) && neigh_uplinks(n, &v->ip[i], collect_one, &c, e) < 0)
			return -e->code;
	}
	for (size_t i = 0; i < l.n; i++) {
		int rc = answered(n, &l.v[i], e);

		if (rc < 0)
			return rc;
		net_ip_print(&l.v[i].ip, net_ip_is_net(&l.v[i].ip), ip, sizeof(ip));
		if (!rc)
			return str_fmt(text, size, "neighbours on %s are not answered for %s", l.v[i].dev, ip);
	}
	return 0;
}

/* --- entries whose container is gone --- */

static int sweep_one(const struct nlmsghdr *nlh, void *arg)
{
	const struct ndmsg *nd = mnl_nlmsg_get_payload(nlh);
	struct link_info dev = { 0 };
	struct net_ip ip = { 0 };
	const struct nlattr *attr;
	bool ours = false;

	if (nlh->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(nlh) < sizeof(*nd) || !(nd->ndm_flags & NTF_PROXY))
		return 0;
	mnl_attr_for_each(attr, nlh, sizeof(*nd)) {
		size_t len = nd->ndm_family == AF_INET ? sizeof(ip.v4) : sizeof(ip.v6);

		if (mnl_attr_get_type(attr) == NDA_PROTOCOL && mnl_attr_validate(attr, MNL_TYPE_U8) >= 0)
			ours = mnl_attr_get_u8(attr) == PROTO_OURS;
		if (mnl_attr_get_type(attr) == NDA_DST && mnl_attr_get_payload_len(attr) == len) {
			ip.family = nd->ndm_family;
			memcpy(&ip.v6, mnl_attr_get_payload(attr), len);
		}
	}
	ip.prefix = ip.family == AF_INET ? 32 : 128;
	dev.index = (unsigned)nd->ndm_ifindex;
	return ours && ip.family ? neigh_list_add(arg, &ip, &dev) : 0;
}

int neigh_sweep(struct net *n, struct err *e)
{
	__attribute__((cleanup(list_done))) struct neigh_list all = { 0 }, dead = { 0 };
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *nd;
	int rc;

	nlh->nlmsg_type = RTM_GETNEIGH;
	nd = mnl_nlmsg_put_extra_header(nlh, sizeof(*nd));
	nd->ndm_flags = NTF_PROXY;
	rc = nl_dump(&n->rt, nlh, sweep_one, NULL, &all, e);
	if (rc < 0)
		return e->code ? -e->code : err_set(e, -rc, "list what neighbours are answered for");
	for (size_t i = 0; i < all.n; i++) {
		struct link_info dev = { .index = all.v[i].ifindex };
		char name[IFNAMSIZ];
		struct route_hit hit;
		unsigned id;

		if (route_find(&n->rt, &all.v[i].ip, &hit, e) < 0)
			return -e->code;
		if (hit.found && link_name(&n->rt, hit.ifindex, name) && link_id(name, &id))
			continue;
		if (neigh_list_add(&dead, &all.v[i].ip, &dev) < 0)
			return err_set(e, ENOMEM, "list of neighbours");
	}
	return change(n, false, &dead, e);
}

/* --- telling --- */

int neigh_send(struct net *n, const struct neigh_at *at, const void *frame, size_t len, struct err *e)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)at->ifindex, .sll_halen = ETH_ALEN };
	int *fd = &n->packet[PACKET_SEND];

	if (*fd < 0)
		*fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);	/* hears nothing */
	if (*fd < 0)
		return err_set(e, errno, "packet socket");
	memcpy(&to.sll_protocol, (const char *)frame + 12, sizeof(to.sll_protocol));
	if (sendto(*fd, frame, len, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) >= 0 || errno == ENETDOWN ||
	    errno == ENXIO || errno == ENOBUFS)		/* nobody is there to be told */
		return 0;
	return err_set(e, errno, "tell the neighbours on %s", at->dev);
}

static int tell(struct net *n, const struct neigh_at *at, struct err *e)
{
	struct net_arp arp = { .dst = { 255, 255, 255, 255, 255, 255 }, .tmac = { 255, 255, 255, 255, 255, 255 },
			       .op = ARPOP_REQUEST };
	uint8_t frame[NET_NA_LEN];

	if (net_ip_is_net(&at->ip))
		return 0;
	if (at->ip.family == AF_INET6) {
		net_na_build(at->mac, at->ip.v6.s6_addr, frame);
		return neigh_send(n, at, frame, NET_NA_LEN, e);
	}
	memcpy(arp.smac, at->mac, sizeof(arp.smac));
	memcpy(arp.sip, &at->ip.v4, sizeof(arp.sip));
	memcpy(arp.tip, &at->ip.v4, sizeof(arp.tip));
	net_arp_build(&arp, frame);
	return neigh_send(n, at, frame, NET_ARP_LEN, e);
}

int net_announce(struct net *n, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < n->told.n && rc == 0; i++)
		rc = tell(n, &n->told.v[i], e);
	n->told.n = 0;
	return rc;
}
