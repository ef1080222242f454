/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzmemcheck: memory of the node used by and promised to running containers. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/opt.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzmemcheck [-v] [-A]\n  -v   a line for each container\n  -A   megabytes, not percent\n";
enum { A_VERBOSE, A_ABSOLUTE, A_HELP };
static const struct opt_flag flags[] = {
	{ NULL, 'v', false, A_VERBOSE, NULL }, { NULL, 'A', false, A_ABSOLUTE, NULL }, { "help", 'h', false, A_HELP, NULL },
};

struct memcheck {
	bool verbose, absolute;
	struct tool_node node;
	struct tool_util sum;
	struct buf out;
};

static int add(const struct tool_ct *t, void *arg)
{
	struct memcheck *m = arg;
	struct tool_util u;

	if (t->info.run != CT_RUNNING)
		return 0;
	tool_util_of(t->info.ubc, &m->node, &u);
	tool_util_add(&m->sum, &u);
	if (m->verbose) {
		buf_addf(&m->out, "%-10u", t->id);
		tool_memcheck_row(&m->out, &u, &m->node, m->absolute, " ");
	}
	return 0;
}

static int run(struct memcheck *m, struct err *e)
{
	auto_host struct ct_host *host = NULL;

	if (tool_node_read(&m->node, e) < 0 || tool_host(&host, e) < 0)
		return -e->code;
	tool_memcheck_head(&m->out, m->verbose, m->absolute);
	if (tool_each(host, CT_WANT_CG, add, m, e) < 0)
		return -e->code;
	if (m->verbose)
		buf_addf(&m->out, "%s\nSummary:   ", TOOL_RULE);
	tool_memcheck_row(&m->out, &m->sum, &m->node, m->absolute, "");
	if (!m->absolute)
		return 0;
	if (m->verbose)
		buf_addf(&m->out, "%11s", "");
	tool_memcheck_capacity(&m->out, &m->node);
	return 0;
}

int main(int argc, char **argv)
{
	static struct memcheck m = { .out = BUF_INIT };
	struct opt o = { .prog = "vzmemcheck", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct opt_found f;
	struct err e = { 0 };
	int what, rc;

	(void)argc;
	while ((what = opt_next(&o, &f, &e)) > 0) {
		if (what == OPT_OPERAND)
			return tool_usage(usage, NULL, 1);
		if (f.flag->id == A_HELP)
			return tool_usage(usage, NULL, 0);
		*(f.flag->id == A_VERBOSE ? &m.verbose : &m.absolute) = true;
	}
	if (what < 0)
		return tool_usage(usage, &e, 1);
	rc = run(&m, &e) < 0 ? tool_fail("vzmemcheck", &e) : tool_put(&m.out);
	buf_done(&m.out);
	return rc;
}
