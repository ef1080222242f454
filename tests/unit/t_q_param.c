/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quota/quota.h"

#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "util/str.h"

static const struct param *row(const char *key)
{
	for (size_t i = 0; i < quota_params_n; i++)
		if (str_eq(quota_params[i].key, key))
			return &quota_params[i];
	test_fail(__FILE__, __LINE__, "no row %s", key);
}

static int parse(struct quota_conf *c, const char *key, const char *text)
{
	const struct param *p = row(key);
	struct err e = { 0 };

	return p->type->parse(p, text, PARAM_CLI, param_field(p, 0, c), &e);
}

/* Who may change them is t_capped.c's. */
#define HOW (~(unsigned)(PARAM_CAPPED | PARAM_COUNTED | PARAM_ZERO_LIFTS))

TEST(q_param_rows)
{
	CHECK_EQ(quota_params_n, 5);
	for (size_t i = 0; i < quota_params_n; i++) {
		const struct param *p = &quota_params[i];

		CHECK(p->key && p->opt && p->arg && p->type && p->man);
		CHECK(p->off + p->type->size <= sizeof(struct quota_conf));
		for (size_t j = 0; j < i; j++)
			CHECK(!str_eq(p->opt, quota_params[j].opt) && p->off != quota_params[j].off);
	}
	CHECK_EQ(row("DISKSPACE")->flags & HOW, PARAM_LIVE | PARAM_CREATE);
	CHECK_EQ(row("DISKINODES")->flags & HOW, PARAM_LIVE | PARAM_CREATE);
	CHECK_EQ(row("DISK_QUOTA")->flags & HOW, PARAM_RESTART | PARAM_HOST_DEFAULT);
}

TEST(q_param_values)
{
	static const struct { const char *text; uint64_t soft, hard; } t[] = {
		{ "1048576", 0, 1048576 }, { "10G:11G", 10485760, 11534336 }, { "2G", 0, 2097152 },
		{ "unlimited", 0, 0 }, { "1000:unlimited", 1000, 0 }, { "11G:10G", 0, 10485760 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct quota_conf c = { 0 };
		struct quota_limit l;

		CHECK_EQ(parse(&c, "DISKSPACE", t[i].text), 0);
		quota_conf_limit(&c, &l);
		CHECK_EQ(l.soft_kib, t[i].soft);
		CHECK_EQ(l.hard_kib, t[i].hard);
		CHECK_EQ(l.hard_inodes, 0);
	}
	struct quota_conf bad = { 0 };
	CHECK(parse(&bad, "DISKSPACE", "lots") < 0);
	CHECK(parse(&bad, "DISKINODES", "-1") < 0);
	CHECK(parse(&bad, "DISK_QUOTA", "maybe") < 0);
	CHECK(parse(&bad, "QUOTAUGIDLIMIT", "4294967296") < 0);
}

TEST(q_param_quota_off)
{
	struct quota_conf c = { 0 };
	struct quota_limit l;

	CHECK_EQ(parse(&c, "DISKSPACE", "1G"), 0);
	CHECK_EQ(parse(&c, "DISKINODES", "1000:1100"), 0);
	quota_conf_limit(&c, &l);
	CHECK_EQ(l.hard_kib, 1048576);
	CHECK_EQ(l.soft_inodes, 1000);
	CHECK_EQ(l.hard_inodes, 1100);
	CHECK_EQ(parse(&c, "DISK_QUOTA", "no"), 0);
	quota_conf_limit(&c, &l);
	CHECK_EQ(l.hard_kib, 0);
	CHECK_EQ(l.hard_inodes, 0);
	CHECK_EQ(parse(&c, "DISK_QUOTA", "yes"), 0);
	quota_conf_limit(&c, &l);
	CHECK_EQ(l.hard_kib, 1048576);
}
