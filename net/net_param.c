/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every row of net/; IP_ADDRESS, and what two lists of addresses make together. NETIF and NETDEV: netif_param.c. */
#include "net/fw_param.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"

#define IP_TEXT 64
#define BLANKS " \t\n"

static void list_drop_ip(struct str_list *l, const struct net_ip *ip)
{
	struct err e = { 0 };
	struct net_ip have;

	for (size_t i = l->n; i-- > 0;) {
		if (net_ip_parse(l->v[i], &have, &e) < 0 || !net_ip_equal(&have, ip))
			continue;
		free(l->v[i]);
		memmove(&l->v[i], &l->v[i + 1], (l->n - i) * sizeof(*l->v));	/* the NULL at the end too */
		l->n--;
	}
}

/* Adds in canonical form; the same address with another mask is replaced where it stands. */
static int list_add_ip(struct str_list *l, const struct net_ip *ip, bool with_prefix, struct err *e)
{
	char text[IP_TEXT];
	struct net_ip have;

	if (net_ip_print(ip, with_prefix, text, sizeof(text)) < 0)
		return err_say(e, EINVAL, "address too long");
	for (size_t i = 0; i < l->n; i++) {
		char *copy;

		if (net_ip_parse(l->v[i], &have, e) < 0)
			err_clear(e);
		else if (net_ip_equal(&have, ip)) {
			copy = strdup(text);
			if (!copy)
				return err_set(e, ENOMEM, "list of addresses");
			free(l->v[i]);
			l->v[i] = copy;
			return 0;
		}
	}
	return str_list_add(l, text, e);
}

static int parse_ips(const char *text, struct str_list *l, bool del, struct err *e)
{
	struct str_list words = { 0 };
	struct net_ip ip;
	int rc = str_list_split(&words, text, BLANKS, e);

	for (size_t i = 0; i < words.n && rc == 0; i++) {
		if (del && str_eq(words.v[i], "all")) {
			rc = str_list_has(l, "all") ? 0 : str_list_add(l, "all", e);
			continue;
		}
		rc = net_ip_parse(words.v[i], &ip, e);
		if (rc == 0 && !net_ip_is_any(&ip))
			rc = list_add_ip(l, &ip, !del, e);
	}
	str_list_clear(&words);
	if (rc == 0)
		l->set = true;
	return rc;
}

static int ips_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	(void)p;
	(void)src;
	return parse_ips(text, field, false, e);
}

static int ipdel_parse(const struct param *p, const char *text, enum param_src src, void *field, struct err *e)
{
	(void)p;
	(void)src;
	return parse_ips(text, field, true, e);
}

void net_list_print(const struct param *p, const void *field, struct buf *b)
{
	const struct str_list *l = field;

	(void)p;
	for (size_t i = 0; i < l->n; i++)
		buf_addf(b, "%s%s", i ? " " : "", l->v[i]);
}

bool net_list_is_set(const void *field)
{
	return ((const struct str_list *)field)->set;
}

bool net_list_equal(const void *a, const void *b)
{
	return str_list_equal(a, b);
}

int net_list_copy(void *dst, const void *src, struct err *e)
{
	return str_list_copy(dst, src, e);
}

void net_list_done(void *field)
{
	str_list_clear(field);
}

static const struct param_type type_ips = {
	.name = "addresses", .size = sizeof(struct str_list), .parse = ips_parse, .print = net_list_print,
	.is_set = net_list_is_set, .equal = net_list_equal, .copy = net_list_copy, .done = net_list_done,
};

static const struct param_type type_ipdel = {
	.name = "addresses or all", .size = sizeof(struct str_list), .parse = ipdel_parse, .print = net_list_print,
	.is_set = net_list_is_set, .equal = net_list_equal, .copy = net_list_copy, .done = net_list_done,
};

/* Options of one interface, which --netif_add or --ifname names. */
#define NETIF_EDIT \
	.type = &net_type_netif_edit, .off = offsetof(struct net_conf, netif_edit), .flags = PARAM_ADMIN | PARAM_LIVE | PARAM_LIST

const struct param net_params[] = {
	{
		.key = "IP_ADDRESS", .opt = "ipadd", .alias_opt = "ip", .arg = "addr", .type = &type_ips,
		.off = offsetof(struct net_conf, ip), .flags = PARAM_LIVE | PARAM_LIST | PARAM_CREATE,
		.man = "Addresses of the container, IPv4 or IPv6, each optionally with a prefix length or a network mask. "
		       "--ipadd may be repeated and adds to those that are there; 0.0.0.0 and :: are ignored. The address of a "
		       "whole network, 2001:db8:1:2::/64 or 192.0.2.8/29, routes all of it to the container, which has its first "
		       "address and may use any.",
	},
	{
		.opt = "ipdel", .arg = "addr|all", .type = &type_ipdel, .off = offsetof(struct net_conf, ip_del),
		.flags = PARAM_LIVE | PARAM_LIST,
		.man = "Takes an address away, or all of them. It may be repeated; an address that is not there is ignored. "
		       "Given together with --ipadd it is done first.",
	},
	{
		.key = "VENET_MTU", .opt = "venet_mtu", .arg = "bytes", .type = &param_u64,
		.off = offsetof(struct net_conf, venet_mtu),
		.min = 1280, .max = 65535, .def = "1500", .flags = PARAM_ADMIN | PARAM_LIVE | PARAM_CREATE,
		.man = "Longest packet of the routed interface venet0, at both ends.",
	},
	{
		.key = "VENET_FILTER", .opt = "venet_filter", .arg = "yes|no", .type = &param_yesno,
		.off = offsetof(struct net_conf, venet_filter), .def = "yes",
		.flags = PARAM_ADMIN | PARAM_SHARED | PARAM_LIVE | PARAM_CREATE,
		.man = "With no, the container may send from any address over venet0, as one that routes for others has to. Router "
		       "advertisements, redirects and answers of DHCP servers stay forbidden. Where the host has "
		       "net.ipv4.conf.all.rp_filter above 0 it takes IPv4 sources only that it has a route to by vzCTID.",
	},
	{
		.key = "NETIF", .opt = "netif_add", .arg = "ifname[,mac,host_ifname,host_mac,bridge]", .type = &net_type_netif,
		.off = offsetof(struct net_conf, netif), .flags = PARAM_ADMIN | PARAM_SHARED | PARAM_LIVE | PARAM_LIST,
		.man = "Bridged interfaces: a virtual cable from ifname in the container to host_ifname (default vethCTID.0) on "
		       "the host, there a port of the bridge. Hardware addresses are made up if not given. An ifname that is "
		       "there already gets the values given.",
	},
	{
		.opt = "netif_del", .arg = "ifname|all", .type = &net_type_netif_del,
		.off = offsetof(struct net_conf, netif_del), .flags = PARAM_ADMIN | PARAM_LIVE | PARAM_LIST,
		.man = "Removes a bridged interface, or all of them.",
	},
	{
		.opt = "ifname", .arg = "ifname", NETIF_EDIT,
		.man = "Chooses the interface that --mac, --host_ifname, --host_mac, --bridge, --mac_filter, --guard, --vlan, "
		       "--trunk, --mtu, --ip_filter and --macvlan change.",
	},
	{
		.opt = "mac", .arg = "address", NETIF_EDIT, .man = "Hardware address inside.",
	},
	{
		.opt = "host_ifname", .arg = "name", NETIF_EDIT, .man = "Name of the host's end.",
	},
	{
		.opt = "host_mac", .arg = "address", NETIF_EDIT, .man = "Hardware address of the host's end.",
	},
	{
		.opt = "bridge", .arg = "name", NETIF_EDIT,
		.man = "Bridge that the host's end is a port of; an empty one takes it out.",
	},
	{
		.opt = "mac_filter", .arg = "on|off", NETIF_EDIT, .def = "on",
		.man = "With on, the bridge takes only frames that come from the interface's own hardware address, and neither "
		       "router advertisements nor spanning tree frames.",
	},
	{
		.opt = "guard", .arg = "on|off", NETIF_EDIT,
		.man = "With on, which it is unless --mac_filter is off, the interface sends no router advertisements, "
		       "redirects, answers of DHCP servers, spanning tree frames, and no VLAN tags that it was not given.",
	},
	{
		.opt = "vlan", .arg = "num", NETIF_EDIT,
		.man = "VLAN of the interface: what it sends untagged is of that one, and what is of it arrives untagged. The "
		       "bridge has to tell VLANs apart (vznetcfg br set NAME --vlan-aware on). 0 for none.",
	},
	{
		.opt = "trunk", .arg = "list", NETIF_EDIT,
		.man = "VLANs that the interface sends and gets tagged: 10+20-29. Empty for none.",
	},
	{
		.opt = "mtu", .arg = "bytes", NETIF_EDIT,
		.man = "Longest packet of the interface inside, up to the bridge's, which it is by default or with 0.",
	},
	{
		.opt = "ip_filter", .arg = "addresses", NETIF_EDIT,
		.man = "The only addresses that the interface may use, 192.0.2.5+2001:db8::5, as source, in ARP and in "
		       "neighbour discovery. Empty for any.",
	},
	{
		.opt = "macvlan", .arg = "name", NETIF_EDIT,
		.man = "Instead of a bridge: the interface shares that interface of the host, with a hardware address of its "
		       "own. What it sends cannot be filtered, so --mac_filter has to be off.",
	},
	{
		.key = "NETDEV", .opt = "netdev_add", .arg = "name", .type = &net_type_netdev,
		.off = offsetof(struct net_conf, netdev), .flags = PARAM_ADMIN | PARAM_SHARED | PARAM_LIVE | PARAM_LIST,
		.man = "Interfaces of the host that are lent to the container while it runs. venet, tun, tap and lo are refused.",
	},
	{
		.opt = "netdev_del", .arg = "name", .type = &net_type_netdev, .off = offsetof(struct net_conf, netdev_del),
		.flags = PARAM_ADMIN | PARAM_LIVE | PARAM_LIST, .man = "Takes an interface of the host back.",
	},
	{
		.key = "FW_RULES", .opt = "fw_add", .arg = "rule", .type = &net_type_fw_rules,
		.off = offsetof(struct net_conf, fw_rule),
		.flags = PARAM_ADMIN | PARAM_BOUND | PARAM_LIVE | PARAM_LIST | PARAM_CREATE,
		.man = "A rule of the firewall that the host keeps for the container: [in|out] [accept|drop] WHAT [from|to "
		       "ADDRESS,...] [log] [count], WHAT being a service (ssh), tcp or udp with ports (tcp 80,8000-8100), icmp or "
		       "any. The most specific rule decides, not the first: vzfw(8). May be repeated.",
	},
	{
		.opt = "fw_del", .arg = "rule|all", .type = &net_type_fw_del, .off = offsetof(struct net_conf, fw_del),
		.flags = PARAM_ADMIN | PARAM_LIVE | PARAM_LIST, .man = "Takes a rule of the firewall away, or all of them.",
	},
	{
		.key = "FW_IN", .opt = "fw_in", .arg = "accept|drop[,log]", .type = &net_type_fw_policy,
		.off = offsetof(struct net_conf, fw_in),
		.flags = PARAM_ADMIN | PARAM_BOUND | PARAM_LIVE | PARAM_UBC | PARAM_CREATE, .def = "accept",
		.man = "What happens to packets for the container that no rule is about. Answers to its own always come in.",
	},
	{
		.key = "FW_OUT", .opt = "fw_out", .arg = "accept|drop[,log]", .type = &net_type_fw_policy,
		.off = offsetof(struct net_conf, fw_out),
		.flags = PARAM_ADMIN | PARAM_BOUND | PARAM_LIVE | PARAM_UBC | PARAM_CREATE, .def = "accept",
		.man = "The same for what the container sends.",
	},
	{
		.key = "FW_GROUPS", .opt = "fw_groups", .arg = "name,...", .type = &net_type_fw_groups,
		.off = offsetof(struct net_conf, fw_group),
		.flags = PARAM_ADMIN | PARAM_BOUND | PARAM_LIVE | PARAM_UBC | PARAM_CREATE,
		.man = "Groups of rules (vzfw(8)) that hold for the container beside its own; an empty list: none.",
	},
	{
		.key = "FW_ZONE", .opt = "fw_zone", .arg = "name", .type = &net_type_fw_zone,
		.off = offsetof(struct net_conf, fw_zone),
		.flags = PARAM_ADMIN | PARAM_SHARED | PARAM_LIVE | PARAM_UBC | PARAM_CREATE,
		.man = "Zone of the container, by default its owner. Containers of two zones do not reach one another unless "
		       "vzfw zone allow says so; one without zone and owner, or in zone none, reaches all.",
	},
	{
		.key = "PORT_FORWARD", .opt = "forward_add", .arg = "tcp|udp [addr:]port [to [addr:]port]",
		.type = &net_type_forwards, .off = offsetof(struct net_conf, forward),
		.flags = PARAM_ADMIN | PARAM_SHARED | PARAM_LIVE | PARAM_LIST | PARAM_CREATE,
		.man = "A port of the host that leads into the container: 'tcp 8080 to 80'. A range (udp 5000-5010) keeps its "
		       "size. IPv4 and IPv6 unless an address says which. May be repeated.",
	},
	{
		.opt = "forward_del", .arg = "forward|all", .type = &net_type_fw_del, .off = offsetof(struct net_conf, forward_del),
		.flags = PARAM_ADMIN | PARAM_LIVE | PARAM_LIST, .man = "Takes a forward away, or all of them.",
	},
};
const size_t net_params_n = ARRAY_SIZE(net_params);

static int merge_into(struct str_list *l, const struct net_conf *change, struct err *e)
{
	struct net_ip ip;

	if (str_list_has(&change->ip_del, "all")) {
		str_list_clear(l);
		l->set = true;
	}
	for (size_t i = 0; i < change->ip_del.n; i++) {
		if (str_eq(change->ip_del.v[i], "all"))
			continue;
		if (net_ip_parse(change->ip_del.v[i], &ip, e) < 0)
			return -e->code;
		list_drop_ip(l, &ip);
	}
	for (size_t i = 0; i < change->ip.n; i++) {
		if (net_ip_parse(change->ip.v[i], &ip, e) < 0 || list_add_ip(l, &ip, true, e) < 0)
			return -e->code;
	}
	l->set |= change->ip.set || change->ip_del.set;
	return 0;
}

int net_conf_merge(const struct net_conf *base, const struct net_conf *change, struct str_list *ret, struct err *e)
{
	struct str_list l = { 0 };

	str_list_clear(ret);
	if (str_list_copy(&l, &base->ip, e) < 0 || merge_into(&l, change, e) < 0) {
		str_list_clear(&l);
		return -e->code;
	}
	*ret = l;
	return 0;
}
