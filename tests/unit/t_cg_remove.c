/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_remove.c: trees that a guest made, groups in use, groups that are gone. */
#include "tests/unit/cg_env.h"

#include <stdio.h>
#include <sys/stat.h>

#include "util/str.h"

static int exists(const char *id, void *arg)
{
	(void)id;
	++*(int *)arg;
	return 0;
}

TEST_ROOT(tree)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	struct err e = { 0 };
	int n = 0;

	for (unsigned i = 0; i < h->n; i++) {
		auto_close int dir = openat(h->hier[i].parent, "101", O_PATH | O_CLOEXEC);
		char name[16];

		for (int k = 0; k < 20; k++) {
			auto_close int sub = -1;

			str_fmt(name, sizeof(name), "s%d", k);
			CHECK_EQ(mkdirat(dir, name, 0755), 0);
			sub = openat(dir, name, O_PATH | O_CLOEXEC);
			CHECK_EQ(mkdirat(sub, "deeper", 0755), 0);
		}
	}
	cg_close(cg);
	CHECK_OK(cg_remove(h, "101", 20000, &e), &e);
	CHECK_OK(cg_remove(h, "101", 20000, &e), &e);		/* gone is success */
	CHECK_OK(cg_host_each(h, exists, &n, &e), &e);
	CHECK_EQ(n, 0);
	env_close(h);
}

TEST_ROOT(too_deep)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	int i = h->v2 >= 0 ? h->v2 : 0, dir = dup(h->hier[i].parent);
	struct err e = { 0 };

	for (int k = 0; k < 80; k++) {
		int sub;

		CHECK(mkdirat(dir, k ? "x" : "101/x", 0755) == 0 || errno == EAGAIN);
		sub = openat(dir, k ? "x" : "101/x", O_PATH | O_CLOEXEC);
		close(dir);
		dir = sub;
		if (dir < 0)
			break;
	}
	CHECK_ERR(cg_remove(h, "101", 100, &e), ELOOP);
	while (dir >= 0) {			/* take it apart by hand: from the leaf up */
		int up = openat(dir, "..", O_PATH | O_CLOEXEC);

		close(dir);
		dir = up;
		if (unlinkat(dir, "x", AT_REMOVEDIR) < 0)
			break;
	}
	close(dir);
	cg_close(cg);
	CHECK_OK(cg_remove(h, "101", 20000, &e), &e);
	env_close(h);
}

TEST_ROOT(in_use)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	pid_t pid = env_spawn(cg, env_sleep, NULL);
	struct err e = { 0 };
	char text[32];
	int64_t t0 = sys_now_ms();

	str_fmt(text, sizeof(text), "pid %d", pid);
	CHECK_ERR(cg_remove(h, "101", 50, &e), EBUSY);
	CHECK(strstr(e.text, text));
	CHECK(sys_now_ms() - t0 >= 50 && sys_now_ms() - t0 < 30000);
	CHECK_EQ(kill(pid, 0), 0);
	kill(pid, SIGKILL);
	t0 = sys_now_ms();
	CHECK_OK(cg_remove(h, "101", 60000, &e), &e);		/* waits for the death, not for a deadline */
	CHECK(sys_now_ms() - t0 < 50000);
	env_status(pid);
	cg_close(cg);
	env_close(h);
}

/* Two hundred groups with a process each: started, killed, gone. */
TEST_ROOT(many)
{
	struct cg_host *h = env_open();
	struct cg_conf c = env_mem(32, 0);
	static pid_t pids[200];
	struct err e = { 0 };
	char id[16];
	int n = 0;

	c.ubc[CG_NUMPROC] = env_pair(10, 10);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		struct cg *cg;

		str_fmt(id, sizeof(id), "%zu", 1000 + i);
		cg = env_group(h, id);
		CHECK_OK(cg_apply(cg, &c, &e), &e);
		CHECK_OK(cg_apply_devices(cg, NULL, 0, &e), &e);
		pids[i] = env_spawn(cg, env_sleep, NULL);
		cg_close(cg);
	}
	CHECK_OK(cg_host_each(h, exists, &n, &e), &e);
	CHECK_EQ(n, ARRAY_SIZE(pids));
	env_clean(h);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		CHECK_EQ(env_status(pids[i]), 128 + SIGKILL);
	env_close(h);
}
