/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool_text.c: vzquota's times and tables, to the character. */
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "vzctl/tool.h"

TEST(tool_span_forms)
{
	static const struct { const char *s; int rc; uint64_t want; } t[] = {
		{ "0", 0, 0 }, { "90", 0, 90 }, { "01:30", 0, 90 }, { "1:00:00", 0, 3600 }, { "2:01:00:05", 0, 176405 },
		{ "7D", 0, 604800 }, { "1w", 0, 604800 }, { "3m", 0, 7776000 }, { "10s", 0, 10 }, { "2h", 0, 7200 },
		{ "", -EINVAL, 0 }, { "7Q", -EINVAL, 0 }, { "D", -EINVAL, 0 }, { "1:", -EINVAL, 0 }, { ":1", -EINVAL, 0 },
		{ "1:2:3:4:5", -EINVAL, 0 }, { "7DD", -EINVAL, 0 }, { "-1", -EINVAL, 0 }, { "99999999999", -EINVAL, 0 },
		{ "1:x", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		uint64_t got = 0;

		CHECK_EQ(tool_span(t[i].s, &got), t[i].rc);
		CHECK_EQ(got, t[i].want);
	}
}

TEST(tool_dq_tables)
{
	static const struct tool_dq blocks = { 345, 1000, 2000, 0, 0 }, inodes = { 11, 10, 20, 0, 0 }, none = { 5, 0, 0, 0, 0 };
	static const struct tool_dq days = { 11, 10, 20, 604800, 0 }, hours = { 11, 10, 20, 7260, 0 };
	struct buf auto_buf b = BUF_INIT, batch = BUF_INIT, more = BUF_INIT;

	tool_dq_text(&b, &blocks, &inodes);
	CHECK_STR(buf_str(&b),
		  "   resource          usage       softlimit      hardlimit    grace\n"
		  "  1k-blocks            345            1000           2000         \n"
		  "     inodes             11*             10             20     none\n");
	tool_dq_batch(&batch, &blocks, &none);
	CHECK_STR(buf_str(&batch),
		  "           345           1000           2000              0              0\n"
		  "             5 9223372036854775807 9223372036854775807              0              0\n");
	tool_dq_text(&more, &days, &hours);
	CHECK(strstr(buf_str(&more), "  1k-blocks             11*             10             20       7d\n"
				     "     inodes             11*             10             20    02:01\n") != NULL);
}

TEST(tool_ugids_tables)
{
	struct quota_ugid v[] = {
		{ .kind = QUOTA_USER, .id = 1000, .now = { .used_kib = 30, .used_inodes = 2, .limit = { 20, 40, 0, 5 }, .block_expires = 1 } },
	};
	const struct quota_ugids u = { .active = true, .grace = { { 604800, 3600 }, { 0, 0 } }, .v = v, .n = 1 };
	struct buf auto_buf b = BUF_INIT;

	tool_ugids_text(&b, &(struct quota_ugids){ 0 }, 0);
	CHECK_STR(buf_str(&b), "User/group quota: off,inactive\n");
	buf_reset(&b);
	tool_ugids_text(&b, &u, 5);
	CHECK_STR(buf_str(&b),
		  "User/group quota: on,active\nUgids: loaded 1, total 1, limit 5\nUgid limit was exceeded: no\n\n"
		  "User/group grace times and quotafile flags:\n"
		  " type block_exp_time inode_exp_time  dqi_flags\n"
		  " user             7d          01:00         0h\n"
		  "group          00:00          00:00         0h\n\n"
		  "User/group objects:\n"
		  "ID           type  resource       usage   softlimit   hardlimit    grace status\n"
		  "1000         user 1k-blocks          30          20          40     none loaded\n"
		  "1000         user    inodes           2           0           5          loaded\n");
	buf_reset(&b);
	tool_ugids_batch(&b, &u, 5);
	CHECK_STR(buf_str(&b), "1 1\n1 1 5\n0\n user 604800 3600         0h\ngroup 0 0         0h\n"
			       "1000         user 1k-blocks          30          20          40        1    1 0\n"
			       "1000         user    inodes           2           0           5        0    1 0\n");
}
