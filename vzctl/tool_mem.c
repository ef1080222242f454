/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of the node: what is used, what is promised, what is allowed at most. vzmemcheck and vzcalc print it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "vzctl/tool.h"

#define MIB (1024.0 * 1024.0)

void tool_node(const char *meminfo, const char *pid_max, struct tool_node *ret)
{
	*ret = (struct tool_node){
		.ram = tool_keyed(meminfo, "MemTotal:") * 1024,
		.swap = tool_keyed(meminfo, "SwapTotal:") * 1024,
		.procs = strtoull(pid_max, NULL, 10),
	};
}

int tool_node_read(struct tool_node *ret, struct err *e)
{
	struct buf auto_buf mem = BUF_INIT, pids = BUF_INIT;

	if (fio_read_at(AT_FDCWD, "/proc/meminfo", &mem, e) < 0 ||
	    fio_read_at(AT_FDCWD, "/proc/sys/kernel/pid_max", &pids, e) < 0)
		return -e->code;
	tool_node(buf_str(&mem), buf_str(&pids), ret);
	return 0;
}

/* A count as bytes; absent or unlimited: @otherwise. */
static double bytes_or(uint64_t n, double unit, double otherwise)
{
	return n == 0 || n >= INT64_MAX / 4096 ? otherwise : (double)n * unit;
}

void tool_util_of(const struct cg_ubc_row ubc[CG_UBC_N], const struct tool_node *n, struct tool_util *ret)
{
	double node = (double)n->ram + (double)n->swap;
	double ram = bytes_or(ubc[CG_PHYSPAGES].limit, NUM_PAGE, (double)n->ram);
	double both = bytes_or(ubc[CG_PHYSPAGES].limit, NUM_PAGE, node) + bytes_or(ubc[CG_SWAPPAGES].limit, NUM_PAGE, 0);

	*ret = (struct tool_util){
		.v = {
			[TOOL_LOW] = (double)ubc[CG_KMEMSIZE].held + (double)ubc[CG_TCPSNDBUF].held,
			[TOOL_LOW_COMMIT] = bytes_or(ubc[CG_KMEMSIZE].limit, 1, ram),
			[TOOL_RAM] = (double)ubc[CG_PHYSPAGES].held * NUM_PAGE,
			[TOOL_MEMSWAP] = (double)ubc[CG_OOMGUARPAGES].held * NUM_PAGE,
			[TOOL_MEMSWAP_COMMIT] = bytes_or(ubc[CG_OOMGUARPAGES].barrier, NUM_PAGE, 0),
			[TOOL_ALLOC] = (double)ubc[CG_PRIVVMPAGES].held * NUM_PAGE,
			[TOOL_ALLOC_COMMIT] = bytes_or(ubc[CG_VMGUARPAGES].barrier, NUM_PAGE, 0),
			[TOOL_ALLOC_LIMIT] = bytes_or(ubc[CG_PRIVVMPAGES].limit, NUM_PAGE, both),
		},
		.procs = (double)ubc[CG_NUMPROC].held,
		.procs_limit = bytes_or(ubc[CG_NUMPROC].barrier, 1, (double)n->procs),
	};
}

void tool_util_add(struct tool_util *sum, const struct tool_util *u)
{
	for (int i = 0; i < TOOL_COL_N; i++)
		sum->v[i] += u->v[i];
	sum->procs += u->procs;
	sum->procs_limit += u->procs_limit;
}

double tool_util_base(const struct tool_node *n, enum tool_col c)
{
	return (double)n->ram + (c > TOOL_RAM ? (double)n->swap : 0);
}

static double percent(double part, double of)
{
	return of > 0 ? 100 * part / of : 0;
}

static double shown(const struct tool_util *u, const struct tool_node *n, enum tool_col c, bool absolute)
{
	return absolute ? u->v[c] / MIB : percent(u->v[c], tool_util_base(n, c));
}

void tool_memcheck_head(struct buf *b, bool verbose, bool absolute)
{
	buf_addf(b, "Output values in %s\n", absolute ? "Mbytes" : "%");
	buf_addf(b, "%s LowMem  LowMem     RAM MemSwap MemSwap   Alloc   Alloc   Alloc\n", verbose ? "CTID       " : "");
	buf_addf(b, "%s   util  commit    util    util  commit    util  commit   limit\n", verbose ? "           " : "");
}

/* @sep stands before the first number; a blank before the others. */
void tool_memcheck_row(struct buf *b, const struct tool_util *u, const struct tool_node *n, bool absolute, const char *sep)
{
	for (int i = 0; i < TOOL_COL_N; i++)
		buf_addf(b, "%s%7.2f", i ? " " : sep, shown(u, n, (enum tool_col)i, absolute));
	buf_addc(b, '\n');
}

void tool_memcheck_capacity(struct buf *b, const struct tool_node *n)
{
	for (int i = 0; i < TOOL_COL_N; i++)
		buf_addf(b, "%s%7.2f", i ? " " : "", tool_util_base(n, (enum tool_col)i) / MIB);
	buf_addc(b, '\n');
}

/* A negative figure is not applicable. */
static void calc_row(struct buf *b, const char *name, double now, double promised, double max)
{
	double v[3] = { now, promised, max };

	buf_addf(b, "%-10s", name);
	for (int i = 0; i < 3; i++) {
		if (v[i] < 0)
			buf_addf(b, " %10s", "n/a");
		else
			buf_addf(b, " %10.2f", v[i]);
	}
	buf_addc(b, '\n');
}

static double most(double a, double b)
{
	return a > b ? a : b;
}

void tool_calc(struct buf *b, const struct tool_util *u, const struct tool_node *n, bool running, bool verbose)
{
	double p[TOOL_COL_N], now, promised;

	for (int i = 0; i < TOOL_COL_N; i++)
		p[i] = shown(u, n, (enum tool_col)i, false);
	if (!running)
		p[TOOL_LOW] = p[TOOL_RAM] = p[TOOL_MEMSWAP] = p[TOOL_ALLOC] = -1;
	now = most(most(p[TOOL_LOW], p[TOOL_RAM]), most(p[TOOL_MEMSWAP], p[TOOL_ALLOC]));
	promised = most(p[TOOL_MEMSWAP_COMMIT], p[TOOL_ALLOC_COMMIT]);
	buf_adds(b, "Resource     Current(%)  Promised(%)  Max(%)\n");
	if (verbose) {
		calc_row(b, "Low Mem", p[TOOL_LOW], -1, p[TOOL_LOW_COMMIT]);
		calc_row(b, "Total RAM", p[TOOL_RAM], -1, -1);
		calc_row(b, "Mem + Swap", p[TOOL_MEMSWAP], p[TOOL_MEMSWAP_COMMIT], -1);
		calc_row(b, "Alloc. Mem", p[TOOL_ALLOC], p[TOOL_ALLOC_COMMIT], p[TOOL_ALLOC_LIMIT]);
		calc_row(b, "Num. Proc", running ? percent(u->procs, (double)n->procs) : -1, -1,
			 percent(u->procs_limit, (double)n->procs));
		buf_adds(b, "--------------------------------------------\n");
	}
	calc_row(b, "Memory", now, promised, most(promised, p[TOOL_ALLOC_LIMIT]));
}

/* "5200.00" -> 520000: two places, no floating point, so that a sum is a sum. */
static uint64_t hundredths(const char *s)
{
	char *end;
	uint64_t v = strtoull(s, &end, 10) * 100;

	if (*end == '.' && end[1] >= '0' && end[1] <= '9') {
		v += (uint64_t)(end[1] - '0') * 10;
		if (end[2] >= '0' && end[2] <= '9')
			v += (uint64_t)(end[2] - '0');
	}
	return v;
}

uint64_t tool_bogomips(const char *cpuinfo)
{
	uint64_t bogo = 0, mhz = 0;

	for (const char *p = cpuinfo; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		size_t line = strcspn(p, "\n");
		const char *colon = memchr(p, ':', line);

		if (!colon)
			continue;
		if (strncasecmp(p, "bogomips", 8) == 0)
			bogo += hundredths(colon + 1 + strspn(colon + 1, " \t"));
		else if (strncmp(p, "cpu MHz", 7) == 0)
			mhz += hundredths(colon + 1 + strspn(colon + 1, " \t"));
	}
	return bogo ? bogo : mhz * 2;
}
