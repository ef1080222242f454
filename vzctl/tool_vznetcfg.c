/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vznetcfg: what is done to the host's end of a new veth device, or an EXTERNAL_SCRIPT in its place; and by hand
 * the bridges of this host (tool_netbr.c), and interfaces that somebody else's hands have been on (tool_netheal.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzctl/tool.h"
#include "vzctl/tool_netcfg.h"

#define VZNET_CONF "/etc/vz/vznet.conf"

static int help(void)
{
	puts("Usage: VEID=CTID vznetcfg init veth DEVICE\n       vznetcfg init all         make the bridges that "
		"/etc/vz/bridges describes\n"
	     "       vznetcfg class show | reset | set \"CLASS NETWORK\" ...   for 'vznetstat -l'\n"
	     "       vznetcfg check [CTID ...]\n       vznetcfg repair [CTID ...]");
	netcfg_bridge_usage();
	return 0;
}

static int init_all(struct err *e)
{
	auto_host struct ct_host *h = NULL;

	return tool_host(&h, e) < 0 ? -e->code : netcfg_bridges_up(h, e);
}

/* 1: done, or failed with a word; 0: no verb of ours */
static int ours(int argc, char **argv, int *ret, struct err *e)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (str_eq(verb, "-h") || str_eq(verb, "--help"))
		*ret = help();
	else if (str_eq(verb, "br"))
		*ret = netcfg_bridge(argv + 2, e);
	else if (str_eq(verb, "class"))
		*ret = netcfg_class(argv + 2, e);
	else if (str_eq(verb, "check") || str_eq(verb, "repair"))
		*ret = netcfg_heal(argv + 2, str_eq(verb, "repair"), e);
	else if (argc == 3 && str_eq(verb, "init") && str_eq(argv[2], "all"))
		*ret = init_all(e);
	else
		return 0;
	return 1;
}

int main(int argc, char **argv)
{
	auto_free char *script = NULL;
	struct err e = { 0 };
	int rc;

	if (ours(argc, argv, &rc, &e))
		return rc < 0 ? tool_fail("vznetcfg", &e) : rc;
	script = tool_conf_value(VZNET_CONF, "EXTERNAL_SCRIPT");
	if (script && script[0] == '/' && access(script, X_OK) == 0) {
		argv[0] = script;
		execv(script, argv);
		err_set(&e, errno, "%s", script);
		return tool_fail("vznetcfg", &e);
	}
	if (argc < 4 || strcmp(argv[1], "init") != 0 || strcmp(argv[2], "veth") != 0) {
		puts("invalid action");
		return 1;
	}
	return tool_dev_up(argv[3], &e) < 0 ? tool_fail("vznetcfg", &e) : 0;
}
