/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of rows: complete, without doubles, and every value that is printed is read back the same. */
#include "tests/unit/t_ct_box.h"

TEST(ct_param_rows)
{
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base, other, n = 0;

	CHECK_EQ(ct_param_groups_n, 7);
	while ((p = ct_row_next(&it, &base))) {
		n++;
		CHECK(p->type && p->man && *p->man && p->arg);
		CHECK(p->key || p->opt);
		CHECK(base + p->off + p->type->size <= sizeof(struct ct_conf));
		if (p->opt)
			CHECK(ct_param_by_opt(p->opt, &other) == p && other == base);
		if (p->alias_opt)
			CHECK(ct_param_by_opt(p->alias_opt, &other) == p);
	}
	CHECK_EQ(n, ct_param_groups[0].n + cg_params_n + net_params_n + quota_params_n +
			    ct_compat_params_n + ct_policy_params_n + ct_shape_params_n);
	CHECK(n < 400);			/* the table of keys has room for 1024, old spellings too */
	CHECK(!ct_param_by_key("NOTHING", &other) && !ct_param_by_opt("nothing", &other));
	CHECK(ct_param_by_key("VE_ROOT", &other)->flags & PARAM_RAW);
}

TEST(ct_param_round_trip)
{
	static const char *const values[] = {
		"yes", "no", "0", "1", "1000", "10:20", "unlimited", "512M", "0-1", "all", "a", "a b", "10.0.0.1", "10.0.0.1/24 fd00::1",
		"net_admin:on", "c:1:3:rw", "null:rw", "/x/$VEID", "overlay", "root:x", "268435456", "nfs:on", "\"q\" \\ $HOME `x`", "",
		"stateless", "0000:01:00.0", "none", "auto", "stop", "00:18:51:00:00:01", "off", "1400",
	};
	struct ct_row_iter it = { 0 };
	const struct param *p;
	size_t base;

	while ((p = ct_row_next(&it, &base))) {
		size_t good = 0;

		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			auto_conf struct ct_conf a = { 0 }, b = { 0 };
			auto_buf struct buf out = BUF_INIT;
			struct err e = { 0 };

			if (p->type->parse(p, values[i], PARAM_CLI, param_field(p, base, &a), &e) < 0)
				continue;
			good++;
			p->type->print(p, param_field(p, base, &a), &out);
			if (!p->key)
				continue;
			const struct param *stored = ct_param_by_key(p->key, &base);
			if (stored->type->parse(stored, buf_str(&out), PARAM_FILE, param_field(stored, base, &b), &e) < 0 ||
			    !ct_conf_row_equal(p, base, &a, &b))
				test_fail(__FILE__, __LINE__, "%s: '%s' is stored as '%s'", p->key, values[i], buf_str(&out));
		}
		if (!good)
			test_fail(__FILE__, __LINE__, "no value is good for %s", p->key ? p->key : p->opt);
	}
}
