/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vzdqdump and vzdqload: what their command lines have in common, and the container they are about. The limits belong to a
 * container that has a file system of its own; quota/q_ugids.c reads and writes them.
 */
#include <errno.h>
#include <string.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/opt.h"
#include "vzctl/tool.h"

static unsigned bit_of(int letter)
{
	return letter == 'U' ? QUOTA_UGID_LIMITS : letter == 'T' ? QUOTA_UGID_TIMES :
	       letter == 'G' ? QUOTA_UGID_GRACE : QUOTA_UGID_FIRST;
}

static int whole(const char *prog, const struct tool_dqugid *ret, struct err *e)
{
	uint64_t id;

	if (ret->json && (ret->what || !str_eq(prog, "vzdqdump")))
		return err_say(e, EINVAL, "--json is for vzdqdump, and is all of it");
	if (!ret->id || (!ret->what && !ret->json))
		return err_say(e, EINVAL, "%s", ret->id ? "One of -G, -U, -T and -F is needed" : "A container is needed");
	if (num_u64(ret->id, &id) < 0 || id == 0 || id > CT_ID_MAX)
		return err_say(e, EINVAL, "Invalid quota id: %s", ret->id);
	return 0;
}

int tool_dqugid_args(const char *prog, char **argv, struct tool_dqugid *ret, struct err *e)
{
	static const struct opt_flag flags[] = {
		{ "gracetime", 'G', false, 'G', NULL }, { "limits", 'U', false, 'U', NULL }, { "exptimes", 'T', false, 'T', NULL },
		{ "first", 'F', false, 'F', NULL }, { "kernel", 'f', false, 'f', NULL }, { NULL, 'q', false, 'q', NULL },
		{ NULL, 'v', false, 'v', NULL }, { "quota-file", 'c', true, 'c', NULL }, { "help", 'h', false, 'h', NULL },
		{ "json", 0, false, 'j', NULL },
	};
	struct opt o = { .prog = prog, .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct opt_found f;
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
		else if (f.flag->id == 'j')
			ret->json = true;
		else if (f.flag->id == 'q' || f.flag->id == 'v')
			ret->quiet = f.flag->id == 'q';
		else if (f.flag->id != 'f')
			ret->what |= bit_of(f.flag->id);
	}
	return what < 0 || ret->help ? what : whole(prog, ret, e);
}

static int open_ct(const struct tool_dqugid *d, struct ct_host **ret_host, struct tool_ct *ret, struct err *e)
{
	if (d->file) {
		err_say(e, ENOTSUP, "%s: files of the old quota implementation are not read", d->file);
		return err_exit(e, TOOL_DQ_NO_FILE);
	}
	if (tool_host(ret_host, e) < 0) {
		e->exit = TOOL_DQ_SYSTEM;
		return -e->code;
	}
	if (tool_ct_open(*ret_host, d->id, d->what & QUOTA_UGID_FIRST ? CT_WANT_DISK : 0, ret, e) < 0) {
		e->exit = e->exit == VZ_NOVECONFIG ? TOOL_DQ_NO_FILE : TOOL_DQ_SYSTEM;
		return -e->code;
	}
	return 0;
}

int tool_dqugid_open(const struct tool_dqugid *d, bool change, struct ct_host **ret_host, struct tool_ct *ret, int *ret_mnt,
		     struct err *why, struct err *e)
{
	*ret_mnt = -1;
	if (open_ct(d, ret_host, ret, e) < 0)
		return -e->code;
	if ((change || ret->info.run == CT_STOPPED) && ct_lock(ret->ct, e) < 0) {
		e->exit = TOOL_DQ_LOCKED;
	} else if (ct_ugid_open(ret->ct, ret_mnt, e) == 0) {
		return 0;
	} else if (e->code == ENOTSUP) {
		*why = *e;
		err_clear(e);
		return 0;
	} else {
		e->exit = TOOL_DQ_SYSCALL;
	}
	tool_ct_done(ret);
	return -e->code;
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
