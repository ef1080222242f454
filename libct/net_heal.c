/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libct/net_heal.h"

#include <errno.h>

#include "libct/announce.h"
#include "libct/bridges.h"
#include "libct/ips.h"
#include "libct/netlines.h"
#include "libct/record.h"
#include "libct/shape.h"
#include "libct/veths.h"
#include "net/heal.h"

/*
 * What it has: the addresses of the moment, which may be others than those of the file, with the prefixes of the file. None: it
 * was started without a network, or needs none.
 */
static int ips_of(const struct ct *ct, struct str_list *ips, struct err *e)
{
	auto_list struct str_list now = { 0 };
	struct net_ip want, have;

	if (ct_announced_ips(ct, &now, e) < 0)
		return -e->code;
	for (size_t i = 0; i < ct->conf.net.ip.n; i++) {
		for (size_t k = 0; k < now.n; k++) {
			if (net_ip_parse(ct->conf.net.ip.v[i], &want, e) < 0 || net_ip_parse(now.v[k], &have, e) < 0)
				return -e->code;
			if (net_ip_equal(&want, &have) && str_list_add(ips, ct->conf.net.ip.v[i], e) < 0)
				return -e->code;
		}
	}
	return ct_announced_ips(ct, ips, e);
}

static int heal_venet(struct ct *ct, struct net *n, int netns, bool repair, struct str_list *faults, struct err *e)
{
	auto_list struct str_list ips = { 0 }, lines = { 0 };
	char text[96];

	if (ips_of(ct, &ips, e) < 0 || net_fault(n, ct->id, &ips, text, sizeof(text), e) < 0)
		return -e->code;
	if (!text[0] || !ips.n)
		return 0;
	if (ct_net_record(ct->id, &lines, e) < 0)
		return -e->code;
	net_venet_of(n, &lines);
	if (str_list_add(faults, text, e) < 0 || (repair && net_heal(n, ct->id, &ips, netns, e) < 0))
		return -e->code;
	return repair ? ct_ips_announce(ct, e) : 0;
}

static int heal_veth(struct ct *ct, struct net *n, int netns, const char *line, bool repair, struct str_list *faults, struct err *e)
{
	struct net_if f;
	char text[96];
	bool known;

	if (net_if_parse(line, &f, e) < 0 || net_veth_fault(n, &f, netns, text, sizeof(text), e) < 0)
		return -e->code;
	if (!text[0])
		return 0;
	if (str_list_add(faults, text, e) < 0)
		return -e->code;
	if (!repair)
		return 0;
	if (f.bridge[0] && ct_bridge_ensure(n, f.bridge, &known, e) < 0)
		return -e->code;
	return net_veth_heal(n, ct->id, &f, netns, e) < 0 ? err_exit(e, VZ_VETH_ERROR) : 0;
}

/* When the links are there. */
static int heal_rates(struct ct *ct, bool repair, struct str_list *faults, struct err *e)
{
	char text[96];

	if (ct_shape_fault(ct, text, sizeof(text), e) < 0)
		return -e->code;
	if (!text[0])
		return 0;
	if (str_list_add(faults, text, e) < 0)
		return -e->code;
	return repair && ct_shape_heal(ct, e) < 0 ? err_exit(e, VZ_SET_RATE) : 0;
}

int ct_net_heal(struct ct *ct, bool repair, struct str_list *faults, struct err *e)
{
	auto_list struct str_list veths = { 0 };
	auto_close int netns = -1;
	struct ct_state s;
	struct net *n;

	if (!ct_is_running(ct, NULL))
		return 0;
	if (ct_host_net(ct->host, &n, e) < 0 || ct_state_load(ct, &s, e) < 0 || ct_record_load(ct, CT_VETHS_RECORD, &veths, e) < 0)
		return -e->code;
	netns = ct_netns_open(&s, e);
	if (netns < 0 || heal_venet(ct, n, netns, repair, faults, e) < 0)
		return -e->code;
	for (size_t i = 0; i < veths.n; i++) {
		if (heal_veth(ct, n, netns, veths.v[i], repair, faults, e) < 0)
			return -e->code;
	}
	return heal_rates(ct, repair, faults, e);
}
