/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_param.c: every row, and the values that are this module's own. */
#include "tests/unit/cg_env.h"

#include <ctype.h>

#include "util/buf.h"
#include "util/str.h"

static const struct param *row(const char *opt)
{
	for (size_t i = 0; i < cg_params_n; i++)
		if (str_eq(cg_params[i].opt, opt))
			return &cg_params[i];
	test_fail(__FILE__, __LINE__, "no row %s", opt);
}

TEST(rows)
{
	for (size_t i = 0; i < cg_params_n; i++) {
		const struct param *p = &cg_params[i];

		CHECK(p->opt && p->type && p->man && p->arg);
		CHECK(p->flags & PARAM_LIVE && p->flags & PARAM_CREATE);
		CHECK(p->off + p->type->size <= sizeof(struct cg_conf));
		for (size_t k = 0; k < i; k++)
			CHECK(!str_eq(cg_params[k].opt, p->opt) && (!p->key || !str_eq(cg_params[k].key, p->key)));
	}
	for (int i = 0; i < CG_UBC_N; i++) {
		const struct param *p = row(cg_ubc_names[i]);

		CHECK_EQ(p->off, offsetof(struct cg_conf, ubc[i]));
		for (const char *k = p->key, *o = p->opt; *k || *o; k++, o++)
			CHECK_EQ(*k, toupper((unsigned char)*o));
	}
	CHECK_STR(row("dcachesize")->alias_key, "DCACHE");
	CHECK_STR(row("numiptent")->alias_key, "IPTENTRIES");
	CHECK_EQ(row("kmemsize")->short_opt, 'k');
	CHECK_EQ(row("ram")->off, row("physpages")->off);
}

TEST(values)
{
	static const struct { const char *opt, *text; enum param_src src; const char *out; int rc; } t[] = {
		{ "ram", "512M", PARAM_CLI, "0:131072", 0 }, { "swap", "0", PARAM_CLI, "0", 0 },
		{ "physpages", "0:131072", PARAM_FILE, "0:131072", 0 }, { "numproc", "100", PARAM_CLI, "100", 0 },
		{ "numproc", "1K", PARAM_CLI, NULL, -EINVAL }, { "cpuunits", "8", PARAM_CLI, "8", 0 },
		{ "cpuunits", "7", PARAM_CLI, NULL, -EINVAL }, { "cpuunits", "500001", PARAM_CLI, NULL, -EINVAL },
		{ "cpulimit", "200", PARAM_CLI, "200", 0 }, { "cpulimit", "0%", PARAM_CLI, "0", 0 },
		{ "cpulimit", "101%", PARAM_CLI, NULL, -EINVAL }, { "cpulimit", "%", PARAM_CLI, NULL, -EINVAL },
		{ "cpulimit", "-5", PARAM_CLI, NULL, -EINVAL }, { "cpumask", "7,0-2,1", PARAM_CLI, "0-2,7", 0 },
		{ "cpumask", "all", PARAM_CLI, "all", 0 }, { "cpumask", "auto", PARAM_CLI, "auto", 0 },
		{ "nodemask", "auto", PARAM_CLI, NULL, -EINVAL }, { "cpumask", "3-1", PARAM_CLI, NULL, -EINVAL },
		{ "cpumask", "", PARAM_CLI, NULL, -EINVAL }, { "ioprio", "7", PARAM_CLI, "7", 0 },
		{ "ioprio", "8", PARAM_CLI, NULL, -EINVAL }, { "iolimit", "10", PARAM_CLI, "10485760", 0 },
		{ "iolimit", "10", PARAM_FILE, "10", 0 }, { "iolimit", "10K", PARAM_CLI, "10240", 0 },
		{ "iolimit", "10K", PARAM_FILE, "10240", 0 }, { "iolimit", "unlimited", PARAM_CLI, "0", 0 },
		{ "iolimit", "2048", PARAM_CLI, NULL, -EINVAL }, { "iolimit", "9223372036854775806", PARAM_CLI, NULL, -EINVAL },
		{ "iolimit", "x", PARAM_CLI, NULL, -EINVAL }, { "iopslimit", "unlimited", PARAM_CLI, "0", 0 },
		{ "iopslimit", "500", PARAM_CLI, "500", 0 }, { "iopslimit", "-1", PARAM_CLI, NULL, -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		const struct param *p = row(t[i].opt);
		auto_buf struct buf b = BUF_INIT;
		struct cg_conf c = { 0 };
		struct err e = { 0 };
		void *f = param_field(p, 0, &c);
		int rc = p->type->parse(p, t[i].text, t[i].src, f, &e);

		if (rc != t[i].rc)
			test_fail(__FILE__, __LINE__, "--%s %s: %d (%s)", t[i].opt, t[i].text, rc, e.text);
		if (rc == 0) {
			CHECK(p->type->is_set(f));
			p->type->print(p, f, &b);
			if (!str_eq(buf_str(&b), t[i].out))
				test_fail(__FILE__, __LINE__, "--%s %s: '%s'", t[i].opt, t[i].text, buf_str(&b));
		}
		p->type->done(f);
		CHECK(!p->type->is_set(f));
	}
}

TEST(copies)
{
	struct cg_conf a = { 0 }, b = { 0 };
	const struct param *p = row("cpumask");
	struct err e = { 0 };

	CHECK_EQ(p->type->parse(p, "0-1", PARAM_CLI, &a.cpumask, &e), 0);
	CHECK_EQ(p->type->copy(&b.cpumask, &a.cpumask, &e), 0);
	CHECK(p->type->equal(&a.cpumask, &b.cpumask) && a.cpumask != b.cpumask);
	p->type->done(&a.cpumask);
	CHECK(!p->type->equal(&a.cpumask, &b.cpumask));
	p->type->done(&b.cpumask);
}
