/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vznetcfg class: the networks of each class of traffic, all at once. */
#include "vzctl/tool_netcfg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libct/classfile.h"
#include "util/auto.h"
#include "util/err.h"

static int show(struct err *e)
{
	auto_call(ct_classes_done) struct ct_classes c = { 0 };

	if (ct_classes_load(&c, e) < 0)
		return -e->code;
	for (size_t i = 0; i < c.rows.n; i++)
		puts(c.rows.v[i]);
	return 0;
}

static int set(char **argv, struct err *e)
{
	struct str_list rows __attribute__((cleanup(str_list_clear))) = { 0 };
	const char *tag = NULL;

	if (*argv && str_starts(*argv, "--if-match="))
		tag = *argv++ + strlen("--if-match=");
	for (; *argv; argv++)
		if (str_list_add(&rows, *argv, e) < 0)
			return -e->code;
	return ct_classes_save(&rows, tag, e);
}

int netcfg_class(char **argv, struct err *e)
{
	if (str_eq(argv[0], "show") && !argv[1])
		return show(e);
	if (str_eq(argv[0], "set") && argv[1])
		return set(argv + 1, e);
	if (str_eq(argv[0], "reset") && !argv[1])
		return set(argv + 1, e);
	return err_say(e, EINVAL, "want class show, class reset, or class set \"CLASS NETWORK\" ...");
}
