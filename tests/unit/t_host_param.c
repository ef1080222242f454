/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/t_ct_box.h"

/* The vz.conf that is shipped: every key is known to somebody, and its values are the documented defaults. */
TEST(host_param_shipped)
{
	auto_kv struct kv kv = { 0 };
	struct err e = { 0 };

	CHECK_OK(kv_load(&kv, AT_FDCWD, "vzctl/etc/vz.conf", &e), &e);
	for (size_t i = 0; i < kv.n; i++) {
		const struct param *p = NULL;
		size_t base;

		CHECK(kv.v[i].kind != KV_BAD);
		if (kv.v[i].kind != KV_PAIR)
			continue;
		for (size_t k = 0; k < ct_host_param_group.n; k++) {
			if (!strcmp(ct_host_param_group.rows[k].key, kv.v[i].key))
				p = &ct_host_param_group.rows[k];
		}
		if (!p) {
			p = ct_param_by_key(kv.v[i].key, &base);
			if (!p || !(p->flags & PARAM_HOST_DEFAULT))
				test_fail(__FILE__, __LINE__, "%s is not a row that vz.conf may give", kv.v[i].key);
		}
		if (p->def && strcmp(kv.v[i].key, "NAMESERVER") != 0)
			CHECK_STR(kv.v[i].val, p->def);
		CHECK(i > 0 && (kv.v[i - 1].kind == KV_PAIR || kv.v[i - 1].raw[0] == '#'));	/* a comment above each */
	}
}

TEST(host_param_rows)
{
	for (size_t i = 0; i < ct_host_param_group.n; i++) {
		const struct param *p = &ct_host_param_group.rows[i];

		CHECK(p->key && p->type && p->man && p->arg && !p->opt);
		CHECK(p->off + p->type->size <= sizeof(struct ct_host_conf));
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(p->key, ct_host_param_group.rows[k].key) != 0);
	}
}
