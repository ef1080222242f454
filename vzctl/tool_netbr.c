/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vznetcfg's bridges: new, set, del, list, and all of them at once. What a bridge is like is net/bridge.h. */
#include "vzctl/tool_netcfg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libct/bridges.h"
#include "libct/record.h"
#include "net/bridge.h"
#include "util/buf.h"
#include "util/opt.h"
#include "vzctl/tool.h"

/* One row for each option: --port and its like may be repeated, and take "" to be emptied. */
static int options(struct net_bridge *b, char **argv, struct err *e)
{
	struct opt_flag flags[NET_BR_N];
	struct opt o = { .prog = "vznetcfg", .flags = flags, .n_flags = NET_BR_N, .argv = argv };
	bool seen[NET_BR_N] = { 0 };
	struct opt_found f;
	int what;

	for (size_t i = 0; i < NET_BR_N; i++)
		flags[i] = (struct opt_flag){ net_bridge_rows[i].opt, 0, true, (int)i, NULL };
	while ((what = opt_next(&o, &f, e)) > 0) {
		auto_buf struct buf all = BUF_INIT;
		enum net_bridge_key key;

		if (what == OPT_OPERAND)
			return err_say(e, EINVAL, "'%s' is too much: see vznetcfg --help", f.arg);
		key = (enum net_bridge_key)f.flag->id;
		if (seen[key] && b->val[key])
			buf_addf(&all, "%s ", b->val[key]);
		buf_adds(&all, f.arg);
		if (net_bridge_set(b, key, buf_str(&all), e) < 0)
			return -e->code;
		seen[key] = true;
	}
	return what < 0 ? what : net_bridge_check(b, e);
}

static int make(struct ct_host *h, const char *name, char **argv, bool anew, struct err *e)
{
	auto_bridge struct net_bridge b = { 0 }, old = { 0 };
	bool vxlan_differs = false;
	struct net *n;

	if (!net_bridge_name_ok(name) || str_copy(b.name, sizeof(b.name), name) < 0)
		return err_say(e, EINVAL, "'%.40s' cannot be the name of a bridge", name);
	if (ct_bridge_load(name, &old, e) == 0 && anew)
		return err_say(e, EEXIST, "bridge %s is there already: vznetcfg br set %s changes it", name, name);
	if (e->code && (e->code != ENOENT || !anew))
		return -e->code;
	err_clear(e);
	for (size_t i = 0; i < NET_BR_N; i++) {
		if (old.val[i] && net_bridge_set(&b, (enum net_bridge_key)i, old.val[i], e) < 0)
			return -e->code;
	}
	if (options(&b, argv, e) < 0 || ct_host_net(h, &n, e) < 0)
		return -e->code;
	for (size_t i = NET_BR_VXLAN_ID; !anew && i < NET_BR_N; i++)
		vxlan_differs |= strcmp(old.val[i] ? old.val[i] : "", b.val[i] ? b.val[i] : "") != 0;
	if (vxlan_differs && net_bridge_cut(n, &old, e) < 0)
		return -e->code;
	/* the kernel first: what it refuses is not kept */
	return net_bridge_up(n, &b, e) < 0 ? -e->code : ct_bridge_save(&b, e);
}

static int del(struct ct_host *h, const char *name, struct err *e)
{
	auto_bridge struct net_bridge b = { 0 };
	struct net *n;

	if (ct_bridge_load(name, &b, e) < 0 || ct_host_net(h, &n, e) < 0 || net_bridge_down(n, &b, e) < 0)
		return -e->code;
	return ct_bridge_forget(name, e);
}

static int list_one(struct net *n, const struct net_bridge *b, const char *fault, void *arg, struct err *e)
{
	(void)n;
	(void)arg;
	(void)e;
	printf("%s", b->name);
	for (size_t k = 0; k < NET_BR_N; k++) {
		if (b->val[k])
			printf(" %s=\"%s\"", net_bridge_rows[k].key, b->val[k]);
	}
	printf("%s%s\n", *fault ? ": " : "", fault);
	return 0;
}

static int list(struct ct_host *h, struct err *e)
{
	struct net *n;

	return ct_host_net(h, &n, e) < 0 ? -e->code : ct_bridge_each(n, list_one, NULL, e);
}

int netcfg_bridges_up(struct ct_host *h, struct err *e)
{
	auto_list struct str_list names = { 0 };
	struct net *n;
	bool known;

	if (ct_bridge_names(&names, e) < 0 || ct_host_net(h, &n, e) < 0)
		return -e->code;
	for (size_t i = 0; i < names.n; i++) {
		if (ct_bridge_ensure(n, names.v[i], &known, e) < 0)
			return -e->code;
	}
	return 0;
}

void netcfg_bridge_usage(void)
{
	puts("       vznetcfg br new|set NAME [options]\n       vznetcfg br del NAME\n       vznetcfg br list");
	for (size_t i = 0; i < NET_BR_N; i++)
		printf("  --%-10s %-12s %s\n", net_bridge_rows[i].opt, net_bridge_rows[i].arg, net_bridge_rows[i].man);
}

int netcfg_bridge(char **argv, struct err *e)
{
	auto_host struct ct_host *h = NULL;
	const char *verb = argv[0], *name = verb ? argv[1] : NULL;

	if (!verb || (!str_eq(verb, "list") && !name))
		return err_say(e, EINVAL, "vznetcfg br wants new, set, del or list, and a name");
	if (tool_host(&h, e) < 0)
		return -e->code;
	if (str_eq(verb, "list"))
		return list(h, e);
	if (str_eq(verb, "del"))
		return del(h, name, e);
	if (str_eq(verb, "new") || str_eq(verb, "set"))
		return make(h, name, argv + 2, str_eq(verb, "new"), e);
	return err_say(e, EINVAL, "vznetcfg br %s: new, set, del or list", verb);
}
