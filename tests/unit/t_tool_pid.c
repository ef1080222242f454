/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool_pid.c: whose process, by the texts of /proc. */
#include <string.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "vzctl/tool.h"

TEST(tool_cgroup_ctid)
{
	static const struct { const char *text; unsigned want; } t[] = {
		{ "0::/vz/101\n", 101 }, { "0::/vz/101", 101 }, { "0::/vz/101/init.scope\n", 101 },
		{ "5:memory:/vz/7\n1:name=systemd:/\n0::/\n", 7 }, { "1:name=systemd:/\n0::/vz/12/.vz\n", 12 },
		{ "0::/host/vz/55/x\n", 55 }, { "0::/\n", 0 }, { "", 0 }, { "0::/vz/monitor\n", 0 }, { "0::/vz\n", 0 },
		{ "0::/vz/\n", 0 }, { "0::/vz/10a\n", 0 }, { "0::/vzx/101\n", 0 }, { "0::/avz/101\n", 0 },
		{ "0::/vz/99999999999\n", 0 }, { "nonsense", 0 }, { "4:vz/101", 0 }, { "0::/vz/101 (deleted)\n", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		CHECK_EQ(tool_cgroup_ctid(t[i].text, "vz"), t[i].want);
	CHECK_EQ(tool_cgroup_ctid("0::/other/3\n", "other"), 3);
}

TEST(tool_inner_pid)
{
	CHECK_EQ(tool_inner_pid("Name:\tx\nNSpid:\t4711\t12\nNSpgid:\t1\n", 4711), 12);
	CHECK_EQ(tool_inner_pid("Name:\tx\nNSpid:\t4711\t12\t3\n", 4711), 12);
	CHECK_EQ(tool_inner_pid("Name:\tx\nNSpid:\t4711\nNSpgid:\t9\n", 4711), 4711);
	CHECK_EQ(tool_inner_pid("Name:\tx\n", 5), 5);
}

TEST(tool_stat_parse)
{
	struct tool_stat s;

	CHECK_EQ(tool_stat_parse("12 (a) b (c) S 1 12 12 34816 12 4194304 1 2 3 4 150 50 0 0 20 0 1 0 900 4096000 33 1 2", &s), 0);
	CHECK_EQ(s.pid, 12);
	CHECK_STR(s.comm, "a) b (c");
	CHECK_EQ(s.state, 'S');
	CHECK_EQ(s.ppid, 1);
	CHECK_EQ(s.tty, 34816);
	CHECK_EQ(s.utime, 150);
	CHECK_EQ(s.stime, 50);
	CHECK_EQ(s.start, 900);
	CHECK_EQ(s.vsize, 4096000);
	CHECK_EQ(s.rss, 33);
	CHECK_EQ(tool_stat_parse("1 (\033[2J) R 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", &s), 0);
	CHECK_STR(s.comm, "?[2J");
	CHECK_ERR(tool_stat_parse("", &s), EINVAL);
	CHECK_ERR(tool_stat_parse("1 )(", &s), EINVAL);
	CHECK_ERR(tool_stat_parse("1 (x) S 1", &s), EINVAL);
}

TEST(tool_proc_of_myself)
{
	char text[64];

	CHECK(tool_proc_read(getpid(), "comm", text, sizeof(text)) > 0);
	CHECK_EQ(tool_proc_read(getpid(), "nothing", text, sizeof(text)), -ENOENT);
	CHECK_STR(text, "");
	CHECK_EQ(tool_proc_ctid(getpid(), "no-such-parent"), 0);
	CHECK_EQ(tool_proc_ctid(0x7ffffff0, "vz"), -ESRCH);
}
