/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/netif_param.h"

#include <errno.h>
#include <string.h>

#include "net/netif.h"
#include "tests/lib/test.h"
#include "util/buf.h"

static const struct param *row(const char *opt)
{
	for (size_t i = 0; i < net_params_n; i++) {
		if (str_eq(net_params[i].opt, opt))
			return &net_params[i];
	}
	test_fail(__FILE__, __LINE__, "no row %s", opt);
}

static int give(struct net_conf *c, const char *opt, const char *text, enum param_src src, struct err *e)
{
	const struct param *p = row(opt);

	return p->type->parse(p, text, src, (char *)c + p->off, e);
}

static const char *text(const char *opt, const struct str_list *l)
{
	static char out[1024];
	struct buf b = BUF_INIT;

	row(opt)->type->print(row(opt), l, &b);
	str_copy(out, sizeof(out), buf_str(&b));
	buf_done(&b);
	return out;
}

static void done(struct net_conf *c)
{
	for (size_t i = 0; i < net_params_n; i++)
		net_params[i].type->done((char *)c + net_params[i].off);
}

TEST(netif_param_file)
{
	static const struct { const char *in, *out; } t[] = {
		{ "ifname=eth0;ifname=eth1,bridge=b", "ifname=eth0;ifname=eth1,bridge=b" },
		{ "", "" }, { ";;", "" },
		{ "ifname=eth0,gw=1; ifname=eth0,bridge=b;", "ifname=eth0,bridge=b" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct net_conf c = { 0 };
		struct err e = { 0 };

		CHECK_OK(give(&c, "netif_add", t[i].in, PARAM_FILE, &e), &e);
		CHECK(c.netif.set);
		CHECK_STR(text("netif_add", &c.netif), t[i].out);
		done(&c);
	}
}

TEST(netif_param_option)
{
	static const struct { const char *in, *out; } t[] = {
		{ "eth0", "ifname=eth0" },
		{ "eth0,,,,br0 eth1", "ifname=eth0,bridge=br0;ifname=eth1" },
		{ "eth0,00:18:51:00:00:01,v,00:18:51:00:00:02,br0",
		  "ifname=eth0,bridge=br0,mac=00:18:51:00:00:01,host_ifname=v,host_mac=00:18:51:00:00:02" },
		{ "eth0,,v,", "ifname=eth0,host_ifname=v" },
		{ "ifname=eth0,bridge=br0,vlan=10", "ifname=eth0,bridge=br0,vlan=10" },	/* as it is stored */
	};
	static const char *const bad[] = { "", " ", ",", "eth0,x", "eth0,,,,,", "eth0,,,,br0,x", "bridge=eth0", "eth0 ,a" };
	struct net_conf c = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		CHECK_OK(give(&c, "netif_add", t[i].in, PARAM_CLI, &e), &e);
		CHECK_STR(text("netif_add", &c.netif), t[i].out);
		done(&c);
	}
	CHECK_OK(give(&c, "netif_add", "eth0", PARAM_CLI, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (give(&c, "netif_add", bad[i], PARAM_CLI, &e) != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
		err_clear(&e);
	}
	CHECK_STR(text("netif_add", &c.netif), "ifname=eth0");
	CHECK_OK(give(&c, "netif_add", "eth1", PARAM_CLI, &e), &e);
	CHECK_STR(text("netif_add", &c.netif), "ifname=eth0;ifname=eth1");
	CHECK_EQ(give(&c, "mac", "nonsense", PARAM_CLI, &e), -EINVAL);
	err_clear(&e);
	CHECK_EQ(give(&c, "mac_filter", "maybe", PARAM_CLI, &e), -EINVAL);
	CHECK(!c.netif_edit.set);
	done(&c);
}

struct step { const char *opt, *val; };

static int merge(const char *base, const struct step *s, struct str_list *ret, struct err *e)
{
	struct net_conf b = { 0 }, c = { 0 };
	int rc;

	CHECK_OK(give(&b, "netif_add", base, PARAM_FILE, e), e);
	for (; s->opt; s++)
		CHECK_OK(give(&c, s->opt, s->val, PARAM_CLI, e), e);
	CHECK(net_conf_has_netif(&c));
	rc = net_conf_merge_netif(&b, &c, ret, e);
	done(&b);
	done(&c);
	return rc;
}

#define TWO "ifname=eth0,bridge=a,mac=00:18:51:00:00:01,x=1;ifname=eth1"

TEST(netif_param_merge)
{
	static const struct { struct step s[6]; const char *out; } t[] = {
		{ { { "netif_add", "eth2" } }, TWO ";ifname=eth2" },
		{ { { "netif_del", "eth0" } }, "ifname=eth1" },
		{ { { "netif_del", "eth7" } }, TWO },
		{ { { "netif_del", "all" } }, "" },
		{ { { "netif_add", "eth0" }, { "netif_del", "all" } }, "ifname=eth0" },
		{ { { "netif_del", "eth1" }, { "netif_del", "eth0" } }, "" },
		{ { { "ifname", "eth1" }, { "bridge", "b" }, { "mac_filter", "off" } },
		  "ifname=eth0,bridge=a,mac=00:18:51:00:00:01,x=1;ifname=eth1,bridge=b,mac_filter=off" },
		{ { { "bridge", "b" }, { "ifname", "eth1" } }, "ifname=eth0,bridge=a,mac=00:18:51:00:00:01,x=1;ifname=eth1,bridge=b" },
		{ { { "ifname", "eth0" }, { "bridge", "" }, { "ifname", "eth1" }, { "bridge", "b" } },
		  "ifname=eth0,mac=00:18:51:00:00:01,x=1;ifname=eth1,bridge=b" },
		{ { { "netif_add", "eth2" }, { "ifname", "eth2" }, { "host_ifname", "v" } }, TWO ";ifname=eth2,host_ifname=v" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct str_list l = { 0 };
		struct err e = { 0 };

		CHECK_OK(merge(TWO, t[i].s, &l, &e), &e);
		CHECK(l.set);
		CHECK_STR(text("netif_add", &l), t[i].out);
		str_list_clear(&l);
	}
}

TEST(netif_param_merge_bad)
{
	static const struct { struct step s[4]; int rc; const char *text; } t[] = {
		{ { { "mac", "00:18:51:00:00:01" } }, -ENODATA, "Invalid usage.  Option --ifname not specified" },
		{ { { "ifname", "eth7" } }, -ENOENT,
		  "Invalid usage: veth device eth7 is not configured, use --netif_add option first" },
		{ { { "netif_del", "eth0" }, { "ifname", "eth0" } }, -ENOENT,
		  "Invalid usage: veth device eth0 is not configured, use --netif_add option first" },
		{ { { "netif_add", "eth2,,v eth3,,v" } }, -EEXIST,
		  "interfaces eth2 and eth3 would both be v on the host: give one another host_ifname" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct str_list l = { 0 };
		struct err e = { 0 };

		CHECK_EQ(merge(TWO, t[i].s, &l, &e), t[i].rc);
		CHECK_STR(e.text, t[i].text);
		CHECK(!l.n);
	}
}

/* Adding what is there gives it the values given and keeps the others; what is new gets addresses. */
TEST(netif_param_complete)
{
	struct net_conf base = { 0 }, c = { 0 };
	struct err e = { 0 };
	struct net_if f;

	CHECK_OK(give(&base, "netif_add", TWO, PARAM_FILE, &e), &e);
	CHECK_OK(give(&c, "netif_add", "eth0,,,,b eth5", PARAM_CLI, &e), &e);
	CHECK_OK(net_conf_complete(&c, &base, 101, &e), &e);
	CHECK_EQ(net_if_find(&c.netif, "eth0", &f), 0);
	CHECK_STR(f.bridge, "b");
	CHECK_STR(f.extra, "x=1");
	CHECK_STR(f.host_ifname, "veth101.0");
	CHECK(f.mac[5] == 1 && f.has_host_mac);
	CHECK_EQ(net_if_find(&c.netif, "eth5", &f), 1);
	CHECK_STR(f.host_ifname, "veth101.5");
	CHECK(f.has_mac && f.has_host_mac);
	done(&c);

	CHECK_OK(give(&c, "netif_del", "eth0", PARAM_CLI, &e), &e);
	CHECK_OK(give(&c, "netif_add", "eth0", PARAM_CLI, &e), &e);
	CHECK_OK(net_conf_complete(&c, &base, 101, &e), &e);
	CHECK_EQ(net_if_find(&c.netif, "eth0", &f), 0);
	CHECK_STR(f.bridge, "");
	done(&c);
	CHECK_OK(net_conf_complete(&c, &base, 101, &e), &e);
	CHECK(!c.netif.set);
	done(&base);
}

TEST(netif_param_netdev)
{
	static const char *const bad[] = { "lo", "tun0", "tap1", "venet0", "a/b", "0123456789abcdef" };
	struct net_conf base = { 0 }, c = { 0 };
	struct str_list l = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(give(&c, "netdev_add", bad[i], PARAM_CLI, &e), -EINVAL);
		err_clear(&e);
	}
	CHECK(!net_conf_has_netdev(&c));
	CHECK_OK(give(&base, "netdev_add", "eth1 eth2 eth1", PARAM_FILE, &e), &e);
	CHECK_STR(text("netdev_add", &base.netdev), "eth1 eth2");
	CHECK_OK(give(&c, "netdev_del", "eth1", PARAM_CLI, &e), &e);
	CHECK_OK(give(&c, "netdev_add", "eth3", PARAM_CLI, &e), &e);
	CHECK_OK(give(&c, "netdev_add", "eth2", PARAM_CLI, &e), &e);
	CHECK_OK(net_conf_merge_netdev(&base, &c, &l, &e), &e);
	CHECK_STR(text("netdev_add", &l), "eth2 eth3");
	str_list_clear(&l);
	done(&base);
	done(&c);
}

TEST(netif_param_no_memory)
{
	EACH_FAULT(FAULT_ALLOC) {
		struct net_conf base = { 0 }, c = { 0 };
		struct str_list l = { 0 };
		struct err e = { 0 };
		int rc = give(&base, "netif_add", TWO, PARAM_FILE, &e);

		if (rc == 0)
			rc = give(&c, "netif_add", "eth5,,,,b", PARAM_CLI, &e);
		if (rc == 0)
			rc = give(&c, "netif_del", "eth1", PARAM_CLI, &e);
		if (rc == 0)
			rc = net_conf_complete(&c, &base, 101, &e);
		if (rc == 0)
			rc = net_conf_merge_netif(&base, &c, &l, &e);
		test_fault_off();
		CHECK_EQ(rc, test_fault_hit() ? -ENOMEM : 0);
		str_list_clear(&l);
		done(&base);
		done(&c);
	}
}
