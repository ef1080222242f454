/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/net.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"

static const struct param *row(const char *opt)
{
	for (size_t i = 0; i < net_params_n; i++) {
		if (strcmp(net_params[i].opt, opt) == 0)
			return &net_params[i];
	}
	test_fail(__FILE__, __LINE__, "no row %s", opt);
}

static const char *text(const struct str_list *l)
{
	static char out[512];
	struct buf b = BUF_INIT;

	net_params[0].type->print(&net_params[0], l, &b);
	str_copy(out, sizeof(out), buf_str(&b));
	buf_done(&b);
	return out;
}

static int give(const char *opt, struct str_list *l, const char *s, struct err *e)
{
	const struct param *p = row(opt);

	return p->type->parse(p, s, PARAM_CLI, l, e);
}

TEST(net_param_rows)
{
	CHECK_STR(row("ipadd")->key, "IP_ADDRESS");
	CHECK_STR(row("ipadd")->alias_opt, "ip");
	CHECK(!row("ipdel")->key);
	for (size_t i = 0; i < net_params_n; i++) {
		CHECK(net_params[i].man && net_params[i].arg);
		CHECK(!(net_params[i].flags & PARAM_LIST) || net_params[i].type->size == sizeof(struct str_list));
	}
}

TEST(net_param_add)
{
	static const struct { const char *in, *out; } t[] = {
		{ "10.0.0.1", "10.0.0.1" },
		{ "10.0.0.1 10.0.0.1", "10.0.0.1" },
		{ " 10.0.0.1/255.255.255.0\t10.0.0.2/32 ", "10.0.0.1/24 10.0.0.2" },
		{ "10.0.0.1 10.0.0.2 10.0.0.1/24", "10.0.0.1/24 10.0.0.2" },
		{ "0.0.0.0 :: ::0", "" },
		{ "2001:DB8::1/128 fd00:0::2/64", "2001:db8::1 fd00::2/64" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct str_list l = { 0 };
		struct err e = { 0 };

		CHECK_OK(give("ipadd", &l, t[i].in, &e), &e);
		CHECK_STR(text(&l), t[i].out);
		CHECK(net_params[0].type->is_set(&l));
		str_list_clear(&l);
	}
}

TEST(net_param_repeated)
{
	const struct param_type *ty = row("ipadd")->type;
	struct str_list l = { 0 }, copy = { 0 };
	struct err e = { 0 };

	CHECK(!ty->is_set(&l));
	CHECK_OK(give("ipadd", &l, "10.0.0.1", &e), &e);
	CHECK_OK(give("ipadd", &l, "10.0.0.2/8", &e), &e);
	CHECK_OK(give("ipadd", &l, "10.0.0.2", &e), &e);
	CHECK_STR(text(&l), "10.0.0.1 10.0.0.2");
	CHECK_OK(ty->copy(&copy, &l, &e), &e);
	CHECK(ty->equal(&copy, &l));
	CHECK_ERR(give("ipadd", &l, "10.0.0.3 nonsense", &e), EINVAL);
	CHECK_STR(e.text, "'nonsense' is not an IPv4 or IPv6 address");
	CHECK_ERR(give("ipadd", &copy, "all", &e), EINVAL);
	ty->done(&l);
	ty->done(&copy);
	CHECK(!ty->is_set(&l));
}

TEST(net_param_merge)
{
	static const struct { const char *base, *add, *del, *out; } t[] = {
		{ "10.0.0.1", "10.0.0.2", "", "10.0.0.1 10.0.0.2" },
		{ "10.0.0.1 10.0.0.2", "", "10.0.0.1", "10.0.0.2" },
		{ "10.0.0.1/24 10.0.0.2", "", "10.0.0.1/8", "10.0.0.2" },
		{ "10.0.0.1 10.0.0.2 fd00::1", "", "all", "" },
		{ "10.0.0.1 10.0.0.2", "10.0.0.9", "all", "10.0.0.9" },
		{ "10.0.0.1 10.0.0.2", "10.0.0.1/24", "", "10.0.0.1/24 10.0.0.2" },
		{ "10.0.0.1 10.0.0.2", "10.0.0.1/24", "10.0.0.1", "10.0.0.2 10.0.0.1/24" },
		{ "10.0.0.1", "", "10.0.0.7 fd00::7", "10.0.0.1" },
		{ "fd00::1/64", "fd00:0::1", "", "fd00::1" },
		{ "", "", "all", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct net_conf base = { 0 }, change = { 0 };
		struct str_list out = { 0 };
		struct err e = { 0 };

		CHECK_OK(give("ipadd", &base.ip, t[i].base, &e), &e);
		CHECK_OK(give("ipadd", &change.ip, t[i].add, &e), &e);
		CHECK_OK(give("ipdel", &change.ip_del, t[i].del, &e), &e);
		CHECK_OK(str_list_add(&out, "old", &e), &e);
		CHECK_OK(net_conf_merge(&base, &change, &out, &e), &e);
		CHECK_STR(text(&out), t[i].out);
		CHECK(out.set);
		str_list_clear(&out);
		str_list_clear(&base.ip);
		str_list_clear(&change.ip);
		str_list_clear(&change.ip_del);
	}
}
