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
	static const struct tool_dq blocks = { 345, 1000, 2000, 0 }, inodes = { 11, 10, 20, 0 }, none = { 5, 0, 0, 0 };
	static const struct tool_dq days = { 11, 10, 20, 604800 }, hours = { 11, 10, 20, 7260 };
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
