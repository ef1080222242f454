/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool_mem.c: the rows of vzmemcheck and vzcalc, to the character. */
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "vzctl/tool.h"

/* 1 GiB of memory and as much swap. */
static const struct tool_node node = { .ram = 1 << 30, .swap = 1 << 30, .procs = 1000 };

/* 256 MiB of memory, 512 MiB of swap, 100 MiB in use of which 10 MiB are the kernel's, 20 MiB swapped. */
static void vswap(struct cg_ubc_row u[CG_UBC_N])
{
	memset(u, 0, CG_UBC_N * sizeof(*u));
	u[CG_KMEMSIZE].held = 10 << 20;
	u[CG_PHYSPAGES] = (struct cg_ubc_row){ .held = 25600, .limit = 65536 };
	u[CG_PRIVVMPAGES] = (struct cg_ubc_row){ .held = 25600, .barrier = NUM_UNLIMITED, .limit = NUM_UNLIMITED };
	u[CG_OOMGUARPAGES] = (struct cg_ubc_row){ .held = 30720, .barrier = 65536, .limit = NUM_UNLIMITED };
	u[CG_VMGUARPAGES] = (struct cg_ubc_row){ .barrier = 196608, .limit = NUM_UNLIMITED };
	u[CG_SWAPPAGES] = (struct cg_ubc_row){ .held = 5120, .limit = 131072 };
	u[CG_NUMPROC] = (struct cg_ubc_row){ .held = 50, .barrier = 200, .limit = 200 };
}

TEST(tool_node_of_texts)
{
	struct tool_node n;

	tool_node("MemTotal:  1024 kB\nSwapTotal:   10 kB\n", "32768\n", &n);
	CHECK_EQ(n.ram, 1048576);
	CHECK_EQ(n.swap, 10240);
	CHECK_EQ(n.procs, 32768);
}

TEST(tool_memcheck_rows)
{
	struct cg_ubc_row u[CG_UBC_N];
	struct buf auto_buf b = BUF_INIT;
	struct tool_util one, sum = { 0 };

	vswap(u);
	tool_util_of(u, &node, &one);
	tool_util_add(&sum, &one);
	tool_util_add(&sum, &one);
	tool_memcheck_head(&b, false, false);
	tool_memcheck_row(&b, &one, &node, false, " ");
	tool_memcheck_head(&b, true, true);
	tool_memcheck_row(&b, &sum, &node, true, "");
	tool_memcheck_capacity(&b, &node);
	CHECK_STR(buf_str(&b),
		  "Output values in %\n"
		  " LowMem  LowMem     RAM MemSwap MemSwap   Alloc   Alloc   Alloc\n"
		  "   util  commit    util    util  commit    util  commit   limit\n"
		  "    0.98   25.00    9.77    5.86   12.50    4.88   37.50   37.50\n"
		  "Output values in Mbytes\n"
		  "CTID        LowMem  LowMem     RAM MemSwap MemSwap   Alloc   Alloc   Alloc\n"
		  "              util  commit    util    util  commit    util  commit   limit\n"
		  "  20.00  512.00  200.00  240.00  512.00  200.00 1536.00 1536.00\n"
		  "1024.00 1024.00 1024.00 2048.00 2048.00 2048.00 2048.00 2048.00\n");
	CHECK_EQ(strlen(TOOL_RULE), 74);
}

/* Nothing is limited: the whole node counts. */
TEST(tool_util_without_limits)
{
	struct cg_ubc_row u[CG_UBC_N] = { 0 };
	struct tool_util one;

	tool_util_of(u, &node, &one);
	CHECK_EQ((int64_t)one.v[TOOL_LOW_COMMIT], 1 << 30);
	CHECK_EQ((int64_t)one.v[TOOL_ALLOC_LIMIT], 2LL << 30);
	CHECK_EQ((int64_t)one.v[TOOL_MEMSWAP_COMMIT], 0);
	CHECK_EQ((int64_t)one.procs_limit, 1000);
	u[CG_PHYSPAGES].limit = u[CG_PRIVVMPAGES].limit = 0x7fffffffffffffffull;
	u[CG_KMEMSIZE].limit = 14790164;
	tool_util_of(u, &node, &one);
	CHECK_EQ((int64_t)one.v[TOOL_ALLOC_LIMIT], 2LL << 30);
	CHECK_EQ((int64_t)one.v[TOOL_LOW_COMMIT], 14790164);
}

TEST(tool_calc_table)
{
	static const struct { bool running, verbose; const char *want; } t[] = {
		{ true, true,
		  "Resource     Current(%)  Promised(%)  Max(%)\n"
		  "Low Mem          0.98        n/a      25.00\n"
		  "Total RAM        9.77        n/a        n/a\n"
		  "Mem + Swap       5.86      12.50        n/a\n"
		  "Alloc. Mem       4.88      37.50      37.50\n"
		  "Num. Proc        5.00        n/a      20.00\n"
		  "--------------------------------------------\n"
		  "Memory           9.77      37.50      37.50\n" },
		{ false, false,
		  "Resource     Current(%)  Promised(%)  Max(%)\n"
		  "Memory            n/a      37.50      37.50\n" },
	};
	struct cg_ubc_row u[CG_UBC_N];
	struct tool_util one;

	vswap(u);
	tool_util_of(u, &node, &one);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct buf auto_buf b = BUF_INIT;

		tool_calc(&b, &one, &node, t[i].running, t[i].verbose);
		CHECK_STR(buf_str(&b), t[i].want);
	}
}

TEST(tool_bogomips_sum)
{
	CHECK_EQ(tool_bogomips("processor\t: 0\nbogomips\t: 5200.05\n\nprocessor\t: 1\nbogomips\t: 5199.95\n"), 1040000);
	CHECK_EQ(tool_bogomips("processor\t: 0\nBogoMIPS\t: 48\n"), 4800);
	CHECK_EQ(tool_bogomips("cpu MHz\t\t: 2600.123\ncpu MHz\t\t: 400.5\n"), 600124);
	CHECK_EQ(tool_bogomips(""), 0);
	CHECK_EQ(tool_bogomips("bogomips"), 0);
}
