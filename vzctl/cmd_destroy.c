/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl destroy (delete). */
#include "util/err.h"
#include "vzctl/cmd.h"

static int destroy_run(struct cmd_call *c, struct err *e)
{
	return ct_destroy(c->ct, e);
}

const struct cmd cmd_destroy = {
	.word = "destroy", .alias = "delete", .flags = CMD_LOCK,
	.man = "Removes a stopped container's private area; its configuration is kept as CTID.conf.destroyed.",
	.run = destroy_run,
};
