/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_dev.c: rules, and what a process in the group may open. */
#include "tests/unit/cg_env.h"

TEST(rules_merge)
{
	static const struct cg_dev v[] = { { 'c', 1, 3, "m" }, { 'b', 8, -1, "r" }, { 'b', 8, -1, "w" }, { 'c', 9, 9, "" } };
	struct cg_rule r[CG_DEV_MAX];
	struct err e = { 0 };
	int base = cg_dev_rules(NULL, 0, r, &e), n = cg_dev_rules(v, ARRAY_SIZE(v), r, &e);

	CHECK_EQ(n, base + 1);
	CHECK_EQ(r[0].acc, CG_DEV_R | CG_DEV_W | CG_DEV_M);
	CHECK_EQ(r[base].type, 'b');
	CHECK_EQ(r[base].acc, CG_DEV_R | CG_DEV_W);
}

TEST(rules_bad)
{
	static const struct cg_dev v[] = {
		{ 'a', 1, 3, "r" }, { 'c', -2, 3, "r" }, { 'c', 1, -2, "r" }, { 'c', 5000, 3, "r" }, { 'c', 1, 3, "rx" },
		{ 'c', 1, 1 << 20, "r" },
	};
	static struct cg_dev many[CG_DEV_MAX];
	struct cg_rule r[CG_DEV_MAX];
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		CHECK_ERR(cg_dev_rules(&v[i], 1, r, &e), EINVAL);
	for (int i = 0; i < CG_DEV_MAX; i++)
		many[i] = (struct cg_dev){ 'c', 200, i, "r" };
	CHECK_ERR(cg_dev_rules(many, CG_DEV_MAX, r, &e), E2BIG);
}

TEST(list_lines)
{
	struct cg_rule r;

	CHECK_EQ(cg_dev_parse_line("c 1:3 rwm", &r), 0);
	CHECK(r.type == 'c' && r.major == 1 && r.minor == 3 && r.acc == (CG_DEV_R | CG_DEV_W | CG_DEV_M));
	CHECK_EQ(cg_dev_parse_line("b 8:* r", &r), 0);
	CHECK(r.type == 'b' && r.minor == -1 && r.acc == CG_DEV_R);
	CHECK_EQ(cg_dev_parse_line("a *:* rwm", &r), 0);
	CHECK(r.type == 'a' && r.major == -1);
	CHECK_ERR(cg_dev_parse_line("", &r), EINVAL);
	CHECK_ERR(cg_dev_parse_line("x 1:3 r", &r), EINVAL);
	CHECK_ERR(cg_dev_parse_line("c 1 r", &r), EINVAL);
	CHECK_ERR(cg_dev_parse_line("c 1:3 z", &r), EINVAL);
	CHECK_ERR(cg_dev_parse_line("c ", &r), EINVAL);
}

static int try_open(void *arg)
{
	int flags = *(int *)arg;
	auto_close int fd = open("/dev/kmsg", flags | O_CLOEXEC);

	for (int i = 0; i < 2; i++) {
		auto_close int ok = open(i ? "/dev/urandom" : "/dev/null", O_RDWR | O_CLOEXEC);

		if (ok < 0)
			return 3;
	}
	return fd >= 0 ? 1 : errno == EPERM ? 2 : 4;
}

/* Through whatever this host has: v1 controller or v2 program. */
TEST_ROOT(live_changes)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct cg_dev ro = { 'c', 1, 11, "r" }, rw = { 'c', 1, 11, "rw" };
	int rd = O_RDONLY, wr = O_WRONLY;
	struct err e = { 0 };

	if (try_open(&rd) != 1)
		SKIP("no /dev/kmsg to try");
	CHECK_EQ(env_run(cg, try_open, &rd), 1);
	CHECK_OK(cg_apply_devices(cg, NULL, 0, &e), &e);
	CHECK_EQ(env_run(cg, try_open, &rd), 2);
	CHECK_OK(cg_apply_devices(cg, &rw, 1, &e), &e);
	CHECK_EQ(env_run(cg, try_open, &wr), 1);
	CHECK_OK(cg_apply_devices(cg, &ro, 1, &e), &e);
	CHECK_EQ(env_run(cg, try_open, &rd), 1);
	CHECK_EQ(env_run(cg, try_open, &wr), 2);
	CHECK_OK(cg_apply_devices(cg, NULL, 0, &e), &e);
	CHECK_OK(cg_apply_devices(cg, NULL, 0, &e), &e);
	CHECK_EQ(env_run(cg, try_open, &rd), 2);
	cg_close(cg);
	env_close(h);
}
