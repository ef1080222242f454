/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic of containers, read from the host's ends of their links and turned round. */
#include "net/net_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "util/auto.h"
#include "util/err.h"

/* What the host's end sends, the container receives. */
static void turn_round(const struct rtnl_link_stats64 *st, struct net_stat *ret)
{
	*ret = (struct net_stat){
		.rx_bytes = st->tx_bytes, .rx_packets = st->tx_packets, .rx_drops = st->tx_dropped,
		.tx_bytes = st->rx_bytes, .tx_packets = st->rx_packets, .tx_drops = st->rx_dropped,
	};
}

static int stat_answer(const struct nlmsghdr *nlh, void *arg)
{
	struct rtnl_link_stats64 st = { 0 };
	struct net_stat *ret = arg;
	const struct nlattr *attr;
	size_t len;

	mnl_attr_for_each(attr, nlh, sizeof(struct if_stats_msg)) {
		if (mnl_attr_get_type(attr) != IFLA_STATS_LINK_64)
			continue;
		len = mnl_attr_get_payload_len(attr);
		memcpy(&st, mnl_attr_get_payload(attr), len < sizeof(st) ? len : sizeof(st));
	}
	turn_round(&st, ret);
	return 0;
}

int net_stat(struct net *n, unsigned id, struct net_stat *ret, struct err *e)
{
	_Alignas(8) char buf[64] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct if_stats_msg *m;
	char name[IFNAMSIZ];
	unsigned ifindex;

	if (net_rt(n, e) < 0)
		return -e->code;
	net_ifname(id, name);
	ifindex = link_index(&n->rt, name);
	if (!ifindex)
		return err_say(e, ENODEV, "interface %s does not exist", name);
	nlh->nlmsg_type = RTM_GETSTATS;
	m = mnl_nlmsg_put_extra_header(nlh, sizeof(*m));
	m->ifindex = ifindex;
	m->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
	return nl_ask(&n->rt, nlh, stat_answer, ret, name, e);
}

/* --- all of them ------------------------------------------------------------------------------------------------- */
struct all_one { unsigned id, index; char inside[IFNAMSIZ]; struct net_stat st; };
struct all { struct all_one *v; size_t n, size; };

static void all_done(struct all *a)
{
	free(a->v);
}

static void all_restart(void *arg)
{
	((struct all *)arg)->n = 0;
}

static int all_add(struct all *a, const struct all_one *o)
{
	struct all_one *more;

	if (a->n == a->size) {
		more = reallocarray(a->v, a->size + 256, sizeof(*more));
		if (!more)
			return -ENOMEM;
		a->v = more;
		a->size += 256;
	}
	a->v[a->n++] = *o;
	return 0;
}

/* "vz ID NAME", as veth.c writes it. */
static bool alias_owner(const char *alias, struct all_one *o)
{
	char *end;
	unsigned long id;

	if (!str_starts(alias, "vz ") || alias[3] < '0' || alias[3] > '9')
		return false;
	id = strtoul(alias + 3, &end, 10);
	if (!id || id > UINT32_MAX || *end != ' ')
		return false;
	o->id = (unsigned)id;
	return str_copy(o->inside, sizeof(o->inside), end + 1) == 0;
}

static const char *attr_text(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0 ? "" : mnl_attr_get_str(attr);
}

static int all_answer(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct rtnl_link_stats64 st = { 0 };
	struct all_one o = { 0 };
	const struct nlattr *attr;
	size_t len;

	if (nlh->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return 0;
	o.index = (unsigned)ifi->ifi_index;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			if (link_id(attr_text(attr), &o.id))
				str_copy(o.inside, sizeof(o.inside), NET_INSIDE);
			break;
		case IFLA_IFALIAS: alias_owner(attr_text(attr), &o); break;
		case IFLA_STATS64:
			len = mnl_attr_get_payload_len(attr);
			memcpy(&st, mnl_attr_get_payload(attr), len < sizeof(st) ? len : sizeof(st));
			break;
		default: break;
		}
	}
	turn_round(&st, &o.st);
	return o.id ? all_add(arg, &o) : 0;
}

int net_stat_all(struct net *n, net_stat_cb *cb, void *arg, struct err *e)
{
	__attribute__((cleanup(all_done))) struct all a = { 0 };
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	int rc = net_rt(n, e);

	if (rc < 0)
		return rc;
	nlh->nlmsg_type = RTM_GETLINK;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	rc = nl_dump(&n->rt, nlh, all_answer, all_restart, &a, e);
	if (rc < 0)
		return e->code ? rc : err_set(e, -rc, "list interfaces");
	for (size_t i = 0; i < a.n && rc == 0; i++)	/* not before the dump is whole: it may begin anew */
		rc = cb(arg, a.v[i].id, a.v[i].index, a.v[i].inside, &a.v[i].st);
	return rc < 0 && !e->code ? err_set(e, -rc, "interfaces of containers") : MIN(rc, 0);
}
