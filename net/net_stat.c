/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic of containers, read from the host's ends of their links and turned round. */
#include "net/net_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "util/str.h"

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

/* --- all of them -------------------------------------------------------------------------------------------------
 * Figures alone are dumped every time (0.6 ms for 2,000 links); whose they are, which costs 20 times as much with all that a link
 * has to say, only when a link is there that was not before, and now and then: an alias may come after its link.
 */
#define OWNERS_AGE 10

struct net_owner { unsigned index, id; char inside[IFNAMSIZ]; };	/* id 0: nobody's */
struct net_owners { struct net_owner *v; size_t n, size; unsigned age; };

struct figure { unsigned index; struct net_stat st; };
struct figures { struct figure *v; size_t n, size; };

static void figures_done(struct figures *f)
{
	free(f->v);
}

void net_owners_free(struct net_owners *o)
{
	if (o)
		free(o->v);
	free(o);
}

static void figures_restart(void *arg)
{
	((struct figures *)arg)->n = 0;
}

static void owners_restart(void *arg)
{
	((struct net_owners *)arg)->n = 0;
}

/* Room for one more. */
static int grow(void **v, size_t n, size_t *size, size_t item)
{
	void *more;

	if (n < *size)
		return 0;
	more = reallocarray(*v, *size + 256, item);
	if (!more)
		return -ENOMEM;
	*v = more;
	*size += 256;
	return 0;
}

/* "vz ID NAME ...", as vport.c writes it. */
static bool alias_owner(const char *alias, struct net_owner *o)
{
	char *end;
	unsigned long id;

	if (!str_starts(alias, "vz ") || alias[3] < '0' || alias[3] > '9')
		return false;
	id = strtoul(alias + 3, &end, 10);
	if (!id || id > UINT32_MAX || *end != ' ')
		return false;
	o->id = (unsigned)id;
	return str_fmt(o->inside, sizeof(o->inside), "%.*s", (int)strcspn(end + 1, " "), end + 1) == 0;
}

static const char *attr_text(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0 ? "" : mnl_attr_get_str(attr);
}

static int owner_answer(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct net_owners *l = arg;
	struct net_owner o = { 0 };
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return 0;
	o.index = (unsigned)ifi->ifi_index;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		unsigned type = mnl_attr_get_type(attr);

		if (type == IFLA_IFNAME && link_id(attr_text(attr), &o.id))
			str_copy(o.inside, sizeof(o.inside), NET_INSIDE);
		else if (type == IFLA_IFALIAS && !o.id)
			alias_owner(attr_text(attr), &o);
	}
	if (grow((void **)&l->v, l->n, &l->size, sizeof(*l->v)) < 0)
		return -ENOMEM;
	l->v[l->n++] = o;
	return 1;
}

static int figure_answer(const struct nlmsghdr *nlh, void *arg)
{
	const struct if_stats_msg *m = mnl_nlmsg_get_payload(nlh);
	struct figures *l = arg;
	struct figure f = { 0 };

	if (nlh->nlmsg_type != RTM_NEWSTATS || mnl_nlmsg_get_payload_len(nlh) < sizeof(*m))
		return 0;
	f.index = m->ifindex;
	stat_answer(nlh, &f.st);
	if (grow((void **)&l->v, l->n, &l->size, sizeof(*l->v)) < 0)
		return -ENOMEM;
	l->v[l->n++] = f;
	return 1;
}

static int by_index(const void *a, const void *b)
{
	const struct net_owner *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

static int dump(struct net *n, bool figures, void *arg, struct err *e)
{
	_Alignas(8) char buf[128] = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	int rc;

	nlh->nlmsg_type = figures ? RTM_GETSTATS : RTM_GETLINK;
	if (figures) {
		struct if_stats_msg *m = mnl_nlmsg_put_extra_header(nlh, sizeof(*m));

		m->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
		rc = nl_dump(&n->rt, nlh, figure_answer, figures_restart, arg, e);
	} else {
		mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		rc = nl_dump(&n->rt, nlh, owner_answer, owners_restart, arg, e);
	}
	return rc < 0 && !e->code ? err_set(e, -rc, "list interfaces") : MIN(rc, 0);
}

static const struct net_owner *owner_of(const struct net_owners *o, unsigned index)
{
	const struct net_owner key = { .index = index };

	return o->n ? bsearch(&key, o->v, o->n, sizeof(*o->v), by_index) : NULL;
}

static bool all_known(const struct net_owners *o, const struct figures *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (!owner_of(o, f->v[i].index))
			return false;
	return true;
}

static int owners_refresh(struct net *n, const struct figures *f, struct err *e)
{
	if (!n->owners)
		n->owners = calloc(1, sizeof(*n->owners));
	if (!n->owners)
		return err_set(e, ENOMEM, "list interfaces");
	if (n->owners->n && n->owners->age++ < OWNERS_AGE && all_known(n->owners, f))
		return 0;
	n->owners->n = n->owners->age = 0;
	if (dump(n, false, n->owners, e) < 0) {
		n->owners->n = 0;
		return -e->code;
	}
	if (n->owners->n)
		qsort(n->owners->v, n->owners->n, sizeof(*n->owners->v), by_index);
	return 0;
}

int net_stat_all(struct net *n, net_stat_cb *cb, void *arg, struct err *e)
{
	__attribute__((cleanup(figures_done))) struct figures f = { 0 };
	int rc = net_rt(n, e);

	if (rc < 0 || dump(n, true, &f, e) < 0 || owners_refresh(n, &f, e) < 0)
		return -e->code;
	for (size_t i = 0; i < f.n && rc >= 0; i++) {
		const struct net_owner *o = owner_of(n->owners, f.v[i].index);

		if (o && o->id)
			rc = cb(arg, o->id, o->index, o->inside, &f.v[i].st);
	}
	return rc < 0 && !e->code ? err_set(e, -rc, "interfaces of containers") : MIN(rc, 0);
}
/* "Ip6InOctets                     \t1234" */
static uint64_t figure(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; p; p = strchr(p, '\n'), p = p ? p + 1 : NULL)
		if (!strncmp(p, key, len) && (p[len] == ' ' || p[len] == '\t'))
			return strtoull(p + len, NULL, 10);
	return 0;
}

/* Kernels before 6.8 have no OutTransmits: there what is forwarded and what is the host's own are counted apart. */
void net_stat6_parse(const char *text, struct net_stat *ret)
{
	uint64_t out = figure(text, "Ip6OutTransmits");

	*ret = (struct net_stat){
		.rx_bytes = figure(text, "Ip6OutOctets"), .tx_bytes = figure(text, "Ip6InOctets"),
		.rx_packets = out ? out : figure(text, "Ip6OutRequests") + figure(text, "Ip6OutForwDatagrams"),
		.tx_packets = figure(text, "Ip6InReceives"),
	};
}

int net_stat6(unsigned id, struct net_stat *ret, struct err *e)
{
	auto_buf struct buf b = { .cap = 65536 };
	char name[IFNAMSIZ], path[64];

	net_ifname(id, name);
	if (str_fmt(path, sizeof(path), "/proc/net/dev_snmp6/%s", name) < 0)
		return err_say(e, ENAMETOOLONG, "%s", name);
	if (fio_read_at(AT_FDCWD, path, &b, e) < 0) {
		if (e->code != ENOENT)
			return -e->code;
		err_clear(e);			/* IPv6 is off on that interface */
	}
	net_stat6_parse(buf_str(&b), ret);
	return 0;
}
