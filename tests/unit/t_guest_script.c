/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a script takes out of our hands, and the variables it gets in its place. */
#include "libct/ct_priv.h"
#include "libct/guest.h"
#include "tests/lib/test.h"

static struct ct_conf conf(void)
{
	struct ct_conf c = { .hostname = strdup("www.example.org") };
	struct err e = { 0 };

	CHECK_OK(str_list_split(&c.net.ip, "10.0.0.1 10.0.0.2/24", " ", &e), &e);
	CHECK_OK(str_list_split(&c.nameserver, "192.0.2.1 192.0.2.2", " ", &e), &e);
	CHECK_OK(str_list_split(&c.searchdomain, "a b", " ", &e), &e);
	c.quota.ugidlimit = (struct num_opt){ .v = 100, .set = true };
	return c;
}

/* Every action has a script that is its own name. */
static struct ct_actions all(void)
{
	struct ct_actions a = { .functions = strdup("") };

	for (unsigned i = 0; i < CT_ACTION_N; i++) {
		a.file[i] = strdup(ct_action_name(i));
		a.text[i] = strdup(ct_action_name(i));
	}
	return a;
}

#define V(name, val) name "='" val "'; export " name "\n"
#define ALL (CT_GUEST_HOSTNAME | CT_GUEST_DNS | CT_GUEST_IP | CT_GUEST_CONSOLE)

TEST(guest_script_start)
{
	static const char *const want[] = {
		V("VE_STATE", "starting") V("IP_ADDR", "10.0.0.1 10.0.0.2/24") V("IPV6", "yes") V("IPDELALL", "yes") "ADD_IP",
		V("VE_STATE", "starting") V("HOSTNM", "www.example.org") V("IP_ADDR", "10.0.0.1") "SET_HOSTNAME",
		V("VE_STATE", "starting") V("SEARCHDOMAIN", "a b") V("NAMESERVER", "192.0.2.1 192.0.2.2") "SET_DNS",
		V("VE_STATE", "starting") V("UGIDLIMIT", "100") V("VZ_KERNEL", "no") V("USERNS", "yes") "SET_UGID_QUOTA",
		V("VE_STATE", "starting") V("UGIDLIMIT", "100") V("VZ_KERNEL", "no") V("USERNS", "yes") "SET_CONSOLE",
		V("VE_STATE", "starting") V("UGIDLIMIT", "100") V("VZ_KERNEL", "no") V("USERNS", "yes") "PRE_START",
	};
	struct ct_actions a = all();
	struct ct_conf c = conf();
	struct ct_guest g;
	struct err e = { 0 };

	CHECK_OK(ct_guest_prepare(&c, ALL, &g, &e), &e);
	CHECK(g.hostname && g.hosts_line && g.resolv && g.net && g.console);
	CHECK_OK(ct_guest_scripts(&g, &a, &c, ALL, NULL, &e), &e);
	CHECK(!g.hostname && !g.hosts_line && !g.resolv && !g.net && !g.console && g.name_by_script);
	CHECK_EQ(g.jobs.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < g.jobs.n; i++)
		CHECK(str_eq(g.jobs.v[i].text, want[i]));
	ct_guest_done(&g);
	ct_actions_done(&a);
	ct_conf_done(&c);
}

TEST(guest_script_change)
{
	struct ct_actions a = all();
	struct ct_conf c = conf();
	struct str_list add = { 0 }, del = { 0 };
	const struct ct_guest_change change = { &add, &del };
	struct ct_guest g;
	struct err e = { 0 };

	CHECK_OK(str_list_split(&add, "10.0.0.2/24", " ", &e), &e);
	CHECK_OK(str_list_split(&del, "10.0.0.3 10.0.0.4", " ", &e), &e);
	CHECK_OK(ct_guest_prepare(&c, CT_GUEST_IP, &g, &e), &e);
	CHECK_OK(ct_guest_scripts(&g, &a, &c, CT_GUEST_IP, &change, &e), &e);
	CHECK_EQ(g.jobs.n, 2);
	CHECK(str_eq(g.jobs.v[0].text, V("VE_STATE", "running") V("IP_ADDR", "10.0.0.3 10.0.0.4") V("IPV6", "yes") "DEL_IP"));
	CHECK(str_eq(g.jobs.v[1].text, V("VE_STATE", "running") V("IP_ADDR", "10.0.0.2/24") V("IPV6", "yes") "ADD_IP"));
	ct_guest_done(&g);
	str_list_clear(&add);
	str_list_clear(&c.net.ip);
	CHECK_OK(ct_guest_prepare(&c, CT_GUEST_IP, &g, &e), &e);
	CHECK_OK(ct_guest_scripts(&g, &a, &c, CT_GUEST_IP, &change, &e), &e);
	CHECK_EQ(g.jobs.n, 1);
	CHECK(str_eq(g.jobs.v[0].text, V("VE_STATE", "running") V("IP_ADDR", "10.0.0.3 10.0.0.4") V("IPV6", "yes")
		     V("IPDELALL", "yes") "DEL_IP"));
	ct_guest_done(&g);
	str_list_clear(&del);
	ct_actions_done(&a);
	ct_conf_done(&c);
}

/* Without scripts nothing is taken away. */
TEST(guest_script_none)
{
	struct ct_actions a = { 0 };
	struct ct_conf c = conf();
	struct ct_guest g;
	struct err e = { 0 };

	CHECK_OK(ct_guest_prepare(&c, ALL, &g, &e), &e);
	CHECK_OK(ct_guest_scripts(&g, &a, &c, ALL, NULL, &e), &e);
	CHECK(g.hostname && g.hosts_line && g.resolv && g.net && g.console && !g.jobs.n);
	ct_guest_done(&g);
	ct_conf_done(&c);
}
