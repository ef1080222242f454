/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl mount, umount, compact. */
#include "util/err.h"
#include "vzctl/cmd.h"

static int mount_run(struct cmd_call *c, struct err *e)
{
	return ct_mount(c->ct, e);
}

static int umount_run(struct cmd_call *c, struct err *e)
{
	return ct_umount(c->ct, e);
}

static int compact_run(struct cmd_call *c, struct err *e)
{
	return ct_compact(c->ct, e);
}

const struct cmd cmd_mount = {
	.word = "mount", .flags = CMD_LOCK, .man = "Mounts a stopped container's root file system on VE_ROOT.",
	.run = mount_run,
};

const struct cmd cmd_umount = {
	.word = "umount", .flags = CMD_LOCK, .man = "Unmounts a stopped container's root file system.",
	.run = umount_run,
};

const struct cmd cmd_compact = {
	.word = "compact", .flags = CMD_LOCK,
	.man = "Gives blocks that the file system in an image does not use back to the host, running or not. Other layouts need "
	       "none.",
	.run = compact_run,
};
