/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The types behind NETIF, NETDEV and their options, and what stored values and a change make together. */
#include "net/netif_param.h"

#include <errno.h>
#include <string.h>

#include "net/netif.h"
#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"

#define BLANKS " \t\n"

static void auto_list_(struct str_list *l)
{
	str_list_clear(l);
}
#define auto_list __attribute__((cleanup(auto_list_)))

/* --- NETIF --- */

/* "eth0,00:18:51:...,veth101.0,00:18:51:...,br0": each but the first may be empty or left out. */
static int parse_positional(const char *word, struct net_if *ret, struct err *e)
{
	static const char *const order[] = { "ifname", "mac", "host_ifname", "host_mac", "bridge" };
	auto_free char *copy = strdup(word);
	char *rest = copy, *val;
	struct net_if f = { 0 };
	size_t i = 0;

	if (!copy)
		return err_set(e, ENOMEM, "interface");
	while ((val = strsep(&rest, ","))) {
		if (i == ARRAY_SIZE(order))
			return err_say(e, EINVAL, "'%.80s': want ifname[,mac,host_ifname,host_mac,bridge]", word);
		if ((!i || *val) && net_if_set(&f, order[i], val, e) < 0)
			return -e->code;
		i++;
	}
	*ret = f;
	return 0;
}

static int netif_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	auto_list struct str_list words = { 0 }, out = { 0 };
	struct net_if f;

	(void)p;
	if (str_list_copy(&out, field, e) < 0 || str_list_split(&words, text, src == PARAM_CLI ? BLANKS : ";", e) < 0)
		return -e->code;
	if (src == PARAM_CLI && !words.n)
		return err_say(e, EINVAL, "no interface named");
	for (size_t i = 0; i < words.n; i++) {
		char *word = str_trim(words.v[i]);

		if (!*word)
			continue;
		/* as it is stored is as good: what was read may be given back */
		if ((src == PARAM_CLI && !strchr(word, '=') ? parse_positional(word, &f, e) : net_if_parse(word, &f, e)) < 0 ||
		    net_if_put(&out, &f, e) < 0)
			return -e->code;
	}
	out.set = true;
	SWAP(*(struct str_list *)field, out);
	return 0;
}

static void netif_print(const struct param *p, const void *field, struct buf *b)
{
	const struct str_list *l = field;

	(void)p;
	for (size_t i = 0; i < l->n; i++)
		buf_addf(b, "%s%s", i ? ";" : "", l->v[i]);
}

static int parse_names(const char *text, struct str_list *l, bool (*ok)(const char *name), struct err *e)
{
	auto_list struct str_list words = { 0 }, out = { 0 };

	if (str_list_split(&words, text, BLANKS, e) < 0 || str_list_copy(&out, l, e) < 0)
		return -e->code;
	for (size_t i = 0; i < words.n; i++) {
		if (!ok(words.v[i]))
			return err_say(e, EINVAL, "'%.40s' is no interface for this", words.v[i]);
		if (!str_list_has(&out, words.v[i]) && str_list_add(&out, words.v[i], e) < 0)
			return -e->code;
	}
	out.set = true;
	SWAP(*l, out);
	return 0;
}

static int netif_del_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	(void)p;
	(void)src;
	return parse_names(text, field, net_if_name_ok, e);
}

/* The option's name is the key. */
static int netif_edit_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	struct net_if f = { 0 };
	struct str_list *l = field;

	(void)src;
	if (net_if_set(&f, p->opt, text, e) < 0)
		return -e->code;
	buf_addf(&b, "%s=%s", p->opt, text);
	if (buf_failed(&b) || str_list_add(l, b.s, e) < 0)
		return err_set(e, ENOMEM, "interface");
	l->set = true;
	return 0;
}

const struct param_type net_type_netif = {
	.name = "interfaces", .size = sizeof(struct str_list), .parse = netif_parse, .print = netif_print,
	.is_set = net_list_is_set, .equal = net_list_equal, .copy = net_list_copy, .done = net_list_done,
};

const struct param_type net_type_netif_del = {
	.name = "interface or all", .size = sizeof(struct str_list), .parse = netif_del_parse, .print = net_list_print,
	.is_set = net_list_is_set, .equal = net_list_equal, .copy = net_list_copy, .done = net_list_done,
};

const struct param_type net_type_netif_edit = {
	.name = "part of an interface", .size = sizeof(struct str_list), .parse = netif_edit_parse, .print = net_list_print,
	.is_set = net_list_is_set, .equal = net_list_equal, .copy = net_list_copy, .done = net_list_done,
};

bool net_conf_has_netif(const struct net_conf *c)
{
	return c->netif.set || c->netif_del.set || c->netif_edit.set;
}

static void over_name(char dst[IFNAMSIZ], const char *src)
{
	if (src[0])
		memcpy(dst, src, IFNAMSIZ);
}

/* What @f says over what @old had. */
static void overlay(struct net_if *f, const struct net_if *old)
{
	struct net_if sum = *old;

	over_name(sum.bridge, f->bridge);
	over_name(sum.host_ifname, f->host_ifname);
	if (f->has_mac)
		memcpy(sum.mac, f->mac, sizeof(sum.mac));
	if (f->has_host_mac)
		memcpy(sum.host_mac, f->host_mac, sizeof(sum.host_mac));
	sum.has_mac |= f->has_mac;
	sum.has_host_mac |= f->has_host_mac;
	if (f->filter)
		sum.filter = f->filter;
	if (f->guard)
		sum.guard = f->guard;
	if (f->vlan)
		sum.vlan = f->vlan;
	if (f->mtu)
		sum.mtu = f->mtu;
	over_name(sum.macvlan, f->macvlan);
	if (f->trunk[0])
		memcpy(sum.trunk, f->trunk, sizeof(sum.trunk));
	if (f->ip_filter[0])
		memcpy(sum.ip_filter, f->ip_filter, sizeof(sum.ip_filter));
	*f = sum;
}

static bool is_deleted(const struct net_conf *change, const char *ifname)
{
	return str_list_has(&change->netif_del, "all") || str_list_has(&change->netif_del, ifname);
}

int net_conf_complete(struct net_conf *change, const struct net_conf *base, unsigned id, struct err *e)
{
	auto_list struct str_list out = { 0 };
	struct net_if f, old;

	for (size_t i = 0; i < change->netif.n; i++) {
		if (net_if_parse(change->netif.v[i], &f, e) < 0)
			return -e->code;
		if (!is_deleted(change, f.ifname) && net_if_find(&base->netif, f.ifname, &old) >= 0)
			overlay(&f, &old);
		if (net_if_fill(&f, id, true, e) < 0 || net_if_put(&out, &f, e) < 0)
			return -e->code;
	}
	out.set = change->netif.set;
	SWAP(change->netif, out);
	return 0;
}

/* --- merging --- */

static int one_edit(struct str_list *l, const char *ifname, char *edit, struct err *e)
{
	char *val = edit ? strchr(edit, '=') : NULL;
	struct net_if f;
	int rc;

	if (net_if_find(l, ifname, &f) < 0)
		return err_say(e, ENOENT, "Invalid usage: veth device %s is not configured, use --netif_add option first",
			       ifname);
	if (!val)
		return err_say(e, EINVAL, "an option without a value for %s", ifname);
	*val = '\0';
	rc = net_if_set(&f, edit, val + 1, e);
	*val = '=';
	return rc < 0 ? rc : net_if_put(l, &f, e);
}

/* Each --ifname is for what follows it; what precedes the first is for that one too. */
static int edit_all(struct str_list *l, const struct str_list *edits, struct err *e)
{
	const char *ifname = NULL;

	for (size_t i = 0; i < edits->n && !ifname; i++)
		ifname = str_starts(edits->v[i], "ifname=") ? edits->v[i] + strlen("ifname=") : NULL;
	if (edits->n && !ifname)
		return err_say(e, ENODATA, "Invalid usage.  Option --ifname not specified");
	for (size_t i = 0; i < edits->n; i++) {
		if (str_starts(edits->v[i], "ifname="))
			ifname = edits->v[i] + strlen("ifname=");
		if (one_edit(l, ifname, edits->v[i], e) < 0)
			return -e->code;
	}
	return 0;
}

static int check_unique(const struct str_list *l, struct err *e)
{
	struct net_if a, b;

	for (size_t i = 0; i < l->n; i++) {
		if (net_if_parse(l->v[i], &a, e) < 0 || net_if_check(&a, e) < 0)
			return -e->code;
		for (size_t k = i + 1; a.host_ifname[0] && k < l->n; k++) {
			if (net_if_parse(l->v[k], &b, e) < 0)
				return -e->code;
			if (str_eq(a.host_ifname, b.host_ifname))
				return err_say(e, EEXIST, "interfaces %s and %s would both be %s on the host: give one "
					       "another host_ifname", a.ifname, b.ifname, a.host_ifname);
		}
	}
	return 0;
}

int net_conf_merge_netif(const struct net_conf *base, const struct net_conf *change, struct str_list *ret, struct err *e)
{
	auto_list struct str_list l = { 0 };
	struct net_if f;

	str_list_clear(ret);
	if (!str_list_has(&change->netif_del, "all") && str_list_copy(&l, &base->netif, e) < 0)
		return -e->code;
	for (size_t i = 0; i < change->netif_del.n; i++)
		net_if_del(&l, change->netif_del.v[i]);
	for (size_t i = 0; i < change->netif.n; i++) {
		if (net_if_parse(change->netif.v[i], &f, e) < 0 || net_if_put(&l, &f, e) < 0)
			return -e->code;
	}
	if (edit_all(&l, &change->netif_edit, e) < 0 || check_unique(&l, e) < 0)
		return -e->code;
	l.set |= net_conf_has_netif(change);
	SWAP(*ret, l);
	return 0;
}

/* --- NETDEV --- */

static bool netdev_ok(const char *name)
{
	return net_if_name_ok(name) && !str_starts(name, "venet") && !str_starts(name, "tun") && !str_starts(name, "tap") &&
	       !str_starts(name, "lo");
}

static int netdev_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	(void)p;
	(void)src;
	return parse_names(text, field, netdev_ok, e);
}

const struct param_type net_type_netdev = {
	.name = "interfaces of the host", .size = sizeof(struct str_list), .parse = netdev_parse, .print = net_list_print,
	.is_set = net_list_is_set, .equal = net_list_equal, .copy = net_list_copy, .done = net_list_done,
};

bool net_conf_has_netdev(const struct net_conf *c)
{
	return c->netdev.set || c->netdev_del.set;
}

int net_conf_merge_netdev(const struct net_conf *base, const struct net_conf *change, struct str_list *ret, struct err *e)
{
	auto_list struct str_list l = { 0 };

	str_list_clear(ret);
	if (str_list_copy(&l, &base->netdev, e) < 0)
		return -e->code;
	for (size_t i = 0; i < change->netdev_del.n; i++)
		str_list_del(&l, change->netdev_del.v[i]);
	for (size_t i = 0; i < change->netdev.n; i++) {
		if (!str_list_has(&l, change->netdev.v[i]) && str_list_add(&l, change->netdev.v[i], e) < 0)
			return -e->code;
	}
	l.set |= net_conf_has_netdev(change);
	SWAP(*ret, l);
	return 0;
}
