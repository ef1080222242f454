/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of vztop and vzps. Pure. */
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "vzctl/tool.h"

static int cmp(double a, double b)
{
	return (a < b) - (a > b);	/* the larger first */
}

static int by_id(const void *a, const void *b)
{
	return cmp(((const struct tool_top *)b)->id, ((const struct tool_top *)a)->id);
}

static int by_cpu(const void *a, const void *b)
{
	int d = cmp(((const struct tool_top *)a)->cpu, ((const struct tool_top *)b)->cpu);

	return d ? d : by_id(a, b);
}

static int by_mem(const void *a, const void *b)
{
	int d = cmp((double)((const struct tool_top *)a)->mem, (double)((const struct tool_top *)b)->mem);

	return d ? d : by_id(a, b);
}

static int by_procs(const void *a, const void *b)
{
	int d = cmp((double)((const struct tool_top *)a)->procs, (double)((const struct tool_top *)b)->procs);

	return d ? d : by_id(a, b);
}

void tool_top_sort(struct tool_top *v, size_t n, char key)
{
	if (n)
		qsort(v, n, sizeof(*v), key == 'i' ? by_id : key == 'm' ? by_mem : key == 'p' ? by_procs : by_cpu);
}

void tool_top_table(struct buf *b, const struct tool_top *v, size_t n, size_t max_rows)
{
	buf_adds(b, "      CTID NPROC   CPU%   MEM  MEM%  SWAP  RX/s  TX/s         UPTIME NAME\n");
	for (size_t i = 0; i < n && i < max_rows; i++) {
		const struct tool_top *t = &v[i];
		char mem[8], swap[8], rx[8], tx[8], share[16] = "-";
		unsigned up = (unsigned)t->uptime;

		tool_human(t->mem, mem);
		tool_human(t->swap, swap);
		tool_human(t->rx, rx);
		tool_human(t->tx, tx);
		if (t->mem_limit && t->mem_limit < NUM_UNLIMITED)
			snprintf(share, sizeof(share), "%.1f", 100.0 * (double)t->mem / (double)t->mem_limit);
		buf_addf(b, "%10u %5llu %6.1f %5s %5s %5s %5s %5s %03ud%02uh:%02um:%02us %s\n", t->id, (unsigned long long)t->procs,
			 t->cpu, mem, share, swap, rx, tx, up / 86400, up / 3600 % 24, up / 60 % 60, up % 60,
			 t->name[0] ? t->name : "-");
	}
}

static void tty_name(int nr, char dst[16])
{
	unsigned major = (unsigned)nr >> 8 & 0xfff, minor = ((unsigned)nr & 0xff) | ((unsigned)nr >> 12 & 0xfff00);

	if (major >= 136 && major <= 143)
		snprintf(dst, 16, "pts/%u", minor + (major - 136) * 256);
	else if (major == 4 && minor < 64)
		snprintf(dst, 16, "tty%u", minor);
	else
		str_copy(dst, 16, nr ? "console" : "?");
}

void tool_ps_head(struct buf *b, bool full)
{
	buf_adds(b, full ? "      CTID USER         PID %CPU %MEM    VSZ   RSS TTY      STAT     TIME COMMAND\n"
			 : "      CTID     PID TTY          TIME CMD\n");
}

void tool_ps_row(struct buf *b, const struct tool_ps *p, bool full)
{
	unsigned long long t = (p->st.utime + p->st.stime) / p->hz;
	char tty[16], clock[32];

	tty_name(p->st.tty, tty);
	if (!full) {
		snprintf(clock, sizeof(clock), "%02llu:%02llu:%02llu", t / 3600, t / 60 % 60, t % 60);
		buf_addf(b, "%10u %7d %-8s %8s %s\n", p->ctid, (int)p->st.pid, tty, clock, p->st.comm);
		return;
	}
	snprintf(clock, sizeof(clock), "%llu:%02llu", t / 60, t % 60);
	buf_addf(b, "%10u %-8s %7d %4.1f %4.1f %6llu %5lld %-8s %-4c %8s %s\n", p->ctid, p->user, (int)p->st.pid,
		 p->age > 0 ? 100.0 * (double)(p->st.utime + p->st.stime) / (double)p->hz / p->age : 0.0,
		 p->ram_kib ? 100.0 * (double)p->st.rss * 4 / (double)p->ram_kib : 0.0, p->st.vsize / 1024, p->st.rss * 4, tty,
		 p->st.state, clock, p->cmd);
}
