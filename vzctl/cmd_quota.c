/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl quotaon, quotaoff, quotainit. */
#include "util/err.h"
#include "vzctl/cmd.h"

static int on_run(struct cmd_call *c, struct err *e)
{
	return ct_quota(c->ct, CT_QUOTA_ON, e);
}

static int off_run(struct cmd_call *c, struct err *e)
{
	return ct_quota(c->ct, CT_QUOTA_OFF, e);
}

static int init_run(struct cmd_call *c, struct err *e)
{
	return ct_quota(c->ct, CT_QUOTA_INIT, e);
}

const struct cmd cmd_quotaon = {
	.word = "quotaon", .flags = CMD_LOCK, .man = "Applies the disk limits of the configuration.", .run = on_run,
};

const struct cmd cmd_quotaoff = {
	.word = "quotaoff", .flags = CMD_LOCK,
	.man = "Lifts the disk limits of a stopped container until it is started or quotaon is given.", .run = off_run,
};

const struct cmd cmd_quotainit = {
	.word = "quotainit", .flags = CMD_LOCK,
	.man = "The same as quotaon for a stopped container: usage is counted from the first byte on.", .run = init_run,
};
