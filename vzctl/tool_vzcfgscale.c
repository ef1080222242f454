/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program vzcfgscale: a configuration with its limits multiplied. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "util/auto.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/kv.h"
#include "util/opt.h"
#include "vzctl/tool.h"

static const char usage[] = "Usage: vzcfgscale [-o FILE] [-a F] [-c F] [-d F] [-u F] [-n F] [-r] CONFIG\n"
	"  -o FILE   write FILE instead of printing\n  -a F      multiply all limits by F\n"
	"  -c F      CPUUNITS, CPULIMIT\n  -d F      DISKSPACE, DISKINODES\n  -u F      beancounters, memory and swap\n"
	"  -n F      RATE, TOTALRATE\n  -r        leave out what belongs to one container (addresses, names, paths)\n";
static const struct opt_flag flags[] = {
	{ NULL, 'o', true, 'o', NULL }, { NULL, 'a', true, 'a', NULL }, { NULL, 'c', true, 'c', NULL },
	{ NULL, 'd', true, 'd', NULL }, { NULL, 'u', true, 'u', NULL }, { NULL, 'n', true, 'n', NULL },
	{ NULL, 'r', false, 'r', NULL }, { "help", 'h', false, 'h', NULL },
};

struct scale {
	struct tool_scale s;
	const char *in, *out;
};

static int factor(const char *text, double *ret, struct err *e)
{
	char *end;
	double f = strtod(text, &end);

	if (end == text || *end || !(f > 0 && f <= 1e6))
		return err_say(e, EINVAL, "Invalid factor: %s", text);
	*ret = f;
	return 0;
}

static int option(struct scale *z, int id, const char *arg, struct err *e)
{
	double f = 1;

	if (id == 'r') {
		z->s.strip = true;
		return 0;
	}
	if (id == 'o') {
		z->out = arg;
		return 0;
	}
	if (factor(arg, &f, e) < 0)
		return -e->code;
	if (id == 'c' || id == 'a')
		z->s.cpu = f;
	if (id == 'd' || id == 'a')
		z->s.disk = f;
	if (id == 'u' || id == 'a')
		z->s.ubc = f;
	if (id == 'n' || id == 'a')
		z->s.net = f;
	return 0;
}

/* 1: help is wanted. */
static int args(struct scale *z, char **argv, struct err *e)
{
	struct opt o = { .prog = "vzcfgscale", .flags = flags, .n_flags = ARRAY_SIZE(flags), .argv = argv, .at = 1 };
	struct opt_found f;
	int what;

	while ((what = opt_next(&o, &f, e)) > 0) {
		if (what == OPT_OPERAND && z->in)
			return err_say(e, EINVAL, "One configuration at a time");
		if (what == OPT_OPERAND)
			z->in = f.arg;
		else if (f.flag->id == 'h')
			return 1;
		else if (option(z, f.flag->id, f.arg, e) < 0)
			return -e->code;
	}
	return what < 0 ? what : z->in ? 0 : -EINVAL;
}

static int run(struct scale *z, struct buf *out, struct err *e)
{
	auto_kv struct kv kv = { 0 };

	if (kv_load(&kv, AT_FDCWD, z->in, e) < 0 || tool_scale(&kv, &z->s, e) < 0)
		return -e->code;
	return z->out ? tool_kv_write(&kv, z->out, e) : kv_print(&kv, out, e);
}

int main(int argc, char **argv)
{
	struct scale z = { .s = { 1, 1, 1, 1, false } };
	struct buf auto_buf out = { .cap = 4u << 20 };
	struct err e = { 0 };
	int rc = args(&z, argv, &e);

	(void)argc;
	if (rc)
		return tool_usage(usage, &e, rc < 0);
	return run(&z, &out, &e) < 0 ? tool_fail("vzcfgscale", &e) : tool_put(&out);
}
