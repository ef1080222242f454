/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vznetcfg check and repair: the interfaces of running containers, and bridges, after other hands. */
#include "vzctl/tool_netcfg.h"

#include <errno.h>
#include <stdio.h>

#include "libct/bridges.h"
#include "libct/net_heal.h"
#include "libct/record.h"
#include "vzctl/tool.h"

struct heal { bool repair; unsigned faults; struct err *e; };

static int heal_ct(struct ct *ct, struct heal *h)
{
	auto_list struct str_list faults = { 0 };
	int rc;

	/* nothing is changed while another command is at work on it */
	if (h->repair && ct_lock(ct, h->e) < 0)
		return -h->e->code;
	rc = ct_net_heal(ct, h->repair, &faults, h->e);
	for (size_t i = 0; i < faults.n; i++)
		printf("CT %u: %s%s\n", ct_id(ct), faults.v[i], h->repair && rc == 0 ? ": repaired" : "");
	h->faults += (unsigned)faults.n;
	return rc < 0 ? err_add(h->e, "CT %u", ct_id(ct)) : 0;
}

static int heal_bridge(struct net *n, const struct net_bridge *b, const char *fault, void *arg, struct err *e)
{
	struct heal *h = arg;

	if (!*fault)
		return 0;
	if (h->repair && net_bridge_up(n, b, e) < 0)
		return -e->code;
	printf("bridge %s: %s%s\n", b->name, fault, h->repair ? ": repaired" : "");
	h->faults++;
	return 0;
}

static int heal_bridges(struct ct_host *host, struct heal *h, struct err *e)
{
	struct net *n;

	return ct_host_net(host, &n, e) < 0 ? -e->code : ct_bridge_each(n, heal_bridge, h, e);
}

static int heal_one(const struct tool_ct *t, void *arg)
{
	struct heal *h = arg;

	return t->info.run == CT_RUNNING ? heal_ct(t->ct, h) : 0;
}

int netcfg_heal(char **argv, bool repair, struct err *e)
{
	auto_host struct ct_host *host = NULL;
	struct heal h = { .repair = repair, .e = e };

	if (tool_host(&host, e) < 0)
		return -e->code;
	if (!*argv && (heal_bridges(host, &h, e) < 0 || tool_each(host, 0, heal_one, &h, e) < 0))
		return -e->code;
	for (; *argv; argv++) {
		struct tool_ct t;
		int rc;

		if (tool_ct_open(host, *argv, 0, &t, e) < 0)
			return -e->code;
		rc = heal_one(&t, &h);
		tool_ct_done(&t);
		if (rc < 0)
			return rc;
	}
	return h.faults && !repair;
}
