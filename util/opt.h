/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UTIL_OPT_H
#define UTIL_OPT_H
/*
 * Reads a command line as getopt_long() would, against a command's own options and the rows of parameter groups: long
 * options by unambiguous prefix, "--opt val", "--opt=val", "-o val", "-oval", clusters "-ab", "--" ends the options,
 * options and operands in any order. Nothing is moved in argv and nothing is allocated: strings point into argv.
 */
#include <stdbool.h>
#include <stddef.h>

#include "util/param.h"

struct err;

struct opt_flag {		/* an option of the command itself */
	const char *name;	/* without "--"; NULL: short only */
	char short_opt;		/* 0: long only */
	bool arg;		/* takes an argument */
	int id;			/* for the caller's switch */
	const char *text;	/* for --help; NULL: hidden */
};

struct opt {
	const char *prog;			/* begins every message */
	const struct opt_flag *flags;
	size_t n_flags;
	const struct param_group *groups;	/* a row with a long or short option always takes an argument */
	size_t n_groups;
	unsigned need, deny;			/* only rows with one of @need (0: any) and none of @deny (enum param_flag) */
	bool stop_at_operand;			/* the first operand ends the options (exec) */
	/* state, zero at the start except for argv and at */
	char *const *argv;			/* NULL-terminated */
	int at;					/* index of the next word; after OPT_END: of the end */
	bool only_operands;
	const char *cluster;			/* the rest of "-abc" */
};

enum opt_what { OPT_END = 0, OPT_OPERAND, OPT_FLAG, OPT_PARAM };
struct opt_found {
	const struct opt_flag *flag;		/* OPT_FLAG */
	const struct param *row;		/* OPT_PARAM */
	const struct param_group *group;	/* OPT_PARAM: whose base param_field() wants */
	const char *arg;			/* the argument or the operand; NULL for a flag without one */
	const char *name;			/* the long name that matched, in full; NULL for a short one */
};

/* The next option or operand. > 0: enum opt_what; OPT_END; -EINVAL with the very text getopt prints. */
int opt_next(struct opt *o, struct opt_found *ret, struct err *e);

#endif
