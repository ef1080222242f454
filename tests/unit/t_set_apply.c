/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which parts a change touches and which addresses it adds and removes. That the parts do what they say is seen by the
 * integration tests. */
#include "tests/unit/t_ct_box.h"

#define NETIF_PARTS (CT_LIVE_NETIF | CT_LIVE_FW | CT_LIVE_SHAPE)

static void set(struct ct_conf *c, const char *opt, const char *text)
{
	struct err e = { 0 };
	size_t base;
	const struct param *p = ct_param_by_opt(opt, &base);

	CHECK(p);
	CHECK_OK(p->type->parse(p, text, PARAM_CLI, param_field(p, base, c), &e), &e);
}

TEST(set_apply_parts)
{
	static const struct { const char *opt, *val; unsigned parts; } t[] = {
		{ "ram", "1G", CT_LIVE_UBC }, { "numproc", "10", CT_LIVE_UBC }, { "cpuunits", "1000", CT_LIVE_CPU },
		{ "cpus", "1", CT_LIVE_CPU }, { "cpumask", "0", CT_LIVE_CPU }, { "ioprio", "3", CT_LIVE_IO },
		{ "iolimit", "10", CT_LIVE_IO }, { "ipadd", "10.0.0.1", CT_LIVE_IP | CT_LIVE_FW }, { "ipdel", "all", CT_LIVE_IP | CT_LIVE_FW },
		{ "hostname", "a", CT_LIVE_GUEST }, { "nameserver", "1.1.1.1", CT_LIVE_GUEST },
		{ "searchdomain", "a.b", CT_LIVE_GUEST }, { "diskspace", "1G", CT_LIVE_QUOTA }, { "diskinodes", "10", CT_LIVE_QUOTA },
		{ "netif_add", "eth0,,,,br0", NETIF_PARTS }, { "netif_del", "all", NETIF_PARTS }, { "ifname", "eth0", NETIF_PARTS },
		{ "mac_filter", "off", NETIF_PARTS }, { "netdev_add", "eth1", CT_LIVE_NETDEV }, { "netdev_del", "eth1", CT_LIVE_NETDEV },
		{ "onboot", "yes", 0 }, { "description", "x", 0 }, { "capability", "mknod:on", 0 },
		{ "devices", "c:1:3:rw", CT_LIVE_DEV }, { "devnodes", "null:rw", CT_LIVE_DEV }, { "netfilter", "full", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_conf struct ct_conf c = { 0 };

		set(&c, t[i].opt, t[i].val);
		CHECK_EQ(ct_live_parts(&c), t[i].parts);
	}
}

/* Every row that promises to be live has a part (userpasswd is a step of its own). */
TEST(set_apply_live_rows)
{
	static const char *const values[] = { "10", "1G", "yes", "a", "0", "10.0.0.1", "all", "1.1.1.1", "root:x",
					      "c:1:3:rw", "null:rw", "00:18:51:00:00:01", "off", "drop", "in accept tcp 22", "tcp 8080 to 80",
					      "*:1:100", "throttle", "1400" };
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		auto_conf struct ct_conf c = { 0 };
		struct err e = { 0 };
		size_t i = 0;

		if (!(p->flags & PARAM_LIVE) || str_eq(p->opt, "userpasswd"))
			continue;
		while (i < ARRAY_SIZE(values) && p->type->parse(p, values[i], PARAM_CLI, param_field(p, base, &c), &e) < 0)
			i++;
		if (i == ARRAY_SIZE(values))
			test_fail(__FILE__, __LINE__, "no value for --%s", p->opt ? p->opt : p->key);
		if (!ct_live_parts(&c) && !str_eq(p->key, "QUOTATIME") && !str_eq(p->key, "QUOTAUGIDLIMIT"))
			test_fail(__FILE__, __LINE__, "--%s is live, but nothing applies it", p->opt ? p->opt : p->key);
	}
}

TEST(set_apply_plan)
{
	auto_conf struct ct_conf old = { 0 }, want = { 0 };
	struct ct_live l = { .old = &old, .want = &want };
	struct err e = { 0 };

	set(&old, "ipadd", "10.0.0.1 10.0.0.2/24 fd00::1");
	set(&want, "ipadd", "10.0.0.1 10.0.0.2/16 10.0.0.9");
	CHECK_OK(ct_live_plan(&l, &e), &e);
	CHECK_EQ(l.ip_add.n, 2);
	CHECK_EQ(l.ip_del.n, 2);
	CHECK(str_list_has(&l.ip_add, "10.0.0.9") && str_list_has(&l.ip_add, "10.0.0.2/16"));
	CHECK(str_list_has(&l.ip_del, "10.0.0.2/24") && str_list_has(&l.ip_del, "fd00::1"));
	ct_live_done(&l);
}

TEST(set_apply_not_running)
{
	static const struct { unsigned parts; const char *text; } t[] = {
		{ CT_LIVE_CPU, "Unable to apply CPU parameters: container is not running" },
		{ CT_LIVE_UBC | CT_LIVE_CPU, "Unable to apply UBC parameters: container is not running" },
		{ CT_LIVE_IP | CT_LIVE_QUOTA, "Unable to apply network parameters: container is not running" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct err e = { 0 };

		ct_live_not_running(t[i].parts, &e);
		CHECK_STR(e.text, t[i].text);
		CHECK_EQ(e.exit, VZ_VE_NOT_RUNNING);
	}
}
