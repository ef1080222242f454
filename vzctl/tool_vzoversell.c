/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzoversell: memory and swap promised to running containers against what the node has. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/fio.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzoversell [FILE]\n  FILE   a saved /proc/user_beancounters, - for standard input\n";

static int run(const char *file, struct buf *out, struct err *e)
{
	auto_free struct tool_bc *v = NULL;
	struct tool_node node;
	size_t n = 0;

	if (tool_node_read(&node, e) < 0 || tool_bc_load(file, 0, &v, &n, e) < 0)
		return -e->code;
	tool_oversell(out, v, n, &node);
	return 0;
}

int main(int argc, char **argv)
{
	struct buf auto_buf out = { .cap = 16u << 20 };
	struct err e = { 0 };

	if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0))
		return tool_usage(usage, NULL, 0);
	if (argc > 2 || (argc == 2 && argv[1][0] == '-' && argv[1][1]))
		return tool_usage(usage, NULL, 1);
	return run(argc == 2 ? argv[1] : NULL, &out, &e) < 0 ? tool_fail("vzoversell", &e) : tool_put(&out);
}
