/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl create: a private area from a template, and the container's configuration. */
#include "util/auto.h"
#include "util/err.h"
#include "vzctl/cmd.h"

static const struct cmd_opt create_opts[] = {
	{ "config", OPT_CONFIG, "sample", NULL,
	  "Start from the values of /etc/vz/conf/ve-SAMPLE.conf-sample instead of the default sample." },
};

static int create_run(struct cmd_call *c, struct err *e)
{
	const struct ct_create create = { .sample = c->val[OPT_CONFIG] };

	return ct_create(c->ct, &create, &c->conf, e);
}

const struct cmd cmd_create = {
	.word = "create", .flags = CMD_LOCK | CMD_NO_CONF | CMD_ROWS_CREATE | CMD_BAD_VALUE,
	.args = "[--ostemplate <name>] [--config <sample>] [--layout overlay|dir|btrfs|image] [--private <path>] [--root <path>] "
		"[--ipadd <addr>] [--hostname <name>] [--name <name>] [parameters]",
	.man = "Creates a container from an OS template.",
	.opts = create_opts, .n_opts = ARRAY_SIZE(create_opts), .run = create_run,
};
