/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroups/cg_stat.c: figures of a group that does something. */
#include "tests/unit/cg_env.h"

TEST(line)
{
	static const char text[] = "max 3\noom 1\noom_kill 2\nlow 0\n";
	uint64_t v = 99;

	CHECK(cg_line_u64(text, "oom_kill", &v) && v == 2);
	CHECK(cg_line_u64(text, "oom", &v) && v == 1);
	CHECK(cg_line_u64(text, "low", &v) && v == 0);
	CHECK(!cg_line_u64(text, "ma", &v) && !cg_line_u64(text, "kill", &v) && !cg_line_u64("", "x", &v));
}

static int work(void *arg)
{
	env_burn(30);
	return env_eat(arg) != 0;
}

TEST_ROOT(figures)
{
	struct cg_host *h = env_open();
	struct cg *cg = env_group(h, "101");
	size_t much = 20 << 20;
	struct cg_stat s;
	struct err e = { 0 };
	pid_t pid;

	CHECK_OK(cg_stat(cg, &s, &e), &e);
	CHECK_EQ(s.pids, 0);
	CHECK_EQ(env_run(cg, work, &much), 0);
	pid = env_spawn(cg, env_sleep, NULL);
	CHECK_OK(cg_stat(cg, &s, &e), &e);
	CHECK_EQ(s.pids, 1);
	CHECK(s.mem_peak_bytes >= 20 << 20);
	CHECK(s.cpu_usec > 10000);
	CHECK_EQ(s.oom_kills, 0);
	kill(pid, SIGKILL);
	env_status(pid);
	CHECK_OK(cg_remove(h, "101", 20000, &e), &e);
	CHECK(cg_stat(cg, &s, &e) < 0);
	CHECK_EQ(e.code, ENOENT);
	cg_close(cg);
	env_close(h);
}
