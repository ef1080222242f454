/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vzctl backup: what vzdump does, for one container. */
#include <errno.h>

#include "util/auto.h"
#include "util/err.h"
#include "vzctl/cmd.h"
#include "vzctl/dump.h"

static const struct cmd_opt backup_opts[] = {
	{ "dumpdir", OPT_DUMPDIR, "dir", NULL, "Where the archive goes; DUMPDIR of vz.conf without it." },
	{ "incremental", OPT_INCREMENTAL, NULL, NULL, "Only what has changed since the newest archive there." },
	{ "stop", OPT_STOP, NULL, NULL, "Stop a running container for the moment of the snapshot, so that its programs have "
			"written all." },
	{ "suspend", OPT_SUSPEND, NULL, NULL,
	  "Freeze a running container while it must not change: for the moment of the snapshot, or, in a layout without snapshots, "
	  "while its files are read." },
	{ "snapshot", OPT_IGNORED, NULL, NULL, "From a snapshot; that is what is done without it." },
	{ "level", OPT_LEVEL, "num", NULL, "Of zstd, 1 to 19; 3 without it." },
	{ "bwlimit", OPT_BWLIMIT, "kilobytes", NULL, "Write no more a second." },
	{ "maxfiles", OPT_MAXFILES, "num", NULL, "Keep so many archives of the container, remove older ones." },
	{ "exclude-path", OPT_EXCLUDE_PATH, "pattern", NULL, "Leave out what matches; '*' takes '/' as well." },
};

static int bad(const char *name, const char *val, struct err *e)
{
	err_say(e, EINVAL, "Bad parameter for --%s: %s", name, val);
	return err_exit(e, VZ_INVALID_PARAMETER_VALUE);
}

static int options(const struct cmd_call *c, struct dump_opts *o, struct err *e)
{
	const char *level = c->val[OPT_LEVEL], *bw = c->val[OPT_BWLIMIT], *max = c->val[OPT_MAXFILES];
	struct err why = { 0 };
	uint64_t v;

	o->dumpdir = c->val[OPT_DUMPDIR];
	o->incremental = cmd_seen(c, OPT_INCREMENTAL);
	o->mode = cmd_seen(c, OPT_STOP) ? CT_BACKUP_STOP : cmd_seen(c, OPT_SUSPEND) ? CT_BACKUP_SUSPEND : CT_BACKUP_SNAPSHOT;
	if (level && (num_u64(level, &v) < 0 || v == 0 || v > 19))
		return bad("level", level, e);
	o->level = level ? (unsigned)v : 0;
	if (bw && dump_bwlimit(bw, &o->bytes_per_s, &why) < 0)
		return bad("bwlimit", bw, e);
	if (max && (num_u64(max, &v) < 0 || v == 0 || v > 10000))
		return bad("maxfiles", max, e);
	o->keeps = max;
	o->keep.last = max ? (unsigned)v : 0;
	return c->val[OPT_EXCLUDE_PATH] ? str_list_add(&o->exclude, c->val[OPT_EXCLUDE_PATH], e) : 0;
}

static int backup_parse(struct cmd_call *c, struct err *e)
{
	auto_call(dump_opts_done) struct dump_opts o = { 0 };

	return cmd_options(c, e) < 0 ? -e->code : options(c, &o, e);
}

static int backup_run(struct cmd_call *c, struct err *e)
{
	auto_call(dump_opts_done) struct dump_opts o = { 0 };

	if (c->skiplock)
		ct_skip_lock(c->ct);
	return options(c, &o, e) < 0 ? -e->code : dump_one(c->ct, &o, &c->ui, e);
}

const struct cmd cmd_backup = {
	.word = "backup", .flags = CMD_BAD_VALUE, .args = "[--dumpdir <dir>] [--incremental] [--stop] [--maxfiles <num>]",
	.man = "Makes an archive of a container, running or not: files and configuration, from a snapshot; vzdump(8) does it for "
	       "many, vzrestore(8) makes a container of it. The container is locked for the moment of the snapshot only.",
	.opts = backup_opts, .n_opts = ARRAY_SIZE(backup_opts), .parse = backup_parse, .run = backup_run,
};
