/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzcalc: what share of the node one container uses, and may use. */
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/opt.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzcalc [-v] CTID\n  -v   a line for each resource\n";
enum { A_VERBOSE, A_HELP };
static const struct opt_flag flags[] = {
	{ NULL, 'v', false, A_VERBOSE, NULL }, { "help", 'h', false, A_HELP, NULL },
};

static int run(const char *id_text, bool verbose, struct buf *b, struct err *e)
{
	auto_host struct ct_host *host = NULL;
	struct tool_node node;
	struct tool_util u;
	struct tool_ct t;
	uint64_t id;

	if (num_u64(id_text, &id) < 0 || id == 0 || id > CT_ID_MAX)
		return err_say(e, EINVAL, "Invalid CT ID: %s", id_text);
	if (tool_node_read(&node, e) < 0 || tool_host(&host, e) < 0)
		return -e->code;
	if (tool_ct_open(host, id_text, CT_WANT_CG, &t, e) < 0)
		return e->exit != VZ_NOVECONFIG ? -e->code :
		       err_say(e, ENOENT, "Container configuration file: /etc/vz/conf/%u.conf not found", (unsigned)id);
	tool_util_of(t.info.ubc, &node, &u);
	tool_calc(b, &u, &node, t.info.run == CT_RUNNING, verbose);
	tool_ct_done(&t);
	return 0;
}

int main(int argc, char **argv)
{
	struct opt o = { .prog = "vzcalc", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct buf auto_buf b = BUF_INIT;
	const char *id = NULL;
	bool verbose = false;
	struct opt_found f;
	struct err e = { 0 };
	int what;

	(void)argc;
	while ((what = opt_next(&o, &f, &e)) > 0) {
		if (what == OPT_FLAG && f.flag->id == A_HELP)
			return tool_usage(usage, NULL, 0);
		if (what == OPT_FLAG)
			verbose = true;
		else if (id)
			return tool_usage(usage, NULL, 1);
		else
			id = f.arg;
	}
	if (what < 0 || !id)
		return tool_usage(usage, &e, 1);
	return run(id, verbose, &b, &e) < 0 ? tool_fail(NULL, &e) : tool_put(&b);
}
