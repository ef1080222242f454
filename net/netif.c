/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NETIF: one bridged interface as text and back. Keys come in any order and leave in OpenVZ's; keys of other versions are
 * kept. Lists hold entries in that printed form. Which rows and options there are is netif_param.c.
 */
#include "net/netif.h"
#include "net/net.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/num.h"
#include "util/str.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.@"
#define DIGITS "0123456789"
#define ENTRY_MAX 512
#define VLAN_LAST 4094
#define MTU_FIRST 68		/* of IPv4; IPv6 needs 1280 */
#define MTU_LAST 65535

bool net_if_name_ok(const char *name)
{
	return name[0] && strlen(name) < IFNAMSIZ && !name[strspn(name, NAME_CHARS)] && !str_eq(name, ".") &&
	       !str_eq(name, "..") && !str_eq(name, "lo");
}

/* --- values --- */

static int set_name(char dst[IFNAMSIZ], const char *val, const char *what, struct err *e)
{
	if (!net_if_name_ok(val))
		return err_say(e, EINVAL, "'%.40s' cannot be %s: up to %d letters, digits and any of _-.@", val, what,
			       IFNAMSIZ - 1);
	return str_copy(dst, IFNAMSIZ, val);
}

static int set_ifname(struct net_if *f, const char *val, struct err *e)
{
	if (str_starts(val, "venet"))
		return err_say(e, EINVAL, "%s is the name of the routed interface: choose another", val);
	return set_name(f->ifname, val, "the name of an interface", e);
}

static int set_host_ifname(struct net_if *f, const char *val, struct err *e)
{
	/* vz101, vz-101: names that the firewall takes for routed interfaces */
	if (val[0] == 'v' && val[1] == 'z' && val[2] && strchr("-./" DIGITS, val[2]))
		return err_say(e, EINVAL, "%.20s: host interfaces named vzNUMBER belong to routed containers", val);
	return set_name(f->host_ifname, val, "the name of an interface", e);
}

static int set_bridge(struct net_if *f, const char *val, struct err *e)
{
	if (!val[0]) {
		f->bridge[0] = '\0';
		return 0;
	}
	return set_name(f->bridge, val, "the name of a bridge", e);
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return !at ? -1 : at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

static int set_hwaddr(uint8_t mac[6], bool *has, const char *val, struct err *e)
{
	uint8_t got[6] = { 0 }, any = 0;
	const char *s = val;

	for (int i = 0; i < 6; i++) {
		int hi = hex(s[0]), lo = hi < 0 ? -1 : hex(s[1]);

		if (hi < 0 || (i && s[-1] != ':'))
			return err_say(e, EINVAL, "'%.40s' is no hardware address: want 00:18:51:xx:xx:xx", val);
		got[i] = (uint8_t)(lo < 0 ? hi : hi << 4 | lo);
		any |= got[i];
		s += lo < 0 ? 1 : 2;
		if (i < 5 && *s)
			s++;
	}
	if (*s)
		return err_say(e, EINVAL, "'%.40s' is no hardware address: want 00:18:51:xx:xx:xx", val);
	if (!any || (got[0] & 1))
		return err_say(e, EINVAL, "%s cannot be the hardware address of an interface", val);
	memcpy(mac, got, sizeof(got));
	*has = true;
	return 0;
}

static int set_mac(struct net_if *f, const char *val, struct err *e)
{
	return set_hwaddr(f->mac, &f->has_mac, val, e);
}

static int set_host_mac(struct net_if *f, const char *val, struct err *e)
{
	return set_hwaddr(f->host_mac, &f->has_host_mac, val, e);
}

static int set_filter(struct net_if *f, const char *val, struct err *e)
{
	if (!str_eq(val, "on") && !str_eq(val, "off"))
		return err_say(e, EINVAL, "mac_filter is on or off, not '%.40s'", val);
	f->filter = str_eq(val, "on") ? NET_FILTER_ON : NET_FILTER_OFF;
	return 0;
}

static int set_guard(struct net_if *f, const char *val, struct err *e)
{
	if (!str_eq(val, "on") && !str_eq(val, "off"))
		return err_say(e, EINVAL, "guard is on or off, not '%.40s'", val);
	f->guard = str_eq(val, "on") ? NET_FILTER_ON : NET_FILTER_OFF;
	return 0;
}

static int set_macvlan(struct net_if *f, const char *val, struct err *e)
{
	if (!val[0]) {
		f->macvlan[0] = '\0';
		return 0;
	}
	return set_name(f->macvlan, val, "the name of an interface", e);
}

static int set_vlan(struct net_if *f, const char *val, struct err *e)
{
	uint64_t v = 0;

	if (val[0] && (num_u64(val, &v) < 0 || v > VLAN_LAST))
		return err_say(e, EINVAL, "'%.20s' is no VLAN: want 1 to %d, or 0 for none", val, VLAN_LAST);
	f->vlan = (uint16_t)v;
	return 0;
}

/* "10", "20-29"; the end of the number is looked for by the caller. */
static int vlan_range(const char *s, size_t len, unsigned *first, unsigned *last)
{
	char word[16], *dash;
	uint64_t a, b;

	if (len >= sizeof(word))
		return -EINVAL;
	memcpy(word, s, len);
	word[len] = '\0';
	dash = strchr(word, '-');
	if (dash)
		*dash++ = '\0';
	if (num_u64(word, &a) < 0 || num_u64(dash ? dash : word, &b) < 0 || !a || a > b || b > VLAN_LAST)
		return -EINVAL;
	*first = (unsigned)a;
	*last = (unsigned)b;
	return 0;
}

bool net_if_trunk(const struct net_if *f, const char **at, unsigned *first, unsigned *last)
{
	const char *s = *at ? *at : f->trunk;
	size_t len = strcspn(s, "+");

	if (!len || vlan_range(s, len, first, last) < 0)
		return false;
	*at = s + len + (s[len] == '+');
	return true;
}

static int set_trunk(struct net_if *f, const char *val, struct err *e)
{
	unsigned first, last;

	for (const char *s = val; *s; s += strcspn(s, "+"), s += *s == '+') {
		if (vlan_range(s, strcspn(s, "+"), &first, &last) < 0)
			return err_say(e, EINVAL, "'%.40s' are no VLANs: want 10+20-29, each of 1 to %d", val, VLAN_LAST);
	}
	return str_copy(f->trunk, sizeof(f->trunk), val) < 0 ?
		err_say(e, EINVAL, "more VLANs than fit into %zu characters: use ranges", sizeof(f->trunk) - 1) : 0;
}

static int set_mtu(struct net_if *f, const char *val, struct err *e)
{
	uint64_t v = 0;

	if (val[0] && (num_u64(val, &v) < 0 || (v && v < MTU_FIRST) || v > MTU_LAST))
		return err_say(e, EINVAL, "'%.20s' is no MTU: want %d to %d, or 0 for the bridge's", val, MTU_FIRST, MTU_LAST);
	f->mtu = (unsigned)v;
	return 0;
}

static int set_ip_filter(struct net_if *f, const char *val, struct err *e)
{
	char copy[NET_IPFILTER_MAX], *rest = copy, *word;
	struct net_ip ip;

	if (str_copy(copy, sizeof(copy), val) < 0)
		return err_say(e, EINVAL, "more addresses than fit into %zu characters of ip_filter", sizeof(copy) - 1);
	while (*val && (word = strsep(&rest, "+"))) {
		if (net_ip_parse(word, &ip, e) < 0)
			return -e->code;
		if (strchr(word, '/') || net_ip_is_any(&ip))
			return err_say(e, EINVAL, "ip_filter: '%s' is no single address", word);
	}
	return str_copy(f->ip_filter, sizeof(f->ip_filter), val);
}

static const struct {
	const char *key;
	int (*set)(struct net_if *f, const char *val, struct err *e);
} keys[] = {
	{ "ifname", set_ifname }, { "bridge", set_bridge }, { "mac", set_mac }, { "host_ifname", set_host_ifname },
	{ "host_mac", set_host_mac }, { "mac_filter", set_filter },
	{ "guard", set_guard }, { "macvlan", set_macvlan }, { "vlan", set_vlan }, { "trunk", set_trunk }, { "mtu", set_mtu },
	{ "ip_filter", set_ip_filter },
};

int net_if_set(struct net_if *f, const char *key, const char *val, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (str_eq(keys[i].key, key))
			return keys[i].set(f, val, e);
	}
	return err_say(e, ENOENT, "%.40s is no key of NETIF", key);
}

/* --- one entry --- */

static int keep(struct net_if *f, const char *word, struct err *e)
{
	size_t len = strlen(f->extra);

	if (str_has_ctrl(word) || str_fmt(f->extra + len, sizeof(f->extra) - len, "%s%s", len ? "," : "", word) < 0)
		return err_say(e, EINVAL, "too much, or control characters, in '%.40s'", word);
	return 0;
}

static int parse_word(struct net_if *f, char *word, struct err *e)
{
	char *eq = strchr(word, '=');
	int rc = -ENOENT;

	if (!*word)
		return 0;
	if (eq) {
		*eq = '\0';
		rc = net_if_set(f, word, eq + 1, e);
		*eq = '=';
	}
	if (rc != -ENOENT)
		return rc;
	err_clear(e);
	return keep(f, word, e);
}

int net_if_parse(const char *text, struct net_if *ret, struct err *e)
{
	struct net_if f = { 0 };
	char copy[ENTRY_MAX], *rest = copy, *word;

	if (str_copy(copy, sizeof(copy), text) < 0 || strchr(copy, ';'))
		return err_say(e, EINVAL, "'%.40s...' is no interface", text);
	while ((word = strsep(&rest, ","))) {
		if (parse_word(&f, str_trim(word), e) < 0)
			return -e->code;
	}
	if (!f.ifname[0])
		return err_say(e, EINVAL, "'%.60s' has no ifname=", text);
	*ret = f;
	return 0;
}

static void print_mac(struct buf *b, const char *key, const uint8_t mac[6])
{
	buf_addf(b, ",%s=%02X:%02X:%02X:%02X:%02X:%02X", key, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

void net_if_print(const struct net_if *f, struct buf *b)
{
	buf_addf(b, "ifname=%s", f->ifname);
	if (f->bridge[0])
		buf_addf(b, ",bridge=%s", f->bridge);
	if (f->has_mac)
		print_mac(b, "mac", f->mac);
	if (f->host_ifname[0])
		buf_addf(b, ",host_ifname=%s", f->host_ifname);
	if (f->has_host_mac)
		print_mac(b, "host_mac", f->host_mac);
	if (f->filter)
		buf_addf(b, ",mac_filter=%s", f->filter == NET_FILTER_ON ? "on" : "off");
	if (f->guard)
		buf_addf(b, ",guard=%s", f->guard == NET_FILTER_ON ? "on" : "off");
	if (f->macvlan[0])
		buf_addf(b, ",macvlan=%s", f->macvlan);
	if (f->vlan)
		buf_addf(b, ",vlan=%u", f->vlan);
	if (f->trunk[0])
		buf_addf(b, ",trunk=%s", f->trunk);
	if (f->mtu)
		buf_addf(b, ",mtu=%u", f->mtu);
	if (f->ip_filter[0])
		buf_addf(b, ",ip_filter=%s", f->ip_filter);
	if (f->extra[0])
		buf_addf(b, ",%s", f->extra);
}

bool net_if_guarded(const struct net_if *f)
{
	return f->filter != NET_FILTER_OFF && f->guard != NET_FILTER_OFF;
}

int net_if_check(const struct net_if *f, struct err *e)
{
	if (f->macvlan[0] && (f->bridge[0] || f->vlan || f->trunk[0] || f->ip_filter[0]))
		return err_say(e, EINVAL, "interface %s: with macvlan it is no port of a bridge: no bridge, vlan, trunk or "
			"ip_filter",
			       f->ifname);
	if (f->macvlan[0] && f->filter != NET_FILTER_OFF)
		return err_say(e, EINVAL, "interface %s: nothing can filter what a macvlan interface sends: allow it with "
			       "--mac_filter off, or use a bridge", f->ifname);
	if ((f->vlan || f->trunk[0] || f->ip_filter[0]) && !f->bridge[0])
		return err_say(e, EINVAL, "interface %s: vlan, trunk and ip_filter are for the port of a bridge: give one",
			f->ifname);
	if (f->ip_filter[0] && !net_if_guarded(f))
		return err_say(e, EINVAL, "interface %s: ip_filter works only with mac_filter and guard on", f->ifname);
	return 0;
}

/* --- what an entry leaves open --- */

/* FNV-1a: spreads, and is the same at every start of the same container on the same host. */
static uint32_t hash_more(uint32_t h, const void *p, size_t n)
{
	for (const uint8_t *c = p; n; n--, c++)
		h = (h ^ *c) * 16777619u;
	return h;
}

static int fill_mac(const struct net_if *f, unsigned id, bool random, int end, uint8_t mac[6], struct err *e)
{
	struct utsname host;
	uint32_t v;

	if (random) {
		if (getrandom(&v, sizeof(v), 0) != (ssize_t)sizeof(v))
			return err_set(e, errno, "random hardware address");
	} else {
		v = uname(&host) < 0 ? 0 : hash_more(2166136261u, host.nodename, strlen(host.nodename));
		v = hash_more(v, &id, sizeof(id));
		v = hash_more(v, f->ifname, strlen(f->ifname));
		v = hash_more(v, &end, sizeof(end));
	}
	mac[0] = 0x00;
	mac[1] = 0x18;
	mac[2] = 0x51;
	mac[3] = (uint8_t)(v >> 16);
	mac[4] = (uint8_t)(v >> 8);
	mac[5] = (uint8_t)v;
	return 0;
}

/* "eth0" -> "0", "eth1.20" -> "20", "lan" -> "0" */
static const char *number_of(const char *ifname)
{
	const char *s = ifname + strlen(ifname);

	while (s > ifname && strchr(DIGITS, s[-1]))
		s--;
	return *s ? s : "0";
}

int net_if_fill(struct net_if *f, unsigned id, bool random, struct err *e)
{
	if (!f->host_ifname[0] &&
	    str_fmt(f->host_ifname, sizeof(f->host_ifname), "veth%u.%s", id, number_of(f->ifname)) < 0) {
		f->host_ifname[0] = '\0';
		return err_say(e, ENAMETOOLONG, "veth%u.%s is too long for an interface: give a host_ifname", id,
			       number_of(f->ifname));
	}
	if (!f->has_mac && fill_mac(f, id, random, 0, f->mac, e) < 0)
		return -e->code;
	if (!f->has_host_mac && fill_mac(f, id, random, 1, f->host_mac, e) < 0)
		return -e->code;
	f->has_mac = f->has_host_mac = true;
	return 0;
}

/* --- lists --- */

int net_if_find(const struct str_list *l, const char *ifname, struct net_if *ret)
{
	struct err e = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		if (net_if_parse(l->v[i], ret, &e) == 0 && str_eq(ret->ifname, ifname))
			return (int)i;
		err_clear(&e);
	}
	return -ENOENT;
}

int net_if_put(struct str_list *l, const struct net_if *f, struct err *e)
{
	auto_buf struct buf b = BUF_INIT;
	struct net_if old;
	char *text;
	int i = net_if_find(l, f->ifname, &old);

	net_if_print(f, &b);
	if (buf_failed(&b) || b.len >= ENTRY_MAX)
		return err_say(e, buf_failed(&b) ? ENOMEM : EINVAL, "interface %s: its entry is too long", f->ifname);
	if (i < 0)
		return str_list_add(l, b.s, e);
	text = buf_take(&b);
	free(l->v[i]);
	l->v[i] = text;
	return 0;
}

void net_if_del(struct str_list *l, const char *ifname)
{
	struct net_if f;
	int i = net_if_find(l, ifname, &f);

	if (i < 0)
		return;
	free(l->v[i]);
	memmove(&l->v[i], &l->v[i + 1], (l->n - (size_t)i) * sizeof(*l->v));	/* the NULL at the end too */
	l->n--;
}
