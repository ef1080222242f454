/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Beancounter reports: reads and prints the kernel's format, and the tables of vzubc and vzoversell. Pure. */
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/table.h"
#include "vzctl/tool.h"

#define RED "\033[1;31m"
#define YELLOW "\033[1;33m"
#define PLAIN "\033[0m"

static const bool in_pages[CG_UBC_N] = {
	[CG_LOCKEDPAGES] = true, [CG_PRIVVMPAGES] = true, [CG_SHMPAGES] = true, [CG_PHYSPAGES] = true, [CG_VMGUARPAGES] = true,
	[CG_OOMGUARPAGES] = true, [CG_SWAPPAGES] = true,
};

/* --- the kernel's format --- */

static struct tool_bc *add_bc(struct tool_bc **v, size_t *n, unsigned id)
{
	struct tool_bc *more = reallocarray(*v, *n + 1, sizeof(*more));

	if (!more)
		return NULL;
	*v = more;
	more[*n] = (struct tool_bc){ .id = id };
	return &more[(*n)++];
}

/* "101:" or "   101: kmemsize ...": where the row itself begins; *id is changed if there is one. */
static const char *row_start(const char *p, unsigned *id, bool *is_new)
{
	char *end;
	unsigned long v = strtoul(p, &end, 10);

	*is_new = end != p && *end == ':' && v <= CT_ID_MAX;
	if (!*is_new)
		return p;
	*id = (unsigned)v;
	return end + 1;
}

int tool_bc_parse(const char *text, unsigned id, struct tool_bc **ret, size_t *n, struct err *e)
{
	struct tool_bc *now = NULL;

	*ret = NULL;
	*n = 0;
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		unsigned long long v[5];
		char name[32];
		bool is_new;
		const char *row = row_start(p, &id, &is_new);
		int i;

		if (sscanf(row, " %31s %llu %llu %llu %llu %llu", name, &v[0], &v[1], &v[2], &v[3], &v[4]) != 6)
			continue;
		i = table_find(cg_ubc_names, CG_UBC_N, name);
		if ((is_new || !now) && !(now = add_bc(ret, n, id)))
			return err_set(e, ENOMEM, "beancounters");
		if (i < 0)
			continue;
		now->row[i] = (struct cg_ubc_row){ v[0], v[1], v[2], v[3], v[4] };
		now->has[i] = true;
	}
	return 0;
}

void tool_bc_print(struct buf *b, const struct tool_bc *c)
{
	bool first = true;

	for (int i = 0; i < CG_UBC_N; i++) {
		const struct cg_ubc_row *r = &c->row[i];

		if (!c->has[i])
			continue;
		if (first)
			buf_addf(b, "%10u: ", c->id);
		else
			buf_addf(b, "%12s", "");
		first = false;
		buf_addf(b, "%-12s %20llu %20llu %20llu %20llu %20llu\n", cg_ubc_names[i], (unsigned long long)r->held,
			 (unsigned long long)r->maxheld, (unsigned long long)r->barrier, (unsigned long long)r->limit,
			 (unsigned long long)r->failcnt);
	}
}

/* --- vzubc --- */

static bool unlimited(uint64_t v)
{
	return v >= INT64_MAX / 4096;
}

/* In the unit that people read: bytes for pages. */
static void human(int i, uint64_t v, char dst[8])
{
	if (unlimited(v))
		v = NUM_UNLIMITED;
	else if (in_pages[i])
		v *= NUM_PAGE;
	tool_human(v, dst);
}

static void percent(uint64_t v, uint64_t of, char dst[8])
{
	if (of == 0 || unlimited(of))
		str_copy(dst, 8, "-");
	else if (v / 100 >= of)
		str_copy(dst, 8, "9999%");
	else
		snprintf(dst, 8, "%.0f%%", 100.0 * (double)v / (double)of);
}

static bool above(uint64_t v, uint64_t of, double ratio)
{
	return of > 0 && !unlimited(of) && (double)v > (double)of * ratio;
}

static uint64_t fails(const struct tool_bc *c, const struct tool_bc_form *f, int i)
{
	uint64_t now = c->row[i].failcnt, was = f->was && f->was->has[i] ? f->was->row[i].failcnt : 0;

	return f->relative && now >= was ? now - was : now;
}

static bool is_near(const struct cg_ubc_row *r, const struct tool_bc_form *f)
{
	return above(r->held, r->barrier, f->held_ratio) || above(r->held, r->limit, f->held_ratio) ||
	       above(r->maxheld, r->barrier, f->max_ratio) || above(r->maxheld, r->limit, f->max_ratio);
}

/* A barrier is a limit where nothing above it is ever given. */
static bool has_limit(const struct cg_ubc_row *r)
{
	return (r->barrier > 0 && !unlimited(r->barrier)) || (r->limit > 0 && !unlimited(r->limit));
}

static bool is_shown(const struct tool_bc *c, const struct tool_bc_form *f, int i)
{
	if (!c->has[i])
		return false;
	if (f->quiet)
		return fails(c, f, i) > 0 || is_near(&c->row[i], f);
	return f->verbose || has_limit(&c->row[i]) || fails(c, f, i) > 0;
}

static void cells(struct buf *b, int i, uint64_t v, const struct cg_ubc_row *r)
{
	char value[8], bar[8], lim[8];

	human(i, v, value);
	percent(v, r->barrier, bar);
	percent(v, r->limit, lim);
	buf_addf(b, "|%5s %5s %5s", value, bar, lim);
}

static void row(struct buf *b, const struct tool_bc *c, const struct tool_bc_form *f, int i)
{
	const struct cg_ubc_row *r = &c->row[i];
	const char *color = !f->color ? NULL : fails(c, f, i) ? RED : is_near(r, f) ? YELLOW : NULL;
	char bar[8], lim[8], fail[8], text[10];

	human(i, r->barrier, bar);
	human(i, r->limit, lim);
	tool_human(fails(c, f, i), fail);
	buf_addf(b, "%s%13s", color ? color : "", cg_ubc_names[i]);
	cells(b, i, r->held, r);
	cells(b, i, r->maxheld, r);
	buf_addf(b, "|%5s|%5s|%5s", bar, lim, fails(c, f, i) ? fail : "-");
	if (f->incremental) {
		uint64_t was = f->was && f->was->has[i] ? f->was->row[i].held : r->held;

		human(i, r->held >= was ? r->held - was : was - r->held, lim);
		snprintf(text, sizeof(text), "%s%s", r->held == was ? "" : r->held > was ? "+" : "-", r->held == was ? "-" : lim);
		buf_addf(b, "|%6s", text);
	}
	buf_addf(b, "%s\n", color ? PLAIN : "");
}

void tool_bc_table(struct buf *b, const struct tool_bc *c, const struct tool_bc_form *f)
{
	bool open = false;

	for (int i = 0; i < CG_UBC_N; i++) {
		char head[32];

		if (!is_shown(c, f, i))
			continue;
		if (!open) {
			snprintf(head, sizeof(head), "CT %u", c->id);
			buf_addf(b, "-------------------------------------------------------------------%s\n"
				    "%-13s| HELD  Bar%%  Lim%%| MAXH  Bar%%  Lim%%| BAR | LIM | FAIL%s\n"
				    "-------------+-----------------+-----------------+-----+-----+-----%s\n",
				 f->incremental ? "-------" : "", head, f->incremental ? "|  +/-" : "",
				 f->incremental ? "+------" : "");
		}
		open = true;
		row(b, c, f, i);
	}
}

/* --- vzoversell --- */

static uint64_t bytes(const struct tool_bc *c, int i, bool limit)
{
	uint64_t v = !c->has[i] ? 0 : limit ? c->row[i].limit : c->row[i].held;

	return unlimited(v) ? NUM_UNLIMITED : v * NUM_PAGE;
}

static void oversell_row(struct buf *b, const char *name, const uint64_t v[4])
{
	buf_addf(b, "%-10s", name);
	for (int i = 0; i < 4; i++) {
		char text[8];

		tool_human(v[i], text);
		buf_addf(b, " %8s", text);
	}
	buf_addc(b, '\n');
}

static void oversell_sum(struct buf *b, const char *name, uint64_t have, uint64_t given)
{
	char a[8], g[8], over[24] = "-";

	tool_human(have, a);
	tool_human(given, g);
	if (have)
		snprintf(over, sizeof(over), "%.0f%%", 100.0 * (double)given / (double)have);
	buf_addf(b, "%-10s available: %5s  allocated: %5s  oversell: %s\n", name, a, g, have || given ? over : "0%");
}

void tool_oversell(struct buf *b, const struct tool_bc *v, size_t n, const struct tool_node *node)
{
	uint64_t sum[4] = { 0 };

	buf_addf(b, "%-10s %17s %17s\n%-10s %8s %8s %8s %8s\n", "", "RAM", "Swap", "CTID", "held", "limit", "held", "limit");
	for (size_t i = 0; i < n; i++) {
		uint64_t one[4] = { bytes(&v[i], CG_PHYSPAGES, false), bytes(&v[i], CG_PHYSPAGES, true),
				    bytes(&v[i], CG_SWAPPAGES, false), bytes(&v[i], CG_SWAPPAGES, true) };
		char name[16];

		if (v[i].id == 0)
			continue;
		snprintf(name, sizeof(name), "%u", v[i].id);
		oversell_row(b, name, one);
		for (int k = 0; k < 4; k++)	/* no limit: nothing was promised that could be counted */
			sum[k] += one[k] == NUM_UNLIMITED ? 0 : one[k];
	}
	oversell_row(b, "TOTAL", sum);
	buf_addc(b, '\n');
	oversell_sum(b, "RAM", node->ram, sum[1]);
	oversell_sum(b, "Swap", node->swap, sum[3]);
	oversell_sum(b, "RAM+Swap", node->ram + node->swap, sum[1] + sum[3]);
}
