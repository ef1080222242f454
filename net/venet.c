/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routed interface of a container: brought up, taken down, changed while it runs. Made of requests that link.c,
 * addr.c, route.c and antispoof.c know how to write; here is the order, and what is undone when one fails.
 */
#include "net/net_priv.h"

#include <errno.h>
#include <linux/rtnetlink.h>

#include "net/acct.h"
#include "net/net_part.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/num.h"

/* Turns EEXIST of a route into who has the address. Success if it is @id itself (a duplicate in the list). */
static int venet_taken(struct net *n, unsigned id, const struct ip_vec *v, const char *text, struct err *e)
{
	char owner[IFNAMSIZ];

	for (size_t i = 0; i < v->n; i++) {
		if (v->text[i] != text)
			continue;
		if (net_ip_conflict(n, id, &v->ip[i], owner, e) < 0)
			return -e->code;
		return owner[0] ? err_say(e, EADDRINUSE, "address %s is in use by interface %s", text, owner) :
			err_say(e, EADDRINUSE, "address %s already has a route on this host", text);
	}
	return -e->code;
}

int venet_route_error(struct net *n, unsigned id, const struct nl_batch *b, const struct ip_vec *v, struct err *e)
{
	if (b->code == EEXIST && b->arg)
		return venet_taken(n, id, v, b->arg, e);
	if (b->code == EACCES && b->arg)
		return err_say(e, EACCES, "cannot route %s: IPv6 is switched off on this host "
			       "(sysctl net.ipv6.conf.default.disable_ipv6=0)", b->arg);
	return -b->code;
}

/* Of what the container sends. */
static int venet_segment(struct net *n, unsigned *ret, struct err *e)
{
	*ret = LINK_SEGMENT_USUAL;
	return n->venet_small ? 0 : link_way_out(&n->rt, ret, e);
}

static int venet_up_link(struct net *n, unsigned id, int netns_fd, struct err *e)
{
	char name[IFNAMSIZ];
	unsigned segment;
	int rc = venet_segment(n, &segment, e);

	if (rc == 0)
		rc = link_create_as(&n->rt, id, netns_fd, n->venet_mtu, segment, e);
	if (rc != -EEXIST)
		return rc;
	/*
	 * Left by a start that was killed: its routes go with it, its elements may be others than ours. Or the other end
	 * is in this very namespace, which went through net_down() and lives.
	 */
	err_clear(e);
	net_ifname(id, name);
	if (link_delete(&n->rt, name, e) < 0 || link_delete_dead(&n->rt, id, e) < 0 || antispoof_purge(n, id, e) < 0)
		return -e->code;
	return link_create_as(&n->rt, id, netns_fd, n->venet_mtu, segment, e);
}

static int venet_up_routes(struct net *n, unsigned id, const struct ip_vec *v, struct err *e)
{
	struct nl_batch b;
	char name[IFNAMSIZ];
	unsigned ifindex;
	uint8_t mac[6];

	net_ifname(id, name);
	link_mac(id, mac);
	ifindex = link_index_made(&n->rt, name);
	if (!ifindex)
		return err_say(e, ENODEV, "interface %s vanished while it was being set up", name);
	nl_batch_begin(&b, &n->rt, e);
	link_put_host_up(&b, name);
	if (n->venet_open)
		link_put_sources(&b, name, true);
	for (size_t i = 0; i < v->n; i++) {
		if (!ip_vec_first(v, i))
			continue;
		route_put_host(&b, true, ifindex, &v->ip[i], v->text[i]);
		route_put_neighbour(&b, true, ifindex, &v->ip[i], mac);
	}
	return nl_batch_end(&b) < 0 ? venet_route_error(n, id, &b, v, e) : 0;
}

int net_up(struct net *n, unsigned id, const struct str_list *ips, int netns_fd, struct err *e)
{
	auto_ip_vec struct ip_vec v = { 0 };
	struct err undo = { 0 };
	char name[IFNAMSIZ];

	if (ip_vec_parse(&v, ips, e) < 0 || net_rt(n, e) < 0 || antispoof_ensure(n, e) < 0 ||
	    net_acct_ensure(n, e) < 0)
		return -e->code;
	/* Elements last: until they are there all is dropped, and whoever has to make the table anew goes by the routes. */
	if (venet_up_link(n, id, netns_fd, e) == 0 && neigh_up(n, &v, e) == 0 && venet_up_routes(n, id, &v, e) == 0 &&
	    antispoof_change(n, id, true, &v, e) == 0)
		return 0;
	/* for good, because the caller may try again with the same namespace */
	net_ifname(id, name);
	link_delete(&n->rt, name, &undo);
	antispoof_change(n, id, false, &v, &undo);
	err_clear(&undo);
	neigh_down(n, &v, &undo);
	return -e->code;
}

static int venet_collect(unsigned ifindex, const struct net_ip *ip, void *arg)
{
	struct err e = { 0 };

	(void)ifindex;
	return ip_vec_routed(arg, ip) ? 0 : ip_vec_add(arg, ip, &e);
}

int net_down(struct net *n, unsigned id, const struct str_list *ips, struct err *e)
{
	auto_ip_vec struct ip_vec v = { 0 };
	struct err first = { 0 };
	char name[IFNAMSIZ];
	unsigned ifindex;

	if (ip_vec_parse(&v, ips, e) < 0 || net_rt(n, e) < 0)
		return -e->code;
	/*
	 * Elements of addresses that the caller does not know of go too: what is routed is what was given. Setting the
	 * link down takes its routes along, and routes go before elements: antispoof_setup() relies on it.
	 */
	net_ifname(id, name);
	ifindex = link_index(&n->rt, name);
	if (ifindex)
		route_each(&n->rt, ifindex, venet_collect, &v, &first);
	if (link_drop(&n->rt, id, e) < 0)
		first = *e;
	err_clear(e);
	if (antispoof_change(n, id, false, &v, e) < 0 || (!ips && antispoof_purge(n, id, e) < 0) || neigh_down(n, &v, e) < 0)
		return -e->code;
	*e = first;
	return -e->code;
}

/* --- what is said about it --- */

static const char *word_of(const char *line, const char *word)
{
	const char *s = net_line_of(line, "venet");

	return s ? net_line_of(s, word) : NULL;
}

void net_venet_of(struct net *n, const struct str_list *lines)
{
	uint64_t mtu;

	n->venet_mtu = 0;
	n->venet_open = n->venet_small = false;
	for (size_t i = 0; i < lines->n; i++) {
		const char *s = word_of(lines->v[i], "mtu");

		if (s && num_u64(s, &mtu) == 0 && mtu <= 65535)
			n->venet_mtu = (unsigned)mtu;
		n->venet_open |= word_of(lines->v[i], "open") != NULL;
		n->venet_small |= word_of(lines->v[i], "small") != NULL;
	}
}

struct inner { unsigned mtu, segment; };

static int set_inner(struct nl *nl, void *arg, struct err *e)
{
	const struct inner *in = arg;
	struct nl_batch b;

	nl_batch_begin(&b, nl, e);
	link_put_mtu(&b, NET_INSIDE, in->mtu);
	nl_ok(&b, ENODEV, 0);		/* the guest has given it another name: then it is the guest's */
	nl_msg(&b, RTM_NEWLINK, 0, sizeof(struct ifinfomsg), "set the size of segments of", NET_INSIDE);
	nl_put_str(&b, IFLA_IFNAME, NET_INSIDE);
	link_put_segments(&b, in->segment);
	nl_ok(&b, ENODEV, EINVAL);
	return nl_batch_end(&b);
}

int net_venet_set(struct net *n, unsigned id, int netns_fd, const struct str_list *lines, struct err *e)
{
	struct nl_batch b;
	char name[IFNAMSIZ];
	struct inner in;

	net_venet_of(n, lines);
	in.mtu = n->venet_mtu ? n->venet_mtu : NET_VENET_MTU;
	net_ifname(id, name);
	if (net_rt(n, e) < 0 || venet_segment(n, &in.segment, e) < 0)
		return -e->code;
	nl_batch_begin(&b, &n->rt, e);
	link_put_mtu(&b, name, in.mtu);
	nl_ok(&b, ENODEV, 0);		/* started without a network */
	link_put_sources(&b, name, n->venet_open);
	nl_ok(&b, ENODEV, 0);
	return nl_batch_end(&b) < 0 ? -e->code : inside_call(netns_fd, set_inner, &in, e);
}
