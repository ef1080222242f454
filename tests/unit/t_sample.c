/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples: found by name, never outside their directory; and the ones that are shipped say nothing wrong. */
#include "tests/unit/t_ct_box.h"

TEST_ROOT(sample_load)
{
	static const char *const bad[] = { "../../vz", "a/b", "none", "a\nb" };
	struct box b;
	auto_kv struct kv kv = { 0 };
	auto_free char *path = NULL;

	box_init(&b, NULL);
	box_put(CT_CONF_DIR "/ve-x.conf-sample", "CPUUNITS=\"1000\"\n");
	CHECK_OK(ct_sample_load("x", &kv, &path, &b.e), &b.e);
	CHECK_STR(kv_get(&kv, "CPUUNITS"), "1000");
	CHECK_STR(path, CT_CONF_DIR "/ve-x.conf-sample");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_kv struct kv none = { 0 };
		auto_free char *p = NULL;

		CHECK_ERR(ct_sample_load(bad[i], &none, &p, &b.e), ENOENT);
		CHECK(p);
	}
	box_done(&b);
}

static void say(void *arg, int level, unsigned ctid, const char *text)
{
	(void)arg;
	(void)ctid;
	if (level <= 1)
		test_fail(__FILE__, __LINE__, "%s", text);
}

TEST(sample_shipped)
{
	static const struct { const char *name; unsigned pages; bool vswap; } t[] = {
		{ "vswap-256m", 65536, true }, { "vswap-512m", 131072, true }, { "vswap-1024m", 262144, true },
		{ "vswap-1g", 262144, true }, { "vswap-2g", 524288, true }, { "vswap-4g", 1048576, true },
		{ "basic", 0, false }, { "light", 0, false },
	};
	const struct ct_ui ui = { say, NULL };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_conf struct ct_conf c = { 0 };
		auto_kv struct kv kv = { 0 };
		struct err e = { 0 };
		char path[128];
		const struct ct_conf_src src = { .ui = &ui, .id = 0, .file = path };

		str_fmt(path, sizeof(path), "vzctl/etc/ve-%s.conf-sample", t[i].name);
		CHECK_OK(kv_load(&kv, AT_FDCWD, path, &e), &e);
		CHECK_OK(ct_conf_read(&c, &kv, &src, &e), &e);
		CHECK_EQ(cg_conf_is_vswap(&c.cg), t[i].vswap);
		CHECK(c.quota.space.set && c.quota.inodes.set && c.cg.cpuunits.set);
		if (t[i].vswap) {
			CHECK_EQ(c.cg.ubc[CG_PHYSPAGES].lim, t[i].pages);
			CHECK_EQ(c.cg.ubc[CG_SWAPPAGES].lim, 2 * t[i].pages);
		}
	}
}
