/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl/tool_bc.c: reports read and printed, the tables of vzubc and vzoversell. */
#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"
#include "util/buf.h"
#include "vzctl/tool.h"

static const char report[] =
	"Version: 2.5\n"
	"       uid  resource                     held              maxheld              barrier                limit"
	"              failcnt\n"
	"      101:  kmemsize                  2752512              3145728             14372700             14790164"
	"                    0\n"
	"            numproc                        12                   60                  100                  100"
	"                    3\n"
	"            dummy                           0                    0                    0                    0"
	"                    0\n"
	"            physpages                   25600                65536                    0                65536"
	"                    0\n"
	"            swappages                       0                    0                    0               131072"
	"                    0\n"
	"        0:  kmemsize                        1                    2  9223372036854775807  9223372036854775807"
	"                    0\n";

TEST(tool_bc_parse_report)
{
	auto_free struct tool_bc *v = NULL;
	struct err e = { 0 };
	size_t n;

	CHECK_OK(tool_bc_parse(report, 0, &v, &n, &e), &e);
	CHECK_EQ(n, 2);
	CHECK_EQ(v[0].id, 101);
	CHECK_EQ(v[0].row[CG_KMEMSIZE].limit, 14790164);
	CHECK_EQ(v[0].row[CG_NUMPROC].failcnt, 3);
	CHECK(v[0].has[CG_PHYSPAGES] && !v[0].has[CG_NUMFILE]);
	CHECK_EQ(v[1].id, 0);
	CHECK_EQ(v[1].row[CG_KMEMSIZE].held, 1);
}

TEST(tool_bc_parse_others)
{
	static const struct { const char *text; size_t n; unsigned id; } t[] = {
		{ "", 0, 0 }, { "garbage\n\n", 0, 0 }, { "   numproc 1 2 3 4 5\n", 1, 7 }, { "9: numproc 1 2 3 4 5", 1, 9 },
		{ "9: numproc 1 2 3 4", 0, 0 }, { "numproc 1 2 3 4 5\n101: numproc 1 2 3 4 5\n", 2, 7 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		auto_free struct tool_bc *v = NULL;
		struct err e = { 0 };
		size_t n;

		CHECK_OK(tool_bc_parse(t[i].text, 7, &v, &n, &e), &e);
		CHECK_EQ(n, t[i].n);
		CHECK_EQ(n ? v[0].id : 0, t[i].id);
	}
}

TEST(tool_bc_print_and_parse)
{
	auto_free struct tool_bc *v = NULL, *again = NULL;
	struct buf auto_buf b = BUF_INIT;
	struct err e = { 0 };
	size_t n;

	CHECK_OK(tool_bc_parse(report, 0, &v, &n, &e), &e);
	tool_bc_print(&b, &v[0]);
	CHECK(strstr(buf_str(&b), "       101: kmemsize                  2752512              3145728             14372700"
				  "             14790164                    0\n            numproc ") == buf_str(&b));
	CHECK_OK(tool_bc_parse(buf_str(&b), 0, &again, &n, &e), &e);
	CHECK_EQ(n, 1);
	CHECK_EQ(memcmp(again, v, sizeof(*again)), 0);
}

static void table(const struct tool_bc_form *f, size_t which, struct buf *b)
{
	auto_free struct tool_bc *v = NULL;
	struct err e = { 0 };
	size_t n;

	CHECK_OK(tool_bc_parse(report, 0, &v, &n, &e), &e);
	tool_bc_table(b, &v[which], f);
}

TEST(tool_bc_table_plain)
{
	struct buf auto_buf b = BUF_INIT;

	table(&(struct tool_bc_form){ .held_ratio = 0.5, .max_ratio = 0.8 }, 0, &b);
	CHECK_STR(buf_str(&b),
		  "-------------------------------------------------------------------\n"
		  "CT 101       | HELD  Bar%  Lim%| MAXH  Bar%  Lim%| BAR | LIM | FAIL\n"
		  "-------------+-----------------+-----------------+-----+-----+-----\n"
		  "     kmemsize|2.62M   19%   19%|3.00M   22%   21%|13.7M|14.1M|    -\n"
		  "      numproc|   12   12%   12%|   60   60%   60%|  100|  100|    3\n"
		  "    physpages| 100M     -   39%| 256M     -  100%|    0| 256M|    -\n"
		  "    swappages|    0     -    0%|    0     -    0%|    0| 512M|    -\n");
}

/* What has no limit shows only with -v; what is far from one not with -q. */
TEST(tool_bc_table_choice)
{
	struct buf auto_buf hidden = BUF_INIT, shown = BUF_INIT, quiet = BUF_INIT;

	table(&(struct tool_bc_form){ 0 }, 1, &hidden);
	CHECK_STR(buf_str(&hidden), "");
	table(&(struct tool_bc_form){ .verbose = true }, 1, &shown);
	CHECK(strstr(buf_str(&shown), "\n     kmemsize|    1     -     -|    2     -     -|    -|    -|    -\n") != NULL);
	table(&(struct tool_bc_form){ .quiet = true, .held_ratio = 0.5, .max_ratio = 0.8, .color = true }, 0, &quiet);
	CHECK(!strstr(buf_str(&quiet), "kmemsize") && !strstr(buf_str(&quiet), "swappages"));
	CHECK(strstr(buf_str(&quiet), "\n\033[1;31m      numproc|") && strstr(buf_str(&quiet), "\n\033[1;33m    physpages|"));
}

TEST(tool_bc_table_compared)
{
	struct tool_bc was = { .id = 101 };
	struct buf auto_buf b = BUF_INIT, none = BUF_INIT;

	was.has[CG_NUMPROC] = was.has[CG_PHYSPAGES] = true;
	was.row[CG_NUMPROC] = (struct cg_ubc_row){ .held = 15, .failcnt = 3 };
	was.row[CG_PHYSPAGES] = (struct cg_ubc_row){ .held = 25088 };
	table(&(struct tool_bc_form){ .was = &was, .relative = true, .incremental = true }, 0, &b);
	CHECK(strstr(buf_str(&b), "| FAIL|  +/-\n") != NULL);
	CHECK(strstr(buf_str(&b), "      numproc|   12   12%   12%|   60   60%   60%|  100|  100|    -|    -3\n") != NULL);
	CHECK(strstr(buf_str(&b), "    physpages| 100M     -   39%| 256M     -  100%|    0| 256M|    -|+2.00M\n") != NULL);
	CHECK(strstr(buf_str(&b), "    swappages|    0     -    0%|    0     -    0%|    0| 512M|    -|     -\n") != NULL);
	table(&(struct tool_bc_form){ .was = &was, .relative = true, .quiet = true, .held_ratio = 2, .max_ratio = 2 }, 0, &none);
	CHECK_STR(buf_str(&none), "");
}

TEST(tool_oversell_table)
{
	static const struct tool_node node = { .ram = 1 << 30, .swap = 256 << 20 };
	auto_free struct tool_bc *v = NULL;
	struct buf auto_buf b = BUF_INIT;
	struct err e = { 0 };
	size_t n;

	CHECK_OK(tool_bc_parse(report, 0, &v, &n, &e), &e);
	tool_oversell(&b, v, n, &node);
	CHECK_STR(buf_str(&b),
		  "                         RAM              Swap\n"
		  "CTID           held    limit     held    limit\n"
		  "101            100M     256M        0     512M\n"
		  "TOTAL          100M     256M        0     512M\n"
		  "\n"
		  "RAM        available: 1.00G  allocated:  256M  oversell: 25%\n"
		  "Swap       available:  256M  allocated:  512M  oversell: 200%\n"
		  "RAM+Swap   available: 1.25G  allocated:  768M  oversell: 60%\n");
}
