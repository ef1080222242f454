/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzcfgvalidate: does a configuration contradict itself? Repairs it if asked to. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/auto.h"
#include "util/err.h"
#include "util/kv.h"
#include "util/opt.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzcfgvalidate [-r|-i] [-v yes|no] FILE\n"
	"  -r          repair\n  -i          ask before each repair\n"
	"  -v yes|no   take it for a configuration with memory and swap, or not\n";
enum { A_REPAIR, A_ASK, A_VSWAP, A_HELP };
static const struct opt_flag flags[] = {
	{ NULL, 'r', false, A_REPAIR, NULL }, { NULL, 'i', false, A_ASK, NULL }, { NULL, 'v', true, A_VSWAP, NULL },
	{ "help", 'h', false, A_HELP, NULL },
};

static void say(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "%s\n", text);
}

static bool ask(void *arg, const char *text)
{
	char answer[16];

	(void)arg;
	fprintf(stderr, "%s? [y/n] ", text);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* 1: help is wanted. */
static int args(struct tool_valid *v, char **argv, const char **file, struct err *e)
{
	struct opt o = { .prog = "vzcfgvalidate", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct opt_found f;
	int what;

	while ((what = opt_next(&o, &f, e)) > 0) {
		if (what == OPT_OPERAND) {
			if (*file)
				return err_say(e, EINVAL, "One file at a time");
			*file = f.arg;
		} else if (f.flag->id == A_VSWAP) {
			v->vswap = strcmp(f.arg, "yes") == 0;
			if (!v->vswap && strcmp(f.arg, "no") != 0)
				return err_say(e, EINVAL, "Invalid value: %s", f.arg);
		} else if (f.flag->id == A_HELP) {
			return 1;
		} else {
			v->fix = f.flag->id == A_REPAIR ? TOOL_FIX_ALL : TOOL_FIX_ASK;
		}
	}
	return what < 0 ? what : *file ? 0 : -EINVAL;
}

static int run(struct tool_valid *v, const char *file, struct err *e)
{
	auto_kv struct kv kv = { 0 };

	if (kv_load(&kv, AT_FDCWD, file, e) < 0 || tool_validate(&kv, v, e) < 0)
		return -e->code;
	return v->fixed ? tool_kv_write(&kv, file, e) : 0;
}

int main(int argc, char **argv)
{
	struct tool_valid v = { .vswap = -1, .say = say, .ask = ask };
	const char *file = NULL;
	struct err e = { 0 };
	int rc = args(&v, argv, &file, &e);

	(void)argc;
	if (rc)
		return tool_usage(usage, &e, rc < 0);
	if (run(&v, file, &e) < 0)
		return tool_fail("vzcfgvalidate", &e);
	if (v.errors)
		return 2;
	fputs("Validation completed: success\n", stderr);
	return 0;
}
