/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container's links after somebody else's hands: looked at, and put right. The routed one is known by its hardware address
 * when it has lost its name, a bridged one by its alias.
 */
#include "net/heal.h"

#include <errno.h>
#include <string.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "net/net_priv.h"
#include "net/veth.h"
#include "net/vport.h"
#include "util/auto.h"
#include "util/err.h"

static int route_missing(struct nl *nl, unsigned ifindex, const struct ip_vec *v, const char **ret, struct err *e)
{
	struct route_hit hit;

	*ret = NULL;
	for (size_t i = 0; i < v->n && !*ret; i++) {
		if (route_find(nl, &v->ip[i], &hit, e) < 0)
			return -e->code;
		if (!hit.found || hit.ifindex != ifindex)
			*ret = v->text[i];
	}
	return 0;
}

int net_fault(struct net *n, unsigned id, const struct str_list *ips, char *text, size_t size, struct err *e)
{
	auto_ip_vec struct ip_vec v = { 0 };
	struct link_info link;
	const char *missing;
	char name[IFNAMSIZ];
	int rc;

	text[0] = '\0';
	net_ifname(id, name);
	if (net_rt(n, e) < 0 || ip_vec_parse(&v, ips, e) < 0)
		return -e->code;
	rc = link_find(&n->rt, 0, name, &link, e);
	if (rc < 0)
		return rc;
	if (!rc)
		return str_fmt(text, size, "interface %s does not exist", name);
	if (!link.up)
		return str_fmt(text, size, "interface %s is down", name);
	if (route_missing(&n->rt, link.index, &v, &missing, e) < 0)
		return -e->code;
	return missing ? str_fmt(text, size, "there is no route to %s by %s", missing, name) : neigh_fault(n, &v, text, size, e);
}

/* --- the routed interface --- */

struct lost { uint8_t mac[6]; unsigned id; const char *inside; unsigned index; char name[IFNAMSIZ]; };	/* @inside NULL: by mac */

static int lost_one(const struct link_info *link, void *arg)
{
	struct lost *l = arg;

	if (!str_eq(link->kind, "veth") || str_starts(link->name, "vz-"))
		return 0;
	if (l->inside ? !vport_alias_is(link->alias, l->id, l->inside) : memcmp(link->mac, l->mac, sizeof(l->mac)) != 0)
		return 0;
	l->index = link->index;
	return str_copy(l->name, sizeof(l->name), link->name);
}

/* Back to @name: down first, older kernels rename nothing that is up. *ret: it was found. */
static int rename_back(struct nl *nl, struct lost *l, const char *name, bool *ret, struct err *e)
{
	struct ifinfomsg *ifi;
	struct nl_batch b;

	*ret = false;
	if (link_info_each(nl, lost_one, l, e) < 0)
		return -e->code;
	if (!l->index)
		return 0;
	nl_batch_begin(&b, nl, e);
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "set down interface", l->name);
	ifi->ifi_index = (int)l->index;
	ifi->ifi_change = IFF_UP;
	ifi = nl_msg(&b, RTM_NEWLINK, 0, sizeof(*ifi), "give back its name to interface", l->name);
	ifi->ifi_index = (int)l->index;
	nl_put_str(&b, IFLA_IFNAME, name);
	*ret = true;
	return nl_batch_end(&b);
}

struct inside_up { const struct str_list *ips; };

static int heal_inside(struct nl *nl, void *arg, struct err *e)
{
	(void)nl;
	return net_inside_up(((struct inside_up *)arg)->ips, e);
}

/* The pair is gone: both ends anew. */
static int heal_pair(struct net *n, unsigned id, const struct str_list *ips, int netns_fd, struct err *e)
{
	struct inside_up up = { ips };

	if (net_up(n, id, ips, netns_fd, e) < 0 || inside_call(netns_fd, heal_inside, &up, e) < 0)
		return -e->code;
	return net_ready(n, id, e);
}

/* Its routes went when it was set down. Their elements stand, or antispoof_ensure() made them from what it was given. */
static int heal_routes(struct net *n, unsigned id, const struct ip_vec *v, struct err *e)
{
	auto_ip_vec struct ip_vec missing = { 0 };
	struct route_hit hit;
	struct nl_batch b;
	char name[IFNAMSIZ];
	unsigned ifindex;
	uint8_t mac[6];

	net_ifname(id, name);
	link_mac(id, mac);
	ifindex = link_index(&n->rt, name);
	for (size_t i = 0; i < v->n; i++) {
		if (route_find(&n->rt, &v->ip[i], &hit, e) < 0)
			return -e->code;
		if (ip_vec_first(v, i) && (!hit.found || hit.ifindex != ifindex) && ip_vec_add(&missing, &v->ip[i], e) < 0)
			return -e->code;
	}
	nl_batch_begin(&b, &n->rt, e);
	link_put_host_up(&b, name);
	if (n->venet_open)
		link_put_sources(&b, name, true);
	for (size_t i = 0; i < missing.n; i++) {
		route_put_host(&b, true, ifindex, &missing.ip[i], missing.text[i]);
		route_put_neighbour(&b, true, ifindex, &missing.ip[i], mac);
	}
	if (nl_batch_end(&b) < 0)
		return venet_route_error(n, id, &b, &missing, e);
	return antispoof_change(n, id, true, v, e) < 0 ? -e->code : link_sync(&n->rt, name, e);
}

int net_heal(struct net *n, unsigned id, const struct str_list *ips, int netns_fd, struct err *e)
{
	auto_ip_vec struct ip_vec v = { 0 };
	struct lost lost = { .inside = NULL };
	struct link_info link;
	char name[IFNAMSIZ];
	bool there;
	int rc;

	net_ifname(id, name);
	link_mac(id, lost.mac);
	if (net_rt(n, e) < 0 || ip_vec_parse(&v, ips, e) < 0 || antispoof_ensure(n, e) < 0 || net_acct_ensure(n, e) < 0)
		return -e->code;
	rc = link_find(&n->rt, 0, name, &link, e);
	there = rc > 0;
	if (rc < 0 || (!there && rename_back(&n->rt, &lost, name, &there, e) < 0))
		return -e->code;
	if (!there)
		return heal_pair(n, id, ips, netns_fd, e);
	return neigh_up(n, &v, e) < 0 ? -e->code : heal_routes(n, id, &v, e);
}

/* --- a bridged one --- */

int net_veth_fault(struct net *n, const struct net_if *f, int netns_fd, char *text, size_t size, struct err *e)
{
	struct link_info link, master;
	int rc;

	text[0] = '\0';
	if (f->macvlan[0])
		return macvlan_fault(n, f, netns_fd, text, size, e);
	if (net_rt(n, e) < 0)
		return -e->code;
	rc = link_find(&n->rt, 0, f->host_ifname, &link, e);
	if (rc < 0)
		return rc;
	if (!rc)
		return str_fmt(text, size, "interface %s does not exist", f->host_ifname);
	if (!link.up)
		return str_fmt(text, size, "interface %s is down", f->host_ifname);
	if (!f->bridge[0])
		return 0;
	rc = link_find(&n->rt, 0, f->bridge, &master, e);
	if (rc < 0)
		return rc;
	if (!rc)
		return str_fmt(text, size, "bridge %s of %s does not exist", f->bridge, f->host_ifname);
	if (str_eq(master.kind, "bridge") && link.master != master.index)
		return str_fmt(text, size, "%s is no port of bridge %s", f->host_ifname, f->bridge);
	return master.up ? 0 : str_fmt(text, size, "bridge %s of %s is down", f->bridge, f->host_ifname);
}

int net_veth_heal(struct net *n, unsigned id, const struct net_if *f, int netns_fd, struct err *e)
{
	struct lost lost = { .id = id, .inside = f->ifname };
	bool found;

	if (f->macvlan[0])
		return macvlan_heal(n, f, netns_fd, e);
	if (net_rt(n, e) < 0)
		return -e->code;
	if (!link_index(&n->rt, f->host_ifname) && rename_back(&n->rt, &lost, f->host_ifname, &found, e) < 0)
		return -e->code;
	return net_veth_set(n, id, f, f, netns_fd, e);
}
