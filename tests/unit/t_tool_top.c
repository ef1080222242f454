/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool_top.c: the tables of vztop and vzps. */
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "vzctl/tool.h"

static void ids(char key, struct buf *b)
{
	struct tool_top v[] = {
		{ .id = 1, .cpu = 5, .mem = 10, .procs = 3 }, { .id = 2, .cpu = 9, .mem = 5, .procs = 3 },
		{ .id = 3, .cpu = 5, .mem = 20, .procs = 9 },
	};

	tool_top_sort(v, 3, key);
	buf_addf(b, "%u%u%u ", v[0].id, v[1].id, v[2].id);
}

TEST(tool_top_order)
{
	struct buf auto_buf b = BUF_INIT;

	for (const char *k = "cmpi"; *k; k++)
		ids(*k, &b);
	CHECK_STR(buf_str(&b), "213 312 312 123 ");
}

TEST(tool_top_rows)
{
	const struct tool_top v[] = {
		{ 101, "web", 12, 100 << 20, 256 << 20, 1 << 20, 2048, 0, 12.34, 93784.5 },
		{ 7, "", 1, 4096, NUM_UNLIMITED, 0, 0, 0, 0, 1 },
	};
	struct buf auto_buf b = BUF_INIT, cut = BUF_INIT;

	tool_top_table(&b, v, 2, 10);
	CHECK_STR(buf_str(&b),
		  "      CTID NPROC   CPU%   MEM  MEM%  SWAP  RX/s  TX/s         UPTIME NAME\n"
		  "       101    12   12.3  100M  39.1 1.00M 2.00K     0 001d02h:03m:04s web\n"
		  "         7     1    0.0 4.00K     -     0     0     0 000d00h:00m:01s -\n");
	tool_top_table(&cut, v, 2, 1);
	CHECK(!strstr(buf_str(&cut), "         7 "));
}

TEST(tool_ps_rows)
{
	const struct tool_ps p = {
		.st = { .pid = 4711, .comm = "sh", .state = 'S', .utime = 36100, .stime = 400, .vsize = 4096000, .rss = 256,
			.tty = 136 << 8 | 3 },
		.ctid = 101, .hz = 100, .age = 3650, .ram_kib = 10240, .user = "0", .cmd = "/bin/sh -c x",
	};
	struct tool_ps none = p;
	struct buf auto_buf b = BUF_INIT;

	none.st.tty = 0;
	tool_ps_head(&b, false);
	tool_ps_row(&b, &p, false);
	tool_ps_row(&b, &none, false);
	tool_ps_head(&b, true);
	tool_ps_row(&b, &p, true);
	CHECK_STR(buf_str(&b),
		  "      CTID     PID TTY          TIME CMD\n"
		  "       101    4711 pts/3    00:06:05 sh\n"
		  "       101    4711 ?        00:06:05 sh\n"
		  "      CTID USER         PID %CPU %MEM    VSZ   RSS TTY      STAT     TIME COMMAND\n"
		  "       101 0           4711 10.0 10.0   4000  1024 pts/3    S        6:05 /bin/sh -c x\n");
}
