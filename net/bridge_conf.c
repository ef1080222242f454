/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of bridges: values, each checked by itself and against the others. What is done with them is bridge.c. */
#include "net/bridge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "net/netif.h"
#include "util/auto.h"
#include "util/err.h"
#include "util/kv.h"
#include "util/num.h"
#include "util/str.h"

#define VXLAN_LAST 16777215

const struct net_bridge_row net_bridge_rows[NET_BR_N] = {
	[NET_BR_VLAN_AWARE] = { "VLAN_AWARE", "vlan-aware", "on|off", "Tell VLANs apart; interfaces then may have --vlan and "
		"--trunk." },
	[NET_BR_MTU] = { "MTU", "mtu", "bytes", "Longest packet; else what its ports allow." },
	[NET_BR_PORTS] = { "PORTS", "port", "name", "Interfaces of the host that are its ports." },
	[NET_BR_ADDRESS] = { "ADDRESS", "address", "addr/prefix", "Addresses of the host on it. Without one it has none at all." },
	[NET_BR_VXLAN_ID] = { "VXLAN_ID", "vxlan", "num", "A port that leads to the bridges of this number on other hosts." },
	[NET_BR_VXLAN_REMOTE] = { "VXLAN_REMOTE", "remote", "addr", "Addresses of those hosts." },
	[NET_BR_VXLAN_LOCAL] = { "VXLAN_LOCAL", "local", "addr", "Address of this host that they know." },
	[NET_BR_VXLAN_PORT] = { "VXLAN_PORT", "udp-port", "num", "UDP port of both, 4789 if not set." },
};

static void words_done(struct str_list *l)
{
	str_list_clear(l);
}

void net_bridge_done(struct net_bridge *b)
{
	for (size_t i = 0; i < NET_BR_N; i++)
		free(b->val[i]);
	*b = (struct net_bridge){ 0 };
}

bool net_bridge_name_ok(const char *name)
{
	return net_if_name_ok(name) && !(name[0] == 'v' && name[1] == 'z' && strchr("-./0123456789", name[2]));
}

static int number(const char *val, uint64_t min, uint64_t max, const char *what, struct err *e)
{
	uint64_t v;

	return num_u64(val, &v) == 0 && v >= min && v <= max ? 0 :
		err_say(e, EINVAL, "'%.40s' is no %s: want %llu to %llu", val, what, (unsigned long long)min,
			(unsigned long long)max);
}

static int each_word(const char *val, bool name, bool prefix, struct err *e)
{
	__attribute__((cleanup(words_done))) struct str_list l = { 0 };
	struct net_ip ip;

	if (str_list_split(&l, val, " \t,", e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n; i++) {
		if (name && !net_if_name_ok(l.v[i]))
			return err_say(e, EINVAL, "'%.40s' cannot be the name of an interface", l.v[i]);
		if (name)
			continue;
		if (net_ip_parse(l.v[i], &ip, e) < 0)
			return -e->code;
		if (net_ip_is_any(&ip) || (strchr(l.v[i], '/') != NULL) != prefix)
			return err_say(e, EINVAL, "'%.60s': want an address %s a prefix length", l.v[i], prefix ? "with" :
				"without");
	}
	return 0;
}

static int check_value(enum net_bridge_key key, const char *val, struct err *e)
{
	switch (key) {
	case NET_BR_VLAN_AWARE:
		return str_eq(val, "yes") || str_eq(val, "no") ? 0 : err_say(e, EINVAL, "'%.20s' is neither yes nor no", val);
	case NET_BR_MTU:
		return number(val, 68, 65535, "MTU", e);
	case NET_BR_PORTS:
		return each_word(val, true, false, e);
	case NET_BR_ADDRESS:
		return each_word(val, false, true, e);
	case NET_BR_VXLAN_ID:
		return number(val, 1, VXLAN_LAST, "VXLAN number", e);
	case NET_BR_VXLAN_REMOTE:
	case NET_BR_VXLAN_LOCAL:
		return each_word(val, false, false, e);
	case NET_BR_VXLAN_PORT:
		return number(val, 1, 65535, "port", e);
	case NET_BR_N:
		break;
	}
	return 0;
}

int net_bridge_set(struct net_bridge *b, enum net_bridge_key key, const char *val, struct err *e)
{
	char *copy = NULL;

	if (key == NET_BR_VLAN_AWARE && str_eq(val, "on"))
		val = "yes";
	if (key == NET_BR_VLAN_AWARE && str_eq(val, "off"))
		val = "no";
	if (*val && check_value(key, val, e) < 0)
		return err_add(e, "bridge %s, %s", b->name, net_bridge_rows[key].key);
	if (*val && !(copy = strdup(val)))
		return err_set(e, ENOMEM, "bridge %s", b->name);
	free(b->val[key]);
	b->val[key] = copy;
	return 0;
}

int net_bridge_check(const struct net_bridge *b, struct err *e)
{
	bool id = b->val[NET_BR_VXLAN_ID];
	struct net_ip local, remote;

	if (!id && (b->val[NET_BR_VXLAN_REMOTE] || b->val[NET_BR_VXLAN_LOCAL] || b->val[NET_BR_VXLAN_PORT]))
		return err_say(e, EINVAL, "bridge %s: other hosts are reached by a VXLAN: give its number (--vxlan)", b->name);
	if (id && (!b->val[NET_BR_VXLAN_REMOTE] || !b->val[NET_BR_VXLAN_LOCAL]))
		return err_say(e, EINVAL, "bridge %s: a VXLAN wants the addresses of the other hosts and of this one "
			"(--remote, --local)",
			       b->name);
	if (!id)
		return 0;
	if (net_ip_parse(b->val[NET_BR_VXLAN_LOCAL], &local, e) < 0)
		return err_add(e, "bridge %s, VXLAN_LOCAL", b->name);
	__attribute__((cleanup(words_done))) struct str_list l = { 0 };
	if (str_list_split(&l, b->val[NET_BR_VXLAN_REMOTE], " \t,", e) < 0)
		return -e->code;
	for (size_t i = 0; i < l.n; i++) {
		if (net_ip_parse(l.v[i], &remote, e) < 0)
			return -e->code;
		if (remote.family != local.family)
			return err_say(e, EINVAL, "bridge %s: %s and %s are of different families", b->name,
				b->val[NET_BR_VXLAN_LOCAL], l.v[i]);
	}
	return 0;
}

int net_bridge_read(struct net_bridge *b, const char *name, const struct kv *kv, struct err *e)
{
	if (!net_bridge_name_ok(name) || str_copy(b->name, sizeof(b->name), name) < 0)
		return err_say(e, EINVAL, "'%.40s' cannot be the name of a bridge", name);
	for (size_t i = 0; i < NET_BR_N; i++) {
		const char *val = kv_get(kv, net_bridge_rows[i].key);

		if (val && net_bridge_set(b, (enum net_bridge_key)i, val, e) < 0)
			return -e->code;
	}
	return net_bridge_check(b, e);
}
