/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of a running container: given and taken while it works, or left exactly as they were. */
#include "net/net_priv.h"

#include <errno.h>

#include "net/acct.h"
#include "util/err.h"

struct change {
	struct net *n;
	unsigned id, ifindex;
	int netns_fd;
	struct ip_vec add, del;		/* as asked */
	struct ip_vec come, go;		/* host side: really new, really leaving */
};

static void change_done(struct change *c)
{
	ip_vec_done(&c->add);
	ip_vec_done(&c->del);
	ip_vec_done(&c->come);
	ip_vec_done(&c->go);
}

static int change_have(unsigned ifindex, const struct net_ip *ip, void *arg)
{
	struct err e = { 0 };

	(void)ifindex;
	return ip_vec_routed(arg, ip) ? 0 : ip_vec_add(arg, ip, &e);
}

/* What the host has to do: an address that only changes its prefix, or is there already, is no business of it. */
static int change_plan(struct change *c, struct err *e)
{
	auto_ip_vec struct ip_vec have = { 0 };

	if (route_each(&c->n->rt, c->ifindex, change_have, &have, e) < 0)
		return -e->code;
	for (size_t i = 0; i < c->add.n; i++) {
		if (ip_vec_first(&c->add, i) && !ip_vec_routed(&have, &c->add.ip[i]) &&
		    ip_vec_add(&c->come, &c->add.ip[i], e) < 0)
			return -e->code;
	}
	for (size_t i = 0; i < c->del.n; i++) {
		if (ip_vec_first(&c->del, i) && !ip_vec_routed(&c->add, &c->del.ip[i]) &&
		    ip_vec_add(&c->go, &c->del.ip[i], e) < 0)
			return -e->code;
	}
	return 0;
}

static int change_routes(struct change *c, bool add, const struct ip_vec *v, struct err *e)
{
	struct nl_batch b;
	uint8_t mac[6];

	link_mac(c->id, mac);
	nl_batch_begin(&b, &c->n->rt, e);
	for (size_t i = 0; i < v->n; i++) {
		route_put_host(&b, add, c->ifindex, &v->ip[i], v->text[i]);
		route_put_neighbour(&b, add, c->ifindex, &v->ip[i], mac);
	}
	return nl_batch_end(&b) < 0 ? venet_route_error(c->n, c->id, &b, v, e) : 0;
}

static int change_come(struct change *c, struct err *e)
{
	if (neigh_up(c->n, &c->come, e) < 0 || change_routes(c, true, &c->come, e) < 0)
		return -e->code;
	return antispoof_change(c->n, c->id, true, &c->come, e);
}

/* Takes back what change_come() did, however far it got. Another's route to one of the addresses is not ours: by ifindex. */
static void change_uncome(struct change *c)
{
	struct err e = { 0 };

	change_routes(c, false, &c->come, &e);
	err_clear(&e);
	antispoof_change(c->n, c->id, false, &c->come, &e);
	err_clear(&e);
	neigh_down(c->n, &c->come, &e);
}

static int change_inside(struct change *c, struct err *e)
{
	return inside_change(c->netns_fd, &c->add, &c->del, e);
}

static int change_go(struct change *c, struct err *e)
{
	if (change_routes(c, false, &c->go, e) < 0 || antispoof_change(c->n, c->id, false, &c->go, e) < 0)
		return -e->code;
	return neigh_down(c->n, &c->go, e);
}

static void change_ungo(struct change *c)
{
	struct err e = { 0 };

	neigh_up(c->n, &c->go, &e);
	err_clear(&e);
	change_routes(c, true, &c->go, &e);
	err_clear(&e);
	antispoof_change(c->n, c->id, true, &c->go, &e);
	err_clear(&e);
	inside_change(c->netns_fd, &c->del, &c->add, &e);
}

static int change_run(struct change *c, struct err *e)
{
	if (change_come(c, e) == 0 && change_inside(c, e) == 0) {
		if (change_go(c, e) == 0)
			return 0;
		change_ungo(c);
	}
	change_uncome(c);
	return -e->code;
}

int net_again(int netns_fd, const struct str_list *ips, struct err *e)
{
	auto_ip_vec struct ip_vec v = { 0 };
	const struct ip_vec none = { 0 };

	return ip_vec_parse(&v, ips, e) < 0 ? -e->code : inside_change(netns_fd, &v, &none, e);
}

int net_change(struct net *n, unsigned id, int netns_fd, const struct str_list *add, const struct str_list *del,
	       struct err *e)
{
	__attribute__((cleanup(change_done))) struct change c = { .n = n, .id = id, .netns_fd = netns_fd };
	char name[IFNAMSIZ];

	net_ifname(id, name);
	if (ip_vec_parse(&c.add, add, e) < 0 || ip_vec_parse(&c.del, del, e) < 0)
		return -e->code;
	if (net_rt(n, e) < 0 || antispoof_ensure(n, e) < 0 || net_acct_ensure(n, e) < 0)
		return -e->code;
	c.ifindex = link_index(&n->rt, name);
	if (!c.ifindex)
		return err_say(e, ENODEV, "interface %s does not exist: the container has no network until it is "
			       "restarted", name);
	return change_plan(&c, e) < 0 ? -e->code : change_run(&c, e);
}
