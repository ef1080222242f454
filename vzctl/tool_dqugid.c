/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzdqdump and vzdqload: limits of single users and groups inside a container. They belong to a container that is a file
 * system of its own; no layout is one, so there is nothing to dump, and nowhere to load to.
 */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/opt.h"
#include "vzctl/tool.h"

int tool_dqugid_args(const char *prog, char **argv, struct tool_dqugid *ret, struct err *e)
{
	static const struct opt_flag flags[] = {
		{ NULL, 'G', false, 'G', NULL }, { NULL, 'U', false, 'U', NULL }, { NULL, 'T', false, 'T', NULL },
		{ NULL, 'F', false, 'F', NULL }, { NULL, 'f', false, 'f', NULL }, { NULL, 'q', false, 'q', NULL },
		{ NULL, 'v', false, 'v', NULL }, { NULL, 'c', true, 'c', NULL }, { "help", 'h', false, 'h', NULL },
	};
	struct opt o = { .prog = prog, .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct opt_found f;
	uint64_t id;
	int what;

	while ((what = opt_next(&o, &f, e)) > 0) {
		if (what == OPT_OPERAND && ret->id)
			return err_say(e, EINVAL, "Unknown argument: %s", f.arg);
		if (what == OPT_OPERAND)
			ret->id = f.arg;
		else if (f.flag->id == 'c')
			ret->file = f.arg;
		else if (f.flag->id == 'h')
			ret->help = true;
		else if (f.flag->id == 'q' || f.flag->id == 'v')
			ret->quiet = f.flag->id == 'q';
		else if (f.flag->id != 'f')
			ret->what = true;
	}
	if (what < 0 || ret->help)
		return what;
	if (!ret->id || !ret->what)
		return err_say(e, EINVAL, "%s", ret->id ? "One of -G, -U, -T and -F is needed" : "A container is needed");
	if (num_u64(ret->id, &id) < 0 || id == 0 || id > CT_ID_MAX)
		return err_say(e, EINVAL, "Invalid quota id: %s", ret->id);
	return 0;
}

int tool_dqugid_check(const struct tool_dqugid *d, struct err *e)
{
	auto_host struct ct_host *host = NULL;
	struct tool_ct t;

	if (d->file) {
		err_say(e, ENOTSUP, "%s: files of the old quota implementation are not read", d->file);
		return err_exit(e, TOOL_DQ_NO_FILE);
	}
	if (tool_host(&host, e) < 0) {
		e->exit = TOOL_DQ_SYSTEM;
		return -e->code;
	}
	if (tool_ct_open(host, d->id, 0, &t, e) < 0) {
		e->exit = e->exit == VZ_NOVECONFIG ? TOOL_DQ_NO_FILE : TOOL_DQ_SYSTEM;
		return -e->code;
	}
	tool_ct_done(&t);
	return 0;
}

bool tool_dqugid_has_line(const char *text)
{
	while (*text) {
		size_t blank = strspn(text, " \t\r"), len = strcspn(text, "\n");

		if (blank < len && text[blank] != '#')
			return true;
		text += len + (text[len] == '\n');
	}
	return false;
}

int tool_dqugid_fail(const char *prog, const struct tool_dqugid *d, const struct err *e)
{
	if (!d->quiet)
		fprintf(stderr, "%s: %s\n", prog, e->text);
	return e->exit ? e->exit : TOOL_DQ_SYSTEM;
}
