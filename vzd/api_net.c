/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /v1/cts/{ct}/interfaces: the routed interface, bridged ones, those that share or are lent one of the host's; and the host's
 * bridges, /v1/bridges. Reading comes from the configuration; changing is a job of vzctl or vznetcfg.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "libct/bridges.h"
#include "libct/net_heal.h"
#include "libct/record.h"
#include "net/netif.h"
#include "util/auto.h"
#include "vzd/api_ct.h"
#include "vzd/inv.h"

#define VZNETCFG VZ_SBINDIR "/vznetcfg"

static void ct_drop(struct ct **ct)
{
	ct_close(*ct);
}

/* --- reading --- */

static json_t *text_or_null(const char *s)
{
	return s && *s ? json_string(s) : json_null();
}

static json_t *words_json(const char *text, const char *seps)
{
	json_t *l = json_array();

	for (const char *s = text + strspn(text, seps); *s; s += strspn(s, seps)) {
		json_array_append_new(l, json_stringn(s, strcspn(s, seps)));
		s += strcspn(s, seps);
	}
	return l;
}

static json_t *mac_json(bool has, const uint8_t m[6])
{
	char text[20];

	if (!has)
		return json_null();
	str_fmt(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	return json_string(text);
}

static json_t *interface_json(const char *name, const char *kind, const struct net_if *f, json_t *addresses)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:i, s:s, s:i, s:b, s:b, s:o, s:o, s:n}", "name", name, "kind",
		kind, "host",
			 text_or_null(f->host_ifname), "mac", mac_json(f->has_mac, f->mac), "host_mac",
			 mac_json(f->has_host_mac, f->host_mac), "bridge", text_or_null(f->bridge), "macvlan",
			 text_or_null(f->macvlan), "vlan", f->vlan, "trunk", f->trunk, "mtu", (int)f->mtu, "mac_filter",
			 f->filter != NET_FILTER_OFF, "guard", net_if_guarded(f), "ip_filter", words_json(f->ip_filter, "+"),
			 "addresses", addresses, "fault");
}

static json_t *interfaces(const struct ct_conf *c, unsigned id)
{
	struct net_if venet = { 0 };
	json_t *items = json_array(), *ips = json_array();
	struct err ignored = { 0 };

	for (size_t i = 0; i < c->net.ip.n; i++)
		json_array_append_new(ips, json_string(c->net.ip.v[i]));
	net_ifname(id, venet.host_ifname);
	venet.mtu = (unsigned)c->net.venet_mtu.v;
	venet.filter = c->net.venet_filter.set && !c->net.venet_filter.v ? NET_FILTER_OFF : NET_FILTER_ON;
	json_array_append_new(items, interface_json("venet0", "routed", &venet, ips));
	for (size_t i = 0; i < c->net.netif.n; i++) {
		struct net_if f;

		if (net_if_parse(c->net.netif.v[i], &f, &ignored) == 0)
			json_array_append_new(items, interface_json(f.ifname, f.macvlan[0] ? "macvlan" : "bridged", &f,
				json_array()));
	}
	for (size_t i = 0; i < c->net.netdev.n; i++) {
		struct net_if f = { .filter = NET_FILTER_OFF };

		json_array_append_new(items, interface_json(c->net.netdev.v[i], "lent", &f, json_array()));
	}
	return items;
}

static json_t *interfaces_of(struct api_call *c, struct err *e)
{
	__attribute__((cleanup(ct_drop))) struct ct *ct = NULL;

	return inv_ct_open(c->d->inv, c->ctid, &ct, e) < 0 ? NULL : interfaces(ct_conf(ct), c->ctid);
}

/* What vznetcfg check would say, at the interface that it names: "interface vz101 is down". */
static json_t *fault_of(const char *host, const struct str_list *faults)
{
	for (size_t i = 0; host && i < faults->n; i++) {
		const char *at = strstr(faults->v[i], host), *end = at ? at + strlen(host) : NULL;

		if (at && (at == faults->v[i] || at[-1] == ' ') && (!*end || *end == ' '))
			return json_string(faults->v[i]);
	}
	return json_null();
}

static int put_faults(struct api_call *c, json_t *items, struct err *e)
{
	__attribute__((cleanup(ct_drop))) struct ct *ct = NULL;
	auto_list struct str_list faults = { 0 };
	json_t *item;
	size_t i;

	if (inv_ct_open(c->d->inv, c->ctid, &ct, e) < 0 || ct_net_heal(ct, false, &faults, e) < 0)
		return -e->code;
	json_array_foreach(items, i, item)
		json_object_set_new(item, "fault", fault_of(json_string_value(json_object_get(item, "host")), &faults));
	return 0;
}

static int list_run(struct api_call *c, struct err *e)
{
	struct err blind = { 0 };
	json_t *items = interfaces_of(c, e);

	if (items && put_faults(c, items, &blind) < 0 && blind.code != ENOENT && blind.code != ESRCH)
		vzd_log_err(LOG_WARNING, &blind, "look at interfaces");

	if (!items)
		return -e->code;
	api_page(c, items, NULL);
	return 0;
}

/* The interface of the path as it is then; the job has ended. */
static json_t *interface_after(struct api_call *c, int *status)
{
	struct err ignored = { 0 };
	json_t *items = interfaces_of(c, &ignored), *item, *found = NULL;
	size_t i;

	(void)status;
	json_array_foreach(items, i, item) {
		if (str_eq(json_string_value(json_object_get(item, "name")), c->seg[1]))
			found = json_incref(item);
	}
	json_decref(items);
	return found;
}

/* --- changing --- */

static int name_ok(struct api_call *c, const char *name)
{
	if (net_if_name_ok(name) && !str_starts(name, "venet"))
		return 0;
	api_problem(c, "invalid-field", 0, "this cannot be the name of such an interface", NULL);
	return -EINVAL;
}

/* A member of the body as the option of the same name; checked as vzctl will. */
static int option_word(struct api_call *c, struct conf_args *a, struct net_if *f, const char *key, struct err *e)
{
	json_t *v = json_object_get(c->req.body, key), *item;
	char text[NET_IPFILTER_MAX] = "";
	size_t i;

	if (!v)
		return 0;
	if (json_is_integer(v))
		str_fmt(text, sizeof(text), "%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		str_copy(text, sizeof(text), json_is_true(v) ? "on" : "off");
	else if (json_is_string(v) && str_copy(text, sizeof(text), json_string_value(v)) < 0)
		return err_say(e, EINVAL, "%s is too long", key);
	json_array_foreach(v, i, item) {
		size_t len = strlen(text);

		if (str_fmt(text + len, sizeof(text) - len, "%s%s", len ? "+" : "", json_string_value(item)) < 0)
			return err_say(e, EINVAL, "%s is too long", key);
	}
	return net_if_set(f, key, text, e) < 0 ? -e->code : conf_args_add(a, key, text, e);
}

static const char *const keys[] = { "mac", "host_ifname", "host_mac", "bridge", "mac_filter", "guard", "macvlan", "vlan", "trunk",
				    "mtu", "ip_filter" };

static int put_run(struct api_call *c, struct err *e)
{
	struct net_if f = { 0 };
	auto_args struct conf_args a = { 0 };

	if (name_ok(c, c->seg[1]) < 0)
		return 0;
	if (ct_words(&a, "set", c->ctid, e) < 0 || conf_args_add(&a, "netif_add", c->seg[1], e) < 0 ||
	    conf_args_add(&a, "ifname", c->seg[1], e) < 0)
		return -e->code;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (option_word(c, &a, &f, keys[i], e) < 0) {
			api_problem(c, "invalid-field", 0, e->text, NULL);
			return 0;
		}
	}
	return conf_args_add(&a, "save", NULL, e) < 0 ? -e->code : ct_job(c, &a, NULL, interface_after, e);
}

/* Is it one of the host's that is lent to the container? */
static bool is_lent(struct api_call *c)
{
	__attribute__((cleanup(ct_drop))) struct ct *ct = NULL;
	struct err none = { 0 };

	return inv_ct_open(c->d->inv, c->ctid, &ct, &none) == 0 && str_list_has(&ct_conf(ct)->net.netdev, c->seg[1]);
}

static int lend_run(struct api_call *c, struct err *e)
{
	auto_args struct conf_args a = { 0 };

	if (name_ok(c, c->seg[1]) < 0)
		return 0;
	if (ct_words(&a, "set", c->ctid, e) < 0 || conf_args_add(&a, "netdev_add", c->seg[1], e) < 0 ||
	    conf_args_add(&a, "save", NULL, e) < 0)
		return -e->code;
	return ct_job(c, &a, NULL, interface_after, e);
}

static int delete_run(struct api_call *c, struct err *e)
{
	const char *opt = is_lent(c) ? "netdev_del" : "netif_del";
	auto_args struct conf_args a = { 0 };

	if (name_ok(c, c->seg[1]) < 0)
		return 0;
	if (ct_words(&a, "set", c->ctid, e) < 0 || conf_args_add(&a, opt, c->seg[1], e) < 0 ||
	    conf_args_add(&a, "save", NULL, e) < 0)
		return -e->code;
	return ct_job(c, &a, NULL, NULL, e);
}

static int repair_run(struct api_call *c, struct err *e)
{
	char id[16];
	auto_args struct conf_args a = { 0 };

	str_fmt(id, sizeof(id), "%u", c->ctid);
	if (ct_word(&a, VZNETCFG, e) < 0 || ct_word(&a, "repair", e) < 0 || ct_word(&a, id, e) < 0)
		return -e->code;
	return ct_job(c, &a, NULL, NULL, e);
}

/* --- addresses --- */

/* All that the caller's containers have; a page has whole containers. */
static int address_list(struct api_call *c, struct err *e)
{
	const char *cursor = api_cursor(c);
	size_t limit = (size_t)api_q_int(c, "limit", 100);
	json_t *items = json_array();
	char last[16] = "";
	uint64_t after = 0;
	struct inv_ct *ct;

	(void)e;
	(void)(cursor && num_u64(cursor, &after));
	for (size_t i = 0; (ct = inv_at(c->d->inv, i)); i++) {
		size_t n;

		if (ct->id <= after || !auth_sees(c->who, ct))
			continue;
		if (json_array_size(items) >= limit) {
			api_page(c, items, last);
			return 0;
		}
		for (const char *p = ct->ips; *(p += strspn(p, " ")); p += n) {
			n = strcspn(p, " ");
			json_array_append_new(items, json_pack("{s:o, s:i, s:s}", "address", json_stringn(p, n), "ctid",
							       (int)ct->id, "owner", ct->owner));
		}
		str_fmt(last, sizeof(last), "%u", ct->id);
	}
	api_page(c, items, NULL);
	return 0;
}

/* --- bridges of the host --- */

static json_t *bridge_json(const char *name, struct err *e)
{
	auto_bridge struct net_bridge b = { 0 };

	if (ct_bridge_load(name, &b, e) < 0)
		return NULL;
#define VAL(key) (b.val[key] ? b.val[key] : "")
	return json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", name, "vlan_aware", str_eq(VAL(NET_BR_VLAN_AWARE),
		"yes"), "mtu",
			 text_or_null(VAL(NET_BR_MTU)), "ports", words_json(VAL(NET_BR_PORTS), " ,\t"), "addresses",
			 words_json(VAL(NET_BR_ADDRESS), " ,\t"), "vxlan", text_or_null(VAL(NET_BR_VXLAN_ID)), "remotes",
			 words_json(VAL(NET_BR_VXLAN_REMOTE), " ,\t"), "local", text_or_null(VAL(NET_BR_VXLAN_LOCAL)), "udp_port",
			 text_or_null(VAL(NET_BR_VXLAN_PORT)));
#undef VAL
}

static int bridge_list(struct api_call *c, struct err *e)
{
	struct str_list names = { 0 };
	json_t *items = json_array();
	int rc = ct_bridge_names(&names, e);

	for (size_t i = 0; i < names.n && rc == 0; i++) {
		struct err one = { 0 };
		json_t *j = bridge_json(names.v[i], &one);	/* one that cannot be read is not shown */

		if (j)
			json_array_append_new(items, j);
	}
	str_list_clear(&names);
	if (rc < 0) {
		json_decref(items);
		return rc;
	}
	api_page(c, items, NULL);
	return 0;
}

static int bridge_get(struct api_call *c, struct err *e)
{
	json_t *j = net_bridge_name_ok(c->seg[0]) ? bridge_json(c->seg[0], e) : NULL;

	if (!j && (!e->code || e->code == ENOENT)) {
		api_problem(c, "not-found", 0, "no bridge of this name is described here", NULL);
		return 0;
	}
	if (!j)
		return -e->code;
	api_json(c, 200, j);
	return 0;
}

static int bridge_job(struct api_call *c, const char *verb, bool body, struct err *e)
{
	static const struct { const char *member, *opt; } words[] = {
		{ "vlan_aware", "vlan-aware" }, { "mtu", "mtu" }, { "ports", "port" }, { "addresses", "address" }, { "vxlan",
			"vxlan" },
		{ "local", "local" }, { "remotes", "remote" }, { "udp_port", "udp-port" },
	};
	char resource[64], text[32];
	auto_args struct conf_args a = { 0 };
	struct job_spec s = { .kind = c->route->op, .owner = c->who->tenant, .principal = c->who->name, .resource = resource };
	json_t *item;
	size_t k;

	if (!net_bridge_name_ok(c->seg[0])) {
		api_problem(c, "invalid-field", 0, "this cannot be the name of a bridge", NULL);
		return 0;
	}
	str_fmt(resource, sizeof(resource), "/v1/bridges/%s", c->seg[0]);
	if (ct_word(&a, VZNETCFG, e) < 0 || ct_word(&a, "br", e) < 0 || ct_word(&a, verb, e) < 0 || ct_word(&a, c->seg[0], e) < 0)
		return -e->code;
	for (size_t i = 0; body && i < ARRAY_SIZE(words); i++) {
		json_t *v = json_object_get(c->req.body, words[i].member);
		const char *val = json_is_string(v) ? json_string_value(v) : text;

		if (json_is_integer(v))
			str_fmt(text, sizeof(text), "%lld", (long long)json_integer_value(v));
		else if (json_is_boolean(v))
			str_copy(text, sizeof(text), json_is_true(v) ? "on" : "off");
		if (json_is_array(v) && !json_array_size(v) && conf_args_add(&a, words[i].opt, "", e) < 0)
			return -e->code;
		json_array_foreach(v, k, item) {
			if (conf_args_add(&a, words[i].opt, json_string_value(item), e) < 0)
				return -e->code;
		}
		if (v && !json_is_array(v) && conf_args_add(&a, words[i].opt, val, e) < 0)
			return -e->code;
	}
	s.argv = (const char *const *)a.v;
	return api_job(c, &s, NULL, e);
}

static int bridge_put(struct api_call *c, struct err *e)
{
	auto_bridge struct net_bridge b = { 0 };
	struct err none = { 0 };
	bool there = ct_bridge_load(c->seg[0], &b, &none) == 0;

	return bridge_job(c, there ? "set" : "new", true, e);
}

static int bridge_delete(struct api_call *c, struct err *e)
{
	return bridge_job(c, "del", false, e);
}

/* --- rows --- */

static const struct api_field interface_body[] = {
	{ .name = "bridge", .type = API_STR, .max = 15, .doc = "Bridge that the host's end is a port of; empty: none." },
	{ .name = "mac", .type = API_STR, .min = 11, .max = 17, .doc = "Hardware address inside; made up when absent." },
	{ .name = "host_ifname", .type = API_STR, .min = 1, .max = 15, .doc = "Name of the host's end." },
	{ .name = "host_mac", .type = API_STR, .min = 11, .max = 17, .doc = "Hardware address of the host's end." },
	{ .name = "mac_filter", .type = API_BOOL, .doc = "Only frames from its own hardware address." },
	{ .name = "guard", .type = API_BOOL, .doc = "No router advertisements, DHCP servers, spanning tree, foreign tags." },
	{ .name = "vlan", .type = API_INT, .max = 4094, .doc = "VLAN of what is untagged; 0: none." },
	{ .name = "trunk", .type = API_STR, .max = 63, .doc = "VLANs that are tagged: 10+20-29." },
	{ .name = "mtu", .type = API_INT, .max = 65535, .doc = "Longest packet; 0: the bridge's." },
	{ .name = "ip_filter", .type = API_LIST, .max = 16, .doc = "The only addresses that it may use; empty: any." },
	{ .name = "macvlan", .type = API_STR, .max = 15, .doc = "Interface of the host that it shares, instead of a bridge." },
	{ .name = NULL },
};
static const struct api_field bridge_body[] = {
	{ .name = "vlan_aware", .type = API_BOOL, .doc = "Tell VLANs apart." },
	{ .name = "mtu", .type = API_INT, .min = 68, .max = 65535, .doc = "Longest packet." },
	{ .name = "ports", .type = API_LIST, .max = 64, .doc = "Interfaces of the host." },
	{ .name = "addresses", .type = API_LIST, .max = 64, .doc = "Of the host on it, with prefix lengths." },
	{ .name = "vxlan", .type = API_INT, .min = 1, .max = 16777215, .doc = "Number of the VXLAN to other hosts." },
	{ .name = "local", .type = API_STR, .min = 2, .max = 45, .doc = "Address of this host that they know." },
	{ .name = "remotes", .type = API_LIST, .max = 256, .doc = "Addresses of those hosts." },
	{ .name = "udp_port", .type = API_INT, .min = 1, .max = 65535, .doc = "Of VXLAN, on all of them; 4789 when absent." },
	{ .name = NULL },
};

static const struct api_route rows[] = {
	{ "GET", "/v1/cts/{ct}/interfaces", "ct.interface.list", SCOPE_CT_READ, API_CT | API_PAGED, NULL, NULL, "InterfacePage",
	  "Interfaces of a container.", list_run },
	{ "PUT", "/v1/cts/{ct}/interfaces/{interface}", "ct.interface.put", SCOPE_NODE_WRITE, API_CT | API_WRITE | API_JOB,
	  interface_body, NULL, "Interface", "Adds a bridged interface, or changes what the body names of one.", put_run },
	{ "DELETE", "/v1/cts/{ct}/interfaces/{interface}", "ct.interface.delete", SCOPE_NODE_WRITE, API_CT | API_WRITE |
		API_JOB, NULL,
	  NULL, "Operation", "Removes a bridged interface, or takes a lent one back.", delete_run },
	{ "PUT", "/v1/cts/{ct}/interfaces/{interface}/lent", "ct.interface.lend", SCOPE_NODE_WRITE, API_CT | API_WRITE | API_JOB,
	  NULL, NULL, "Interface", "Lends an interface of the host to a container.", lend_run },
	{ "POST", "/v1/cts/{ct}/network/repair", "ct.network.repair", SCOPE_CT_POWER, API_CT | API_WRITE | API_JOB, NULL, NULL,
	  "Operation", "Puts right what other hands did to a container's interfaces on the host.", repair_run },
	{ "GET", "/v1/addresses", "address.list", SCOPE_CT_READ, API_PAGED, NULL, NULL, "AddressPage",
	  "Addresses of routed interfaces that containers have.", address_list },
	{ "GET", "/v1/bridges", "bridge.list", SCOPE_NODE_READ, API_PAGED, NULL, NULL, "BridgePage",
	  "Bridges that the host makes when they are needed.", bridge_list },
	{ "GET", "/v1/bridges/{bridge}", "bridge.get", SCOPE_NODE_READ, 0, NULL, NULL, "Bridge", "One bridge.", bridge_get },
	{ "PUT", "/v1/bridges/{bridge}", "bridge.put", SCOPE_NODE_WRITE, API_WRITE | API_JOB, bridge_body, NULL, "Operation",
	  "Makes a bridge, or changes what the body names of one.", bridge_put },
	{ "DELETE", "/v1/bridges/{bridge}", "bridge.delete", SCOPE_NODE_WRITE, API_WRITE | API_JOB, NULL, NULL, "Operation",
	  "Removes a bridge that no container is on.", bridge_delete },
};
const struct api_table api_net_table = API_TABLE(rows);
