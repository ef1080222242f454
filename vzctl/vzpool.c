/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program vzpool: pools of template images that several nodes mount. A thin row of commands over templates/tmpl.h.
 * Exit status: 0 done, 1 failed, 2 wrong usage, 3 (status) a pool is not well.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "vzctl/tool.h"
#include "vzctl/vzpool.h"

static int usage(FILE *f, int status)
{
	fprintf(f, "Usage: vzpool COMMAND [ARGUMENT ...]\nWhere the pool is written:\n");
	for (size_t i = 0; i < vzpool_cmds_n; i++) {
		if (strcmp(vzpool_cmds[i].word, "attach") == 0)
			fprintf(f, "On each node:\n");
		fprintf(f, "  %-8s %-16s %s\n", vzpool_cmds[i].word, vzpool_cmds[i].args, vzpool_cmds[i].text);
	}
	fprintf(f, "  DIR is the pool's directory, POOL that or the name it is attached by\n");
	for (size_t i = 0; i < vzpool_flags_n; i++)
		if (vzpool_flags[i].text)
			fprintf(f, "  --%-23s %s\n", vzpool_flags[i].name, vzpool_flags[i].text);
	return status;
}

int main(int argc, char **argv)
{
	struct vzpool v = { 0 };
	const struct vzpool_cmd *c = NULL;
	struct err e = { 0 };

	(void)argc;
	if (vzpool_args(&v, &c, argv, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return usage(stderr, 2);
	}
	if (!c)
		return usage(stdout, 0);
	if (geteuid() != 0)
		return err_say(&e, EPERM, "only root may look after pools"), tool_fail("vzpool", &e);
	if (tool_host(&v.host, &e) < 0)
		return tool_fail("vzpool", &e);
	v.dir = ct_host_conf(v.host)->template_dir;
	int rc = c->run(&v, &e);
	tool_host_done(&v.host);
	str_list_clear(&v.used);
	str_list_clear(&v.keep);
	if (rc < 0)
		return tool_fail("vzpool", &e);
	return fflush(stdout) == 0 ? v.status : 1;
}
